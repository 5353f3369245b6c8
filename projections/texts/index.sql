CREATE INDEX IF NOT EXISTS texts_words ON texts USING gin (words);
CREATE INDEX IF NOT EXISTS texts_position ON texts (ledger, position);
CREATE INDEX IF NOT EXISTS texts_run ON texts (ledger, run_id, position);
CREATE INDEX IF NOT EXISTS texts_effective ON texts (ledger, effective_at, position);
