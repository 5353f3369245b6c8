//! Group commit: appends that come while another is on its way to the disk travel together with the next.

use std::collections::{HashSet, VecDeque};

use annal_core::{CommandId, LedgerId, Position};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use sqlx::pool::PoolConnection;
use sqlx::{Executor, PgPool, Postgres};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::append::{Append, AppendError, Receipt};
use crate::batch;
use crate::error::{LogError, retrying};
use crate::guess::{Expected, Guess};
use crate::head::Announcer;

/// More commands than this in one transaction bring nothing and make everybody wait.
const MAX_COMMANDS: usize = 256;
/// A few thousand events: more in one transaction bring nothing either, and make a bulk command wait for many others.
/// One that is larger travels alone.
const MAX_WEIGHT: usize = 512 << 10;
/// Callers beyond this many wait before they are taken into the queue.
const QUEUE: usize = 1_024;
const DOING: &str = "appending events";

struct Request {
    append: Append,
    done: oneshot::Sender<Result<Receipt, AppendError>>,
}

impl Request {
    fn command(&self) -> CommandId {
        self.append.command_id
    }
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

/// While one batch is written, the database reads the next and makes ready what does not need the ledger's head. That
/// saves more than a second batch costs if at least this many commands travel in each,
const SHARED: usize = 16;
/// or at least this much.
const HEAVY: usize = 128 << 10;
const LANES: usize = 2;

struct Writer {
    pool: PgPool,
    ledger: LedgerId,
    announcer: Announcer,
}

impl Writer {
    async fn run(self, mut incoming: mpsc::Receiver<Request>) {
        let lanes: [Lane; LANES] = Default::default();
        let mut free: Vec<&Lane> = lanes.iter().collect();
        let mut under_way = FuturesUnordered::new();
        let mut waiting = Waiting::default();
        let mut commands_under_way = HashSet::new();
        let mut guess = Guess::default();
        let (mut closed, mut let_go) = (false, false);
        loop {
            tokio::select! {
                biased;
                Some(done) = under_way.next() => {
                    let Done { lane, commands, expected, written } = done;
                    for command in commands {
                        commands_under_way.remove(&command);
                    }
                    guess.answered(expected, written);
                    free.push(lane);
                    // Who was just answered may have more: it is to travel with the next batch, not behind it.
                    tokio::task::yield_now().await;
                }
                () = self.pool.close_event(), if !let_go => {
                    let_go = true;
                    for lane in &lanes {
                        lane.let_go().await;
                    }
                }
                request = incoming.recv(), if !closed && waiting.has_room() => match request {
                    Some(request) => waiting.put(request),
                    None => closed = true,
                },
                else => return,
            }
            if closed && under_way.is_empty() && waiting.requests.is_empty() {
                return;
            }
            while waiting.has_room()
                && let Ok(request) = incoming.try_recv()
            {
                waiting.put(request);
            }
            while waiting.is_worth_a_batch(&commands_under_way)
                && let Some(lane) = free.pop()
            {
                let batch = waiting.next_batch(&commands_under_way);
                let writer = &self;
                let commands: Vec<_> = batch.iter().map(Request::command).collect();
                commands_under_way.extend(&commands);
                let events: usize = batch.iter().map(|request| request.append.events()).sum();
                let expected = guess.sent(events as u64);
                under_way.push(async move {
                    let written = writer.write(lane, expected, batch).await;
                    Done {
                        lane,
                        commands,
                        expected,
                        written,
                    }
                });
            }
        }
    }

    /// The first and last position of what was written.
    async fn write(
        &self,
        lane: &Lane,
        expected: Expected,
        batch: Vec<Request>,
    ) -> Option<(Position, Position)> {
        let appends: Vec<&Append> = batch.iter().map(|request| &request.append).collect();
        let outcomes = match self.send(lane, expected.head(), &appends).await {
            Ok(outcomes) => outcomes,
            // One append that the database refuses (say, a payload that is no JSON) takes the transaction with it.
            // Alone, each gets the answer that is its own.
            Err(LogError::Refused { .. }) if appends.len() > 1 => {
                self.send_singly(lane, &appends).await
            }
            Err(error) => vec![Err(error.into()); appends.len()],
        };
        let written = written(&outcomes);
        let last = outcomes.iter().flatten().map(|receipt| receipt.last).max();
        if let Some(last) = last {
            self.announcer.reached(last);
        }
        for (request, outcome) in batch.into_iter().zip(outcomes) {
            // A caller that no longer waits is none of our business: its append stands.
            let _ = request.done.send(outcome);
        }
        written
    }

    async fn send(
        &self,
        lane: &Lane,
        head: Option<Position>,
        appends: &[&Append],
    ) -> Result<Vec<Result<Receipt, AppendError>>, LogError> {
        retrying(DOING, || async {
            let mut connection = lane.take(&self.pool).await?;
            let outcomes =
                batch::append(&mut *connection, self.ledger.as_str(), head, appends).await;
            // What was sent on a broken connection goes out again on another one.
            if matches!(outcomes, Ok(_) | Err(sqlx::Error::Database(_))) && !self.pool.is_closed() {
                lane.keep(connection).await;
            }
            outcomes
        })
        .await
    }

    async fn send_singly(
        &self,
        lane: &Lane,
        appends: &[&Append],
    ) -> Vec<Result<Receipt, AppendError>> {
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            let outcome = match self.send(lane, None, &[*append]).await {
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

/// A batch that was answered.
struct Done<'a> {
    lane: &'a Lane,
    commands: Vec<CommandId>,
    expected: Expected,
    written: Option<(Position, Position)>,
}

fn written(outcomes: &[Result<Receipt, AppendError>]) -> Option<(Position, Position)> {
    let new = || {
        outcomes
            .iter()
            .flatten()
            .filter(|receipt| !receipt.repeated)
    };
    let first = new().map(|receipt| receipt.first).min()?;
    let last = new().map(|receipt| receipt.last).max()?;
    Some((first, last))
}

/// A connection for one batch at a time. It is kept, for the pool would ask the server each time whether it is alive, and
/// it is for nothing else: its one statement reads no table and is planned once.
#[derive(Default)]
struct Lane(Mutex<Option<PoolConnection<Postgres>>>);

impl Lane {
    async fn take(&self, pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        match self.0.lock().await.take() {
            Some(connection) => Ok(connection),
            None => {
                let mut connection = pool.acquire().await?;
                connection.close_on_drop();
                connection
                    .execute("SET plan_cache_mode = force_generic_plan")
                    .await?;
                Ok(connection)
            }
        }
    }

    async fn keep(&self, connection: PoolConnection<Postgres>) {
        *self.0.lock().await = Some(connection);
    }

    /// Who closes the pool waits for all its connections.
    async fn let_go(&self) {
        *self.0.lock().await = None;
    }
}

/// Requests that are not yet under way, in the order in which they came.
#[derive(Default)]
struct Waiting {
    requests: VecDeque<Request>,
    weight: usize,
}

impl Waiting {
    fn has_room(&self) -> bool {
        self.weight < MAX_WEIGHT && self.requests.len() < QUEUE
    }

    fn put(&mut self, request: Request) {
        self.weight += request.append.weight();
        self.requests.push_back(request);
    }

    /// Beside what is under way: batches of like size take turns, where small ones would only make the others wait. A
    /// command that is under way already is sent again when that has its answer: the database would make one batch wait
    /// for the other, which may be waiting for this one.
    fn is_worth_a_batch(&self, under_way: &HashSet<CommandId>) -> bool {
        match self.requests.front() {
            Some(next) if under_way.contains(&next.command()) => false,
            Some(_) => {
                under_way.is_empty()
                    || self.weight >= HEAVY
                    || self.requests.len() >= under_way.len().max(SHARED)
            }
            None => false,
        }
    }

    /// What fits into one transaction, and of many commands one half, so that the other can be made ready meanwhile; a
    /// command that is too heavy travels alone.
    fn next_batch(&mut self, under_way: &HashSet<CommandId>) -> Vec<Request> {
        let many = under_way.is_empty() && self.requests.len() >= 2 * SHARED;
        let share = self.requests.len().div_ceil(if many { 2 } else { 1 });
        let most = share.min(MAX_COMMANDS);
        let (mut batch, mut weight) = (Vec::new(), 0);
        while let Some(request) = self.requests.pop_front() {
            let own = request.append.weight();
            let is_full = batch.len() == most || weight + own > MAX_WEIGHT;
            if !batch.is_empty() && (is_full || under_way.contains(&request.command())) {
                self.requests.push_front(request);
                break;
            }
            weight += own;
            batch.push(request);
        }
        self.weight -= weight;
        batch
    }
}
