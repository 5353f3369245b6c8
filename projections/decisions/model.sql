-- One row a decision ever taken, those taken back included.
CREATE TABLE decisions (
    ledger                 text        NOT NULL,
    position               bigint      NOT NULL,
    run_id                 uuid        NOT NULL,
    phase                  text        NOT NULL,
    -- decision (on an item), submission, withdrawal, approval, rejection, signature, document_review,
    -- test_review, acknowledgement, reopening, confirmation
    what                   text        NOT NULL,
    -- Of the dossier's version, the document, or the test's execution.
    version                integer,
    -- The item, section, document, test case or attribute; empty where the version as a whole was decided.
    subject                text,
    line_of_business       text,
    -- tester or report_owner, where there are two levels; the meaning of a signature.
    level                  text,
    verdict                text        NOT NULL,
    previous               text,
    reason                 text,
    by                     text        NOT NULL,
    name                   text        NOT NULL,
    role                   text        NOT NULL,
    on_behalf_of           text,
    effective_at           timestamptz NOT NULL,
    recorded_at            timestamptz NOT NULL,
    command_id             uuid        NOT NULL,
    workflow_id            text,
    workflow_run_id        text,
    step_id                text,
    activity_name          text,
    -- Decisions on the same matter follow each other; the latest is the current one.
    matter                 text        NOT NULL,
    -- Where it ceased to stand: another decision on the matter, another content, a removal. Empty while it stands.
    superseded_at_position bigint,
    current                boolean     NOT NULL GENERATED ALWAYS AS (superseded_at_position IS NULL) STORED,
    PRIMARY KEY (ledger, position)
);
CREATE INDEX decisions_standing ON decisions (ledger, run_id, phase, matter) WHERE superseded_at_position IS NULL;
