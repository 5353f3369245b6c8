-- One row a person on a run's register, with the roles that they hold there.
CREATE TABLE run_people (
    ledger           text   NOT NULL,
    run_id           uuid   NOT NULL,
    person           text   NOT NULL,
    roles            text[] NOT NULL,
    changed_position bigint NOT NULL,
    PRIMARY KEY (ledger, run_id, person)
);
