-- The master key of a sealed ledger can be changed while others write. Whoever makes a person's key says with which
-- master key it is wrapped, and is refused once that is not the ledger's any more: else a key would be left behind that
-- only the old one opens. docs/erasure.md says the rest.
SET LOCAL ROLE annal_owner;

-- When the persons' keys were last wrapped anew; none while they are under the master key that the sealing began with.
ALTER TABLE annal.sealed_ledgers ADD COLUMN rotated_at timestamptz;

-- As 0008_sealed_names.sql says, with the mark of the master key that wraps `in_secret`, or none for a key as it is.
CREATE FUNCTION annal.person_key(
    in_ledger text, in_person text, in_secret bytea, in_master bytea, OUT number bigint, OUT secret bytea)
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
    present bytea;
BEGIN
    -- Most are there; a conflict would take a number each time.
    SELECT k.number, k.secret INTO number, secret FROM annal.person_keys k WHERE ledger = in_ledger AND person = in_person;
    IF FOUND THEN
        RETURN;
    END IF;
    -- A change of the master key waits until this key is there and then wraps it too, or this waits for the change.
    SELECT master INTO present FROM annal.sealed_ledgers WHERE ledger = in_ledger FOR SHARE;
    -- Who began before the sealing was switched off still seals.
    IF FOUND AND present IS DISTINCT FROM in_master THEN
        RAISE EXCEPTION 'ledger % is sealed with another master key, or with none', in_ledger
            USING ERRCODE = 'AN010', HINT = 'Start again with the master key that the ledger has now.';
    END IF;
    INSERT INTO annal.person_keys AS k (ledger, person, secret) VALUES (in_ledger, in_person, in_secret)
    ON CONFLICT (ledger, person) DO NOTHING;
    SELECT k.number, k.secret INTO STRICT number, secret
    FROM annal.person_keys k WHERE ledger = in_ledger AND person = in_person;
END
$$;

-- For an engine from before this migration, which does not say what it wraps with: it has the master key that the
-- sealing began with, so it makes keys until that is changed.
CREATE OR REPLACE FUNCTION annal.person_key(
    in_ledger text, in_person text, in_secret bytea, OUT number bigint, OUT secret bytea)
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
    began_with bytea;
BEGIN
    SELECT CASE WHEN rotated_at IS NULL THEN master ELSE 'changed' END INTO began_with
    FROM annal.sealed_ledgers WHERE ledger = in_ledger;
    SELECT k.number, k.secret INTO number, secret
    FROM annal.person_key(in_ledger, in_person, in_secret, began_with) AS k;
END
$$;

REVOKE ALL ON FUNCTION annal.person_key(text, text, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.person_key(text, text, bytea, bytea) TO annal_runtime;

RESET ROLE;
