-- Owners of data. `stamp`: max(ARRAY[stamp, x]) is the x of the latest event.
WITH told AS (
    SELECT e.aggregate_id, e.position, lpad(e.position::text, 19, '0') AS stamp, e.event_type,
           e.recorded_at::text AS at, e.reason AS given,
           e.event_type IN ('owner_assigned', 'owner_reassigned') AS assigns, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(attribute text, line_of_business text, owner text, previous text, by text, reason text, "to" text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('owner_assigned', 'owner_reassigned', 'owner_acknowledged', 'assignment_escalated')
),
delta AS (
    SELECT $1::text AS ledger, split_part(aggregate_id, '/', 1)::uuid AS run_id, attribute, line_of_business,
           max(position) AS changed,
           max(ARRAY[stamp, owner, previous, at, by, coalesce(reason, given)]) FILTER (WHERE assigns) AS assignment,
           count(*) FILTER (WHERE event_type = 'owner_reassigned') AS reassignments,
           max(CASE WHEN assigns THEN ARRAY[stamp, NULL]
                    WHEN event_type = 'owner_acknowledged' THEN ARRAY[stamp, at] END) AS acknowledgement,
           max(CASE WHEN assigns THEN ARRAY[stamp, NULL, NULL]
                    WHEN event_type = 'assignment_escalated' THEN ARRAY[stamp, "to", at] END) AS escalation,
           count(*) FILTER (WHERE event_type = 'assignment_escalated') AS escalations
    FROM told
    GROUP BY aggregate_id, attribute, line_of_business
)
MERGE INTO assignments a
USING delta d
ON a.ledger = d.ledger AND a.run_id = d.run_id AND a.attribute = d.attribute
    AND a.line_of_business = d.line_of_business
WHEN MATCHED AND a.changed_position < d.changed THEN UPDATE SET
    status = CASE WHEN d.acknowledgement IS NULL THEN a.status
                  WHEN d.acknowledgement[2] IS NULL THEN 'assigned' ELSE 'acknowledged' END,
    owner = coalesce(d.assignment[2], a.owner),
    previous_owner = CASE WHEN d.assignment IS NULL THEN a.previous_owner ELSE d.assignment[3] END,
    assigned_at = coalesce(d.assignment[4]::timestamptz, a.assigned_at),
    assigned_by = coalesce(d.assignment[5], a.assigned_by),
    reason = CASE WHEN d.assignment IS NULL THEN a.reason ELSE d.assignment[6] END,
    reassignments = a.reassignments + d.reassignments,
    acknowledged_at = CASE WHEN d.acknowledgement IS NULL THEN a.acknowledged_at
                           ELSE d.acknowledgement[2]::timestamptz END,
    escalated_to = CASE WHEN d.escalation IS NULL THEN a.escalated_to ELSE d.escalation[2] END,
    escalated_at = CASE WHEN d.escalation IS NULL THEN a.escalated_at ELSE d.escalation[3]::timestamptz END,
    escalations = a.escalations + d.escalations,
    changed_position = d.changed
WHEN NOT MATCHED AND d.assignment IS NOT NULL THEN INSERT VALUES (
    d.ledger, d.run_id, d.attribute, d.line_of_business,
    CASE WHEN d.acknowledgement[2] IS NULL THEN 'assigned' ELSE 'acknowledged' END,
    d.assignment[2], d.assignment[3], d.assignment[4]::timestamptz, d.assignment[5], d.assignment[6],
    d.reassignments, d.acknowledgement[2]::timestamptz, d.escalation[2], d.escalation[3]::timestamptz,
    d.escalations, d.changed
)
