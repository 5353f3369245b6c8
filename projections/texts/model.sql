-- One row a text that a person or the rules said in a command, however many events carry it: what search looks through.
CREATE TABLE texts (
    ledger       text        NOT NULL,
    -- Of the first event that carries it.
    position     bigint      NOT NULL,
    run_id       uuid        NOT NULL,
    -- Empty for what was said on the run itself.
    phase        text,
    -- reason, refusal, requested_change, request, content
    what         text        NOT NULL,
    -- The item, section, document, test case or attribute that it was first said about.
    subject      text,
    said         text        NOT NULL,
    by           text        NOT NULL,
    role         text        NOT NULL,
    effective_at timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    command_id   uuid        NOT NULL,
    digest       uuid        NOT NULL,
    words        tsvector    NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', said)) STORED,
    PRIMARY KEY (ledger, command_id, digest)
);
