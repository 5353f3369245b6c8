//! What happened, in order, from the log itself.

use annal_core::{CommandId, EventId, ItemId, PersonId, Phase, Position, PrintedName, RunId};
use annal_log::{LogError, StreamId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};

use crate::Audit;
use crate::answer::Page;
use crate::error::{Asking, AuditError};
use crate::select::to_bigint;
use crate::sentence::{dossier_sentence, run_sentence};

/// Which events are asked for. Everything that is set has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineFilter {
    /// Of runs on whose register this person stands.
    pub seen_by: Option<PersonId>,
    /// Of this run.
    pub run: Option<RunId>,
    /// About this phase.
    pub phase: Option<Phase>,
    /// About this item, section, attribute, document, test case or sample.
    pub item: Option<ItemId>,
    /// By this person.
    pub person: Option<PersonId>,
    /// Recorded at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Recorded before this time.
    pub until: Option<DateTime<Utc>>,
    /// Done, as the person says, at this time or later.
    pub effective_since: Option<DateTime<Utc>>,
    /// Done, as the person says, before this time.
    pub effective_until: Option<DateTime<Utc>>,
    /// Only what comes after this position: the cursor of the page before.
    pub after: Position,
    /// Rows of a page.
    pub limit: u32,
}

impl Default for TimelineFilter {
    fn default() -> Self {
        Self {
            seen_by: None,
            run: None,
            phase: None,
            item: None,
            person: None,
            since: None,
            until: None,
            effective_since: None,
            effective_until: None,
            after: Position(0),
            limit: 100,
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    /// Where in the log.
    pub position: Position,
    /// The event.
    pub event_id: EventId,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
    /// When, as the person says.
    pub effective_at: DateTime<Utc>,
    /// The run.
    pub run_id: RunId,
    /// The phase, for what is in its dossier.
    pub phase: Option<Phase>,
    /// For instance `item_decided`.
    pub event_type: String,
    /// Who.
    pub actor_id: PersonId,
    /// Their printed name then.
    pub actor_name: PrintedName,
    /// Their role then.
    pub actor_role: String,
    /// In whose place.
    pub on_behalf_of: Option<PersonId>,
    /// Temporal's workflow id.
    pub workflow_id: Option<String>,
    /// Temporal's run id: one execution of that workflow.
    pub workflow_run_id: Option<String>,
    /// The step.
    pub step_id: Option<String>,
    /// The activity.
    pub activity_name: Option<String>,
    /// Which try of the activity, from 1.
    pub attempt: Option<i32>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// The command.
    pub command_id: CommandId,
    /// What happened, as a sentence.
    #[serde(default)]
    pub sentence: String,
}

/// An entry as it is read, before its sentence is made.
#[derive(Deserialize)]
struct Row {
    #[serde(flatten)]
    entry: TimelineEntry,
    aggregate_type: String,
    payload: serde_json::Value,
}

const COLUMNS: &str = "position, event_id, recorded_at, effective_at, split_part(aggregate_id, '/', 1) AS run_id,
    nullif(split_part(aggregate_id, '/', 2), '') AS phase, event_type, actor_id, actor_name, actor_role, on_behalf_of,
    workflow_id, workflow_run_id, step_id, activity_name, attempt, reason, command_id, aggregate_type, payload";

impl Audit {
    /// What happened, in order.
    ///
    /// # Errors
    /// [`AuditError::Log`] if an event cannot be read, [`AuditError::Database`].
    pub async fn timeline(
        &self,
        filter: &TimelineFilter,
    ) -> Result<Page<TimelineEntry>, AuditError> {
        let head = self.log.head().await?.position;
        let mut query = self.query(filter);
        let rows: Vec<Json<Row>> = query
            .build_query_scalar()
            .fetch_all(self.log.pool())
            .await
            .asking("reading the timeline")?;
        let mut rows: Vec<Row> = rows.into_iter().map(|row| row.0).collect();
        let names = rows.iter_mut().map(|row| &mut row.entry.actor_name);
        self.log.open_names(names).await?;
        for row in &mut rows {
            let event_type = &row.entry.event_type;
            self.log.open_payload(event_type, &mut row.payload).await?;
        }
        let entries: Result<Vec<_>, _> = rows.into_iter().map(Row::told).collect();
        let ledger = self.log.ledger().clone();
        Ok(Page::cut(ledger, head, entries?, filter.limit, |entry| {
            entry.position
        }))
    }

    fn query(&self, filter: &TimelineFilter) -> QueryBuilder<'static, Postgres> {
        let (mut query, order) = match (filter.run, &filter.person) {
            (Some(run), _) => {
                // All streams that a run can have.
                let dossiers = Phase::ALL
                    .iter()
                    .map(|phase| StreamId::dossier(run, *phase));
                let streams = dossiers.chain([StreamId::run(run)]).collect();
                let query = self.select_of_streams(COLUMNS, streams, (0, i64::MAX));
                (query, "position")
            }
            // Slices come in order, so what is left to sort is one of them.
            (None, Some(person)) => (self.select_of_person(person, filter), "first, position"),
            (None, None) => {
                let query = self.select(&format!("{COLUMNS} FROM annal.events"));
                (query, "position")
            }
        };
        query
            .push(" AND position > ")
            .push_bind(to_bigint(filter.after));
        query.push(" AND aggregate_type IN ('report_run', 'dossier')");
        if let Some(person) = &filter.seen_by {
            query
                .push(
                    " AND split_part(aggregate_id, '/', 1) IN (SELECT p.run_id::text FROM annal_read.run_people p
                      WHERE p.ledger = events.ledger AND p.person = ",
                )
                .push_bind(person.to_string())
                .push(")");
        }
        if let Some(phase) = filter.phase {
            about_phase(&mut query, phase);
        }
        if let Some(person) = &filter.person {
            query.push(" AND actor_id = ").push_bind(person.to_string());
        }
        if let Some(item) = &filter.item {
            about_item(&mut query, item);
        }
        self.within(&mut query, filter);
        query.push(format!(
            " ORDER BY {order} LIMIT {}) r",
            u64::from(filter.limit) + 1
        ));
        query
    }
}

impl Audit {
    /// A query that begins with the events of one person in the period, and some before it.
    fn select_of_person(
        &self,
        person: &PersonId,
        filter: &TimelineFilter,
    ) -> QueryBuilder<'static, Postgres> {
        let ledger = self.log.ledger().as_str().to_owned();
        let mut query = QueryBuilder::new(format!(
            "SELECT to_jsonb(r) FROM (SELECT {COLUMNS} FROM annal.slices_of_person("
        ));
        query.push_bind(ledger.clone());
        query.push(", ").push_bind(person.to_string());
        query.push(", greatest(").push_bind(to_bigint(filter.after));
        if let Some(since) = filter.since {
            query.push(", ");
            self.push_before(&mut query, since);
        }
        query.push("), ");
        match filter.until {
            Some(until) => self.push_before(&mut query, until),
            None => _ = query.push_bind(i64::MAX),
        }
        query.push(
            ") AS slice, LATERAL (SELECT * FROM annal.events WHERE position >= first AND position <= last AND ledger = ",
        );
        query.push_bind(ledger);
        query.push(" OFFSET 0) AS events WHERE TRUE");
        query
    }

    /// The period, by either clock. The time of recording never goes back, so there a time is a position.
    fn within(&self, query: &mut QueryBuilder<'static, Postgres>, filter: &TimelineFilter) {
        for (time, is) in [(filter.since, ">"), (filter.until, "<=")] {
            let Some(time) = time else { continue };
            // As a question of its own it is asked once, wherever the planner puts the condition, and not for each row.
            query.push(format!(" AND position {is} (SELECT "));
            self.push_before(query, time);
            query.push(")");
        }
        if let Some(since) = filter.effective_since {
            query.push(" AND effective_at >= ").push_bind(since);
        }
        if let Some(until) = filter.effective_until {
            query.push(" AND effective_at < ").push_bind(until);
        }
    }

    /// The position of the last event that was recorded before a time.
    fn push_before(&self, query: &mut QueryBuilder<'static, Postgres>, time: DateTime<Utc>) {
        query.push("annal.position_at(");
        query.push_bind(self.log.ledger().as_str().to_owned());
        query.push(", ").push_bind(time);
        query.push("::timestamptz - interval '1 microsecond')");
    }
}

/// The phase's dossier, and what the run's own stream says about the phase.
fn about_phase(query: &mut QueryBuilder<'static, Postgres>, phase: Phase) {
    let name = phase.name();
    query
        .push(" AND (split_part(aggregate_id, '/', 2) = ")
        .push_bind(name);
    query
        .push(" OR aggregate_type = 'report_run' AND ")
        .push_bind(name);
    query.push(" IN (payload->>'phase', payload->>'to', split_part(payload->>'step', '.', 1)))");
}

/// Most payloads do not hold the id at all, which is found out without taking them apart.
fn about_item(query: &mut QueryBuilder<'static, Postgres>, item: &ItemId) {
    let quoted = serde_json::Value::from(item.as_str()).to_string();
    query
        .push(" AND strpos(payload::text, ")
        .push_bind(quoted)
        .push(") > 0");
    query.push(" AND ").push_bind(item.to_string());
    query.push(
        " IN (payload->>'item', payload->>'section', payload->>'attribute', payload->>'document',
              payload->>'case', payload->>'sample')",
    );
}

impl Row {
    fn told(self) -> Result<TimelineEntry, AuditError> {
        let mut entry = self.entry;
        let who = entry.actor_name.to_string();
        let sentence = if self.aggregate_type == "report_run" {
            serde_json::from_value(self.payload).map(|event| run_sentence(&who, &event))
        } else {
            serde_json::from_value(self.payload).map(|event| dossier_sentence(&who, &event))
        };
        entry.sentence = sentence.map_err(|no| LogError::Undecodable {
            position: entry.position,
            detail: no.to_string(),
        })?;
        Ok(entry)
    }
}
