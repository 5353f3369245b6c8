-- One row a phase of a run: what happened in it, counted. Rates and shares are made from it where it is read; what
-- waits now, and what of that is late, is in workflow_steps.
CREATE TABLE phase_metrics (
    ledger               text   NOT NULL,
    run_id               uuid   NOT NULL,
    phase                text   NOT NULL,
    versions             bigint NOT NULL,
    -- Of these, made to answer a rejection, and made to go back to an earlier one.
    revisions            bigint NOT NULL,
    reverts              bigint NOT NULL,
    items_added          bigint NOT NULL,
    items_carried        bigint NOT NULL,
    submissions          bigint NOT NULL,
    withdrawals          bigint NOT NULL,
    rejections           bigint NOT NULL,
    approvals            bigint NOT NULL,
    -- Approvals that a person gave, and the microseconds that these took since the version was handed in, summed up.
    approvals_by_people  bigint NOT NULL,
    approval_wait_us     bigint NOT NULL,
    -- When the version that waits was handed in; empty while none does.
    pending_since        timestamptz,
    refusals             bigint NOT NULL,
    -- Failed tries of steps.
    retries              bigint NOT NULL,
    timeouts             bigint NOT NULL,
    reminders            bigint NOT NULL,
    escalations          bigint NOT NULL,
    reopenings           bigint NOT NULL,
    changed_position     bigint NOT NULL,
    PRIMARY KEY (ledger, run_id, phase)
);
