-- The one way into the log.
SET LOCAL ROLE annal_owner;

-- A command of a batch, as the caller sends it. Positions, times of recording, event ids and hashes are not in it:
-- the log makes them.
CREATE TYPE annal.append_command AS
(
    command_id      uuid,
    content_hash    text, -- hex
    reply           json,
    effective_at    timestamptz,
    correlation_id  uuid,
    causation_id    uuid,
    actor_id        text,
    actor_name      text,
    actor_role      text,
    on_behalf_of    text,
    reason          text,
    workflow_id     text,
    workflow_run_id text,
    step_id         text,
    activity_name   text,
    attempt         integer,
    engine          text,
    streams         json -- array of annal.append_stream
);

CREATE TYPE annal.append_stream AS
(
    aggregate_type text,
    aggregate_id   text,
    expected       bigint, -- the sequence of the stream's last event, as the caller knows it
    events         integer -- how many of the batch's events go to this stream
);

CREATE TYPE annal.append_outcome AS
(
    command        integer, -- which command of the batch, from 1
    outcome        text,    -- recorded, repeated, reused, conflict
    first_position bigint,
    last_position  bigint,
    reply          json,
    aggregate_type text,    -- of a conflict: which stream, what was expected, what is there
    aggregate_id   text,
    expected       bigint,
    actual         bigint
);

-- Appends a batch of commands to a ledger; each is all or nothing, and each has its own outcome.
--
-- `in_commands` is a json array of annal.append_command. The three arrays hold the batch's events in the order of
-- the commands and, inside each, of its streams. Commands are taken one after the other, so a later one sees what
-- an earlier one of the same batch appended.
--
-- What can be done without the ledger's head row (parsing, the bytes of the envelopes) is done before it is locked.
-- Whatever is checked is checked under the lock: two writers with the same expected sequence cannot both pass. The
-- lock is held to the end of the transaction, so positions are dense and in commit order.
CREATE FUNCTION annal.append(
    in_ledger text,
    in_commands json,
    in_event_types text[],
    in_event_versions text[],
    in_payloads text[]
) RETURNS SETOF annal.append_outcome
    LANGUAGE plpgsql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- One plan for the life of a session, for planning takes three times as long as the work. It is made when the
    -- tables may be empty, where a sequential scan looks cheap.
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan
    SET work_mem = '64MB'
AS
$$
DECLARE
    -- Of the commands, by their number in the batch. `same` is the number of the first with this id.
    c_id        uuid[];
    c_same      integer[];
    c_content   bytea[];
    c_reply     json[];
    c_envelope  bytea[];
    c_first     integer[]; -- the command's first and last stream
    c_last      integer[];
    -- Of the streams, numbered through the batch. `slot` is one number for each different stream.
    s_command   integer[];
    s_slot      integer[];
    s_type      text[];
    s_id        text[];
    s_expected  bigint[];
    s_events    integer[];
    s_offset    integer[]; -- how many events of the batch come before its own
    s_base      bigint[];  -- the position before its first event; none while it is not accepted
    slot_last   bigint[];  -- the sequence of each slot's last event
    -- What is known of a command id, from the log or from earlier in the batch, by `same`.
    k_content   bytea[];
    k_first     bigint[];
    k_last      bigint[];
    k_reply     json[];
    o_outcome   text[];
    o_clash     integer[]; -- the stream of a conflict
    o_actual    bigint[];
    head        annal.ledgers;
    reached     bigint;
    reached_hash bytea;
    now_at      timestamptz;
    now_field   bytea;
    now_id      text; -- how the ids of events of this moment begin
    clash       integer;
    same        integer;
    total       integer := coalesce(cardinality(in_payloads), 0);
BEGIN
    SELECT array_agg(c.command_id ORDER BY c.n),
           array_agg(c.same ORDER BY c.n),
           array_agg(decode(c.content_hash, 'hex') ORDER BY c.n),
           array_agg(coalesce(c.reply, 'null'::json) ORDER BY c.n),
           array_agg(annal.field(uuid_send(c.command_id))
                         || annal.field(uuid_send(c.correlation_id))
                         || annal.field(uuid_send(c.causation_id))
                         || annal.field(convert_to(c.actor_id, 'UTF8'))
                         || annal.field(convert_to(c.actor_name, 'UTF8'))
                         || annal.field(convert_to(c.actor_role, 'UTF8'))
                         || annal.field(convert_to(c.on_behalf_of, 'UTF8'))
                         || annal.field(convert_to(c.reason, 'UTF8'))
                         || annal.field(annal.instant(c.effective_at))
                         || annal.field(convert_to(c.workflow_id, 'UTF8'))
                         || annal.field(convert_to(c.workflow_run_id, 'UTF8'))
                         || annal.field(convert_to(c.step_id, 'UTF8'))
                         || annal.field(convert_to(c.activity_name, 'UTF8'))
                         || annal.field(int4send(c.attempt))
                         || annal.field(convert_to(c.engine, 'UTF8')) ORDER BY c.n)
    INTO c_id, c_same, c_content, c_reply, c_envelope
    FROM (SELECT p.*, min(p.n) OVER (PARTITION BY p.command_id) AS same
          FROM json_populate_recordset(NULL::annal.append_command, in_commands) WITH ORDINALITY AS p
                   (command_id, content_hash, reply, effective_at, correlation_id, causation_id, actor_id, actor_name,
                    actor_role, on_behalf_of, reason, workflow_id, workflow_run_id, step_id, activity_name, attempt,
                    engine, streams, n)) AS c;

    SELECT array_agg(s.command ORDER BY s.j),
           array_agg(s.slot ORDER BY s.j),
           array_agg(s.aggregate_type ORDER BY s.j),
           array_agg(s.aggregate_id ORDER BY s.j),
           array_agg(s.expected ORDER BY s.j),
           array_agg(s.events ORDER BY s.j),
           array_agg(s.before ORDER BY s.j)
    INTO s_command, s_slot, s_type, s_id, s_expected, s_events, s_offset
    FROM (SELECT c.n                                                              AS command,
                 row_number() OVER inorder                                        AS j,
                 dense_rank() OVER (ORDER BY t.aggregate_type, t.aggregate_id)    AS slot,
                 t.aggregate_type,
                 t.aggregate_id,
                 t.expected,
                 t.events,
                 coalesce(sum(t.events) OVER (inorder ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
          FROM json_array_elements(in_commands) WITH ORDINALITY AS c (body, n),
               json_populate_recordset(NULL::annal.append_stream, c.body -> 'streams') WITH ORDINALITY AS t
                   (aggregate_type, aggregate_id, expected, events, m)
          WINDOW inorder AS (ORDER BY c.n, t.m)) AS s;

    SELECT array_agg(r.first ORDER BY r.n), array_agg(r.last ORDER BY r.n)
    INTO c_first, c_last
    FROM (SELECT n, min(s.j) AS first, max(s.j) AS last
          FROM generate_subscripts(c_id, 1) AS n
                   LEFT JOIN unnest(s_command) WITH ORDINALITY AS s (command, j) ON s.command = n
          GROUP BY n) AS r;

    IF c_id IS NULL OR array_position(c_first, NULL) IS NOT NULL OR array_position(c_id, NULL) IS NOT NULL
        OR EXISTS (SELECT FROM unnest(s_events) AS n (events) WHERE events IS NULL OR events < 1)
        OR s_offset[cardinality(s_offset)] + s_events[cardinality(s_events)] <> total
        OR cardinality(in_event_types) <> total OR cardinality(in_event_versions) <> total THEN
        RAISE EXCEPTION 'the batch is malformed: each command needs an id and a stream, each stream an event, and the arrays one entry an event'
            USING ERRCODE = 'AN002', HINT = 'This is a defect of the caller; nothing was written.';
    END IF;

    -- From here on the ledger is ours until the transaction ends.
    SELECT * INTO head FROM annal.ledgers WHERE ledger = in_ledger FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no ledger ''%''', in_ledger
            USING ERRCODE = 'AN001', HINT = 'Create it first, as an administrator: SELECT annal.create_ledger(name).';
    END IF;
    reached := head.position;

    -- Planned each time, unlike the rest: made on an empty table, the plan could walk the ledger by position instead
    -- of going to the stream.
    EXECUTE 'SELECT array_agg(coalesce((SELECT e.sequence
                                        FROM annal.events AS e
                                        WHERE e.ledger = $1
                                          AND e.aggregate_type = d.type
                                          AND e.aggregate_id = d.id
                                        ORDER BY e.sequence DESC
                                        LIMIT 1), 0) ORDER BY d.slot)
             FROM (SELECT DISTINCT u.slot, u.type, u.id FROM unnest($2, $3, $4) AS u (slot, type, id)) AS d'
        INTO slot_last USING in_ledger, s_slot, s_type, s_id;

    SELECT array_agg(k.content_hash ORDER BY c.n),
           array_agg(k.first_position ORDER BY c.n),
           array_agg(k.last_position ORDER BY c.n),
           array_agg(k.reply ORDER BY c.n)
    INTO k_content, k_first, k_last, k_reply
    FROM unnest(c_id) WITH ORDINALITY AS c (id, n)
             LEFT JOIN LATERAL (SELECT *
                                FROM annal.commands AS known
                                WHERE known.ledger = in_ledger
                                  AND known.command_id = c.id
                                LIMIT 1) AS k ON true;

    s_base := array_fill(NULL::bigint, ARRAY [cardinality(s_command)]);
    o_outcome := array_fill(NULL::text, ARRAY [cardinality(c_id)]);
    o_clash := array_fill(NULL::integer, ARRAY [cardinality(c_id)]);
    o_actual := array_fill(NULL::bigint, ARRAY [cardinality(c_id)]);

    FOR i IN 1 .. cardinality(c_id)
        LOOP
            same := c_same[i];
            IF k_content[same] IS NOT NULL THEN
                o_outcome[i] := CASE WHEN k_content[same] = c_content[i] THEN 'repeated' ELSE 'reused' END;
                CONTINUE;
            END IF;

            clash := NULL;
            FOR j IN c_first[i] .. c_last[i]
                LOOP
                    IF slot_last[s_slot[j]] IS DISTINCT FROM s_expected[j] THEN
                        clash := j;
                        o_outcome[i] := 'conflict';
                        o_clash[i] := j;
                        o_actual[i] := slot_last[s_slot[j]];
                        EXIT;
                    END IF;
                    slot_last[s_slot[j]] := s_expected[j] + s_events[j];
                END LOOP;
            IF clash IS NOT NULL THEN
                -- All or nothing: the streams before the one that clashed stay as they were.
                FOR j IN REVERSE clash - 1 .. c_first[i]
                    LOOP
                        slot_last[s_slot[j]] := s_expected[j];
                    END LOOP;
                CONTINUE;
            END IF;

            o_outcome[i] := 'recorded';
            k_content[same] := c_content[i];
            k_reply[same] := c_reply[i];
            k_first[same] := reached + 1;
            FOR j IN c_first[i] .. c_last[i]
                LOOP
                    s_base[j] := reached;
                    reached := reached + s_events[j];
                END LOOP;
            k_last[same] := reached;
        END LOOP;

    IF reached > head.position THEN
        now_at := greatest(clock_timestamp(), head.recorded_at);
        now_field := annal.field(annal.instant(now_at));
        -- Ids are UUIDs of version 7: the time first (48 bits of milliseconds), so that their index grows at its end.
        now_id := lpad(to_hex(floor(extract(EPOCH FROM now_at) * 1000)::bigint), 12, '0');
        now_id := left(now_id, 8) || '-' || right(now_id, 4) || '-7';

        WITH placed AS (SELECT s.command, s.before + k AS n, s.base + k AS position, s.expected + k AS sequence, s.type, s.id
                        FROM unnest(s_command, s_offset, s_events, s_base, s_expected, s_type, s_id)
                                 AS s (command, before, events, base, expected, type, id),
                             generate_series(1, s.events) AS k
                        WHERE s.base IS NOT NULL),
             made AS MATERIALIZED (SELECT p.*, e.event_type, e.event_version, e.payload, (now_id || substr(gen_random_uuid()::text, 16))::uuid AS event_id
                                   FROM placed AS p
                                            JOIN unnest(in_event_types, in_event_versions, in_payloads) WITH ORDINALITY
                                       AS e (event_type, event_version, payload, n) USING (n)),
             written AS (
                 INSERT INTO annal.events (ledger, position, event_id, aggregate_type, aggregate_id, sequence, event_type,
                                           event_version, payload, recorded_at, effective_at, command_id,
                                           correlation_id, causation_id, actor_id, actor_name, actor_role,
                                           on_behalf_of, reason, workflow_id, workflow_run_id, step_id, activity_name,
                                           attempt, engine, hash)
                     SELECT in_ledger, m.position, m.event_id, m.type, m.id, m.sequence, m.event_type,
                            m.event_version, m.payload::json, now_at, c.effective_at, c.command_id,
                            c.correlation_id, c.causation_id, c.actor_id, c.actor_name, c.actor_role,
                            c.on_behalf_of, c.reason, c.workflow_id, c.workflow_run_id, c.step_id, c.activity_name,
                            c.attempt, c.engine,
                            annal.chain(head.hash, sha256(
                                annal.field('annal.event.1'::bytea)
                                    || annal.field(convert_to(in_ledger, 'UTF8'))
                                    || annal.field(int8send(m.position))
                                    || annal.field(uuid_send(m.event_id))
                                    || annal.field(convert_to(m.type, 'UTF8'))
                                    || annal.field(convert_to(m.id, 'UTF8'))
                                    || annal.field(int8send(m.sequence))
                                    || annal.field(convert_to(m.event_type, 'UTF8'))
                                    || annal.field(convert_to(m.event_version, 'UTF8'))
                                    || annal.field(convert_to(m.payload, 'UTF8'))
                                    || now_field
                                    || v.envelope)) OVER (ORDER BY m.position)
                     FROM made AS m
                              JOIN unnest(c_envelope) WITH ORDINALITY AS v (envelope, n) ON v.n = m.command
                              JOIN json_populate_recordset(NULL::annal.append_command, in_commands) WITH ORDINALITY AS c
                         (command_id, content_hash, reply, effective_at, correlation_id, causation_id, actor_id,
                          actor_name, actor_role, on_behalf_of, reason, workflow_id, workflow_run_id, step_id,
                          activity_name, attempt, engine, streams, n) ON c.n = m.command
                     ORDER BY m.position
                     RETURNING position, hash)
        SELECT hash INTO STRICT reached_hash FROM written WHERE position = reached;

        INSERT INTO annal.commands (ledger, command_id, content_hash, first_position, last_position, reply)
        SELECT in_ledger, c_id[i], k_content[c_same[i]], k_first[c_same[i]], k_last[c_same[i]], k_reply[c_same[i]]
        FROM unnest(o_outcome) WITH ORDINALITY AS o (outcome, i)
        WHERE o.outcome = 'recorded';

        UPDATE annal.ledgers SET position = reached, hash = reached_hash, recorded_at = now_at WHERE ledger = in_ledger;
    END IF;

    RETURN QUERY
        SELECT i::integer, o.outcome,
               CASE WHEN o.outcome IN ('recorded', 'repeated') THEN k_first[c_same[i]] END,
               CASE WHEN o.outcome IN ('recorded', 'repeated') THEN k_last[c_same[i]] END,
               CASE WHEN o.outcome IN ('recorded', 'repeated') THEN k_reply[c_same[i]] END,
               s_type[o.clash], s_id[o.clash], s_expected[o.clash], o.actual
        FROM unnest(o_outcome, o_clash, o_actual) WITH ORDINALITY AS o (outcome, clash, actual, i)
        ORDER BY i;
END
$$;

-- Makes a ledger; one that is there already stays as it is.
CREATE FUNCTION annal.create_ledger(in_ledger text) RETURNS void
    LANGUAGE sql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
INSERT INTO annal.ledgers (ledger) VALUES (in_ledger) ON CONFLICT DO NOTHING
$$;

-- Keeps a file under its hash; the same bytes are kept once, under the name they came with first.
CREATE FUNCTION annal.put_file(in_ledger text, in_name text, in_bytes bytea) RETURNS bytea
    LANGUAGE sql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
INSERT INTO annal.files (ledger, sha256, name, bytes) VALUES (in_ledger, sha256(in_bytes), in_name, in_bytes)
ON CONFLICT DO NOTHING;
SELECT sha256(in_bytes)
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA annal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.append(text, json, text[], text[], text[]) TO annal_runtime;
GRANT EXECUTE ON FUNCTION annal.put_file(text, text, bytea) TO annal_runtime;

SELECT annal.create_ledger('main');

RESET ROLE;
