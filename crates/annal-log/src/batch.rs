//! One call of `annal.append`: several commands in one round trip and one transaction.

use annal_core::{CommandId, Position, Role, Sequence};
use chrono::SecondsFormat;
use serde::Serialize;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::append::{Append, AppendError, Receipt};
use crate::row::{from_db, to_db};
use crate::sealing::stored;
use crate::stream::StreamId;

/// A command as the SQL type `annal.append_command` has it.
#[derive(Serialize)]
struct WireCommand<'a> {
    command_id: CommandId,
    content_hash: String,
    reply: &'a serde_json::Value,
    effective_at: String,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
    actor_id: &'a str,
    actor_name: &'a str,
    actor_role: Role,
    on_behalf_of: Option<&'a str>,
    reason: Option<&'a str>,
    workflow_id: Option<&'a str>,
    workflow_run_id: Option<&'a str>,
    step_id: Option<&'a str>,
    activity_name: Option<&'a str>,
    attempt: Option<u32>,
    engine: &'a str,
    streams: Vec<WireStream<'a>>,
}

#[derive(Serialize)]
struct WireStream<'a> {
    aggregate_type: &'a str,
    aggregate_id: &'a str,
    expected: i64,
    events: usize,
}

impl<'a> From<&'a Append> for WireCommand<'a> {
    fn from(append: &'a Append) -> Self {
        let metadata = &append.metadata;
        let at = metadata.provenance.as_ref();
        Self {
            command_id: append.command_id,
            content_hash: hex::encode(append.content_hash),
            reply: &append.reply,
            // The database keeps microseconds; cutting here keeps it from rounding.
            effective_at: metadata
                .effective_at
                .to_rfc3339_opts(SecondsFormat::Micros, true),
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            actor_id: metadata.actor.id.as_str(),
            actor_name: stored(&metadata.actor.name),
            actor_role: metadata.actor.role,
            on_behalf_of: metadata
                .actor
                .on_behalf_of
                .as_ref()
                .map(annal_core::PersonId::as_str),
            reason: metadata.reason.as_deref(),
            workflow_id: at.map(|at| at.workflow_id.as_str()),
            workflow_run_id: at.map(|at| at.run_id.as_str()),
            step_id: at.map(|at| at.step_id.as_str()),
            activity_name: at.map(|at| at.activity_name.as_str()),
            attempt: at.map(|at| at.attempt),
            engine: &metadata.engine,
            streams: append
                .streams
                .iter()
                .map(|entry| WireStream {
                    aggregate_type: &entry.stream.aggregate_type,
                    aggregate_id: &entry.stream.aggregate_id,
                    expected: to_db(entry.expected.0),
                    events: entry.events.len(),
                })
                .collect(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct OutcomeRow {
    outcome: String,
    first_position: Option<i64>,
    last_position: Option<i64>,
    reply: Option<sqlx::types::Json<serde_json::Value>>,
    aggregate_type: Option<String>,
    aggregate_id: Option<String>,
    expected: Option<i64>,
    actual: Option<i64>,
}

const CALL: &str = "SELECT outcome, first_position, last_position, reply, aggregate_type, aggregate_id, expected, actual \
     FROM annal.append($1, $2::json, $3, $4, $5) ORDER BY command";

/// Appends all of them; the outcomes are in their order.
pub(crate) async fn append(
    database: impl PgExecutor<'_>,
    ledger: &str,
    appends: &[&Append],
) -> Result<Vec<Result<Receipt, AppendError>>, sqlx::Error> {
    let commands: Vec<WireCommand<'_>> = appends.iter().map(|append| (*append).into()).collect();
    let commands =
        serde_json::to_string(&commands).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let events = || {
        appends
            .iter()
            .flat_map(|append| &append.streams)
            .flat_map(|stream| &stream.events)
    };
    let types: Vec<&str> = events().map(|event| event.event_type.as_str()).collect();
    let versions: Vec<&str> = events().map(|event| event.event_version.as_str()).collect();
    let payloads: Vec<&str> = events().map(|event| event.payload.as_str()).collect();

    let rows: Vec<OutcomeRow> = sqlx::query_as(CALL)
        .bind(ledger)
        .bind(commands)
        .bind(types)
        .bind(versions)
        .bind(payloads)
        .fetch_all(database)
        .await?;
    if rows.len() != appends.len() {
        let told = format!("{} outcomes for {} commands", rows.len(), appends.len());
        return Err(sqlx::Error::Decode(told.into()));
    }
    rows.into_iter()
        .zip(appends)
        .map(|(row, append)| outcome(row, append.command_id))
        .collect()
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
