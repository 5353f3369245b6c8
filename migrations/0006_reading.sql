-- Questions that readers ask of the log.
SET LOCAL ROLE annal_owner;

-- The position of the last event that was recorded at or before a moment; 0 where there is none. Inside a ledger
-- recorded_at never goes back and positions have no gap, so halving finds it without an index of its own.
CREATE FUNCTION annal.position_at(in_ledger text, in_at timestamptz) RETURNS bigint
    LANGUAGE plpgsql
    STABLE
    SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
    low    bigint := 0;
    high   bigint;
    middle bigint;
BEGIN
    SELECT position INTO high FROM annal.ledgers WHERE ledger = in_ledger;
    WHILE low < high
        LOOP
            middle := (low + high + 1) / 2;
            IF (SELECT recorded_at <= in_at FROM annal.events WHERE ledger = in_ledger AND position = middle) THEN
                low := middle;
            ELSE
                high := middle - 1;
            END IF;
        END LOOP;
    RETURN low;
END
$$;

REVOKE ALL ON FUNCTION annal.position_at(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.position_at(text, timestamptz) TO annal_runtime, annal_projector, annal_auditor;

RESET ROLE;
