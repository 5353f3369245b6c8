-- One row a phase that a run has reached.
CREATE TABLE workflow_phases (
    ledger           text        NOT NULL,
    run_id           uuid        NOT NULL,
    phase            text        NOT NULL,
    -- started, completed or skipped; waiting, if it was marked stale before it was reached
    status           text        NOT NULL,
    -- When it was first reached; empty if it was passed over.
    started_at       timestamptz,
    -- When it was last completed; empty again after a reopening.
    completed_at     timestamptz,
    skipped_at       timestamptz,
    -- Why it was passed over.
    why              text,
    reopened         integer     NOT NULL,
    reopened_at      timestamptz,
    reopened_by      text,
    reopened_reason  text,
    -- What it rests on was reopened, and it was not done again on firm ground since.
    stale            boolean     NOT NULL,
    stale_because_of text[]      NOT NULL,
    changed_position bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id, phase)
);
