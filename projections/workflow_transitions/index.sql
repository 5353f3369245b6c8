CREATE INDEX IF NOT EXISTS workflow_transitions_run ON workflow_transitions (ledger, run_id, position);
