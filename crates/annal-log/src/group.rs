//! Group commit: appends that come while another is on its way to the disk travel together with the next.

use annal_core::LedgerId;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use crate::append::{Append, AppendError, Receipt};
use crate::batch;
use crate::error::{LogError, retrying};
use crate::head::Announcer;

/// More commands than this in one transaction bring nothing and make everybody wait.
const MAX_COMMANDS: usize = 256;
/// A bulk command may be larger; it then travels alone.
const MAX_WEIGHT: usize = 4 << 20;
/// Callers beyond this many wait before they are taken into the queue.
const QUEUE: usize = 1_024;
const DOING: &str = "appending events";

struct Request {
    append: Append,
    done: oneshot::Sender<Result<Receipt, AppendError>>,
}

/// The way to a ledger's one writing task in this process. The task ends with the last `Group`.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    requests: mpsc::Sender<Request>,
}

impl Group {
    /// `announcer` hears of the last position of every append that this process makes.
    pub(crate) fn start(pool: PgPool, ledger: LedgerId, announcer: Announcer) -> Self {
        let (requests, incoming) = mpsc::channel(QUEUE);
        let writer = Writer {
            pool,
            ledger,
            announcer,
        };
        tokio::spawn(writer.run(incoming));
        Self { requests }
    }

    pub(crate) async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        let (done, outcome) = oneshot::channel();
        let closed = || AppendError::Log(LogError::Closed { doing: DOING });
        self.requests
            .send(Request { append, done })
            .await
            .map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())?
    }
}

struct Writer {
    pool: PgPool,
    ledger: LedgerId,
    announcer: Announcer,
}

impl Writer {
    async fn run(self, mut incoming: mpsc::Receiver<Request>) {
        let mut left_over = None;
        loop {
            let first = match left_over.take() {
                Some(request) => Some(request),
                None => incoming.recv().await,
            };
            let Some(first) = first else { return };
            let (batch, next) = gather(first, &mut incoming);
            left_over = next;
            self.write(batch).await;
        }
    }

    async fn write(&self, batch: Vec<Request>) {
        let appends: Vec<&Append> = batch.iter().map(|request| &request.append).collect();
        let outcomes = match self.send(&appends).await {
            Ok(outcomes) => outcomes,
            // One append that the database refuses (say, a payload that is no JSON) takes the transaction with it.
            // Alone, each gets the answer that is its own.
            Err(LogError::Refused { .. }) if appends.len() > 1 => self.send_singly(&appends).await,
            Err(error) => vec![Err(error.into()); appends.len()],
        };
        let last = outcomes.iter().flatten().map(|receipt| receipt.last).max();
        if let Some(last) = last {
            self.announcer.reached(last);
        }
        for (request, outcome) in batch.into_iter().zip(outcomes) {
            // A caller that no longer waits is none of our business: its append stands.
            let _ = request.done.send(outcome);
        }
    }

    async fn send(
        &self,
        appends: &[&Append],
    ) -> Result<Vec<Result<Receipt, AppendError>>, LogError> {
        retrying(DOING, || async {
            batch::append(&self.pool, self.ledger.as_str(), appends).await
        })
        .await
    }

    async fn send_singly(&self, appends: &[&Append]) -> Vec<Result<Receipt, AppendError>> {
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            let outcome = match self.send(&[*append]).await {
                Ok(mut outcome) => outcome
                    .pop()
                    .unwrap_or(Err(AppendError::Log(LogError::Closed { doing: DOING }))),
                Err(error) => Err(error.into()),
            };
            outcomes.push(outcome);
        }
        outcomes
    }
}

/// Whatever waits already and fits, without waiting for more. What no longer fits opens the next batch.
fn gather(
    first: Request,
    incoming: &mut mpsc::Receiver<Request>,
) -> (Vec<Request>, Option<Request>) {
    let mut weight = first.append.weight();
    let mut batch = vec![first];
    while batch.len() < MAX_COMMANDS
        && let Ok(next) = incoming.try_recv()
    {
        weight += next.append.weight();
        if weight > MAX_WEIGHT {
            return (batch, Some(next));
        }
        batch.push(next);
    }
    (batch, None)
}
