//! A run for an examiner who has nothing but files.

mod html;

use annal_core::envelope::Recorded;
use annal_core::version::VersionRef;
use annal_core::{Position, PrintedName, RunId};
use annal_log::StreamId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::error::AuditError;
use crate::runs::RunDetail;
use crate::{At, Audit, DecisionFilter, TimelineEntry, TimelineFilter};

/// Files of an export, by name, and what they are true for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// True for the log up to here.
    pub head_position: Position,
    /// Of the run and its dossiers.
    pub events: u64,
    /// Names with `/`, and their bytes.
    #[serde(skip)]
    pub files: Vec<(String, Vec<u8>)>,
}

/// A line of `events.jsonl`: what is hashed, and the hash. `migrations/FORMAT.md` says how to compute it again.
#[derive(Serialize)]
struct EventLine<'a> {
    position: Position,
    event_id: annal_core::EventId,
    aggregate_type: &'a str,
    aggregate_id: &'a str,
    sequence: annal_core::Sequence,
    event_type: &'a str,
    event_version: &'a str,
    recorded_at: chrono::DateTime<chrono::Utc>,
    metadata: &'a annal_core::envelope::Metadata,
    /// What is hashed as the actor's name, where that is not the name itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_name: Option<&'a str>,
    /// The payload's bytes as they were written: a text, because a JSON value does not keep its spaces.
    payload_text: &'a str,
    payload: &'a RawValue,
    hash: String,
}

/// Rows of one read, large enough for any table of one run and small enough for memory.
const PAGE: u32 = 10_000;

impl Audit {
    /// The events of a run with their hashes, its versions, decisions and timeline, and a page to read.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::Log`] if an event cannot be read, [`AuditError::NotPrepared`] or
    /// [`AuditError::Database`].
    pub async fn export(&self, run: RunId) -> Result<Exported, AuditError> {
        let detail = self.run(run).await?;
        let head = detail.head_position;
        let events = self.events_of(&detail, run).await?;
        let mut files = vec![("events.jsonl".to_owned(), jsonl(&events)?)];
        let mut versions = Vec::new();
        for row in &detail.versions {
            let version = VersionRef {
                run,
                phase: row.phase,
                number: row.number,
            };
            let shown = self.show(version, At::Position(head)).await?;
            let name = format!("versions/{}-{}.json", row.phase, row.number);
            files.push((name, json(&shown)));
            versions.push(shown);
        }
        let timeline = self.whole_timeline(run, head).await?;
        let decisions = self.whole_decisions(run, head).await?;
        files.push(("run.json".to_owned(), json(&detail)));
        files.push(("timeline.csv".to_owned(), csv_of(&timeline)));
        files.push(("decisions.csv".to_owned(), csv_of(&decisions)));
        files.push((
            "report.html".to_owned(),
            html::page(&detail, &versions, &timeline).into_bytes(),
        ));
        let sums = files.iter().map(|(name, bytes)| {
            serde_json::json!({"name": name, "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes))})
        });
        let manifest = serde_json::json!({
            "ledger": self.log.ledger(), "run_id": run, "head_position": head,
            "events": events.len(), "files": sums.collect::<Vec<_>>(),
        });
        files.push(("manifest.json".to_owned(), json(&manifest)));
        Ok(Exported {
            head_position: head,
            events: events.len() as u64,
            files,
        })
    }

    async fn events_of(&self, detail: &RunDetail, run: RunId) -> Result<Vec<Recorded>, AuditError> {
        let mut streams = vec![StreamId::run(run)];
        streams.extend(
            annal_core::Phase::ALL
                .iter()
                .map(|phase| StreamId::dossier(run, *phase)),
        );
        let mut events = Vec::new();
        for stream in &streams {
            events.extend(
                self.log
                    .read_stream_until(stream, detail.head_position)
                    .await?,
            );
        }
        events.sort_by_key(|it| it.position);
        Ok(events)
    }

    async fn whole_timeline(
        &self,
        run: RunId,
        until: Position,
    ) -> Result<Vec<TimelineEntry>, AuditError> {
        let mut filter = TimelineFilter {
            run: Some(run),
            limit: PAGE,
            ..TimelineFilter::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.timeline(&filter).await?;
            all.extend(page.rows.into_iter().filter(|it| it.position <= until));
            match page.next {
                Some(next) if next < until => filter.after = next,
                _ => return Ok(all),
            }
        }
    }

    async fn whole_decisions(
        &self,
        run: RunId,
        until: Position,
    ) -> Result<Vec<crate::DecisionRow>, AuditError> {
        let mut filter = DecisionFilter {
            run: Some(run),
            as_of: Some(until),
            limit: PAGE,
            ..DecisionFilter::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.decisions(&filter).await?;
            all.extend(page.rows);
            let Some(next) = page.next else {
                return Ok(all);
            };
            filter.after = next;
        }
    }
}

fn jsonl(events: &[Recorded]) -> Result<Vec<u8>, AuditError> {
    let mut bytes = Vec::new();
    for it in events {
        let payload: &RawValue =
            serde_json::from_str(&it.payload).map_err(|no| annal_log::LogError::Undecodable {
                position: it.position,
                detail: no.to_string(),
            })?;
        bytes.extend(json_line(&EventLine {
            position: it.position,
            event_id: it.event_id,
            aggregate_type: &it.aggregate_type,
            aggregate_id: &it.aggregate_id,
            sequence: it.sequence,
            event_type: &it.event_type,
            event_version: &it.event_version,
            recorded_at: it.recorded_at,
            metadata: &it.metadata,
            sealed_name: it.stored.as_ref().map(|it| it.actor_name.as_str()),
            payload_text: it.stored.as_ref().map_or(&it.payload, |it| &it.payload),
            payload,
            hash: hex::encode(it.hash),
        }));
    }
    Ok(bytes)
}

fn json_line(value: &impl Serialize) -> Vec<u8> {
    // These values have string keys and no floats that could not be written.
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // As a value first: a content that is still text would stand in one line.
    let value = serde_json::to_value(value).unwrap_or_default();
    let mut bytes = serde_json::to_vec_pretty(&value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Rows as CSV, with the fields of the first row as header; all rows of a kind have the same fields.
#[must_use]
pub(crate) fn csv_of<T: Serialize>(rows: &[T]) -> Vec<u8> {
    let values: Vec<_> = rows
        .iter()
        .map(|it| serde_json::to_value(it).unwrap_or_default())
        .collect();
    let mut header: Vec<String> = Vec::new();
    for field in values
        .iter()
        .filter_map(|it| it.as_object())
        .flat_map(|it| it.keys())
    {
        if !header.contains(field) {
            header.push(field.clone());
        }
    }
    let mut text = line(header.iter().cloned());
    for value in &values {
        text += &line(header.iter().map(|field| plain(&value[field])));
    }
    text.into_bytes()
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        // A name that was erased.
        serde_json::Value::Object(_) if PrintedName::deserialize(value).is_ok() => {
            PrintedName::Erased.to_string()
        }
        other => other.to_string(),
    }
}

/// RFC 4180. A cell that a spreadsheet would take for a formula is set off by an apostrophe.
fn line(cells: impl Iterator<Item = String>) -> String {
    let cell = |text: String| {
        let formula =
            text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
        let text = if formula { format!("'{text}") } else { text };
        match text.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text,
        }
    };
    format!("{}\r\n", cells.map(cell).collect::<Vec<_>>().join(","))
}

/// An answer's `rows` as CSV.
#[must_use]
pub fn rows_as_csv<T: Serialize>(rows: &[T]) -> String {
    String::from_utf8(csv_of(rows)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::rows_as_csv;

    #[test]
    fn a_cell_keeps_its_bytes_and_is_no_formula() {
        let rows = [serde_json::json!({"a": "x, \"y\"\nz", "b": "=1+1", "c": -5, "d": null})];
        assert_eq!(
            rows_as_csv(&rows),
            "a,b,c,d\r\n\"x, \"\"y\"\"\nz\",'=1+1,-5,\r\n"
        );
    }
}
