CREATE INDEX IF NOT EXISTS run_people_person ON run_people (ledger, person, run_id);
