CREATE INDEX IF NOT EXISTS refusals_run ON refusals (ledger, run_id, position);
CREATE INDEX IF NOT EXISTS refusals_person ON refusals (ledger, by, position);
CREATE INDEX IF NOT EXISTS refusals_code ON refusals (ledger, code, position);
CREATE INDEX IF NOT EXISTS refusals_effective ON refusals (ledger, effective_at, position);
