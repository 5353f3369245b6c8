-- One row a version of a document given as evidence.
CREATE TABLE documents (
    ledger           text        NOT NULL,
    run_id           uuid        NOT NULL,
    document_id      text        NOT NULL,
    version          integer     NOT NULL,
    -- submitted, tester_accepted, accepted, sent_back; or replaced by the next version
    status           text        NOT NULL,
    request_id       text,
    file_name        text        NOT NULL,
    sha256           text        NOT NULL,
    bytes            bigint      NOT NULL,
    submitted_by     text        NOT NULL,
    submitted_at     timestamptz NOT NULL,
    -- Why it replaced the version before.
    reason           text,
    replaces         integer,
    replaced_by      integer,
    tester_accepted  boolean,
    tester_by        text,
    tester_at        timestamptz,
    tester_reason    text,
    owner_accepted   boolean,
    owner_by         text,
    owner_at         timestamptz,
    owner_reason     text,
    added_position   bigint      NOT NULL,
    changed_position bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id, document_id, version)
);
