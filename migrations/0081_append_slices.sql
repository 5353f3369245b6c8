-- The append function by slices (0080_slices.sql), and with less to do while the ledger's head is locked: who knows where
-- the head will be when it is their turn says so, and the events' own digests, which contain their positions, are made
-- before the head is locked. Where it turns out to stand elsewhere they are made again.
SET LOCAL ROLE annal_owner;

-- Finds out first what comes of each command, as 0050_typed_append.sql says. Each event that it writes is a slice.
CREATE OR REPLACE FUNCTION annal.append_with_care(
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
    -- One plan for the life of a session. It is made when the tables may be empty, where all ways look cheap: these
    -- settings leave the one that stays so. They look dear to the planner, which is no reason to compile anything.
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
    well_formed  boolean;
    c_last       integer[]; -- the command's last stream
    c_envelope   bytea[];
    s_command    integer[];
    s_before     integer[]; -- how many events of the batch come before the stream's own
    s_last       bigint[];  -- the sequence of the stream's last event
    s_base       bigint[];  -- the position before its first new event; none if its command is not accepted
    -- Only for a batch in which something may clash: the first command with the same id, the first entry of the same
    -- stream, and what is known of a command id from the log or from earlier in the batch.
    c_same       integer[];
    s_same       integer[];
    k_content    bytea[];
    k_first      bigint[];
    k_last       bigint[];
    k_reply      text[];
    -- Of the events that are accepted: their number in the batch, their stream, and what the log gives them.
    a_number     integer[];
    a_stream     integer[];
    a_position   bigint[];
    a_sequence   bigint[];
    a_id         uuid[];
    a_digest     bytea[];
    a_hash       bytea[];
    -- What comes of each command.
    o_outcome    text[];
    o_first      bigint[];
    o_last       bigint[];
    o_reply      text[];
    o_clash      integer[]; -- the stream of a conflict
    o_actual     bigint[];
    head         annal.ledgers;
    reached      bigint;
    reached_hash bytea;
    now_at       timestamptz;
    now_bytes    bytea; -- microseconds since 1970
    now_id       text;  -- how the ids of this batch's events begin
    clash        integer;
    same         integer;
    stem         bytea := annal.fields(ARRAY ['annal.event.1'::bytea, textsend(in_ledger)]);
BEGIN
    well_formed := n_commands > 0 AND n_streams > 0 AND array_position(c_id, NULL) IS NULL
        AND ARRAY [cardinality(c_content), cardinality(c_reply), cardinality(c_effective_at),
                cardinality(c_correlation_id), cardinality(c_causation_id), cardinality(c_actor_id),
                cardinality(c_actor_name), cardinality(c_actor_role), cardinality(c_on_behalf_of), cardinality(c_reason),
                cardinality(c_workflow_id), cardinality(c_workflow_run_id), cardinality(c_step_id),
                cardinality(c_activity_name), cardinality(c_attempt), cardinality(c_engine), cardinality(c_streams)]
            = array_fill(n_commands, ARRAY [17])
        AND ARRAY [cardinality(s_type), cardinality(s_expected), cardinality(s_events)] = array_fill(n_streams, ARRAY [3])
        AND ARRAY [cardinality(e_type), cardinality(e_version)] = array_fill(n_events, ARRAY [2])
        AND 1 <= ALL (c_streams) AND 1 <= ALL (s_events);
    IF well_formed THEN
        SELECT array_agg(c.reached::integer), sum(c.streams) = n_streams
        INTO c_last, well_formed
        FROM (SELECT u.streams, sum(u.streams) OVER (ROWS UNBOUNDED PRECEDING) AS reached
              FROM unnest(c_streams) AS u (streams)) AS c;
    END IF;
    IF well_formed THEN
        SELECT array_agg((s.reached - s.events)::integer), sum(s.events) = n_events
        INTO s_before, well_formed
        FROM (SELECT u.events, sum(u.events) OVER (ROWS UNBOUNDED PRECEDING) AS reached
              FROM unnest(s_events) AS u (events)) AS s;
    END IF;
    IF well_formed IS NOT TRUE THEN
        RAISE EXCEPTION 'the batch is malformed: each command needs an id and a stream, each stream an event, and the arrays one entry for each'
            USING ERRCODE = 'AN002', HINT = 'This is a defect of the caller; nothing was written.';
    END IF;

    SELECT array_agg(c.n)
    INTO s_command
    FROM unnest(c_streams) WITH ORDINALITY AS c (streams, n), generate_series(1, c.streams);

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
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no ledger ''%''', in_ledger
            USING ERRCODE = 'AN001', HINT = 'Create it first, as an administrator: SELECT annal.create_ledger(name).';
    END IF;
    reached := head.position;

    -- The last slice of all streams up to this one, if it is of this one.
    SELECT array_agg(coalesce(found.last, 0))
    INTO s_last
    FROM unnest(s_type, s_id) AS s (type, id)
             LEFT JOIN LATERAL (SELECT e.ledger, e.aggregate_type, e.aggregate_id, e.sequence + e.following AS last
                                FROM annal.events AS e
                                WHERE e.following IS NOT NULL
                                  AND (e.aggregate_id, e.aggregate_type, e.ledger) <= (s.id, s.type, in_ledger)
                                ORDER BY e.aggregate_id DESC, e.aggregate_type DESC, e.ledger DESC, e.sequence DESC
                                LIMIT 1) AS found
                       ON found.ledger = in_ledger AND found.aggregate_type = s.type AND found.aggregate_id = s.id;

    IF s_last = s_expected
        AND NOT EXISTS (SELECT FROM annal.commands WHERE ledger = in_ledger AND command_id = ANY (c_id))
        AND (SELECT count(*) FROM (SELECT DISTINCT u.id FROM unnest(c_id) AS u (id)) AS d) = n_commands
        AND (SELECT count(*) FROM (SELECT DISTINCT u.type, u.id FROM unnest(s_type, s_id) AS u (type, id)) AS d) = n_streams
    THEN
        -- Every command is new, and no two touch the same stream.
        o_outcome := array_fill('recorded'::text, ARRAY [n_commands]);
        o_reply := c_reply;
        SELECT array_agg(reached + u.before) INTO s_base FROM unnest(s_before) AS u (before);
        SELECT array_agg(s_base[u.last - u.streams + 1] + 1), array_agg(s_base[u.last] + s_events[u.last])
        INTO o_first, o_last
        FROM unnest(c_last, c_streams) AS u (last, streams);
        reached := reached + n_events;
    ELSE
        SELECT array_agg(c.same) INTO c_same
        FROM (SELECT min(u.n) OVER (PARTITION BY u.id) AS same
              FROM unnest(c_id) WITH ORDINALITY AS u (id, n) ORDER BY u.n) AS c;
        SELECT array_agg(s.same) INTO s_same
        FROM (SELECT min(u.n) OVER (PARTITION BY u.type, u.id) AS same
              FROM unnest(s_type, s_id) WITH ORDINALITY AS u (type, id, n) ORDER BY u.n) AS s;
        SELECT array_agg(k.content_hash), array_agg(k.first_position), array_agg(k.last_position),
               array_agg(k.reply::text)
        INTO k_content, k_first, k_last, k_reply
        FROM (SELECT known.*
              FROM unnest(c_id) WITH ORDINALITY AS c (id, n)
                       LEFT JOIN LATERAL (SELECT *
                                          FROM annal.commands AS k
                                          WHERE k.ledger = in_ledger
                                            AND k.command_id = c.id
                                          LIMIT 1) AS known ON true
              ORDER BY c.n) AS k;
        s_base := array_fill(NULL::bigint, ARRAY [n_streams]);
        o_outcome := array_fill(NULL::text, ARRAY [n_commands]);
        o_first := array_fill(NULL::bigint, ARRAY [n_commands]);
        o_last := o_first;
        o_reply := o_outcome;
        o_actual := o_first;
        o_clash := array_fill(NULL::integer, ARRAY [n_commands]);

        FOR i IN 1 .. n_commands
            LOOP
                same := c_same[i];
                IF k_content[same] IS NULL THEN
                    clash := NULL;
                    FOR j IN c_last[i] - c_streams[i] + 1 .. c_last[i]
                        LOOP
                            IF s_last[s_same[j]] IS DISTINCT FROM s_expected[j] THEN
                                clash := j;
                                EXIT;
                            END IF;
                            s_last[s_same[j]] := s_expected[j] + s_events[j];
                        END LOOP;
                    IF clash IS NOT NULL THEN
                        o_outcome[i] := 'conflict';
                        o_clash[i] := clash;
                        o_actual[i] := s_last[s_same[clash]];
                        -- All or nothing: the streams before the one that clashed stay as they were.
                        FOR j IN REVERSE clash - 1 .. c_last[i] - c_streams[i] + 1
                            LOOP
                                s_last[s_same[j]] := s_expected[j];
                            END LOOP;
                        CONTINUE;
                    END IF;
                    o_outcome[i] := 'recorded';
                    k_content[same] := c_content[i];
                    k_reply[same] := c_reply[i];
                    k_first[same] := reached + 1;
                    FOR j IN c_last[i] - c_streams[i] + 1 .. c_last[i]
                        LOOP
                            s_base[j] := reached;
                            reached := reached + s_events[j];
                        END LOOP;
                    k_last[same] := reached;
                ELSIF k_content[same] IS DISTINCT FROM c_content[i] THEN
                    o_outcome[i] := 'reused';
                    CONTINUE;
                ELSE
                    o_outcome[i] := 'repeated';
                END IF;
                o_first[i] := k_first[same];
                o_last[i] := k_last[same];
                o_reply[i] := k_reply[same];
            END LOOP;
    END IF;

    IF reached > head.position THEN
        now_at := greatest(clock_timestamp(), head.recorded_at);
        now_bytes := int8send((extract(EPOCH FROM now_at) * 1000000)::bigint);
        -- Ids are UUIDs of version 7: the time first (48 bits of milliseconds), then what was drawn for the batch, then
        -- a counter, so that their index grows at its end.
        now_id := lpad(to_hex(floor(extract(EPOCH FROM now_at) * 1000)::bigint), 12, '0');
        now_id := left(now_id, 8) || '-' || right(now_id, 4) || '-7' || substr(gen_random_uuid()::text, 16, 14);

        SELECT array_agg(s.before + k), array_agg(s.j), array_agg(s.base + k), array_agg(s.expected + k),
               array_agg((now_id || lpad(to_hex(s.before + k), 7, '0'))::uuid)
        INTO a_number, a_stream, a_position, a_sequence, a_id
        FROM unnest(s_before, s_events, s_base, s_expected) WITH ORDINALITY AS s (before, events, base, expected, j),
             generate_series(1, s.events) AS k
        WHERE s.base IS NOT NULL;

        SELECT array_agg(sha256(stem || annal.fields(ARRAY [
            int8send(a.position),
            uuid_send(a.id),
            textsend(s_type[a.j]),
            textsend(s_id[a.j]),
            int8send(a.sequence),
            textsend(e_type[a.n]),
            textsend(e_version[a.n]),
            textsend(e_payload[a.n]),
            now_bytes]) || c_envelope[s_command[a.j]]))
        INTO a_digest
        FROM unnest(a_number, a_stream, a_position, a_sequence, a_id) AS a (n, j, position, sequence, id);

        reached_hash := head.hash;
        a_hash := a_digest;
        FOR n IN 1 .. cardinality(a_digest)
            LOOP
                reached_hash := sha256(reached_hash || a_digest[n]);
                a_hash[n] := reached_hash;
            END LOOP;

        INSERT INTO annal.events (ledger, position, event_id, aggregate_type, aggregate_id, sequence, event_type,
                                  event_version, payload, recorded_at, effective_at, command_id, correlation_id,
                                  causation_id, actor_id, actor_name, actor_role, on_behalf_of, reason, workflow_id,
                                  workflow_run_id, step_id, activity_name, attempt, engine, hash)
        SELECT in_ledger, a.position, a.id, s_type[a.j], s_id[a.j], a.sequence, e_type[a.n],
               e_version[a.n], e_payload[a.n]::json, now_at, c_effective_at[a.c], c_id[a.c], c_correlation_id[a.c],
               c_causation_id[a.c], c_actor_id[a.c], c_actor_name[a.c], c_actor_role[a.c], c_on_behalf_of[a.c],
               c_reason[a.c], c_workflow_id[a.c], c_workflow_run_id[a.c], c_step_id[a.c], c_activity_name[a.c],
               c_attempt[a.c], c_engine[a.c], a.hash
        FROM (SELECT u.*, s_command[u.j] AS c
              FROM unnest(a_number, a_stream, a_position, a_sequence, a_id, a_hash)
                       AS u (n, j, position, sequence, id, hash)) AS a;

        INSERT INTO annal.commands (ledger, command_id, content_hash, first_position, last_position, reply)
        SELECT in_ledger, o.id, o.content, o.first, o.last, coalesce(o.reply, 'null')::json
        FROM unnest(c_id, c_content, o_first, o_last, o_reply, o_outcome) AS o (id, content, first, last, reply, outcome)
        WHERE o.outcome = 'recorded';

        UPDATE annal.ledgers SET position = reached, hash = reached_hash, recorded_at = now_at WHERE ledger = in_ledger;
    END IF;

    RETURN QUERY
        SELECT o.i::integer, o.outcome, o.first, o.last,
               CASE WHEN o.first IS NOT NULL THEN coalesce(o.reply, 'null')::json END,
               s_type[o.clash], s_id[o.clash], s_expected[o.clash], o.actual
        FROM unnest(o_outcome, o_first, o_last, o_reply, o_clash, o_actual) WITH ORDINALITY
                 AS o (outcome, first, last, reply, clash, actual, i);
END
$$;

-- Appends a batch of commands to a ledger, as 0005_append.sql says, without asking first (0060_unasked_append.sql).
CREATE FUNCTION annal.append(
    in_ledger text,
    in_head bigint,       -- where the ledger's head will be when it is this batch's turn, if the caller knows
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
    base         bigint := in_head; -- the position of the head that the digests are made for
    at_position  bigint;            -- the head as it is found
    at_hash      bytea;
    at_time      timestamptz;
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
        -- Where the event is there that the caller calls the last, and ends its slice, the key finds out whether there is
        -- one after it. It stays there, so this need not wait for the head. Asked for in the order of the slices' key,
        -- which only that key's index has, whatever the table held when the plan was made.
        SELECT bool_and(s.expected = 0
            OR coalesce((SELECT (e.aggregate_id, e.aggregate_type, e.ledger, e.sequence + e.following)
                                    = (s.id, s.type, in_ledger, s.expected)
                         FROM annal.events AS e
                         WHERE e.following IS NOT NULL
                           AND (e.aggregate_id, e.aggregate_type, e.ledger, e.sequence)
                             <= (s.id, s.type, in_ledger, s.expected)
                         ORDER BY e.aggregate_id DESC, e.aggregate_type DESC, e.ledger DESC, e.sequence DESC
                         LIMIT 1), false))
        INTO plain
        FROM unnest(s_type, s_id, s_expected) AS s (type, id, expected);
    END IF;
    IF plain IS TRUE THEN
        SELECT array_agg(annal.fields(ARRAY [
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
            textsend(c_engine[n])]))
        INTO c_envelope
        FROM generate_series(1, n_commands) AS n;

        -- Once for the head as the caller knows it, and once more if it turns out to stand elsewhere.
        LOOP
            IF base IS NOT NULL THEN
                now_at := greatest(clock_timestamp(), at_time);
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
                    now_bytes]) || c_envelope[s_command[a.j]]))
                INTO e_id, e_digest
                FROM (SELECT n, e_stream[n] AS j, (now_id || lpad(to_hex(n), 7, '0'))::uuid AS id
                      FROM generate_series(1, n_events) AS n
                      OFFSET 0) AS a;
            END IF;
            EXIT WHEN at_position IS NOT NULL;
            -- From here on the ledger is ours until the transaction ends.
            SELECT l.position, l.hash, l.recorded_at INTO at_position, at_hash, at_time
            FROM annal.ledgers AS l
            WHERE l.ledger = in_ledger FOR NO KEY UPDATE;
            plain := FOUND;
            EXIT WHEN NOT plain OR base = at_position AND now_at >= at_time;
            base := at_position;
        END LOOP;
    END IF;

    IF plain IS TRUE THEN
        BEGIN
            INSERT INTO annal.commands (ledger, command_id, content_hash, first_position, last_position, reply)
            SELECT in_ledger, c_id[n], c_content[n], base + c_before[n] + 1,
                   base + coalesce(c_before[n + 1], n_events), coalesce(c_reply[n], 'null')::json
            FROM generate_series(1, n_commands) AS n;

            e_hash[0] := at_hash;
            FOR n IN 1 .. n_events
                LOOP
                    e_hash[n] := sha256(e_hash[n - 1] || e_digest[n]);
                END LOOP;

            INSERT INTO annal.events (ledger, position, event_id, aggregate_type, aggregate_id, sequence, event_type,
                                      event_version, payload, recorded_at, effective_at, command_id, correlation_id,
                                      causation_id, actor_id, actor_name, actor_role, on_behalf_of, reason, workflow_id,
                                      workflow_run_id, step_id, activity_name, attempt, engine, hash, following)
            SELECT in_ledger, base + a.n, e_id[a.n], s_type[a.j], s_id[a.j], s_expected[a.j] + a.n - s_before[a.j],
                   e_type[a.n], e_version[a.n], e_payload[a.n]::json, now_at, c_effective_at[a.c], c_id[a.c],
                   c_correlation_id[a.c], c_causation_id[a.c], c_actor_id[a.c], c_actor_name[a.c], c_actor_role[a.c],
                   c_on_behalf_of[a.c], c_reason[a.c], c_workflow_id[a.c], c_workflow_run_id[a.c], c_step_id[a.c],
                   c_activity_name[a.c], c_attempt[a.c], c_engine[a.c], e_hash[a.n],
                   CASE WHEN a.n = s_before[a.j] + 1 THEN s_events[a.j] - 1 END
            FROM (SELECT n, e_stream[n] AS j, s_command[e_stream[n]] AS c
                  FROM generate_series(1, n_events) AS n
                  OFFSET 0) AS a;
        EXCEPTION
            -- A key objects, or a value that belongs to a command which is perhaps not to be written at all.
            WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded THEN
                plain := false;
        END;
    END IF;

    IF plain IS TRUE THEN
        UPDATE annal.ledgers SET position = base + n_events, hash = e_hash[n_events], recorded_at = now_at
        WHERE ledger = in_ledger;
        RETURN QUERY
            SELECT n, 'recorded', base + c_before[n] + 1, base + coalesce(c_before[n + 1], n_events),
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

-- Who does not know where the head will be.
CREATE OR REPLACE FUNCTION annal.append(
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
    c_streams integer[],
    s_type text[],
    s_id text[],
    s_expected bigint[],
    s_events integer[],
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
FROM annal.append(in_ledger, NULL::bigint, c_id, c_content, c_reply, c_effective_at, c_correlation_id, c_causation_id, c_actor_id, c_actor_name, c_actor_role,
                  c_on_behalf_of, c_reason, c_workflow_id, c_workflow_run_id, c_step_id, c_activity_name, c_attempt, c_engine,
                  c_streams, s_type, s_id, s_expected, s_events, e_type, e_version, e_payload)
$$;

REVOKE ALL ON FUNCTION annal.append(text, bigint, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], integer[], text[], integer[], text[], text[], bigint[], integer[], text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.append(text, bigint, uuid[], bytea[], text[], timestamptz[], uuid[], uuid[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], integer[], text[], integer[], text[], text[], bigint[], integer[], text[], text[], text[]) TO annal_runtime;

RESET ROLE;
