-- Items of versions. `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type, p.*,
           coalesce(p.item, p.section) AS subject
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(version integer, item text, section text, content text, "from" json, tester json, report_owner json,
             locked text, level text, verdict text, previous text, by text, reason text, signature jsonb)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('item_added', 'item_carried', 'item_changed', 'item_removed', 'item_decided',
                           'section_signed')
),
-- A content, whether it comes, is carried or changes, begins anew: what was decided or signed was another one.
delta AS (
    SELECT aggregate_id, version, subject, max(position) AS changed,
           (max(ARRAY[stamp, content]) FILTER (WHERE content IS NOT NULL))[2] AS content,
           max(position) FILTER (WHERE content IS NOT NULL) AS renewed,
           max(position) FILTER (WHERE event_type IN ('item_added', 'item_carried')) AS added,
           max(ARRAY[stamp, "from"->>'version', "from"->>'why'])
               FILTER (WHERE event_type IN ('item_added', 'item_carried')) AS origin,
           (max(ARRAY[stamp, (event_type = 'item_removed')::text])
               FILTER (WHERE event_type IN ('item_added', 'item_carried', 'item_removed')))[2]::boolean AS removed,
           (max(ARRAY[stamp, coalesce(locked, 'false')]) FILTER (WHERE content IS NOT NULL))[2]::boolean AS locked,
           max(CASE
               WHEN content IS NOT NULL
                   THEN ARRAY[stamp, tester->>'verdict', tester->>'by', tester->>'reason']
               WHEN level = 'tester' THEN ARRAY[stamp, verdict, by, reason] END) AS tester,
           -- Another verdict on the first level ends the one on the second.
           max(CASE
               WHEN content IS NOT NULL
                   THEN ARRAY[stamp, report_owner->>'verdict', report_owner->>'by', report_owner->>'reason']
               WHEN level = 'report_owner' THEN ARRAY[stamp, verdict, by, reason]
               WHEN previous <> verdict THEN ARRAY[stamp, NULL, NULL, NULL] END) AS owner
    FROM told
    GROUP BY aggregate_id, version, subject
),
signed AS (
    SELECT aggregate_id, version, subject, jsonb_agg(t.signature ORDER BY t.position) AS signatures
    FROM told t JOIN delta d USING (aggregate_id, version, subject)
    WHERE t.signature IS NOT NULL AND t.position > coalesce(d.renewed, 0)
    GROUP BY aggregate_id, version, subject
)
MERGE INTO version_items i
USING (SELECT $1::text AS ledger, split_part(d.aggregate_id, '/', 1)::uuid AS run_id,
              split_part(d.aggregate_id, '/', 2) AS phase, d.*, coalesce(s.signatures, '[]') AS signatures
       FROM delta d LEFT JOIN signed s USING (aggregate_id, version, subject)) d
ON i.ledger = d.ledger AND i.run_id = d.run_id AND i.phase = d.phase AND i.version = d.version AND i.item = d.subject
WHEN MATCHED AND i.changed_position < d.changed THEN UPDATE SET
    content = coalesce(d.content::jsonb, i.content),
    carried_from = CASE WHEN d.origin IS NULL THEN i.carried_from ELSE d.origin[2]::integer END,
    carried_why = CASE WHEN d.origin IS NULL THEN i.carried_why ELSE d.origin[3] END,
    tester_verdict = CASE WHEN d.tester IS NULL THEN i.tester_verdict ELSE d.tester[2] END,
    tester_by = CASE WHEN d.tester IS NULL THEN i.tester_by ELSE d.tester[3] END,
    tester_reason = CASE WHEN d.tester IS NULL THEN i.tester_reason ELSE d.tester[4] END,
    owner_verdict = CASE WHEN d.owner IS NULL THEN i.owner_verdict ELSE d.owner[2] END,
    owner_by = CASE WHEN d.owner IS NULL THEN i.owner_by ELSE d.owner[3] END,
    owner_reason = CASE WHEN d.owner IS NULL THEN i.owner_reason ELSE d.owner[4] END,
    locked = coalesce(d.locked, i.locked),
    signatures = CASE WHEN d.renewed IS NULL THEN i.signatures || d.signatures ELSE d.signatures END,
    removed = coalesce(d.removed, i.removed),
    added_position = coalesce(d.added, i.added_position),
    changed_position = d.changed
WHEN NOT MATCHED AND d.added IS NOT NULL THEN INSERT VALUES (
    d.ledger, d.run_id, d.phase, d.version, d.subject, d.content::jsonb, d.origin[2]::integer, d.origin[3],
    d.tester[2], d.tester[3], d.tester[4], d.owner[2], d.owner[3], d.owner[4],
    d.locked, d.signatures, d.removed, d.added, d.changed
)
