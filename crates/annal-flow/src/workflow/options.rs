//! How activities are called: their names, time limits and tries.

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use temporalio_common::ActivityDefinition;
use temporalio_common::RetryPolicy;
use temporalio_sdk::{ActivityOptions, WorkflowCancellationToken};

use crate::due::Work;

/// An activity by its name. What a person asked for is the activity's name in the history and on its events, so the
/// name is only known when the command is there.
pub(super) struct Named<I, O> {
    name: &'static str,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> Named<I, O> {
    pub(super) const fn new(name: &'static str) -> Self {
        let types = PhantomData;
        Self { name, types }
    }
}

impl<I, O> ActivityDefinition for Named<I, O>
where
    I: Serialize + DeserializeOwned + 'static,
    O: Serialize + DeserializeOwned + 'static,
{
    type Input = I;
    type Output = O;

    fn name(&self) -> &str {
        self.name
    }
}

/// A worker that is gone is noticed after this time; its activities go to another one.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// For a person's command: the database is tried 3 times, from 1 s ×2.
pub(super) fn command() -> ActivityOptions {
    options(Duration::from_secs(300), 3, Duration::from_secs(1))
}

/// For the engine's work: what reads the data is tried 5 times from 2 s ×2, the rest like a command.
pub(super) fn engine(work: &Work) -> ActivityOptions {
    match work {
        Work::Prepare { .. } => options(Duration::from_secs(900), 5, Duration::from_secs(2)),
        // Reminders are tried 3 times from 10 s.
        Work::PassDeadline { .. } | Work::Escalate { .. } => {
            options(Duration::from_secs(60), 3, Duration::from_secs(10))
        }
        _ => options(Duration::from_secs(60), 3, Duration::from_secs(1)),
    }
}

fn options(limit: Duration, tries: u32, first_wait: Duration) -> ActivityOptions {
    let retry = RetryPolicy::builder()
        .initial_interval(first_wait)
        .backoff_coefficient(2.0)
        .maximum_attempts(tries)
        .build();
    ActivityOptions::with_start_to_close_timeout(limit)
        .heartbeat_timeout(HEARTBEAT)
        .retry_policy(retry)
        .cancellation_token(WorkflowCancellationToken::new())
        .build()
}
