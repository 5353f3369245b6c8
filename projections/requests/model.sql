-- One row a request for information to a data owner.
CREATE TABLE requests (
    ledger     text        NOT NULL,
    position   bigint      NOT NULL,
    run_id     uuid        NOT NULL,
    request_id text        NOT NULL,
    owner      text        NOT NULL,
    attributes jsonb       NOT NULL,
    text       text        NOT NULL,
    asked_by   text        NOT NULL,
    asked_at   timestamptz NOT NULL,
    PRIMARY KEY (ledger, run_id, request_id)
);
