-- One row a version of a phase: where it stands, what it holds, who made, submitted and decided it.
CREATE TABLE version_history (
    ledger                 text        NOT NULL,
    run_id                 uuid        NOT NULL,
    phase                  text        NOT NULL,
    number                 integer     NOT NULL,
    status                 text        NOT NULL,
    origin                 text        NOT NULL,
    -- The version that this one revises, or whose contents it takes back.
    parent                 integer,
    policy                 text,
    inputs                 jsonb       NOT NULL,
    -- Items now, and how many of them came from an earlier version.
    items                  integer     NOT NULL,
    carried_forward        integer     NOT NULL,
    -- Items by the decision that stands on them, on each level. `decided` also counts requested changes.
    tester_decided         integer     NOT NULL,
    tester_approved        integer     NOT NULL,
    tester_rejected        integer     NOT NULL,
    owner_decided          integer     NOT NULL,
    owner_approved         integer     NOT NULL,
    owner_rejected         integer     NOT NULL,
    created_at             timestamptz NOT NULL,
    created_by             text        NOT NULL,
    created_reason         text,
    -- Empty again while a version is taken back to draft.
    submitted_at           timestamptz,
    submitted_by           text,
    decided_at             timestamptz,
    decided_by             text,
    reason                 text,
    requested_changes      jsonb,
    -- The condition under which no person had to approve.
    without_approval       text,
    superseded_by          integer,
    superseded_at          timestamptz,
    -- What made the version.
    workflow_id            text,
    workflow_run_id        text,
    workflow_step_id       text,
    workflow_activity_name text,
    created_position       bigint      NOT NULL,
    changed_position       bigint      NOT NULL,
    PRIMARY KEY (ledger, run_id, phase, number)
);
