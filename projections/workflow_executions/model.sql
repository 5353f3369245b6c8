-- One row a run: a report in a test cycle, and the workflow that carries it.
CREATE TABLE workflow_executions (
    ledger                text        NOT NULL,
    run_id                uuid        NOT NULL,
    report                text        NOT NULL,
    cycle                 text        NOT NULL,
    definition            text        NOT NULL,
    definition_sha256     text        NOT NULL,
    status                text        NOT NULL,
    opened_at             timestamptz NOT NULL,
    opened_by             text        NOT NULL,
    -- When it was completed or cancelled.
    completed_at          timestamptz,
    reason                text,
    workflow_id           text,
    -- Temporal goes on in a new execution when a history grows long: the first and the latest one.
    first_workflow_run_id text,
    last_workflow_run_id  text,
    -- Events of the run and of all its dossiers.
    events                bigint      NOT NULL,
    last_event_at         timestamptz NOT NULL,
    opened_position       bigint      NOT NULL,
    changed_position      bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id)
);
