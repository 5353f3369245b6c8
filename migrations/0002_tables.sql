-- The event log. Everything belongs to annal_owner, which cannot log in.
SET LOCAL ROLE annal_owner;

-- A ledger and its head. The row is the lock that puts appends into one order.
CREATE TABLE annal.ledgers
(
    ledger      text PRIMARY KEY CHECK (ledger <> '' AND octet_length(ledger) <= 200),
    position    bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),
    hash        bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(hash) = 32),
    -- Of the event at the head; keeps recorded_at from going backwards when the server's clock does.
    recorded_at timestamptz NOT NULL DEFAULT '-infinity',
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- There is no foreign key to ledgers: it would lock the head row once more for every event, and the append
-- function, the only way in, holds that row already.
CREATE TABLE annal.events
(
    ledger          text        NOT NULL,
    position        bigint      NOT NULL CHECK (position > 0),
    event_id        uuid        NOT NULL UNIQUE,
    aggregate_type  text        NOT NULL CHECK (aggregate_type <> ''),
    aggregate_id    text        NOT NULL CHECK (aggregate_id <> ''),
    sequence        bigint      NOT NULL CHECK (sequence > 0),
    event_type      text        NOT NULL CHECK (event_type <> ''),
    event_version   text        NOT NULL CHECK (event_version <> ''),
    -- json, not jsonb: the bytes stay as they were written, and they are what is hashed. The check casts only the
    -- rare payload that spells a zero character, which json takes and every read of the field would fail on.
    payload         json        NOT NULL
        CHECK (strpos(payload::text, '\u0000') = 0 OR payload::jsonb IS NOT NULL),
    recorded_at     timestamptz NOT NULL,
    effective_at    timestamptz NOT NULL,
    command_id      uuid        NOT NULL,
    correlation_id  uuid        NOT NULL,
    causation_id    uuid,
    actor_id        text        NOT NULL CHECK (actor_id <> ''),
    actor_name      text        NOT NULL,
    actor_role      text        NOT NULL CHECK (actor_role <> ''),
    on_behalf_of    text,
    reason          text,
    workflow_id     text,
    workflow_run_id text,
    step_id         text,
    activity_name   text,
    attempt         integer,
    engine          text        NOT NULL,
    hash            bytea       NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (ledger, position),
    UNIQUE (ledger, aggregate_type, aggregate_id, sequence),
    CHECK (num_nulls(workflow_id, workflow_run_id, step_id, activity_name, attempt) IN (0, 5))
);

-- What was asked and answered: a retry is recognised here.
CREATE TABLE annal.commands
(
    ledger         text   NOT NULL,
    command_id     uuid   NOT NULL,
    content_hash   bytea  NOT NULL CHECK (octet_length(content_hash) = 32),
    first_position bigint NOT NULL CHECK (first_position > 0),
    last_position  bigint NOT NULL CHECK (last_position >= first_position),
    reply          json   NOT NULL,
    PRIMARY KEY (ledger, command_id)
);

-- Files that events speak of by their hash.
CREATE TABLE annal.files
(
    ledger    text        NOT NULL REFERENCES annal.ledgers,
    sha256    bytea       NOT NULL CHECK (sha256 = sha256(bytes)),
    name      text        NOT NULL CHECK (name <> ''),
    bytes     bytea       NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, sha256)
);
-- Documents are mostly compressed already.
ALTER TABLE annal.files ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The log as the postgres-es library expects it: its columns, its types, and metadata as one flat object of strings.
-- The ledger is that of the session, set by whoever connects.
CREATE VIEW annal.stream_events AS
SELECT aggregate_type,
       aggregate_id,
       sequence,
       event_type,
       event_version,
       payload,
       json_strip_nulls(json_build_object(
               'effective_at', to_char(effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'command_id', command_id,
               'correlation_id', correlation_id,
               'causation_id', causation_id,
               'actor_id', actor_id,
               'actor_name', actor_name,
               'actor_role', actor_role,
               'on_behalf_of', on_behalf_of,
               'reason', reason,
               'workflow_id', workflow_id,
               'workflow_run_id', workflow_run_id,
               'step_id', step_id,
               'activity_name', activity_name,
               'attempt', attempt::text,
               'engine', engine)) AS metadata
FROM annal.events
WHERE ledger = current_setting('annal.ledger');

GRANT SELECT ON ALL TABLES IN SCHEMA annal TO annal_runtime, annal_projector, annal_auditor;

RESET ROLE;
