-- Every decision becomes a row; what follows on the same matter ends the one before.
WITH told AS (
    SELECT e.aggregate_id, e.position, e.event_type, e.reason AS given, e.actor_id, e.actor_name, e.actor_role,
           e.on_behalf_of, e.effective_at, e.recorded_at, e.command_id, e.workflow_id, e.workflow_run_id, e.step_id,
           e.activity_name, p.*,
           coalesce(p.item, p.section, p.document, p."case", p.attribute) AS subject,
           coalesce(p.by, p.signature->>'by') AS decided_by
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(version integer, item text, section text, document text, "case" text, attribute text,
             line_of_business text, level text, verdict text, previous text, by text, reason text,
             accepted boolean, execution integer, signature json, without_approval text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'dossier'
      AND e.event_type IN ('item_decided', 'item_changed', 'item_removed', 'version_submitted', 'version_withdrawn',
                           'version_approved', 'version_rejected', 'version_superseded', 'section_signed',
                           'document_reviewed', 'test_reviewed', 'owner_acknowledged', 'owner_reassigned',
                           'phase_reopened', 'phase_confirmed')
),
-- What each event decides or ends. One event may end several matters. All of it is carried along: nothing tells the
-- planner how many rows this is, and joining it to the events again would become a loop in a loop.
touched AS (
    SELECT t.*,
           CASE event_type
               WHEN 'item_decided' THEN 'decision'
               WHEN 'version_submitted' THEN 'submission'
               WHEN 'version_withdrawn' THEN 'withdrawal'
               WHEN 'version_approved' THEN 'approval'
               WHEN 'version_rejected' THEN 'rejection'
               WHEN 'section_signed' THEN 'signature'
               WHEN 'document_reviewed' THEN 'document_review'
               WHEN 'test_reviewed' THEN 'test_review'
               WHEN 'owner_acknowledged' THEN 'acknowledgement'
               WHEN 'phase_reopened' THEN 'reopening'
               WHEN 'phase_confirmed' THEN 'confirmation' END AS what,
           CASE event_type
               WHEN 'item_decided' THEN format('item/%s/%s/%s', version, level, subject)
               WHEN 'section_signed' THEN format('section/%s/%s/%s', version, signature->>'role', subject)
               WHEN 'document_reviewed' THEN format('document/%s/%s/%s', version, level, subject)
               WHEN 'test_reviewed' THEN format('test/%s/%s', execution, subject)
               WHEN 'owner_acknowledged' THEN format('owner/%s/%s/%s', length(subject), subject, line_of_business)
               WHEN 'phase_reopened' THEN 'phase'
               WHEN 'phase_confirmed' THEN 'phase'
               ELSE format('version/%s', version) END AS matter
    FROM told t
    WHERE event_type NOT IN ('item_changed', 'item_removed', 'owner_reassigned', 'version_superseded')
    UNION ALL
    SELECT t.*, NULL, format('version/%s', version) FROM told t WHERE event_type = 'version_superseded'
    UNION ALL
    SELECT t.*, NULL, format('owner/%s/%s/%s', length(subject), subject, line_of_business)
    FROM told t WHERE event_type = 'owner_reassigned'
    UNION ALL
    SELECT t.*, NULL, format(pattern, version, subject)
    FROM told t
    CROSS JOIN unnest(ARRAY['item/%s/tester/%s', 'item/%s/report_owner/%s', 'section/%s/tester/%s',
                            'section/%s/report_owner/%s', 'section/%s/report_executive/%s']) AS pattern
    WHERE event_type IN ('item_changed', 'item_removed')
    UNION ALL
    -- Another verdict on the first level ends the one on the second.
    SELECT t.*, NULL, format('item/%s/report_owner/%s', version, subject)
    FROM told t WHERE event_type = 'item_decided' AND level = 'tester' AND previous <> verdict
),
chained AS (
    SELECT t.*,
           lead(position) OVER (PARTITION BY aggregate_id, matter ORDER BY position) AS next,
           lag(position) OVER (PARTITION BY aggregate_id, matter ORDER BY position) IS NULL AS first
    FROM touched t
),
ended AS (
    UPDATE decisions d
    SET superseded_at_position = c.position
    FROM (SELECT split_part(aggregate_id, '/', 1)::uuid AS run_id, split_part(aggregate_id, '/', 2) AS phase,
                 matter, position
          FROM chained WHERE first) c
    WHERE d.ledger = $1 AND d.run_id = c.run_id AND d.phase = c.phase AND d.matter = c.matter
      AND d.superseded_at_position IS NULL AND d.position < c.position
)
INSERT INTO decisions (
    ledger, position, run_id, phase, what, version, subject, line_of_business, level, verdict, previous, reason,
    by, name, role, on_behalf_of, effective_at, recorded_at, command_id,
    workflow_id, workflow_run_id, step_id, activity_name, matter, superseded_at_position)
SELECT $1, c.position, split_part(c.aggregate_id, '/', 1)::uuid, split_part(c.aggregate_id, '/', 2),
       c.what, coalesce(c.version, c.execution), c.subject, c.line_of_business,
       coalesce(c.level, c.signature->>'meaning'),
       CASE c.what
           WHEN 'decision' THEN c.verdict
           WHEN 'submission' THEN 'submit'
           WHEN 'withdrawal' THEN 'withdraw'
           WHEN 'approval' THEN 'approve'
           WHEN 'rejection' THEN 'reject'
           WHEN 'signature' THEN 'sign'
           WHEN 'acknowledgement' THEN 'acknowledge'
           WHEN 'reopening' THEN 'reopen'
           WHEN 'confirmation' THEN 'confirm'
           ELSE CASE WHEN c.accepted THEN 'accept' ELSE 'send_back' END END,
       c.previous, coalesce(c.without_approval, c.reason, c.given),
       -- Who decided is not always who acted: where no approval is due, the engine approves what a person submits.
       coalesce(c.decided_by, c.actor_id),
       CASE WHEN c.decided_by = c.actor_id OR c.decided_by IS NULL THEN c.actor_name
            ELSE coalesce(c.signature->>'printed_name', c.decided_by) END,
       CASE WHEN c.without_approval IS NOT NULL THEN 'engine'
            ELSE coalesce(c.signature->>'role', c.actor_role) END,
       c.on_behalf_of, c.effective_at, c.recorded_at, c.command_id,
       c.workflow_id, c.workflow_run_id, c.step_id, c.activity_name, c.matter, c.next
FROM chained c
WHERE c.what IS NOT NULL
ON CONFLICT (ledger, position) DO NOTHING
