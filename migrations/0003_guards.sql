-- Nothing is changed or taken out, not even by the owner or a superuser who goes about it in the ordinary way.
-- Who switches a guard off can change a row; the hash chain is there to show it.
SET LOCAL ROLE annal_owner;

CREATE FUNCTION annal.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: the log only grows', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'AN009', HINT = 'Append an event that says what is to hold from now on.';
END
$$;

CREATE FUNCTION annal.refuse_head_moving_back() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    IF NEW.ledger <> OLD.ledger OR NEW.position <= OLD.position OR NEW.recorded_at < OLD.recorded_at THEN
        RAISE EXCEPTION 'the head of ledger % only moves forwards', OLD.ledger
            USING ERRCODE = 'AN009', HINT = 'Append through annal.append, which moves the head.';
    END IF;
    RETURN NEW;
END
$$;

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY ['events', 'commands', 'files']
        LOOP
            EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON annal.%I
                FOR EACH ROW EXECUTE FUNCTION annal.refuse_change()', guarded);
        END LOOP;
    FOREACH guarded IN ARRAY ARRAY ['events', 'commands', 'files', 'ledgers']
        LOOP
            EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON annal.%I
                FOR EACH STATEMENT EXECUTE FUNCTION annal.refuse_change()', guarded);
            -- ALWAYS: session_replication_role = replica does not switch them off.
            EXECUTE format('ALTER TABLE annal.%I ENABLE ALWAYS TRIGGER refuse_truncate', guarded);
        END LOOP;
    FOREACH guarded IN ARRAY ARRAY ['events', 'commands', 'files']
        LOOP
            EXECUTE format('ALTER TABLE annal.%I ENABLE ALWAYS TRIGGER refuse_change', guarded);
        END LOOP;
END
$$;

CREATE TRIGGER refuse_delete BEFORE DELETE ON annal.ledgers
    FOR EACH ROW EXECUTE FUNCTION annal.refuse_change();
CREATE TRIGGER refuse_moving_back BEFORE UPDATE ON annal.ledgers
    FOR EACH ROW EXECUTE FUNCTION annal.refuse_head_moving_back();
ALTER TABLE annal.ledgers ENABLE ALWAYS TRIGGER refuse_delete;
ALTER TABLE annal.ledgers ENABLE ALWAYS TRIGGER refuse_moving_back;

RESET ROLE;
