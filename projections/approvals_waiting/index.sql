CREATE INDEX IF NOT EXISTS approvals_waiting_place ON approvals_waiting (ledger, changed_position);
CREATE INDEX IF NOT EXISTS approvals_waiting_role ON approvals_waiting (ledger, role, changed_position);
