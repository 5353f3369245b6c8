INSERT INTO requests
SELECT e.ledger, e.position, split_part(e.aggregate_id, '/', 1)::uuid, p.request, p.owner, p.attributes, p.text,
       p.by, e.recorded_at
FROM annal.events e
CROSS JOIN LATERAL json_to_record(e.payload)
    AS p(request text, owner text, attributes jsonb, text text, by text)
WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3
  AND e.aggregate_type = 'dossier' AND e.event_type = 'information_requested'
ON CONFLICT (ledger, run_id, request_id) DO NOTHING
