-- Steps of runs, with what time did to them (reminders and escalations are in the dossiers' streams).
-- `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type,
           e.recorded_at::text AS at, e.actor_id, e.workflow_run_id, e.activity_name, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(step text, phase text, kind text, role text, due_at timestamptz, outcome text, attempt integer,
             error text, why text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3
      AND (e.aggregate_type = 'report_run'
           AND e.event_type IN ('step_scheduled', 'step_started', 'step_completed', 'step_failed', 'step_skipped',
                                'step_timed_out')
        OR e.aggregate_type = 'dossier' AND e.event_type IN ('reminder_sent', 'deadline_escalated'))
),
delta AS (
    SELECT $1::text AS ledger, split_part(aggregate_id, '/', 1)::uuid AS run_id, step AS step_id,
           max(position) AS changed,
           max(position) FILTER (WHERE event_type = 'step_scheduled') AS scheduled,
           max(ARRAY[stamp, at, phase, kind, role, due_at::text]) FILTER (WHERE event_type = 'step_scheduled') AS plan,
           (max(CASE event_type
               WHEN 'step_scheduled' THEN ARRAY[stamp, 'scheduled']
               WHEN 'step_started' THEN ARRAY[stamp, 'started']
               WHEN 'step_completed' THEN ARRAY[stamp, 'completed']
               WHEN 'step_skipped' THEN ARRAY[stamp, 'skipped'] END))[2] AS status,
           (max(ARRAY[stamp, at]) FILTER (WHERE event_type = 'step_started'))[2]::timestamptz AS started_at,
           max(ARRAY[stamp, at, error, attempt::text]) FILTER (WHERE event_type = 'step_failed') AS failure,
           max(ARRAY[stamp, at, outcome, actor_id]) FILTER (WHERE event_type = 'step_completed') AS completion,
           (min(ARRAY[stamp, at]) FILTER (WHERE event_type = 'step_timed_out'))[2]::timestamptz AS timed_out_at,
           max(ARRAY[stamp, at, why]) FILTER (WHERE event_type = 'step_skipped') AS skip,
           count(*) FILTER (WHERE event_type = 'reminder_sent') AS reminders,
           count(*) FILTER (WHERE event_type = 'deadline_escalated') AS escalations,
           coalesce(array_agg(at::timestamptz ORDER BY position) FILTER (WHERE event_type = 'reminder_sent'), '{}')
               AS reminded_at,
           coalesce(array_agg(at::timestamptz ORDER BY position) FILTER (WHERE event_type = 'deadline_escalated'), '{}')
               AS escalated_at,
           max(ARRAY[stamp, workflow_run_id, activity_name])
               FILTER (WHERE event_type LIKE 'step%' AND activity_name IS NOT NULL) AS maker
    FROM told
    GROUP BY 2, step
)
MERGE INTO workflow_steps w
USING delta d
ON w.ledger = d.ledger AND w.run_id = d.run_id AND w.step_id = d.step_id
WHEN MATCHED AND w.changed_position < d.changed THEN UPDATE SET
    status = coalesce(d.status, w.status),
    failures = coalesce(d.failure[4]::integer, w.failures),
    attempts = coalesce(d.failure[4]::integer, w.failures)
        + CASE WHEN coalesce(d.status, w.status) IN ('started', 'completed') THEN 1 ELSE 0 END,
    due_at = CASE WHEN d.plan IS NULL THEN w.due_at ELSE d.plan[6]::timestamptz END,
    started_at = coalesce(d.started_at, w.started_at),
    failed_at = coalesce(d.failure[2]::timestamptz, w.failed_at),
    completed_at = coalesce(d.completion[2]::timestamptz, w.completed_at),
    timed_out_at = coalesce(w.timed_out_at, d.timed_out_at),
    skipped_at = coalesce(d.skip[2]::timestamptz, w.skipped_at),
    outcome = coalesce(d.completion[3], w.outcome),
    error = coalesce(d.failure[3], w.error),
    why = coalesce(d.skip[3], w.why),
    reminders = w.reminders + d.reminders,
    escalations = w.escalations + d.escalations,
    reminded_at = w.reminded_at || d.reminded_at,
    escalated_at = w.escalated_at || d.escalated_at,
    completed_by = coalesce(d.completion[4], w.completed_by),
    workflow_run_id = coalesce(d.maker[2], w.workflow_run_id),
    activity_name = coalesce(d.maker[3], w.activity_name),
    changed_position = d.changed
WHEN NOT MATCHED AND d.scheduled IS NOT NULL THEN INSERT VALUES (
    d.ledger, d.run_id, d.step_id, d.plan[3], d.plan[4], d.plan[5], d.status,
    coalesce(d.failure[4]::integer, 0),
    coalesce(d.failure[4]::integer, 0) + CASE WHEN d.status IN ('started', 'completed') THEN 1 ELSE 0 END,
    d.plan[2]::timestamptz, d.plan[6]::timestamptz, d.started_at, d.failure[2]::timestamptz,
    d.completion[2]::timestamptz, d.timed_out_at, d.skip[2]::timestamptz,
    d.completion[3], d.failure[3], d.skip[3], d.reminders, d.escalations, d.reminded_at, d.escalated_at,
    d.completion[4],
    d.maker[2], d.maker[3], d.scheduled, d.changed
)
