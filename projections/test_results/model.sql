-- One row a test case, with its latest execution.
CREATE TABLE test_results (
    ledger           text        NOT NULL,
    run_id           uuid        NOT NULL,
    case_id          text        NOT NULL,
    sample           text        NOT NULL,
    attribute        text        NOT NULL,
    execution        integer     NOT NULL,
    outcome          text        NOT NULL,
    expected         text,
    actual           text,
    -- The version of the document that it was compared with.
    document_id      text        NOT NULL,
    document_version integer     NOT NULL,
    executed_by      text        NOT NULL,
    executed_at      timestamptz NOT NULL,
    -- Why it was run again.
    reason           text,
    -- The review of this execution; empty before it was looked at.
    accepted         boolean,
    reviewed_by      text,
    reviewed_at      timestamptz,
    review_reason    text,
    changed_position bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id, case_id)
);
