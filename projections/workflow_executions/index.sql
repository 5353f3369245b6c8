CREATE INDEX IF NOT EXISTS workflow_executions_report ON workflow_executions (ledger, report);
