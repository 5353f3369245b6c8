-- The append function with less to do, and less of it while the ledger's head is locked.
--   * Who knows where the head will be writes its commands before it locks the head, not only the events' digests.
--   * What a value must be is asked once of the batch's arrays, before the head is locked. The tables' own checks, which
--     each statement reads from the catalogue and plans again, are dropped: nobody inserts but this function.
--   * A batch that is recorded whole can be answered in one row: its caller knows how many events each command has.
SET LOCAL ROLE annal_owner;

ALTER TABLE annal.events
    DROP CONSTRAINT events_actor_id_check,
    DROP CONSTRAINT events_actor_role_check,
    DROP CONSTRAINT events_aggregate_id_check,
    DROP CONSTRAINT events_aggregate_type_check,
    DROP CONSTRAINT events_event_type_check,
    DROP CONSTRAINT events_event_version_check,
    DROP CONSTRAINT events_check,
    DROP CONSTRAINT events_payload_check,
    DROP CONSTRAINT events_following_check,
    DROP CONSTRAINT events_hash_check,
    DROP CONSTRAINT events_position_check,
    DROP CONSTRAINT events_sequence_check;
ALTER TABLE annal.commands
    DROP CONSTRAINT commands_check,
    DROP CONSTRAINT commands_first_position_check;

-- Raises what the tables' checks raised, for the first value that is unfit.
CREATE FUNCTION annal.refuse_unfit(
    c_actor_id text[],
    c_actor_role text[],
    c_workflow_id text[],
    c_workflow_run_id text[],
    c_step_id text[],
    c_activity_name text[],
    c_attempt integer[],
    s_type text[],
    s_id text[],
    e_type text[],
    e_version text[],
    e_payload text[]
) RETURNS void
    LANGUAGE plpgsql
    IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
    unfit text := CASE
        WHEN '' = ANY (c_actor_id) THEN 'an actor without an id'
        WHEN '' = ANY (c_actor_role) THEN 'an actor without a role'
        WHEN '' = ANY (s_type) THEN 'a stream without a type'
        WHEN '' = ANY (s_id) THEN 'a stream without an id'
        WHEN '' = ANY (e_type) THEN 'an event without a type'
        WHEN '' = ANY (e_version) THEN 'an event without a version'
        WHEN EXISTS (SELECT
                     FROM unnest(c_workflow_id, c_workflow_run_id, c_step_id, c_activity_name, c_attempt)
                              AS c (workflow_id, run_id, step_id, activity_name, attempt)
                     WHERE num_nulls(c.workflow_id, c.run_id, c.step_id, c.activity_name, c.attempt) NOT IN (0, 5))
            THEN 'a command that names its workflow, run, step, activity and attempt only in part'
        END;
BEGIN
    IF unfit IS NOT NULL THEN
        RAISE EXCEPTION 'the batch has %', unfit
            USING ERRCODE = 'check_violation', HINT = 'This is a defect of the caller; nothing was written.';
    END IF;
    -- A character that JSON can write and text cannot hold (the NUL); who reads the payload would find out too late.
    PERFORM p.payload::jsonb FROM unnest(e_payload) AS p (payload) WHERE strpos(p.payload, '\u0000') > 0;
END
$$;

-- Appends a batch of commands to a ledger, as 0005_append.sql says, without asking first (0060_unasked_append.sql).
--
-- Who was told where the head will be has its commands in the table before it has the head; who was not has the head
-- first. One kind would wait for the other for ever, so they keep out of each other's way by an advisory lock of the
-- ledger's, which the former share. They also keep their order: each holds a lock on the position that it leads up to,
-- and waits for the one that leads up to where it begins.
CREATE FUNCTION annal.append(
    in_ledger text,
    in_head bigint,       -- where the ledger's head will be when it is this batch's turn, if the caller knows
    in_brief boolean,     -- whether one row, of command 0, may say that all were recorded in order
    c_id uuid[],
    c_content bytea[],
    c_reply text[],
    c_effective_at timestamptz[],
    c_correlation_id uuid[],
    c_causation_id uuid[],
    c_actor_id text[],
    c_actor_name text[],
    c_actor_role text[],
    c_on_behalf_of text[],
    c_reason text[],
    c_workflow_id text[],
    c_workflow_run_id text[],
    c_step_id text[],
    c_activity_name text[],
    c_attempt integer[],
    c_engine text[],
    c_streams integer[],  -- how many of the batch's streams are the command's
    s_type text[],
    s_id text[],
    s_expected bigint[],  -- the sequence of the stream's last event, as the caller knows it
    s_events integer[],   -- how many of the batch's events go to the stream
    e_type text[],
    e_version text[],
    e_payload text[]
) RETURNS SETOF annal.append_outcome
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- textsend gives text in the client's encoding, and UTF-8 is hashed.
    SET client_encoding = 'UTF8'
    -- One plan for the life of a session, made when the tables may be empty: see 0050_typed_append.sql.
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_sort = off
    SET jit = off
    SET work_mem = '64MB'
AS
$$
DECLARE
    n_commands   integer := cardinality(c_id);
    n_streams    integer := cardinality(s_id);
    n_events     integer := cardinality(e_payload);
    stem         bytea := annal.fields(ARRAY ['annal.event.1'::bytea, textsend(in_ledger)]);
    own_lock     text := 'annal append ' || in_ledger;
    told         boolean := in_head IS NOT NULL;
    plain        boolean;
    c_before     integer[]; -- how many events of the batch come before the command's own
    s_command    integer[];
    s_before     integer[]; -- how many events of the batch come before the stream's own
    e_stream     integer[];
    e_id         uuid[];
    e_digest     bytea[];
    e_hash       bytea[];
    base         bigint := in_head; -- the position of the head that the batch is written for
    early        integer := 0;      -- how often the batch came before the one that it follows
    at_position  bigint;            -- the head as it is found
    at_hash      bytea;
    at_time      timestamptz;
    -- Who was told keeps the time at which it came, however often it begins again: those that follow it came later.
    now_at       timestamptz := clock_timestamp();
    now_bytes    bytea; -- microseconds since 1970
    now_id       text;  -- how the ids of this batch's events begin
BEGIN
    IF told THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(own_lock, 0)),
                pg_advisory_xact_lock(hashtextextended(own_lock, in_head + n_events));
    END IF;

    -- Whatever is odd about a batch is for the careful way to name.
    plain := n_commands > 0 AND array_position(c_id, NULL) IS NULL
        AND ARRAY [cardinality(c_content), cardinality(c_reply), cardinality(c_effective_at),
                cardinality(c_correlation_id), cardinality(c_causation_id), cardinality(c_actor_id),
                cardinality(c_actor_name), cardinality(c_actor_role), cardinality(c_on_behalf_of),
                cardinality(c_reason), cardinality(c_workflow_id), cardinality(c_workflow_run_id), cardinality(c_step_id),
                cardinality(c_activity_name), cardinality(c_attempt), cardinality(c_engine), cardinality(c_streams)]
            = array_fill(n_commands, ARRAY [17])
        AND ARRAY [cardinality(s_type), cardinality(s_expected), cardinality(s_events)]
            = array_fill(n_streams, ARRAY [3])
        AND ARRAY [cardinality(e_type), cardinality(e_version)] = array_fill(n_events, ARRAY [2])
        AND 1 <= ALL (c_streams) AND 1 <= ALL (s_events) AND 0 <= ALL (s_expected)
        AND '' <> ALL (c_actor_id) AND '' <> ALL (c_actor_role) AND '' <> ALL (s_type) AND '' <> ALL (s_id)
        AND '' <> ALL (e_type) AND '' <> ALL (e_version)
        AND strpos(array_to_string(e_payload, ' '), '\u0000') = 0;
    IF plain AND n_events = n_commands THEN
        plain := n_streams = n_events AND 1 = ALL (c_streams) AND 1 = ALL (s_events);
        s_command := ARRAY(SELECT generate_series(1, n_events));
        e_stream := s_command;
        s_before := ARRAY(SELECT generate_series(0, n_events - 1));
        c_before := s_before;
    ELSIF plain THEN
        SELECT sum(u.events) = n_events, array_agg((u.reached - u.events)::integer)
        INTO plain, s_before
        FROM (SELECT s.events, sum(s.events) OVER (ROWS UNBOUNDED PRECEDING) AS reached
              FROM unnest(s_events) AS s (events)) AS u;
        IF plain AND (SELECT sum(u.streams) = n_streams FROM unnest(c_streams) AS u (streams)) THEN
            s_command := ARRAY(SELECT u.n
                               FROM (SELECT c.n, generate_series(1, c.streams)
                                     FROM unnest(c_streams) WITH ORDINALITY AS c (streams, n)) AS u);
            e_stream := ARRAY(SELECT u.n
                              FROM (SELECT s.n, generate_series(1, s.events)
                                    FROM unnest(s_events) WITH ORDINALITY AS s (events, n)) AS u);
            c_before := ARRAY(SELECT s_before[u.n]
                              FROM unnest(s_command) WITH ORDINALITY AS u (command, n)
                              WHERE u.n = 1 OR s_command[u.n - 1] < u.command);
        ELSE
            plain := false;
        END IF;
    END IF;
    IF plain AND (array_position(c_workflow_id, NULL) IS NOT NULL OR array_position(c_workflow_run_id, NULL) IS NOT NULL
        OR array_position(c_step_id, NULL) IS NOT NULL OR array_position(c_activity_name, NULL) IS NOT NULL
        OR array_position(c_attempt, NULL) IS NOT NULL) THEN
        PERFORM annal.refuse_unfit(c_actor_id, c_actor_role, c_workflow_id, c_workflow_run_id, c_step_id,
                                   c_activity_name, c_attempt, s_type, s_id, e_type, e_version, e_payload);
    END IF;
    IF plain AND 0 < ANY (s_expected) THEN
        -- Where the event is there that the caller calls the last, and ends its slice, the key finds out whether there is
        -- one after it. It stays there, so this need not wait for the head. Nearly always it is a slice of its own, and
        -- asked for as such: the search for the slice that it is in reads a page of the index. Both are asked in a way
        -- that only the slices' key has an answer to, whatever the table held when the plan was made.
        SELECT bool_and(s_expected[n] = 0
            OR coalesce((SELECT e.following = 0
                         FROM annal.events AS e
                         WHERE e.following IS NOT NULL
                           AND e.aggregate_id = s_id[n] AND e.aggregate_type = s_type[n] AND e.ledger = in_ledger
                           AND e.sequence = s_expected[n]),
                        (SELECT (e.aggregate_id, e.aggregate_type, e.ledger, e.sequence + e.following)
                                    = (s_id[n], s_type[n], in_ledger, s_expected[n])
                         FROM annal.events AS e
                         WHERE e.following IS NOT NULL
                           AND (e.aggregate_id, e.aggregate_type, e.ledger, e.sequence)
                             <= (s_id[n], s_type[n], in_ledger, s_expected[n])
                         ORDER BY e.aggregate_id DESC, e.aggregate_type DESC, e.ledger DESC, e.sequence DESC
                         LIMIT 1),
                        false))
        INTO plain
        FROM generate_series(1, n_streams) AS n;
    END IF;

    WHILE plain
        LOOP
            BEGIN
                IF NOT told THEN
                    PERFORM pg_advisory_xact_lock(hashtextextended(own_lock, 0));
                    -- From here on the ledger is ours until the transaction ends.
                    SELECT l.position, l.hash, l.recorded_at INTO base, at_hash, at_time
                    FROM annal.ledgers AS l
                    WHERE l.ledger = in_ledger FOR NO KEY UPDATE;
                    plain := FOUND;
                    EXIT WHEN NOT plain;
                    now_at := clock_timestamp();
                END IF;

                now_at := greatest(now_at, at_time);
                now_bytes := int8send((extract(EPOCH FROM now_at) * 1000000)::bigint);
                -- Ids are UUIDs of version 7: the time first (48 bits of milliseconds), then what was drawn for the
                -- batch, then a counter.
                now_id := lpad(to_hex(floor(extract(EPOCH FROM now_at) * 1000)::bigint), 12, '0');
                now_id := left(now_id, 8) || '-' || right(now_id, 4) || '-7' || substr(gen_random_uuid()::text, 16, 14);
                SELECT array_agg(a.id), array_agg(sha256(stem || annal.fields(ARRAY [
                    int8send(base + a.n),
                    uuid_send(a.id),
                    textsend(s_type[a.j]),
                    textsend(s_id[a.j]),
                    int8send(s_expected[a.j] + a.n - s_before[a.j]),
                    textsend(e_type[a.n]),
                    textsend(e_version[a.n]),
                    textsend(e_payload[a.n]),
                    now_bytes]) || a.envelope))
                INTO e_id, e_digest
                FROM (SELECT c.envelope, c.n, e_stream[c.n] AS j, (now_id || lpad(to_hex(c.n), 7, '0'))::uuid AS id
                      FROM (SELECT p.envelope,
                                   generate_series(c_before[p.n] + 1, coalesce(c_before[p.n + 1], n_events)) AS n
                            FROM (SELECT n, annal.fields(ARRAY [
                                      uuid_send(c_id[n]),
                                      uuid_send(c_correlation_id[n]),
                                      uuid_send(c_causation_id[n]),
                                      textsend(c_actor_id[n]),
                                      textsend(c_actor_name[n]),
                                      textsend(c_actor_role[n]),
                                      textsend(c_on_behalf_of[n]),
                                      textsend(c_reason[n]),
                                      int8send((extract(EPOCH FROM c_effective_at[n]) * 1000000)::bigint),
                                      textsend(c_workflow_id[n]),
                                      textsend(c_workflow_run_id[n]),
                                      textsend(c_step_id[n]),
                                      textsend(c_activity_name[n]),
                                      int4send(c_attempt[n]),
                                      textsend(c_engine[n])]) AS envelope
                                  FROM generate_series(1, n_commands) AS n
                                  OFFSET 0) AS p) AS c
                      OFFSET 0) AS a;

                INSERT INTO annal.commands (ledger, command_id, content_hash, first_position, last_position, reply)
                SELECT in_ledger, c_id[n], c_content[n], base + c_before[n] + 1,
                       base + coalesce(c_before[n + 1], n_events), coalesce(c_reply[n], 'null')::json
                FROM generate_series(1, n_commands) AS n;

                IF told THEN
                    -- Not where it begins elsewhere than it was told: who leads up to there may be waiting for this one.
                    IF base = in_head THEN
                        PERFORM pg_advisory_xact_lock_shared(hashtextextended(own_lock, base));
                    END IF;
                    SELECT l.position, l.hash, l.recorded_at INTO at_position, at_hash, at_time
                    FROM annal.ledgers AS l
                    WHERE l.ledger = in_ledger FOR NO KEY UPDATE;
                    plain := FOUND;
                    EXIT WHEN NOT plain;
                    IF at_position <> base OR at_time > now_at THEN
                        RAISE EXCEPTION 'the head of ledger % is elsewhere', in_ledger USING ERRCODE = 'AN011';
                    END IF;
                END IF;

                e_hash[0] := at_hash;
                FOR n IN 1 .. n_events
                    LOOP
                        e_hash[n] := sha256(e_hash[n - 1] || e_digest[n]);
                    END LOOP;

                INSERT INTO annal.events (ledger, position, event_id, aggregate_type, aggregate_id, sequence,
                                          event_type, event_version, payload, recorded_at, effective_at, command_id,
                                          correlation_id, causation_id, actor_id, actor_name, actor_role,
                                          on_behalf_of, reason, workflow_id, workflow_run_id, step_id, activity_name,
                                          attempt, engine, hash, following)
                SELECT in_ledger, base + a.n, e_id[a.n], s_type[a.j], s_id[a.j], s_expected[a.j] + a.n - s_before[a.j],
                       e_type[a.n], e_version[a.n], e_payload[a.n]::json, now_at, c_effective_at[a.c], c_id[a.c],
                       c_correlation_id[a.c], c_causation_id[a.c], c_actor_id[a.c], c_actor_name[a.c],
                       c_actor_role[a.c], c_on_behalf_of[a.c], c_reason[a.c], c_workflow_id[a.c],
                       c_workflow_run_id[a.c], c_step_id[a.c], c_activity_name[a.c], c_attempt[a.c], c_engine[a.c],
                       e_hash[a.n], CASE WHEN a.n = s_before[a.j] + 1 THEN s_events[a.j] - 1 END
                FROM (SELECT n, e_stream[n] AS j, s_command[e_stream[n]] AS c
                      FROM generate_series(1, n_events) AS n
                      OFFSET 0) AS a;

                UPDATE annal.ledgers SET position = base + n_events, hash = e_hash[n_events], recorded_at = now_at
                WHERE ledger = in_ledger;
                EXIT;
            EXCEPTION
                -- All of it once more: whom it follows may have begun by now, or somebody else has written in between.
                WHEN SQLSTATE 'AN011' THEN
                    early := early + 1;
                    IF at_position > base OR early > 3 THEN
                        base := at_position;
                    END IF;
                -- A key objects, or a value that belongs to a command which is perhaps not to be written at all.
                WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded THEN
                    plain := false;
            END;
        END LOOP;

    IF plain AND in_brief THEN
        RETURN NEXT (0, 'recorded', base + 1, base + n_events, NULL, NULL, NULL, NULL, NULL)::annal.append_outcome;
    ELSIF plain THEN
        RETURN QUERY
            SELECT n, 'recorded', base + c_before[n] + 1, base + coalesce(c_before[n + 1], n_events),
                   coalesce(c_reply[n], 'null')::json, NULL::text, NULL::text, NULL::bigint, NULL::bigint
            FROM generate_series(1, n_commands) AS n;
    ELSE
        IF NOT told THEN
            PERFORM pg_advisory_xact_lock(hashtextextended(own_lock, 0));
        END IF;
        RETURN QUERY
            SELECT *
            FROM annal.append_with_care(in_ledger, c_id, c_content, c_reply, c_effective_at, c_correlation_id,
                                        c_causation_id, c_actor_id, c_actor_name, c_actor_role, c_on_behalf_of,
                                        c_reason, c_workflow_id, c_workflow_run_id, c_step_id, c_activity_name,
                                        c_attempt, c_engine, c_streams, s_type, s_id, s_expected, s_events, e_type,
                                        e_version, e_payload);
        PERFORM annal.refuse_unfit(c_actor_id, c_actor_role, c_workflow_id, c_workflow_run_id, c_step_id,
                                   c_activity_name, c_attempt, s_type, s_id, e_type, e_version, e_payload);
    END IF;
END
$$;

-- Who does not know of the brief answer.
CREATE OR REPLACE FUNCTION annal.append(
    in_ledger text,
    in_head bigint,
    c_id uuid[],
    c_content bytea[],
    c_reply text[],
    c_effective_at timestamptz[],
    c_correlation_id uuid[],
    c_causation_id uuid[],
    c_actor_id text[],
    c_actor_name text[],
    c_actor_role text[],
    c_on_behalf_of text[],
    c_reason text[],
    c_workflow_id text[],
    c_workflow_run_id text[],
    c_step_id text[],
    c_activity_name text[],
    c_attempt integer[],
    c_engine text[],
    c_streams integer[],  -- how many of the batch's streams are the command's
    s_type text[],
    s_id text[],
    s_expected bigint[],  -- the sequence of the stream's last event, as the caller knows it
    s_events integer[],   -- how many of the batch's events go to the stream
    e_type text[],
    e_version text[],
    e_payload text[]
) RETURNS SETOF annal.append_outcome
    LANGUAGE sql
    VOLATILE
    SECURITY INVOKER
    SET search_path = pg_catalog, pg_temp
AS
$$
SELECT *
FROM annal.append(in_ledger, in_head, false, c_id, c_content, c_reply, c_effective_at, c_correlation_id,
                  c_causation_id, c_actor_id, c_actor_name, c_actor_role, c_on_behalf_of, c_reason, c_workflow_id,
                  c_workflow_run_id, c_step_id, c_activity_name, c_attempt, c_engine, c_streams, s_type, s_id,
                  s_expected, s_events, e_type, e_version, e_payload)
$$;

REVOKE ALL ON FUNCTION annal.append(text, bigint, boolean, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], integer[], text[], integer[], text[],
    text[], bigint[], integer[], text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.append(text, bigint, boolean, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], integer[], text[], integer[], text[],
    text[], bigint[], integer[], text[], text[], text[]) TO annal_runtime;
REVOKE ALL ON FUNCTION annal.refuse_unfit(text[], text[], text[], text[], text[], text[], integer[], text[], text[],
    text[], text[], text[]) FROM PUBLIC;

RESET ROLE;
