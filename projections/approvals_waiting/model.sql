-- One row a thing that waits for somebody's word: a version, a document, the result of a test, an ownership. It goes
-- when the word is given.
CREATE TABLE approvals_waiting (
    ledger           text        NOT NULL,
    run_id           uuid        NOT NULL,
    phase            text        NOT NULL,
    -- version, document, test or ownership
    what             text        NOT NULL,
    -- The version's number, the document, the test case or the attribute.
    subject          text        NOT NULL,
    -- For an ownership; empty for all else.
    line_of_business text        NOT NULL,
    -- The document's version or the test's execution.
    number           integer,
    -- Whose turn it is; empty for a report, whose sections are signed by several in order.
    role             text,
    -- Where only one person can give it.
    person           text,
    -- Who handed it in, or passed it on from the first level.
    given_by         text,
    waits_since      timestamptz NOT NULL,
    changed_position bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id, phase, what, subject, line_of_business)
);
