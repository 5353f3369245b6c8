-- Everything that projections need beside their own tables. Run by an administrator; may be run again.
DO $$
BEGIN
    -- An administrator that is no superuser has to belong to the projector to hand objects over to it.
    IF NOT pg_has_role(current_user, 'annal_projector', 'MEMBER') THEN
        EXECUTE format('GRANT annal_projector TO %I', current_user);
    END IF;
END
$$;

-- annal_read is what people read; successors of its tables grow in annal_shadow; annal_retired keeps the tables that
-- were replaced until the next replacement.
CREATE SCHEMA IF NOT EXISTS annal_read AUTHORIZATION annal_projector;
CREATE SCHEMA IF NOT EXISTS annal_shadow AUTHORIZATION annal_projector;
CREATE SCHEMA IF NOT EXISTS annal_retired AUTHORIZATION annal_projector;
GRANT USAGE ON SCHEMA annal_read TO annal_runtime, annal_auditor;
ALTER DEFAULT PRIVILEGES FOR ROLE annal_projector IN SCHEMA annal_read, annal_shadow
    GRANT SELECT ON TABLES TO annal_runtime, annal_auditor;

SET LOCAL ROLE annal_projector;

-- The definition that each live table was made with, and the hash of the one that is wanted.
CREATE TABLE IF NOT EXISTS annal_read.projections (
    projection  text        PRIMARY KEY,
    sql_hash    text        NOT NULL,
    wanted_hash text        NOT NULL,
    model       text        NOT NULL,
    fold        text        NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- How far each table is in each ledger. `position` is the cursor; a fold moves it in its own transaction.
CREATE TABLE IF NOT EXISTS annal_read.projection_status (
    projection     text        NOT NULL REFERENCES annal_read.projections,
    ledger         text        NOT NULL,
    position       bigint      NOT NULL DEFAULT 0,
    state          text        NOT NULL DEFAULT 'following' CHECK (state IN ('following', 'failed')),
    -- The event that cannot be folded, and what the database said to it.
    error_position bigint,
    error          text,
    failed_at      timestamptz,
    changed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (projection, ledger)
);
-- Events that a projection does without, by whose word and why. Rebuilds do without them too.
CREATE TABLE IF NOT EXISTS annal_read.projection_skips (
    projection text        NOT NULL,
    ledger     text        NOT NULL,
    position   bigint      NOT NULL,
    by         text        NOT NULL,
    reason     text        NOT NULL,
    error      text,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (projection, ledger, position)
);
-- Rebuilds under way, and how far each successor is in each ledger.
CREATE TABLE IF NOT EXISTS annal_read.projection_rebuilds (
    projection text        PRIMARY KEY,
    sql_hash   text        NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS annal_read.projection_rebuild_cursors (
    projection text   NOT NULL REFERENCES annal_read.projection_rebuilds ON DELETE CASCADE,
    ledger     text   NOT NULL,
    position   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (projection, ledger)
);
-- Versions as their events made them up to some position, so that showing one does not begin with the first event. Nothing
-- rests on them: they may be dropped at any time. `definition` is the hash of the code that folds and writes them; others
-- are not read. `sequence` is the number, in the dossier, of the event at `position`, and up to `through` nothing else was
-- said about the version. The bytes are compressed already.
CREATE TABLE IF NOT EXISTS annal_read.version_snapshots (
    ledger       text   NOT NULL,
    aggregate_id text   NOT NULL,
    version      bigint NOT NULL,
    definition   text   NOT NULL,
    position     bigint NOT NULL,
    sequence     bigint NOT NULL,
    through      bigint NOT NULL,
    state        bytea  NOT NULL,
    PRIMARY KEY (ledger, aggregate_id, version, definition, position)
);
ALTER TABLE annal_read.version_snapshots ALTER COLUMN state SET STORAGE EXTERNAL;
-- How far a ledger was looked through for them.
CREATE TABLE IF NOT EXISTS annal_read.snapshot_cursors (
    ledger     text   NOT NULL,
    definition text   NOT NULL,
    position   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (ledger, definition)
);
