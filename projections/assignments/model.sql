-- One row an attribute in a line of business: who owns its data.
CREATE TABLE assignments (
    ledger           text        NOT NULL,
    run_id           uuid        NOT NULL,
    attribute        text        NOT NULL,
    line_of_business text        NOT NULL,
    -- assigned or acknowledged
    status           text        NOT NULL,
    owner            text        NOT NULL,
    previous_owner   text,
    assigned_at      timestamptz NOT NULL,
    assigned_by      text        NOT NULL,
    reason           text,
    reassignments    integer     NOT NULL,
    acknowledged_at  timestamptz,
    -- The latest escalation since the owner was assigned.
    escalated_to     text,
    escalated_at     timestamptz,
    escalations      integer     NOT NULL,
    changed_position bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id, attribute, line_of_business)
);
