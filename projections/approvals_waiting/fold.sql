-- What waits for an approval. `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT split_part(e.aggregate_id, '/', 1)::uuid AS run_id, split_part(e.aggregate_id, '/', 2) AS phase, e.position,
           lpad(e.position::text, 19, '0') AS stamp, e.event_type, e.recorded_at::text AS at, p.*,
           coalesce(p.document, p."case", p.attribute, p.version) AS subject
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(version text, document text, "case" text, execution text, attribute text, line_of_business text,
             owner text, level text, accepted boolean, by text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('version_submitted', 'version_withdrawn', 'version_approved', 'version_rejected',
                           'document_submitted', 'document_revised', 'document_reviewed', 'test_executed',
                           'test_reviewed', 'owner_assigned', 'owner_reassigned', 'owner_acknowledged')
),
delta AS (
    SELECT run_id, phase, max(what) AS what, subject, coalesce(line_of_business, '') AS line_of_business,
           max(position) AS changed, max(turn) AS turn
    FROM told
    -- What the event makes wait, and for whom; nothing where it ends the waiting.
    CROSS JOIN LATERAL (
        SELECT split_part(replace(event_type, 'owner', 'ownership'), '_', 1) AS what,
               CASE event_type
                   WHEN 'version_submitted'
                       THEN ARRAY[stamp, at, CASE WHEN phase <> 'test_report' THEN 'report_owner' END, NULL, by, NULL]
                   WHEN 'document_submitted' THEN ARRAY[stamp, at, 'tester', NULL, by, '1']
                   WHEN 'document_revised' THEN ARRAY[stamp, at, 'tester', NULL, by, version]
                   WHEN 'test_executed' THEN ARRAY[stamp, at, 'tester', NULL, by, execution]
                   WHEN 'owner_assigned' THEN ARRAY[stamp, at, 'data_owner', owner, by, NULL]
                   WHEN 'owner_reassigned' THEN ARRAY[stamp, at, 'data_owner', owner, by, NULL]
                   WHEN 'document_reviewed' THEN
                       CASE WHEN accepted AND level = 'tester' THEN ARRAY[stamp, at, 'report_owner', NULL, by, version]
                            ELSE ARRAY[stamp, NULL] END
                   ELSE ARRAY[stamp, NULL] END AS turn) AS t
    GROUP BY run_id, phase, split_part(event_type, '_', 1), subject, coalesce(line_of_business, '')
),
-- A run that was cancelled waits for nobody.
cancelled AS (
    SELECT e.aggregate_id::uuid AS run_id, max(e.position) AS position
    FROM annal.events e
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'report_run'
      AND e.event_type = 'run_cancelled'
    GROUP BY 1
)
MERGE INTO approvals_waiting w
USING (
    SELECT d.run_id, d.phase, d.what, d.subject, d.line_of_business, d.changed, d.turn,
           d.turn[2] IS NOT NULL AND (c.position IS NULL OR d.changed > c.position) AS waits
    FROM delta d LEFT JOIN cancelled c USING (run_id)
    UNION ALL
    SELECT o.run_id, o.phase, o.what, o.subject, o.line_of_business, c.position, NULL, false
    FROM approvals_waiting o JOIN cancelled c USING (run_id)
    WHERE o.ledger = $1
      AND (o.run_id, o.phase, o.what, o.subject, o.line_of_business)
          NOT IN (SELECT d.run_id, d.phase, d.what, d.subject, d.line_of_business FROM delta d)
) d
ON w.ledger = $1 AND w.run_id = d.run_id AND w.phase = d.phase AND w.what = d.what AND w.subject = d.subject
    AND w.line_of_business = d.line_of_business
WHEN MATCHED AND NOT d.waits AND w.changed_position < d.changed THEN DELETE
WHEN MATCHED AND w.changed_position < d.changed THEN UPDATE SET
    number = d.turn[6]::integer,
    role = d.turn[3],
    person = d.turn[4],
    given_by = d.turn[5],
    waits_since = d.turn[2]::timestamptz,
    changed_position = d.changed
WHEN NOT MATCHED AND d.waits THEN INSERT VALUES (
    $1, d.run_id, d.phase, d.what, d.subject, d.line_of_business, d.turn[6]::integer, d.turn[3], d.turn[4], d.turn[5],
    d.turn[2]::timestamptz, d.changed
)
