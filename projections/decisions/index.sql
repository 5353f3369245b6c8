CREATE INDEX IF NOT EXISTS decisions_run ON decisions (ledger, run_id, position);
CREATE INDEX IF NOT EXISTS decisions_subject ON decisions (ledger, run_id, subject, position);
CREATE INDEX IF NOT EXISTS decisions_person ON decisions (ledger, by, position);
-- Decisions on versions as a whole are few among many on items.
CREATE INDEX IF NOT EXISTS decisions_whole ON decisions (ledger, position) WHERE subject IS NULL;
CREATE INDEX IF NOT EXISTS decisions_overrides ON decisions (ledger, position)
    WHERE verdict IN ('override_in', 'override_out');
CREATE INDEX IF NOT EXISTS decisions_second ON decisions (ledger, position) WHERE level = 'report_owner';
