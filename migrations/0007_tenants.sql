-- One database for several tenants: a login that was given ledgers sees and writes these and no others.
--
-- The rule follows session_user, the role that logged in, which nobody but a superuser can change; a setting of the
-- session would be the caller's to choose. While no ledger was given to anybody, every login of the log's roles sees
-- all. Once one is given, both sides close: its ledger is for those it was given to, and they see nothing else. A
-- login that was given none sees the ledgers that nobody was given. Members of annal_owner, and superusers, see all.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'annal_migrator') THEN
        BEGIN
            CREATE ROLE annal_migrator NOLOGIN;
        EXCEPTION
            -- A migration of another database on this server made it in the same moment.
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    -- Who migrates works with the owner's rights; the guards hold for both.
    IF NOT pg_has_role('annal_migrator', 'annal_owner', 'MEMBER') THEN
        BEGIN
            GRANT annal_owner TO annal_migrator;
        EXCEPTION
            WHEN internal_error OR unique_violation THEN NULL;
        END;
    END IF;
END
$$;

SET LOCAL ROLE annal_owner;

-- To whom ledgers were given: a login, or a role that logins are members of.
CREATE TABLE annal.ledger_logins
(
    ledger   text        NOT NULL REFERENCES annal.ledgers,
    login    text        NOT NULL,
    given_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, login)
);

-- True for most: a login that no rule holds for.
CREATE FUNCTION annal.uses_all_ledgers() RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RETURN NOT EXISTS (SELECT FROM annal.ledger_logins) OR pg_has_role(session_user, 'annal_owner', 'MEMBER');
END
$$;

-- The ledgers that were given to this login; none (NULL) when it was given none. A name in the table that is no role
-- any more gives nothing to anybody.
CREATE FUNCTION annal.ledgers_given_to_me() RETURNS text[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RETURN (SELECT array_agg(DISTINCT given.ledger)
            FROM annal.ledger_logins AS given
                     JOIN pg_roles AS role ON role.rolname = given.login
            WHERE pg_has_role(session_user, role.oid, 'MEMBER'));
END
$$;

CREATE FUNCTION annal.ledgers_given() RETURNS text[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RETURN (SELECT array_agg(DISTINCT ledger) FROM annal.ledger_logins);
END
$$;

CREATE FUNCTION annal.may_use(in_ledger text) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RETURN annal.uses_all_ledgers()
        OR coalesce(in_ledger = ANY (annal.ledgers_given_to_me()), NOT in_ledger = ANY (annal.ledgers_given()));
END
$$;

-- Events and commands may be many: what the rule needs is asked for once a statement, not once a row.
DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY ['events', 'commands']
        LOOP
            EXECUTE format('ALTER TABLE annal.%I ENABLE ROW LEVEL SECURITY', guarded);
            EXECUTE format(
                    'CREATE POLICY own_ledgers ON annal.%I USING (
                        CASE WHEN (SELECT annal.uses_all_ledgers()) THEN true
                             ELSE coalesce(ledger = ANY ((SELECT annal.ledgers_given_to_me())::text[]),
                                           NOT ledger = ANY ((SELECT annal.ledgers_given())::text[])) END)', guarded);
        END LOOP;
    -- FORCE: also for the owner, as whom annal.append and annal.put_file work. An append to a ledger that the login
    -- may not use finds no ledger of that name, so it does not even tell whether there is one.
    FOREACH guarded IN ARRAY ARRAY ['ledgers', 'files']
        LOOP
            EXECUTE format('ALTER TABLE annal.%I ENABLE ROW LEVEL SECURITY', guarded);
            EXECUTE format('ALTER TABLE annal.%I FORCE ROW LEVEL SECURITY', guarded);
            EXECUTE format('CREATE POLICY own_ledgers ON annal.%I USING (annal.may_use(ledger))', guarded);
        END LOOP;
END
$$;

-- A view reads with its owner's rights, for whom the events' rule does not hold; so it asks for itself.
CREATE OR REPLACE VIEW annal.stream_events WITH (security_barrier) AS
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
WHERE ledger = current_setting('annal.ledger')
  AND (SELECT annal.may_use(current_setting('annal.ledger')));

-- Gives a ledger to a login or role; from then on it is for those alone that it was given to.
CREATE FUNCTION annal.give_ledger(in_ledger text, in_login text) RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    IF NOT EXISTS (SELECT FROM annal.ledgers WHERE ledger = in_ledger) THEN
        RAISE EXCEPTION 'there is no ledger ''%''', in_ledger
            USING ERRCODE = 'AN001', HINT = 'Create it first: SELECT annal.create_ledger(name).';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = in_login) THEN
        RAISE EXCEPTION 'there is no login or role ''%''', in_login
            USING ERRCODE = 'AN003', HINT = 'Create it first: CREATE ROLE name LOGIN IN ROLE annal_runtime.';
    END IF;
    INSERT INTO annal.ledger_logins (ledger, login) VALUES (in_ledger, in_login) ON CONFLICT DO NOTHING;
END
$$;

REVOKE ALL ON FUNCTION annal.uses_all_ledgers(), annal.ledgers_given_to_me(), annal.ledgers_given(),
    annal.may_use(text), annal.give_ledger(text, text) FROM PUBLIC;
-- Policies ask as whoever reads.
GRANT EXECUTE ON FUNCTION annal.uses_all_ledgers(), annal.ledgers_given_to_me(), annal.ledgers_given(),
    annal.may_use(text) TO annal_runtime, annal_projector, annal_auditor;

RESET ROLE;
