-- The people of runs. A person who is registered again holds the roles of the latest time.
WITH told AS (
    SELECT e.aggregate_id::uuid AS run_id, e.position, p.it->>'id' AS person, p.it->'roles' AS roles
    FROM annal.events e
    CROSS JOIN LATERAL json_array_elements(
        CASE e.event_type WHEN 'run_opened' THEN e.payload->'people' ELSE json_build_array(e.payload->'person') END) AS p(it)
    WHERE e.ledger = $1 AND e.position > $2 AND e.position <= $3 AND e.aggregate_type = 'report_run'
      AND e.event_type IN ('run_opened', 'person_registered')
),
delta AS (
    SELECT DISTINCT ON (run_id, person)
           run_id, person, ARRAY(SELECT json_array_elements_text(roles)) AS roles, position AS changed
    FROM told
    ORDER BY run_id, person, position DESC
)
MERGE INTO run_people w
USING delta d
ON w.ledger = $1 AND w.run_id = d.run_id AND w.person = d.person
WHEN MATCHED AND w.changed_position < d.changed THEN UPDATE SET
    roles = d.roles,
    changed_position = d.changed
WHEN NOT MATCHED THEN INSERT VALUES ($1, d.run_id, d.person, d.roles, d.changed)
