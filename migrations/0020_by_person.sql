-- What one person did, in order, over all runs.
SET LOCAL ROLE annal_owner;

CREATE INDEX events_by_person ON annal.events (ledger, actor_id, position);

RESET ROLE;
