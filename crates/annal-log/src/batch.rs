//! One call of `annal.append`: several commands in one round trip and one transaction.

use annal_core::{CommandId, PersonId, Position, Sequence};
use chrono::{DateTime, SubsecRound, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::append::{Append, AppendError, Receipt};
use crate::row::{from_db, to_db};
use crate::sealing::stored;
use crate::stream::StreamId;

/// The commands of a batch as `annal.append` takes them: an array for each of its parameters. A row of arrays is read by
/// the database in a fraction of the time that the same takes as JSON.
#[derive(Default)]
struct Commands<'a> {
    ids: Vec<Uuid>,
    contents: Vec<&'a [u8]>,
    replies: Vec<String>,
    effective_at: Vec<DateTime<Utc>>,
    correlation_ids: Vec<Uuid>,
    causation_ids: Vec<Option<Uuid>>,
    actor_ids: Vec<&'a str>,
    actor_names: Vec<&'a str>,
    actor_roles: Vec<&'static str>,
    on_behalf_of: Vec<Option<&'a str>>,
    reasons: Vec<Option<&'a str>>,
    workflow_ids: Vec<Option<&'a str>>,
    workflow_run_ids: Vec<Option<&'a str>>,
    step_ids: Vec<Option<&'a str>>,
    activity_names: Vec<Option<&'a str>>,
    attempts: Vec<Option<i32>>,
    engines: Vec<&'a str>,
    streams: Vec<i32>,
}

impl<'a> Commands<'a> {
    fn push(&mut self, append: &'a Append) {
        let metadata = &append.metadata;
        let at = metadata.provenance.as_ref();
        self.ids.push(append.command_id.0);
        self.contents.push(&append.content_hash);
        self.replies.push(append.reply.to_string());
        // The database keeps microseconds; cutting here keeps it from rounding.
        self.effective_at
            .push(metadata.effective_at.trunc_subsecs(6));
        self.correlation_ids.push(metadata.correlation_id);
        self.causation_ids.push(metadata.causation_id);
        self.actor_ids.push(metadata.actor.id.as_str());
        self.actor_names.push(stored(&metadata.actor.name));
        self.actor_roles.push(metadata.actor.role.name());
        let on_behalf_of = metadata.actor.on_behalf_of.as_ref();
        self.on_behalf_of.push(on_behalf_of.map(PersonId::as_str));
        self.reasons.push(metadata.reason.as_deref());
        self.workflow_ids.push(at.map(|at| at.workflow_id.as_str()));
        self.workflow_run_ids.push(at.map(|at| at.run_id.as_str()));
        self.step_ids.push(at.map(|at| at.step_id.as_str()));
        self.activity_names
            .push(at.map(|at| at.activity_name.as_str()));
        self.attempts.push(at.map(|at| at.attempt.cast_signed()));
        self.engines.push(&metadata.engine);
        self.streams.push(counted(append.streams.len()));
    }
}

/// Their streams, one command's after the other's.
#[derive(Default)]
struct Streams<'a> {
    types: Vec<&'a str>,
    ids: Vec<&'a str>,
    expected: Vec<i64>,
    events: Vec<i32>,
}

/// Their events, one stream's after the other's.
#[derive(Default)]
struct Events<'a> {
    types: Vec<&'a str>,
    versions: Vec<&'a str>,
    payloads: Vec<&'a str>,
}

/// A number that the database refuses stands for one beyond what it can count.
fn counted(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(-1)
}

#[derive(sqlx::FromRow)]
struct OutcomeRow {
    /// Its number in the batch, from 1; 0 where the row tells of all of them.
    command: i32,
    outcome: String,
    first_position: Option<i64>,
    last_position: Option<i64>,
    reply: Option<sqlx::types::Json<serde_json::Value>>,
    aggregate_type: Option<String>,
    aggregate_id: Option<String>,
    expected: Option<i64>,
    actual: Option<i64>,
}

const CALL: &str = "SELECT command, outcome, first_position, last_position, reply, aggregate_type, aggregate_id, expected, actual \
     FROM annal.append($1, $2, true, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
     $22, $23, $24, $25, $26, $27) ORDER BY command";

/// Appends all of them; the outcomes are in their order. `head` is where the ledger's head will be when it is their turn,
/// as far as that can be known.
pub(crate) async fn append(
    database: impl PgExecutor<'_>,
    ledger: &str,
    head: Option<Position>,
    appends: &[&Append],
) -> Result<Vec<Result<Receipt, AppendError>>, sqlx::Error> {
    let (mut commands, mut streams, mut events) =
        (Commands::default(), Streams::default(), Events::default());
    for append in appends {
        commands.push(append);
        for entry in &append.streams {
            streams.types.push(&entry.stream.aggregate_type);
            streams.ids.push(&entry.stream.aggregate_id);
            streams.expected.push(to_db(entry.expected.0));
            streams.events.push(counted(entry.events.len()));
            for event in &entry.events {
                events.types.push(&event.event_type);
                events.versions.push(&event.event_version);
                events.payloads.push(&event.payload);
            }
        }
    }

    let rows: Vec<OutcomeRow> = sqlx::query_as(CALL)
        .bind(ledger)
        .bind(head.map(|head| to_db(head.0)))
        .bind(commands.ids)
        .bind(commands.contents)
        .bind(commands.replies)
        .bind(commands.effective_at)
        .bind(commands.correlation_ids)
        .bind(commands.causation_ids)
        .bind(commands.actor_ids)
        .bind(commands.actor_names)
        .bind(commands.actor_roles)
        .bind(commands.on_behalf_of)
        .bind(commands.reasons)
        .bind(commands.workflow_ids)
        .bind(commands.workflow_run_ids)
        .bind(commands.step_ids)
        .bind(commands.activity_names)
        .bind(commands.attempts)
        .bind(commands.engines)
        .bind(commands.streams)
        .bind(streams.types)
        .bind(streams.ids)
        .bind(streams.expected)
        .bind(streams.events)
        .bind(events.types)
        .bind(events.versions)
        .bind(events.payloads)
        .fetch_all(database)
        .await?;
    if let [row] = rows.as_slice()
        && row.command == 0
    {
        return all_recorded(row, appends);
    }
    if rows.len() != appends.len() {
        let told = format!("{} outcomes for {} commands", rows.len(), appends.len());
        return Err(sqlx::Error::Decode(told.into()));
    }
    rows.into_iter()
        .zip(appends)
        .map(|(row, append)| outcome(row, append.command_id))
        .collect()
}

/// All of them are new, and stand one after the other.
fn all_recorded(
    row: &OutcomeRow,
    appends: &[&Append],
) -> Result<Vec<Result<Receipt, AppendError>>, sqlx::Error> {
    let events: usize = appends.iter().map(|append| append.events()).sum();
    let (first, last) = (
        row.first_position.map(from_db),
        row.last_position.map(from_db),
    );
    let (Some(first), Some(last), "recorded") = (first, last, row.outcome.as_str()) else {
        let told = format!("an outcome '{}' without positions", row.outcome);
        return Err(sqlx::Error::Decode(told.into()));
    };
    if first + events as u64 != last + 1 {
        let told = format!("positions {first} to {last} for {events} events");
        return Err(sqlx::Error::Decode(told.into()));
    }
    let mut next = Position(first);
    let receipts = appends.iter().map(|append| {
        let first = next;
        let last = Position(first.0 + append.events() as u64 - 1);
        next = last.next();
        Ok(Receipt {
            first,
            last,
            repeated: false,
            reply: append.reply.clone(),
        })
    });
    Ok(receipts.collect())
}

fn outcome(
    row: OutcomeRow,
    command_id: CommandId,
) -> Result<Result<Receipt, AppendError>, sqlx::Error> {
    let repeated = match row.outcome.as_str() {
        "recorded" => false,
        "repeated" => true,
        "reused" => return Ok(Err(AppendError::Reused { command_id })),
        "conflict" => {
            return Ok(Err(AppendError::Conflict {
                stream: StreamId {
                    aggregate_type: row.aggregate_type.unwrap_or_default(),
                    aggregate_id: row.aggregate_id.unwrap_or_default(),
                },
                expected: Sequence(from_db(row.expected.unwrap_or_default())),
                actual: Sequence(from_db(row.actual.unwrap_or_default())),
            }));
        }
        other => {
            let told = format!("an outcome '{other}' for command {command_id}");
            return Err(sqlx::Error::Decode(told.into()));
        }
    };
    let (Some(first), Some(last), Some(reply)) = (row.first_position, row.last_position, row.reply)
    else {
        let told = format!("no positions for command {command_id}");
        return Err(sqlx::Error::Decode(told.into()));
    };
    Ok(Ok(Receipt {
        first: Position(from_db(first)),
        last: Position(from_db(last)),
        repeated,
        reply: reply.0,
    }))
}
