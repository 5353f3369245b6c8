//! From a sentence in the report back to the planning, and forth again.

mod graph;

use annal_core::version::VersionRef;
use annal_core::{LedgerId, Phase, Position, RunId, VersionNo};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::error::AuditError;
use crate::runs::{RUNS, VERSIONS};
use crate::select::Snapshot;
use graph::Graph;

/// What stands behind something in a run, and what was built on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lineage {
    /// The ledger that was asked.
    pub ledger: LedgerId,
    /// True for the log up to here.
    pub head_position: Position,
    /// The run.
    pub run_id: RunId,
    /// What was asked about, in the versions in which it occurs.
    pub of: Vec<LineageNode>,
    /// What it rests on, the nearest first.
    pub behind: Vec<LineageNode>,
    /// What rests on it, the nearest first.
    pub ahead: Vec<LineageNode>,
}

/// Something in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineageNode {
    /// How many steps away.
    pub distance: u32,
    /// `section`, `observation`, `test`, `document`, `request`, `sample`, `scope_attribute`, `rule`, `attribute`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The phase that it belongs to.
    pub phase: Phase,
    /// The version that it stands in; the document's version, the test's execution.
    pub version: Option<VersionNo>,
    /// What it says, in short.
    pub says: String,
    /// Through which neighbour it was reached.
    pub via: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ItemRow {
    phase: Phase,
    version: VersionNo,
    item: String,
    content: annal_core::item::Content,
    carried_from: Option<VersionNo>,
}

#[derive(Debug, Deserialize)]
struct VersionRow {
    phase: Phase,
    number: VersionNo,
    status: String,
    inputs: Vec<VersionRef>,
}

#[derive(Debug, Deserialize)]
struct TestRow {
    case_id: String,
    sample: String,
    attribute: String,
    execution: VersionNo,
    outcome: String,
    expected: Option<String>,
    actual: Option<String>,
    document_id: String,
    document_version: VersionNo,
}

#[derive(Debug, Deserialize)]
struct DocumentRow {
    document_id: String,
    version: VersionNo,
    file_name: String,
    status: String,
    request_id: Option<String>,
    replaces: Option<VersionNo>,
}

#[derive(Debug, Deserialize)]
struct RequestRow {
    request_id: String,
    text: String,
}

/// All that a run's lineage is made of.
struct Material {
    run: RunId,
    items: Vec<ItemRow>,
    versions: Vec<VersionRow>,
    tests: Vec<TestRow>,
    documents: Vec<DocumentRow>,
    requests: Vec<RequestRow>,
}

impl Audit {
    /// What stands behind an item, section, test case, document or request of a run, and what was built on it.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::UnknownItem`], [`AuditError::NotPrepared`] or
    /// [`AuditError::Database`].
    pub async fn lineage(&self, run: RunId, id: &str) -> Result<Lineage, AuditError> {
        let tables = [
            RUNS,
            VERSIONS,
            "version_items",
            "test_results",
            "documents",
            "requests",
        ];
        let mut snapshot = self.snapshot(&tables).await?;
        self.run_row(&mut snapshot, run).await?;
        let material = self.material(&mut snapshot, run).await?;
        let graph = Graph::of(&material);
        let of = graph.named(id);
        if of.is_empty() {
            return Err(AuditError::UnknownItem {
                run,
                id: id.to_owned(),
            });
        }
        Ok(Lineage {
            ledger: self.log.ledger().clone(),
            head_position: snapshot.position,
            run_id: run,
            behind: graph.reached(&of, false),
            ahead: graph.reached(&of, true),
            of: of.iter().map(|it| graph.node(*it, 0, None)).collect(),
        })
    }

    async fn material(&self, snapshot: &mut Snapshot, run: RunId) -> Result<Material, AuditError> {
        let doing = "reading what a run is made of";
        let table = |columns_from: &str| {
            let mut query = self.select(columns_from);
            query.push(" AND run_id = ").push_bind(run.0);
            query
        };
        let items = "phase, version, item, content, carried_from FROM (SELECT * FROM annal_read.version_items WHERE NOT removed) i";
        let tests = "case_id, sample, attribute, execution, outcome, expected, actual, document_id, document_version
                     FROM annal_read.test_results";
        let documents = "document_id, version, file_name, status, request_id, replaces FROM annal_read.documents";
        Ok(Material {
            run,
            items: snapshot
                .rows(table(items), "phase, version, item", doing)
                .await?,
            versions: snapshot
                .rows(
                    table("phase, number, status, inputs FROM annal_read.version_history"),
                    "phase, number",
                    doing,
                )
                .await?,
            tests: snapshot.rows(table(tests), "case_id", doing).await?,
            documents: snapshot
                .rows(table(documents), "document_id, version", doing)
                .await?,
            requests: snapshot
                .rows(
                    table("request_id, text FROM annal_read.requests"),
                    "request_id",
                    doing,
                )
                .await?,
        })
    }
}

impl Lineage {
    /// For people: what is behind and what is ahead, the nearest first.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = format!(
            "lineage in run {} as of position {}\n",
            self.run_id, self.head_position
        );
        for it in &self.of {
            text += &format!("{}\n", it.told());
        }
        for (title, nodes) in [("rests on", &self.behind), ("is behind", &self.ahead)] {
            text += &format!(
                "\n{title} {}:\n",
                if nodes.is_empty() { "nothing" } else { "these" }
            );
            for it in nodes {
                text += &format!("{}{}\n", "  ".repeat(it.distance as usize), it.told());
            }
        }
        text
    }
}

impl LineageNode {
    fn told(&self) -> String {
        let version = self.version.map_or_else(String::new, |it| format!("@{it}"));
        format!(
            "{} {} ({}{version}): {}",
            self.kind, self.id, self.phase, self.says
        )
    }
}
