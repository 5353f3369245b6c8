CREATE INDEX IF NOT EXISTS version_history_waiting ON version_history (ledger, submitted_at) WHERE status = 'pending_approval';
