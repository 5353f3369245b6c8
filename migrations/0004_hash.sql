-- The bytes behind an event's hash. FORMAT.md in this folder is the specification; change neither without the other.
-- The two helpers have no SET clause so that the planner can inline them into the append; they use only names of
-- pg_catalog, and the append pins its search_path.
SET LOCAL ROLE annal_owner;

-- One field: its length in four bytes, then its bytes; a length of -1 stands for a field that is not there.
CREATE FUNCTION annal.field(value bytea) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
SELECT CASE WHEN value IS NULL THEN '\xffffffff'::pg_catalog.bytea
            ELSE pg_catalog.int4send(pg_catalog.octet_length(value)) OPERATOR(pg_catalog.||) value END
$$;

-- Microseconds since 1970 in eight bytes.
CREATE FUNCTION annal.instant(value timestamptz) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
SELECT pg_catalog.int8send((extract(EPOCH FROM value) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8)
$$;

-- One link of the chain: SHA-256 over the predecessor's hash and the event's own digest. As a window aggregate it
-- chains a whole append in one pass. `seed` is the hash that the append starts from.
CREATE FUNCTION annal.chain_link(previous bytea, seed bytea, digest bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS
$$
BEGIN
    RETURN pg_catalog.sha256(coalesce(previous, seed) OPERATOR(pg_catalog.||) digest);
END
$$;

CREATE AGGREGATE annal.chain(seed bytea, digest bytea) (SFUNC = annal.chain_link, STYPE = bytea);

RESET ROLE;
