-- Results of tests. `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp,
           e.event_type = 'test_executed' AS executed, e.recorded_at::text AS at, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p("case" text, sample text, attribute text, execution text, outcome text, expected text, actual text,
             evidence json, by text, reason text, accepted text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('test_executed', 'test_reviewed')
),
delta AS (
    SELECT $1::text AS ledger, split_part(aggregate_id, '/', 1)::uuid AS run_id, "case" AS case_id,
           max(position) AS changed,
           max(ARRAY[stamp, sample, attribute, execution, outcome, expected, actual, evidence->>'document',
                     evidence->>'version', by, at, reason]) FILTER (WHERE executed) AS run,
           max(CASE WHEN executed THEN ARRAY[stamp, NULL, NULL, NULL, NULL]
                    ELSE ARRAY[stamp, accepted, by, at, reason] END) AS review
    FROM told
    GROUP BY aggregate_id, "case"
)
MERGE INTO test_results t
USING delta d
ON t.ledger = d.ledger AND t.run_id = d.run_id AND t.case_id = d.case_id
WHEN MATCHED AND t.changed_position < d.changed THEN UPDATE SET
    execution = coalesce(d.run[4]::integer, t.execution),
    outcome = coalesce(d.run[5], t.outcome),
    expected = CASE WHEN d.run IS NULL THEN t.expected ELSE d.run[6] END,
    actual = CASE WHEN d.run IS NULL THEN t.actual ELSE d.run[7] END,
    document_id = coalesce(d.run[8], t.document_id),
    document_version = coalesce(d.run[9]::integer, t.document_version),
    executed_by = coalesce(d.run[10], t.executed_by),
    executed_at = coalesce(d.run[11]::timestamptz, t.executed_at),
    reason = CASE WHEN d.run IS NULL THEN t.reason ELSE d.run[12] END,
    accepted = d.review[2]::boolean,
    reviewed_by = d.review[3],
    reviewed_at = d.review[4]::timestamptz,
    review_reason = d.review[5],
    changed_position = d.changed
WHEN NOT MATCHED AND d.run IS NOT NULL THEN INSERT VALUES (
    d.ledger, d.run_id, d.case_id, d.run[2], d.run[3], d.run[4]::integer, d.run[5], d.run[6], d.run[7], d.run[8],
    d.run[9]::integer, d.run[10], d.run[11]::timestamptz, d.run[12],
    d.review[2]::boolean, d.review[3], d.review[4]::timestamptz, d.review[5], d.changed
)
