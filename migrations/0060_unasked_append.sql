-- The append function with the same meaning and the same bytes, without asking first. Nearly every command is new, and
-- so is the next event of its stream: a batch is written as if all were, and the unique keys of annal.commands and
-- annal.events are the judges. Where one of them objects, what was written is taken back and the batch goes the careful
-- way of 0050_typed_append.sql, which finds out what comes of each command.
--   * Nothing is looked up for a stream that begins; for one that goes on, its last event that the caller knows of.
--   * What does not need the ledger's head is made before the head is locked: meanwhile another batch may be written.
SET LOCAL ROLE annal_owner;

ALTER FUNCTION annal.append(text, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], integer[], text[], integer[], text[], text[], bigint[], integer[], text[], text[], text[])
    RENAME TO append_with_care;
REVOKE ALL ON FUNCTION annal.append_with_care(text, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], integer[], text[], integer[], text[], text[], bigint[], integer[], text[], text[], text[]) FROM annal_runtime;

-- Appends a batch of commands to a ledger, as 0005_append.sql says; the arrays are those of 0050_typed_append.sql.
CREATE FUNCTION annal.append(
    in_ledger text,
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
    plain        boolean;
    c_envelope   bytea[];
    c_before     integer[]; -- how many events of the batch come before the command's own
    s_command    integer[];
    s_before     integer[]; -- how many events of the batch come before the stream's own
    e_stream     integer[];
    e_id         uuid[];
    e_digest     bytea[];
    e_hash       bytea[];
    head         annal.ledgers;
    reached_hash bytea;
    now_at       timestamptz;
    now_bytes    bytea; -- microseconds since 1970
    now_id       text;  -- how the ids of this batch's events begin
BEGIN
    -- Whatever is odd about a batch is for the careful way to name.
    plain := n_commands > 0 AND array_position(c_id, NULL) IS NULL
        AND ARRAY [cardinality(c_content), cardinality(c_reply), cardinality(c_effective_at),
                cardinality(c_correlation_id), cardinality(c_causation_id), cardinality(c_actor_id),
                cardinality(c_actor_name), cardinality(c_actor_role), cardinality(c_on_behalf_of), cardinality(c_reason),
                cardinality(c_workflow_id), cardinality(c_workflow_run_id), cardinality(c_step_id),
                cardinality(c_activity_name), cardinality(c_attempt), cardinality(c_engine), cardinality(c_streams)]
            = array_fill(n_commands, ARRAY [17])
        AND ARRAY [cardinality(s_type), cardinality(s_expected), cardinality(s_events)] = array_fill(n_streams, ARRAY [3])
        AND ARRAY [cardinality(e_type), cardinality(e_version)] = array_fill(n_events, ARRAY [2])
        AND 1 <= ALL (c_streams) AND 1 <= ALL (s_events) AND 0 <= ALL (s_expected);
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
    IF plain AND 0 < ANY (s_expected) THEN
        -- Where the event is there that the caller calls the last, the key finds out whether there is one after it. It
        -- stays there, so this need not wait for the head. Asked for in the order of the streams' key, which only that
        -- key's index has, whatever the table held when the plan was made.
        SELECT bool_and(s.expected = 0
            OR coalesce((SELECT (e.ledger, e.aggregate_type, e.aggregate_id, e.sequence) = (in_ledger, s.type, s.id, s.expected)
                         FROM annal.events AS e
                         WHERE (e.ledger, e.aggregate_type, e.aggregate_id, e.sequence) <= (in_ledger, s.type, s.id, s.expected)
                         ORDER BY e.ledger DESC, e.aggregate_type DESC, e.aggregate_id DESC, e.sequence DESC
                         LIMIT 1), false))
        INTO plain
        FROM unnest(s_type, s_id, s_expected) AS s (type, id, expected);
    END IF;
    IF plain IS TRUE THEN
        SELECT array_agg(annal.fields(ARRAY [
            uuid_send(c.id),
            uuid_send(c.correlation_id),
            uuid_send(c.causation_id),
            textsend(c.actor_id),
            textsend(c.actor_name),
            textsend(c.actor_role),
            textsend(c.on_behalf_of),
            textsend(c.reason),
            int8send((extract(EPOCH FROM c.effective_at) * 1000000)::bigint),
            textsend(c.workflow_id),
            textsend(c.workflow_run_id),
            textsend(c.step_id),
            textsend(c.activity_name),
            int4send(c.attempt),
            textsend(c.engine)]))
        INTO c_envelope
        FROM unnest(c_id, c_correlation_id, c_causation_id, c_actor_id, c_actor_name, c_actor_role, c_on_behalf_of, c_reason,
                    c_effective_at, c_workflow_id, c_workflow_run_id, c_step_id, c_activity_name, c_attempt, c_engine)
                 AS c (id, correlation_id, causation_id, actor_id, actor_name, actor_role, on_behalf_of, reason,
                       effective_at, workflow_id, workflow_run_id, step_id, activity_name, attempt, engine);

        -- From here on the ledger is ours until the transaction ends.
        SELECT * INTO head FROM annal.ledgers WHERE ledger = in_ledger FOR NO KEY UPDATE;
        plain := FOUND;
    END IF;

    IF plain IS TRUE THEN
        BEGIN
            INSERT INTO annal.commands (ledger, command_id, content_hash, first_position, last_position, reply)
            SELECT in_ledger, c_id[n], c_content[n], head.position + c_before[n] + 1,
                   head.position + coalesce(c_before[n + 1], n_events), coalesce(c_reply[n], 'null')::json
            FROM generate_series(1, n_commands) AS n;

            now_at := greatest(clock_timestamp(), head.recorded_at);
            now_bytes := int8send((extract(EPOCH FROM now_at) * 1000000)::bigint);
            -- Ids are UUIDs of version 7: the time first (48 bits of milliseconds), then what was drawn for the batch,
            -- then a counter, so that their index grows at its end.
            now_id := lpad(to_hex(floor(extract(EPOCH FROM now_at) * 1000)::bigint), 12, '0');
            now_id := left(now_id, 8) || '-' || right(now_id, 4) || '-7' || substr(gen_random_uuid()::text, 16, 14);
            SELECT array_agg(a.id), array_agg(sha256(stem || annal.fields(ARRAY [
                int8send(head.position + a.n),
                uuid_send(a.id),
                textsend(s_type[a.j]),
                textsend(s_id[a.j]),
                int8send(s_expected[a.j] + a.n - s_before[a.j]),
                textsend(e_type[a.n]),
                textsend(e_version[a.n]),
                textsend(e_payload[a.n]),
                now_bytes]) || c_envelope[s_command[a.j]]))
            INTO e_id, e_digest
            FROM (SELECT u.n, u.j, (now_id || lpad(to_hex(u.n), 7, '0'))::uuid AS id
                  FROM unnest(e_stream) WITH ORDINALITY AS u (j, n)
                  OFFSET 0) AS a;
            reached_hash := head.hash;
            e_hash := e_digest;
            FOR n IN 1 .. n_events
                LOOP
                    reached_hash := sha256(reached_hash || e_digest[n]);
                    e_hash[n] := reached_hash;
                END LOOP;

            INSERT INTO annal.events (ledger, position, event_id, aggregate_type, aggregate_id, sequence, event_type,
                                      event_version, payload, recorded_at, effective_at, command_id, correlation_id,
                                      causation_id, actor_id, actor_name, actor_role, on_behalf_of, reason, workflow_id,
                                      workflow_run_id, step_id, activity_name, attempt, engine, hash)
            SELECT in_ledger, head.position + a.n, e_id[a.n], s_type[a.j], s_id[a.j], s_expected[a.j] + a.n - s_before[a.j],
                   e_type[a.n], e_version[a.n], e_payload[a.n]::json, now_at, c_effective_at[a.c], c_id[a.c],
                   c_correlation_id[a.c], c_causation_id[a.c], c_actor_id[a.c], c_actor_name[a.c], c_actor_role[a.c],
                   c_on_behalf_of[a.c], c_reason[a.c], c_workflow_id[a.c], c_workflow_run_id[a.c], c_step_id[a.c],
                   c_activity_name[a.c], c_attempt[a.c], c_engine[a.c], e_hash[a.n]
            FROM (SELECT u.n, u.j, s_command[u.j] AS c
                  FROM unnest(e_stream) WITH ORDINALITY AS u (j, n)) AS a;
        EXCEPTION
            -- A key objects, or a value that belongs to a command which is perhaps not to be written at all.
            WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded THEN
                plain := false;
        END;
    END IF;

    IF plain IS TRUE THEN
        UPDATE annal.ledgers SET position = head.position + n_events, hash = reached_hash, recorded_at = now_at
        WHERE ledger = in_ledger;
        RETURN QUERY
            SELECT n, 'recorded', head.position + c_before[n] + 1, head.position + coalesce(c_before[n + 1], n_events),
                   coalesce(c_reply[n], 'null')::json, NULL::text, NULL::text, NULL::bigint, NULL::bigint
            FROM generate_series(1, n_commands) AS n;
    ELSE
        RETURN QUERY
            SELECT *
            FROM annal.append_with_care(in_ledger, c_id, c_content, c_reply, c_effective_at, c_correlation_id,
                                        c_causation_id, c_actor_id, c_actor_name, c_actor_role, c_on_behalf_of,
                                        c_reason, c_workflow_id, c_workflow_run_id, c_step_id, c_activity_name,
                                        c_attempt, c_engine, c_streams, s_type, s_id, s_expected, s_events, e_type,
                                        e_version, e_payload);
    END IF;
END
$$;

REVOKE ALL ON FUNCTION annal.append(text, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], integer[], text[], integer[], text[], text[], bigint[], integer[], text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.append(text, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], integer[], text[], integer[], text[], text[], bigint[], integer[], text[], text[], text[]) TO annal_runtime;

RESET ROLE;
