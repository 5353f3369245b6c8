INSERT INTO workflow_transitions
SELECT e.ledger, e.position, e.aggregate_id::uuid,
       ARRAY(SELECT json_array_elements_text(p."from")), p."to", p.kind, p.condition, p.result,
       e.recorded_at, e.step_id, e.workflow_run_id, e.activity_name
FROM annal.events e
CROSS JOIN LATERAL json_to_record(e.payload)
    AS p("from" json, "to" text, kind text, condition text, result boolean)
WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3
  AND e.aggregate_type = 'report_run' AND e.event_type = 'transition_taken'
ON CONFLICT (ledger, position) DO NOTHING
