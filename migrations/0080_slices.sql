-- What an append pays for the keys of its events, made less.
--   * A slice is what one command appends to one stream: events side by side, in the log as in the stream. The stream's
--     index holds where its slices begin, and not every event: a command of a thousand events makes one entry, and no
--     event is harder to find for it.
--   * Texts that are compared at every insertion are compared by their bytes, and the column that tells entries apart
--     comes before those in which nearly all are the same.
--   * Ids of events begin with the time of their recording, by which the log is in order: that finds them without an index.
--   * Whether a login may use a ledger is one look where no ledger was given to anybody.
SET LOCAL ROLE annal_owner;

-- A view that reads the columns is in the way of changing their collation; it comes again below.
DROP VIEW annal.stream_events;

ALTER TABLE annal.events
    DROP CONSTRAINT events_event_id_key,
    DROP CONSTRAINT events_ledger_aggregate_type_aggregate_id_sequence_key,
    ALTER COLUMN aggregate_type TYPE text COLLATE "C",
    ALTER COLUMN aggregate_id TYPE text COLLATE "C",
    ALTER COLUMN actor_id TYPE text COLLATE "C",
    -- How many events of the same slice follow; nothing on those that follow. What stands there already, and what is
    -- written by a function that knows no slices, are slices of one.
    ADD COLUMN following integer DEFAULT 0 CHECK (following >= 0);

-- No two slices of a stream begin with the same sequence. That a slice begins where the one before it ends is for
-- annal.append to see to, and for `annal log verify` to verify.
CREATE UNIQUE INDEX events_slices ON annal.events (aggregate_id, aggregate_type, ledger, sequence)
    WHERE following IS NOT NULL;
CREATE INDEX events_long_slices ON annal.events (aggregate_id, aggregate_type, ledger, sequence)
    WHERE following > 0;

ALTER TABLE annal.commands
    DROP CONSTRAINT commands_pkey,
    ADD PRIMARY KEY (command_id, ledger);

-- A stream's events, or those after one sequence and up to another. It is taken into the statement that asks, with the rights of
-- whoever asks; the order is for that statement to say. Row security lets an index be asked only for what cannot fail, and
-- a sum of columns can: so where a slice ends is computed first (OFFSET 0), and its events are then asked for.
CREATE FUNCTION annal.of_stream(in_ledger text, in_type text, in_id text,
                                in_after bigint DEFAULT 0, in_until bigint DEFAULT 9223372036854775807)
    RETURNS SETOF annal.events
    LANGUAGE sql
    STABLE
    PARALLEL SAFE AS
$$
SELECT h.*
FROM annal.events AS h
WHERE h.following IS NOT NULL
  AND h.ledger = in_ledger AND h.aggregate_type = in_type AND h.aggregate_id = in_id
  AND h.sequence > in_after AND h.sequence <= in_until
UNION ALL
SELECT f.*
FROM (SELECT h.position AS first, h.position + h.following AS last
      FROM annal.events AS h
      WHERE h.following > 0
        AND h.ledger = in_ledger AND h.aggregate_type = in_type AND h.aggregate_id = in_id
        AND h.sequence <= in_until
        -- The slice in which the first of them is, or the next one.
        AND h.sequence >= coalesce((SELECT b.sequence
                                    FROM annal.events AS b
                                    WHERE b.following > 0
                                      AND b.ledger = in_ledger AND b.aggregate_type = in_type AND b.aggregate_id = in_id
                                      AND b.sequence <= in_after
                                    ORDER BY b.sequence DESC
                                    LIMIT 1), 1)
      OFFSET 0) AS s,
     LATERAL (SELECT e.*
              FROM annal.events AS e
              WHERE e.ledger = in_ledger AND e.position > s.first AND e.position <= s.last
              OFFSET 0) AS f
WHERE f.sequence > in_after AND f.sequence <= in_until
$$;

-- Where the event with an id stands; nothing where the ledger has none. The id begins with the millisecond of recording.
CREATE FUNCTION annal.position_of(in_ledger text, in_event uuid) RETURNS bigint
    LANGUAGE sql
    STABLE
    SET search_path = pg_catalog, pg_temp AS
$$
SELECT e.position
FROM (SELECT to_timestamp(('x' || left(replace(in_event::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AS at) AS recorded,
     annal.events AS e
WHERE e.ledger = in_ledger
  AND e.position > annal.position_at(in_ledger, recorded.at - interval '1 microsecond')
  AND e.position <= annal.position_at(in_ledger, recorded.at + interval '1 millisecond')
  AND e.event_id = in_event
$$;

-- As 0007_tenants.sql has it, by slices.
CREATE VIEW annal.stream_events WITH (security_barrier) AS
SELECT e.aggregate_type,
       e.aggregate_id,
       e.sequence,
       e.event_type,
       e.event_version,
       e.payload,
       json_strip_nulls(json_build_object(
               'effective_at', to_char(e.effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'command_id', e.command_id,
               'correlation_id', e.correlation_id,
               'causation_id', e.causation_id,
               'actor_id', e.actor_id,
               'actor_name', e.actor_name,
               'actor_role', e.actor_role,
               'on_behalf_of', e.on_behalf_of,
               'reason', e.reason,
               'workflow_id', e.workflow_id,
               'workflow_run_id', e.workflow_run_id,
               'step_id', e.step_id,
               'activity_name', e.activity_name,
               'attempt', e.attempt::text,
               'engine', e.engine)) AS metadata
FROM annal.events AS h
         JOIN annal.events AS e
              ON e.ledger = h.ledger AND e.position >= h.position AND e.position <= h.position + h.following
WHERE h.following IS NOT NULL
  AND h.ledger = current_setting('annal.ledger')
  AND (SELECT annal.may_use(current_setting('annal.ledger')));

-- The owner may look for itself whether a ledger was given to anybody at all; the others ask a function that may.
DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY ['ledgers', 'files']
        LOOP
            EXECUTE format('DROP POLICY own_ledgers ON annal.%I', guarded);
            EXECUTE format('CREATE POLICY own_ledgers ON annal.%I TO annal_runtime, annal_projector, annal_auditor
                USING (annal.may_use(ledger))', guarded);
            EXECUTE format('CREATE POLICY own_ledgers_of_the_owner ON annal.%I TO annal_owner
                USING (NOT EXISTS (SELECT FROM annal.ledger_logins) OR annal.may_use(ledger))', guarded);
        END LOOP;
END
$$;

-- Called where the head would move back, and only there.
CREATE OR REPLACE FUNCTION annal.refuse_head_moving_back() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RAISE EXCEPTION 'the head of ledger % only moves forwards', OLD.ledger
        USING ERRCODE = 'AN009', HINT = 'Append through annal.append, which moves the head.';
END
$$;
DROP TRIGGER refuse_moving_back ON annal.ledgers;
CREATE TRIGGER refuse_moving_back BEFORE UPDATE ON annal.ledgers
    FOR EACH ROW
    WHEN (NEW.ledger <> OLD.ledger OR NEW.position <= OLD.position OR NEW.recorded_at < OLD.recorded_at)
    EXECUTE FUNCTION annal.refuse_head_moving_back();
ALTER TABLE annal.ledgers ENABLE ALWAYS TRIGGER refuse_moving_back;

GRANT SELECT ON annal.stream_events TO annal_runtime, annal_projector, annal_auditor;
REVOKE ALL ON FUNCTION annal.of_stream(text, text, text, bigint, bigint), annal.position_of(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.of_stream(text, text, text, bigint, bigint), annal.position_of(text, uuid)
    TO annal_runtime, annal_projector, annal_auditor;

RESET ROLE;
