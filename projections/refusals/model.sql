-- One row an attempt that the rules refused.
CREATE TABLE refusals (
    ledger       text        NOT NULL,
    position     bigint      NOT NULL,
    run_id       uuid        NOT NULL,
    -- Empty for what was tried on the run itself.
    phase        text,
    command      text        NOT NULL,
    code         text        NOT NULL,
    message      text        NOT NULL,
    by           text        NOT NULL,
    -- As on the run's register; empty for somebody who is not on it.
    name         text,
    role         text        NOT NULL,
    -- What the person gave as reason.
    reason       text,
    command_id   uuid        NOT NULL,
    effective_at timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (ledger, position)
);
