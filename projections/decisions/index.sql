-- Every filter of the audit questions has an index that also gives its rows in the order of the pages.
CREATE INDEX IF NOT EXISTS decisions_run ON decisions (ledger, run_id, position);
CREATE INDEX IF NOT EXISTS decisions_run_subject ON decisions (ledger, run_id, subject, position);
CREATE INDEX IF NOT EXISTS decisions_subject ON decisions (ledger, subject, position);
CREATE INDEX IF NOT EXISTS decisions_person ON decisions (ledger, by, position);
CREATE INDEX IF NOT EXISTS decisions_role ON decisions (ledger, role, position);
CREATE INDEX IF NOT EXISTS decisions_what ON decisions (ledger, what, position);
CREATE INDEX IF NOT EXISTS decisions_verdict ON decisions (ledger, verdict, position);
-- Verdicts in a phase: of one verdict alone most are in other phases.
CREATE INDEX IF NOT EXISTS decisions_phase ON decisions (ledger, phase, verdict, position);
CREATE INDEX IF NOT EXISTS decisions_effective ON decisions (ledger, effective_at, position);
-- Decisions on versions as a whole are few among many on items, and far apart: who looks at many of them for a page
-- finds in the index what he looks for.
CREATE INDEX IF NOT EXISTS decisions_whole ON decisions (ledger, position) WHERE subject IS NULL;
CREATE INDEX IF NOT EXISTS decisions_approvals ON decisions (ledger, position)
    INCLUDE (run_id, phase, version, what, recorded_at) WHERE subject IS NULL AND what IN ('approval', 'rejection');
CREATE INDEX IF NOT EXISTS decisions_whole_run ON decisions (ledger, run_id, position)
    INCLUDE (phase, version, what, recorded_at) WHERE subject IS NULL;
CREATE INDEX IF NOT EXISTS decisions_whole_person ON decisions (ledger, by, position)
    INCLUDE (phase, what) WHERE subject IS NULL;
CREATE INDEX IF NOT EXISTS decisions_overrides ON decisions (ledger, position)
    WHERE verdict IN ('override_in', 'override_out');
CREATE INDEX IF NOT EXISTS decisions_second ON decisions (ledger, position) WHERE level = 'report_owner';
