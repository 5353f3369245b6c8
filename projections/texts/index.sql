CREATE INDEX IF NOT EXISTS texts_words ON texts USING gin (words);
CREATE INDEX IF NOT EXISTS texts_position ON texts (ledger, position);
