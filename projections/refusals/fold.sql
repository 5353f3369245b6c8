INSERT INTO refusals
SELECT e.ledger, e.position, split_part(e.aggregate_id, '/', 1)::uuid,
       nullif(split_part(e.aggregate_id, '/', 2), ''),
       p.command, p.code, p.message, p.by,
       CASE WHEN e.actor_id = p.by THEN e.actor_name END,
       p.role, e.reason, e.command_id, e.effective_at, e.recorded_at
FROM annal.events e
CROSS JOIN LATERAL json_to_record(e.payload)
    AS p(command text, code text, message text, by text, role text)
WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3
  AND e.aggregate_type IN ('report_run', 'dossier') AND e.event_type = 'attempt_refused'
ON CONFLICT (ledger, position) DO NOTHING
