-- Runs. `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type,
           e.recorded_at::text AS at, e.actor_id, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(report text, cycle text, definition json, "to" json, reason text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'report_run'
      AND e.event_type IN ('run_opened', 'definition_changed', 'run_completed', 'run_cancelled')
),
life AS (
    SELECT aggregate_id::uuid AS run_id,
           max(position) FILTER (WHERE event_type = 'run_opened') AS opened,
           max(ARRAY[stamp, at, actor_id, report, cycle]) FILTER (WHERE event_type = 'run_opened') AS birth,
           max(CASE event_type
               WHEN 'run_opened' THEN ARRAY[stamp, definition->>'version', definition->>'sha256']
               WHEN 'definition_changed' THEN ARRAY[stamp, "to"->>'version', "to"->>'sha256'] END) AS definition,
           max(CASE event_type
               WHEN 'run_opened' THEN ARRAY[stamp, 'open', NULL, NULL]
               WHEN 'run_completed' THEN ARRAY[stamp, 'completed', at, NULL]
               WHEN 'run_cancelled' THEN ARRAY[stamp, 'cancelled', at, reason] END) AS status
    FROM told
    GROUP BY aggregate_id
),
-- Every event of the run and of its dossiers counts.
tally AS (
    SELECT split_part(aggregate_id, '/', 1)::uuid AS run_id, max(position) AS changed, count(*) AS events,
           max(ARRAY[lpad(position::text, 19, '0'), recorded_at::text]) AS latest,
           min(ARRAY[lpad(position::text, 19, '0'), workflow_id, workflow_run_id])
               FILTER (WHERE workflow_id IS NOT NULL) AS first_execution,
           max(ARRAY[lpad(position::text, 19, '0'), workflow_run_id])
               FILTER (WHERE workflow_run_id IS NOT NULL) AS last_execution
    FROM annal.events
    WHERE ledger = $1 AND position > $2 AND position <= $3 AND aggregate_type IN ('report_run', 'dossier')
    GROUP BY 1
)
MERGE INTO workflow_executions w
USING tally t LEFT JOIN life l USING (run_id)
ON w.ledger = $1 AND w.run_id = t.run_id
WHEN MATCHED AND w.changed_position < t.changed THEN UPDATE SET
    definition = coalesce(l.definition[2], w.definition),
    definition_sha256 = coalesce(l.definition[3], w.definition_sha256),
    status = coalesce(l.status[2], w.status),
    completed_at = coalesce(l.status[3]::timestamptz, w.completed_at),
    reason = coalesce(l.status[4], w.reason),
    workflow_id = coalesce(w.workflow_id, t.first_execution[2]),
    first_workflow_run_id = coalesce(w.first_workflow_run_id, t.first_execution[3]),
    last_workflow_run_id = coalesce(t.last_execution[2], w.last_workflow_run_id),
    events = w.events + t.events,
    last_event_at = t.latest[2]::timestamptz,
    changed_position = t.changed
WHEN NOT MATCHED AND l.opened IS NOT NULL THEN INSERT VALUES (
    $1, t.run_id, l.birth[4], l.birth[5], l.definition[2], l.definition[3], l.status[2],
    l.birth[2]::timestamptz, l.birth[3], l.status[3]::timestamptz, l.status[4],
    t.first_execution[2], t.first_execution[3], t.last_execution[2],
    t.events, t.latest[2]::timestamptz, l.opened, t.changed
)
