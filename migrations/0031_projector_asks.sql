-- Whoever connects to a ledger asks whether its names are sealed, the projector too. Keys it needs none: it folds ciphertexts.
SET LOCAL ROLE annal_owner;
GRANT SELECT ON annal.sealed_ledgers TO annal_projector;
RESET ROLE;
