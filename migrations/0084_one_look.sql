-- Two questions about streams, asked so that the index answers them by one look.
SET LOCAL ROLE annal_owner;

-- The end of a stream, as annal.append asks for it. "Where the ledger is this one" can be asked of the log's key too, and
-- while all indexes are a page or two, to read the whole ledger looks as cheap as one look: a session that made its plan
-- then (in a log of some hundred events) read the ledger for each command from there on, until PostgreSQL next analyzed
-- the table. A row is compared only by an index that begins with the row's first column.
DO
$$
DECLARE
    by_columns CONSTANT text := '
                           AND e.aggregate_id = s_id[n] AND e.aggregate_type = s_type[n] AND e.ledger = in_ledger
                           AND e.sequence = s_expected[n]),';
    by_row     CONSTANT text := '
                           AND (e.aggregate_id, e.aggregate_type, e.ledger, e.sequence)
                             >= (s_id[n], s_type[n], in_ledger, s_expected[n])
                           AND (e.aggregate_id, e.aggregate_type, e.ledger, e.sequence)
                             <= (s_id[n], s_type[n], in_ledger, s_expected[n])),';
    append     text;
BEGIN
    SELECT pg_get_functiondef(p.oid)
    INTO STRICT append
    FROM pg_proc AS p
    WHERE p.pronamespace = 'annal'::regnamespace AND p.proname = 'append' AND strpos(p.prosrc, by_columns) > 0;
    EXECUTE replace(append, by_columns, by_row);
END
$$;

-- As 0080_slices.sql has it; which slice a reader begins in is asked first, and not of each of the stream's long slices.
CREATE OR REPLACE FUNCTION annal.of_stream(in_ledger text, in_type text, in_id text,
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
        -- The slice in which the first of them is, or the next one. Nothing stands around the inner question, or the index
        -- would not be asked for what it answers.
        AND h.sequence >= (SELECT coalesce((SELECT b.sequence
                                            FROM annal.events AS b
                                            WHERE b.following > 0
                                              AND b.ledger = in_ledger AND b.aggregate_type = in_type AND b.aggregate_id = in_id
                                              AND b.sequence <= in_after
                                            ORDER BY b.sequence DESC
                                            LIMIT 1), 1))
      OFFSET 0) AS s,
     LATERAL (SELECT e.*
              FROM annal.events AS e
              WHERE e.ledger = in_ledger AND e.position > s.first AND e.position <= s.last
              OFFSET 0) AS f
WHERE f.sequence > in_after AND f.sequence <= in_until
$$;

RESET ROLE;
