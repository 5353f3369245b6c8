-- Documents by version. A revision also tells the version that it replaces.
-- `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type,
           e.recorded_at::text AS at, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(document text, request text, version integer, replaces integer, file json, by text, reason text,
             level text, accepted boolean)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('document_submitted', 'document_revised', 'document_reviewed')
),
told_of AS (
    SELECT aggregate_id, position, stamp, event_type, at, document, request, coalesce(version, 1) AS version,
           replaces, file, by, reason, level, accepted, NULL::integer AS replaced_by
    FROM told
    UNION ALL
    SELECT aggregate_id, position, stamp, 'document_replaced', at, document, NULL, replaces,
           NULL, NULL, NULL, NULL, NULL, NULL, version
    FROM told WHERE event_type = 'document_revised'
),
delta AS (
    SELECT $1::text AS ledger, split_part(aggregate_id, '/', 1)::uuid AS run_id, document, version,
           max(position) AS changed,
           max(position) FILTER (WHERE file IS NOT NULL) AS added,
           max(request) AS request,
           max(ARRAY[stamp, file->>'name', file->>'sha256', file->>'bytes', by, at, reason, replaces::text])
               FILTER (WHERE file IS NOT NULL) AS arrival,
           (max(CASE
               WHEN file IS NOT NULL THEN ARRAY[stamp, 'submitted']
               WHEN event_type = 'document_replaced' THEN ARRAY[stamp, 'replaced']
               WHEN NOT accepted THEN ARRAY[stamp, 'sent_back']
               WHEN level = 'tester' THEN ARRAY[stamp, 'tester_accepted']
               ELSE ARRAY[stamp, 'accepted'] END))[2] AS status,
           max(replaced_by) AS replaced_by,
           max(ARRAY[stamp, accepted::text, by, at, reason]) FILTER (WHERE level = 'tester') AS tester,
           max(ARRAY[stamp, accepted::text, by, at, reason]) FILTER (WHERE level = 'report_owner') AS owner
    FROM told_of
    GROUP BY aggregate_id, document, version
)
MERGE INTO documents t
USING (SELECT d.*, coalesce(d.request,
                  (SELECT max(o.request) FROM delta o
                   WHERE o.run_id = d.run_id AND o.document = d.document AND o.version = 1),
                  (SELECT o.request_id FROM documents o
                   WHERE o.ledger = d.ledger AND o.run_id = d.run_id AND o.document_id = d.document
                     AND o.version = 1)) AS asked
       FROM delta d) d
ON t.ledger = d.ledger AND t.run_id = d.run_id AND t.document_id = d.document AND t.version = d.version
WHEN MATCHED AND t.changed_position < d.changed THEN UPDATE SET
    status = coalesce(d.status, t.status),
    replaced_by = coalesce(d.replaced_by, t.replaced_by),
    tester_accepted = CASE WHEN d.tester IS NULL THEN t.tester_accepted ELSE d.tester[2]::boolean END,
    tester_by = CASE WHEN d.tester IS NULL THEN t.tester_by ELSE d.tester[3] END,
    tester_at = CASE WHEN d.tester IS NULL THEN t.tester_at ELSE d.tester[4]::timestamptz END,
    tester_reason = CASE WHEN d.tester IS NULL THEN t.tester_reason ELSE d.tester[5] END,
    owner_accepted = CASE WHEN d.owner IS NULL THEN t.owner_accepted ELSE d.owner[2]::boolean END,
    owner_by = CASE WHEN d.owner IS NULL THEN t.owner_by ELSE d.owner[3] END,
    owner_at = CASE WHEN d.owner IS NULL THEN t.owner_at ELSE d.owner[4]::timestamptz END,
    owner_reason = CASE WHEN d.owner IS NULL THEN t.owner_reason ELSE d.owner[5] END,
    changed_position = d.changed
WHEN NOT MATCHED AND d.added IS NOT NULL THEN INSERT VALUES (
    d.ledger, d.run_id, d.document, d.version, d.status, d.asked,
    d.arrival[2], d.arrival[3], d.arrival[4]::bigint, d.arrival[5], d.arrival[6]::timestamptz, d.arrival[7],
    d.arrival[8]::integer, d.replaced_by,
    d.tester[2]::boolean, d.tester[3], d.tester[4]::timestamptz, d.tester[5],
    d.owner[2]::boolean, d.owner[3], d.owner[4]::timestamptz, d.owner[5],
    d.added, d.changed
)
