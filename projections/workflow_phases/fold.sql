-- Phases of runs. `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type,
           e.recorded_at::text AS at, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(phase text, why text, by text, reason text, because_of text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'report_run'
      AND e.event_type IN ('phase_started', 'phase_completed', 'phase_skipped', 'phase_reopened',
                           'phase_marked_stale', 'phase_confirmed')
),
delta AS (
    SELECT $1::text AS ledger, aggregate_id::uuid AS run_id, phase, max(position) AS changed,
           (max(CASE event_type
               WHEN 'phase_started' THEN ARRAY[stamp, 'started']
               WHEN 'phase_reopened' THEN ARRAY[stamp, 'started']
               WHEN 'phase_completed' THEN ARRAY[stamp, 'completed']
               WHEN 'phase_skipped' THEN ARRAY[stamp, 'skipped'] END))[2] AS status,
           (min(ARRAY[stamp, at]) FILTER (WHERE event_type = 'phase_started'))[2]::timestamptz AS started_at,
           max(CASE event_type
               WHEN 'phase_completed' THEN ARRAY[stamp, at]
               WHEN 'phase_reopened' THEN ARRAY[stamp, NULL] END) AS completion,
           max(ARRAY[stamp, at, why]) FILTER (WHERE event_type = 'phase_skipped') AS skip,
           count(*) FILTER (WHERE event_type = 'phase_reopened') AS reopened,
           max(ARRAY[stamp, at, by, reason]) FILTER (WHERE event_type = 'phase_reopened') AS reopening
    FROM told
    GROUP BY aggregate_id, phase
),
-- A phase that was marked stale is firm again when somebody confirms it, or when it is completed while what it rests
-- on is over. That depends on other phases, so the few runs concerned are read again, by index.
past AS (
    SELECT e.aggregate_id, e.position, e.event_type, p.*
    FROM (SELECT t.aggregate_id FROM told t WHERE t.event_type = 'phase_marked_stale'
          UNION
          SELECT w.run_id::text FROM workflow_phases w
          WHERE w.ledger = $1 AND w.stale AND w.run_id IN (SELECT d.run_id FROM delta d)) r
    CROSS JOIN LATERAL annal.of_stream($1, 'report_run', r.aggregate_id) e
    CROSS JOIN LATERAL json_to_record(e.payload) AS p(phase text, because_of text)
    WHERE e.position <= $3
      AND e.event_type IN ('phase_started', 'phase_completed', 'phase_skipped', 'phase_reopened',
                           'phase_marked_stale', 'phase_confirmed')
),
staleness AS (
    SELECT m.aggregate_id::uuid AS run_id, m.phase, array_agg(DISTINCT m.because_of) AS because_of
    FROM past m
    WHERE m.event_type = 'phase_marked_stale'
      AND NOT EXISTS (
          SELECT FROM past c
          WHERE c.aggregate_id = m.aggregate_id AND c.phase = m.phase AND c.position > m.position
            AND CASE c.event_type
                WHEN 'phase_confirmed' THEN true
                WHEN 'phase_completed' THEN (
                    SELECT s.event_type FROM past s
                    WHERE s.aggregate_id = m.aggregate_id AND s.phase = m.because_of AND s.position < c.position
                      AND s.event_type NOT IN ('phase_marked_stale', 'phase_confirmed')
                    ORDER BY s.position DESC LIMIT 1) IN ('phase_completed', 'phase_skipped') END)
    GROUP BY m.aggregate_id, m.phase
)
MERGE INTO workflow_phases w
USING (SELECT d.*, coalesce(s.because_of, '{}') AS because_of
       FROM delta d LEFT JOIN staleness s USING (run_id, phase)) d
ON w.ledger = d.ledger AND w.run_id = d.run_id AND w.phase = d.phase
WHEN MATCHED AND w.changed_position < d.changed THEN UPDATE SET
    status = coalesce(d.status, w.status),
    started_at = coalesce(w.started_at, d.started_at),
    completed_at = CASE WHEN d.completion IS NULL THEN w.completed_at ELSE d.completion[2]::timestamptz END,
    skipped_at = coalesce(d.skip[2]::timestamptz, w.skipped_at),
    why = coalesce(d.skip[3], w.why),
    reopened = w.reopened + d.reopened,
    reopened_at = coalesce(d.reopening[2]::timestamptz, w.reopened_at),
    reopened_by = coalesce(d.reopening[3], w.reopened_by),
    reopened_reason = coalesce(d.reopening[4], w.reopened_reason),
    stale = d.because_of <> '{}',
    stale_because_of = d.because_of,
    changed_position = d.changed
WHEN NOT MATCHED THEN INSERT VALUES (
    d.ledger, d.run_id, d.phase, coalesce(d.status, 'waiting'), d.started_at, d.completion[2]::timestamptz,
    d.skip[2]::timestamptz, d.skip[3], d.reopened, d.reopening[2]::timestamptz, d.reopening[3], d.reopening[4],
    d.because_of <> '{}', d.because_of, d.changed
)
