-- What one person did is found by slices too (0080_slices.sql): a slice is one command's, so one person's.
SET LOCAL ROLE annal_owner;

DROP INDEX annal.events_by_person;
-- It says where slices begin in other words than the streams' index, or the planner would take it for one that questions
-- about streams could be asked of.
CREATE INDEX events_by_person ON annal.events (ledger, actor_id, position) WHERE following >= 0;

-- Where a person's slices begin and end, those with an event after one position and up to another. It is taken into the
-- statement that asks, which reads the events of one slice after the other: where a slice ends is computed here (OFFSET 0),
-- for row security lets an index be asked only for what cannot fail.
CREATE FUNCTION annal.slices_of_person(in_ledger text, in_person text,
                                       in_after bigint DEFAULT 0, in_until bigint DEFAULT 9223372036854775807)
    RETURNS TABLE (first bigint, last bigint)
    LANGUAGE sql
    STABLE
    PARALLEL SAFE AS
$$
SELECT h.position, h.position + h.following
FROM annal.events AS h
WHERE h.following >= 0
  AND h.ledger = in_ledger AND h.actor_id = in_person
  -- As a row, or PostgreSQL takes the two bounds for a narrow range, and a page for all that there is: it would then read
  -- all of the person's events and sort them.
  AND (h.ledger, h.actor_id, h.position) <= (in_ledger, in_person, in_until)
  -- The slice in which the first of them is, or the next one. Nothing stands around the inner question, or the index would
  -- not be asked for what it answers.
  AND h.position >= (SELECT coalesce((SELECT b.position
                                      FROM annal.events AS b
                                      WHERE b.following >= 0
                                        AND b.ledger = in_ledger AND b.actor_id = in_person
                                        AND b.position <= in_after
                                      ORDER BY b.position DESC
                                      LIMIT 1), 1))
ORDER BY h.position
OFFSET 0
$$;

REVOKE ALL ON FUNCTION annal.slices_of_person(text, text, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal.slices_of_person(text, text, bigint, bigint)
    TO annal_runtime, annal_projector, annal_auditor;

RESET ROLE;
