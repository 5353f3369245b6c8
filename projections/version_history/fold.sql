-- The life of versions and what stands in them.
--
-- `stamp` is the position as text of fixed width: max(ARRAY[stamp, x]) is the x of the latest event, whatever the
-- order in which rows arrive.
WITH life AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp,
           e.event_type, e.recorded_at::text AS at, e.reason AS given,
           e.workflow_id, e.workflow_run_id, e.step_id, e.activity_name, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(version integer, origin text, parent integer, "to" integer, policy text, inputs json, by text,
             reason text, requested_changes json, without_approval text, by_version integer)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('version_created', 'version_submitted', 'version_withdrawn', 'version_approved',
                           'version_rejected', 'version_superseded')
),
lived AS (
    SELECT aggregate_id, version, max(position) AS changed,
           max(position) FILTER (WHERE event_type = 'version_created') AS created,
           max(ARRAY[stamp, CASE event_type
               WHEN 'version_created' THEN 'draft'
               WHEN 'version_submitted' THEN 'pending_approval'
               WHEN 'version_withdrawn' THEN 'draft'
               WHEN 'version_approved' THEN 'approved'
               WHEN 'version_rejected' THEN 'rejected'
               ELSE 'superseded' END]) AS status,
           max(ARRAY[stamp, at, by, given, origin, coalesce(parent, "to")::text, policy, inputs::text,
                     workflow_id, workflow_run_id, step_id, activity_name])
               FILTER (WHERE event_type = 'version_created') AS birth,
           max(CASE event_type
               WHEN 'version_submitted' THEN ARRAY[stamp, at, by]
               WHEN 'version_withdrawn' THEN ARRAY[stamp, NULL, NULL] END) AS submission,
           max(CASE event_type
               WHEN 'version_approved' THEN ARRAY[stamp, at, by, CASE WHEN without_approval IS NULL THEN given END, NULL,
                                                   without_approval]
               WHEN 'version_rejected' THEN ARRAY[stamp, at, by, reason, requested_changes::text, NULL] END) AS decision,
           max(ARRAY[stamp, by_version::text, at]) FILTER (WHERE event_type = 'version_superseded') AS superseded
    FROM life
    GROUP BY aggregate_id, version
),
-- What each event says about one item: it comes or goes, and the verdicts before and after.
step AS (
    SELECT e.aggregate_id, e.position, e.event_type, p.version, p.item,
           CASE WHEN e.event_type = 'item_carried' THEN p.tester->>'verdict'
                WHEN p.level = 'tester' THEN p.verdict END AS tester_now,
           CASE WHEN p.level = 'tester' THEN p.previous END AS tester_before,
           CASE WHEN e.event_type = 'item_carried' THEN p.report_owner->>'verdict'
                WHEN p.level = 'report_owner' THEN p.verdict END AS owner_now,
           CASE WHEN p.level = 'report_owner' THEN p.previous END AS owner_before
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(version integer, item text, level text, verdict text, previous text, tester json, report_owner json)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('item_added', 'item_carried', 'item_changed', 'item_removed', 'item_decided')
),
-- Events that take away decisions without naming them: another content, a removal, and another verdict on the
-- first level, which ends the one on the second.
undone AS (
    SELECT aggregate_id, version, item, position, event_type
    FROM step
    WHERE event_type IN ('item_changed', 'item_removed') OR tester_before <> tester_now
),
-- They are rare, so what stood until then is looked up in the streams concerned, by index.
past AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type, p.*
    FROM (SELECT DISTINCT aggregate_id FROM undone) u
    CROSS JOIN LATERAL annal.of_stream($1, 'dossier', u.aggregate_id) e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(version integer, item text, level text, verdict text, previous text, tester json, report_owner json)
    WHERE e.position <= $3
      AND e.event_type IN ('item_added', 'item_carried', 'item_changed', 'item_removed', 'item_decided')
),
stood AS (
    SELECT u.aggregate_id, u.version, u.position, u.event_type,
           (max(ARRAY[p.stamp, p.event_type]) FILTER (WHERE p.event_type IN ('item_added', 'item_carried')))[2]
               = 'item_carried' AS carried,
           (max(ARRAY[p.stamp, CASE p.event_type WHEN 'item_decided' THEN p.verdict
                                                 WHEN 'item_carried' THEN p.tester->>'verdict' END])
               FILTER (WHERE p.event_type <> 'item_decided' OR p.level = 'tester'))[2] AS tester,
           (max(ARRAY[p.stamp, CASE WHEN p.level = 'report_owner' THEN p.verdict
                                    WHEN p.event_type = 'item_carried' THEN p.report_owner->>'verdict' END])
               FILTER (WHERE p.event_type <> 'item_decided' OR p.level = 'report_owner'
                          OR p.previous <> p.verdict))[2] AS owner
    FROM undone u
    JOIN past p USING (aggregate_id, version, item)
    WHERE p.position < u.position
    GROUP BY u.aggregate_id, u.version, u.item, u.position, u.event_type
),
change AS (
    SELECT aggregate_id, version, position,
           CASE event_type WHEN 'item_added' THEN 1 WHEN 'item_carried' THEN 1 WHEN 'item_removed' THEN -1
                           ELSE 0 END AS items,
           CASE event_type WHEN 'item_carried' THEN 1 ELSE 0 END AS carried,
           tester_now, tester_before, owner_now, owner_before
    FROM step
    UNION ALL
    SELECT aggregate_id, version, position, 0,
           CASE WHEN event_type = 'item_removed' AND carried THEN -1 ELSE 0 END,
           NULL, CASE WHEN event_type <> 'item_decided' THEN tester END, NULL, owner
    FROM stood
),
tally AS (
    SELECT aggregate_id, version, max(position) AS changed, sum(items) AS items, sum(carried) AS carried,
           count(tester_now) - count(tester_before) AS tester_decided,
           count(*) FILTER (WHERE tester_now IN ('include', 'modify', 'accept', 'override_in', 'approve'))
               - count(*) FILTER (WHERE tester_before IN ('include', 'modify', 'accept', 'override_in', 'approve'))
               AS tester_approved,
           count(*) FILTER (WHERE tester_now IN ('exclude', 'decline', 'override_out', 'reject'))
               - count(*) FILTER (WHERE tester_before IN ('exclude', 'decline', 'override_out', 'reject'))
               AS tester_rejected,
           count(owner_now) - count(owner_before) AS owner_decided,
           count(*) FILTER (WHERE owner_now = 'approve') - count(*) FILTER (WHERE owner_before = 'approve')
               AS owner_approved,
           count(*) FILTER (WHERE owner_now = 'reject') - count(*) FILTER (WHERE owner_before = 'reject')
               AS owner_rejected
    FROM change
    GROUP BY aggregate_id, version
),
delta AS (
    SELECT $1::text AS ledger, split_part(aggregate_id, '/', 1)::uuid AS run_id,
           split_part(aggregate_id, '/', 2) AS phase, version AS number,
           greatest(l.changed, t.changed) AS changed,
           l.created, l.status, l.birth, l.submission, l.decision, l.superseded,
           coalesce(t.items, 0) AS items, coalesce(t.carried, 0) AS carried,
           coalesce(t.tester_decided, 0) AS tester_decided, coalesce(t.tester_approved, 0) AS tester_approved,
           coalesce(t.tester_rejected, 0) AS tester_rejected, coalesce(t.owner_decided, 0) AS owner_decided,
           coalesce(t.owner_approved, 0) AS owner_approved, coalesce(t.owner_rejected, 0) AS owner_rejected
    FROM lived l FULL JOIN tally t USING (aggregate_id, version)
)
MERGE INTO version_history v
USING delta d
ON v.ledger = d.ledger AND v.run_id = d.run_id AND v.phase = d.phase AND v.number = d.number
WHEN MATCHED AND v.changed_position < d.changed THEN UPDATE SET
    status = coalesce(d.status[2], v.status),
    items = v.items + d.items,
    carried_forward = v.carried_forward + d.carried,
    tester_decided = v.tester_decided + d.tester_decided,
    tester_approved = v.tester_approved + d.tester_approved,
    tester_rejected = v.tester_rejected + d.tester_rejected,
    owner_decided = v.owner_decided + d.owner_decided,
    owner_approved = v.owner_approved + d.owner_approved,
    owner_rejected = v.owner_rejected + d.owner_rejected,
    submitted_at = CASE WHEN d.submission IS NULL THEN v.submitted_at ELSE d.submission[2]::timestamptz END,
    submitted_by = CASE WHEN d.submission IS NULL THEN v.submitted_by ELSE d.submission[3] END,
    decided_at = CASE WHEN d.decision IS NULL THEN v.decided_at ELSE d.decision[2]::timestamptz END,
    decided_by = CASE WHEN d.decision IS NULL THEN v.decided_by ELSE d.decision[3] END,
    reason = CASE WHEN d.decision IS NULL THEN v.reason ELSE d.decision[4] END,
    requested_changes = CASE WHEN d.decision IS NULL THEN v.requested_changes ELSE d.decision[5]::jsonb END,
    without_approval = CASE WHEN d.decision IS NULL THEN v.without_approval ELSE d.decision[6] END,
    superseded_by = coalesce(d.superseded[2]::integer, v.superseded_by),
    superseded_at = coalesce(d.superseded[3]::timestamptz, v.superseded_at),
    changed_position = d.changed
WHEN NOT MATCHED AND d.created IS NOT NULL THEN INSERT VALUES (
    d.ledger, d.run_id, d.phase, d.number, d.status[2], d.birth[5], d.birth[6]::integer, d.birth[7],
    d.birth[8]::jsonb, d.items, d.carried,
    d.tester_decided, d.tester_approved, d.tester_rejected, d.owner_decided, d.owner_approved, d.owner_rejected,
    d.birth[2]::timestamptz, d.birth[3], d.birth[4],
    d.submission[2]::timestamptz, d.submission[3],
    d.decision[2]::timestamptz, d.decision[3], d.decision[4], d.decision[5]::jsonb, d.decision[6],
    d.superseded[2]::integer, d.superseded[3]::timestamptz,
    d.birth[9], d.birth[10], d.birth[11], d.birth[12],
    d.created, d.changed
)
