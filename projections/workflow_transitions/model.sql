-- One row a transition that a run took.
CREATE TABLE workflow_transitions (
    ledger          text        NOT NULL,
    position        bigint      NOT NULL,
    run_id          uuid        NOT NULL,
    from_phases     text[]      NOT NULL,
    to_phase        text        NOT NULL,
    kind            text        NOT NULL,
    -- For a conditional one: the condition's text and what it came to.
    condition       text,
    result          boolean,
    at              timestamptz NOT NULL,
    step_id         text,
    workflow_run_id text,
    activity_name   text,
    PRIMARY KEY (ledger, position)
);
