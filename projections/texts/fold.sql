-- The first time that a command says something; the same reason on its other events is the same text.
WITH told AS (
    SELECT e.position, e.aggregate_id, e.event_type, e.command_id, e.effective_at, e.recorded_at, e.actor_id,
           e.actor_role, e.reason AS given, p.*
    FROM annal.events e
    CROSS JOIN LATERAL json_to_record(e.payload)
        AS p(item text, section text, document text, "case" text, attribute text, reason text, message text,
             text text, requested_changes json, content json, by text)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type IN ('report_run', 'dossier')
      AND (e.reason IS NOT NULL
           OR e.event_type IN ('attempt_refused', 'version_rejected', 'information_requested', 'item_added',
                               'item_changed', 'item_removed', 'item_decided', 'run_cancelled'))
),
spoken AS (
    SELECT t.*, s.what, s.said, md5(s.said)::uuid AS digest
    FROM told t
    CROSS JOIN LATERAL (
        SELECT 'reason' AS what, coalesce(t.reason, t.given) AS said
        UNION ALL
        SELECT 'refusal', t.message WHERE t.event_type = 'attempt_refused'
        UNION ALL
        SELECT 'request', t.text WHERE t.event_type = 'information_requested'
        UNION ALL
        SELECT 'requested_change', c FROM json_array_elements_text(t.requested_changes) AS c
        UNION ALL
        -- What an item says in words. A sample is a row of data; it is found by its id.
        SELECT 'content', concat_ws(' ', t.content->>'title', t.content->>'name', t.content->>'line_item',
                                    t.content->>'check', t.content->>'rationale', t.content->>'body')
        WHERE t.event_type IN ('item_added', 'item_changed') AND t.content->>'kind' <> 'sample') AS s
    WHERE s.said <> ''
)
INSERT INTO texts (ledger, position, run_id, phase, what, subject, said, by, role, effective_at, recorded_at,
                   command_id, digest)
SELECT DISTINCT ON (command_id, digest)
       $1, position, split_part(aggregate_id, '/', 1)::uuid, nullif(split_part(aggregate_id, '/', 2), ''), what,
       coalesce(item, section, document, "case", attribute), said, coalesce(by, actor_id), actor_role, effective_at,
       recorded_at, command_id, digest
FROM spoken
ORDER BY command_id, digest, position, what
ON CONFLICT (ledger, command_id, digest) DO NOTHING
