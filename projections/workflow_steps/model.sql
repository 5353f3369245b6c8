-- One row a step of a run.
CREATE TABLE workflow_steps (
    ledger             text        NOT NULL,
    run_id             uuid        NOT NULL,
    step_id            text        NOT NULL,
    phase              text        NOT NULL,
    kind               text        NOT NULL,
    role               text,
    status             text        NOT NULL,
    -- Failed tries, and all tries with the one that runs or ended well.
    failures           integer     NOT NULL,
    attempts           integer     NOT NULL,
    scheduled_at       timestamptz NOT NULL,
    due_at             timestamptz,
    started_at         timestamptz,
    failed_at          timestamptz,
    completed_at       timestamptz,
    timed_out_at       timestamptz,
    skipped_at         timestamptz,
    outcome            text,
    -- The last failure's error.
    error              text,
    -- Why it was skipped.
    why                text,
    reminders          integer     NOT NULL,
    escalations        integer     NOT NULL,
    -- When each of them was sent, so that what was late can be told for any moment.
    reminded_at        timestamptz[] NOT NULL,
    escalated_at       timestamptz[] NOT NULL,
    -- Who brought it to its end.
    completed_by       text,
    -- What made its latest event.
    workflow_run_id    text,
    activity_name      text,
    scheduled_position bigint      NOT NULL,
    changed_position   bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id, step_id)
);
