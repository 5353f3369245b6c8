-- One row an item of a version, with what it says and the decisions that stand on it.
CREATE TABLE version_items (
    ledger           text    NOT NULL,
    run_id           uuid    NOT NULL,
    phase            text    NOT NULL,
    version          integer NOT NULL,
    item             text    NOT NULL,
    content          jsonb   NOT NULL,
    -- The version it came along from, and the policy's reason.
    carried_from     integer,
    carried_why      text,
    tester_verdict   text,
    tester_by        text,
    tester_reason    text,
    owner_verdict    text,
    owner_by         text,
    owner_reason     text,
    -- Approved on both levels in an earlier version; not decided again.
    locked           boolean NOT NULL,
    -- The signatures that stand on a section, in order.
    signatures       jsonb   NOT NULL,
    -- Taken out of the draft again.
    removed          boolean NOT NULL,
    added_position   bigint  NOT NULL,
    changed_position bigint  NOT NULL,
    PRIMARY KEY (ledger, run_id, phase, version, item)
);
