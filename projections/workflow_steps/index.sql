CREATE INDEX IF NOT EXISTS workflow_steps_open ON workflow_steps (ledger, due_at) WHERE status IN ('scheduled', 'started');
CREATE INDEX IF NOT EXISTS workflow_steps_due ON workflow_steps (ledger, scheduled_position) WHERE due_at IS NOT NULL;
