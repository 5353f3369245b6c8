-- Counts of what happens in phases. `stamp`: max(ARRAY[stamp, x]) is the x of the latest event, min that of the first.
WITH told AS (
    SELECT split_part(e.aggregate_id, '/', 1)::uuid AS run_id,
           coalesce(nullif(split_part(e.aggregate_id, '/', 2), ''), p.phase, split_part(p.step, '.', 1)) AS phase,
           e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type, e.aggregate_type, e.recorded_at,
           p.origin, p.without_approval IS NULL AS by_a_person,
           e.event_type IN ('version_submitted', 'version_withdrawn', 'version_approved', 'version_rejected') AS turns
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload) AS p(phase text, step text, origin text, without_approval text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3
      AND (e.aggregate_type = 'dossier'
           AND e.event_type IN ('version_created', 'item_added', 'item_carried', 'version_submitted',
                                'version_withdrawn', 'version_approved', 'version_rejected', 'attempt_refused',
                                'reminder_sent', 'deadline_escalated')
        OR e.aggregate_type = 'report_run' AND e.event_type IN ('phase_started', 'phase_reopened', 'step_failed',
                                                               'step_timed_out'))
),
-- A phase has one open version at most, so an approval answers the submission before it.
turned AS (
    SELECT run_id, phase, position, event_type = 'version_approved' AND by_a_person AS approved, recorded_at,
           CASE WHEN event_type = 'version_submitted' THEN recorded_at END AS pending_since,
           lag(CASE WHEN event_type = 'version_submitted' THEN recorded_at END)
               OVER (PARTITION BY run_id, phase ORDER BY position) AS handed_in,
           row_number() OVER (PARTITION BY run_id, phase ORDER BY position) = 1 AS first,
           row_number() OVER (PARTITION BY run_id, phase ORDER BY position DESC) = 1 AS last
    FROM told WHERE turns
),
waited AS (
    SELECT run_id, phase,
           coalesce(sum(extract(epoch FROM recorded_at - handed_in) * 1000000) FILTER (WHERE approved), 0)::bigint AS us,
           -- One that was handed in before this range.
           max(recorded_at) FILTER (WHERE first AND approved) AS first_approval,
           max(pending_since) FILTER (WHERE last) AS pending_since
    FROM turned
    GROUP BY run_id, phase
),
delta AS (
    SELECT $1::text AS ledger, run_id, phase, max(position) AS changed, bool_or(turns) AS turned,
           count(*) FILTER (WHERE event_type = 'version_created') AS versions,
           count(*) FILTER (WHERE event_type = 'version_created' AND origin = 'revision') AS revisions,
           count(*) FILTER (WHERE event_type = 'version_created' AND origin = 'revert') AS reverts,
           count(*) FILTER (WHERE event_type = 'item_added') AS items_added,
           count(*) FILTER (WHERE event_type = 'item_carried') AS items_carried,
           count(*) FILTER (WHERE event_type = 'version_submitted') AS submissions,
           count(*) FILTER (WHERE event_type = 'version_withdrawn') AS withdrawals,
           count(*) FILTER (WHERE event_type = 'version_rejected') AS rejections,
           count(*) FILTER (WHERE event_type = 'version_approved') AS approvals,
           count(*) FILTER (WHERE event_type = 'version_approved' AND by_a_person) AS approvals_by_people,
           count(*) FILTER (WHERE event_type = 'attempt_refused') AS refusals,
           count(*) FILTER (WHERE event_type = 'step_failed') AS retries,
           count(*) FILTER (WHERE event_type = 'step_timed_out') AS timeouts,
           count(*) FILTER (WHERE event_type = 'reminder_sent') AS reminders,
           count(*) FILTER (WHERE event_type = 'deadline_escalated') AS escalations,
           count(*) FILTER (WHERE event_type = 'phase_reopened') AS reopenings
    FROM told
    GROUP BY run_id, phase
)
MERGE INTO phase_metrics m
USING (SELECT d.*, coalesce(w.us, 0) AS us, w.first_approval, w.pending_since
       FROM delta d LEFT JOIN waited w USING (run_id, phase)) d
ON m.ledger = d.ledger AND m.run_id = d.run_id AND m.phase = d.phase
WHEN MATCHED AND m.changed_position < d.changed THEN UPDATE SET
    versions = m.versions + d.versions,
    revisions = m.revisions + d.revisions,
    reverts = m.reverts + d.reverts,
    items_added = m.items_added + d.items_added,
    items_carried = m.items_carried + d.items_carried,
    submissions = m.submissions + d.submissions,
    withdrawals = m.withdrawals + d.withdrawals,
    rejections = m.rejections + d.rejections,
    approvals = m.approvals + d.approvals,
    approvals_by_people = m.approvals_by_people + d.approvals_by_people,
    approval_wait_us = m.approval_wait_us + d.us
        + coalesce(extract(epoch FROM d.first_approval - m.pending_since) * 1000000, 0)::bigint,
    pending_since = CASE WHEN d.turned THEN d.pending_since ELSE m.pending_since END,
    refusals = m.refusals + d.refusals,
    retries = m.retries + d.retries,
    timeouts = m.timeouts + d.timeouts,
    reminders = m.reminders + d.reminders,
    escalations = m.escalations + d.escalations,
    reopenings = m.reopenings + d.reopenings,
    changed_position = d.changed
WHEN NOT MATCHED THEN INSERT VALUES (
    d.ledger, d.run_id, d.phase, d.versions, d.revisions, d.reverts, d.items_added, d.items_carried, d.submissions,
    d.withdrawals, d.rejections, d.approvals, d.approvals_by_people, d.us, d.pending_since, d.refusals, d.retries,
    d.timeouts, d.reminders, d.escalations, d.reopenings, d.changed
)
