//! The tables after a run that the rules of the domain themselves have made.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;

use annal_core::case::{Case, Outcome, Target};
use annal_core::definition::Definition;
use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::event::FileRef;
use annal_core::item::{
    Content, DecisionLevel as L, ItemVerdict, Level, NewItem, Requirement, SampleCategory,
    SampleSource, Verdict as V,
};
use annal_core::people::Person;
use annal_core::run::event::Opening;
use annal_core::version::CarryForward;
use annal_core::{Command, CommandId, Phase, Position, Role, RunId};
use annal_log::{EventData, StreamId};
use annal_projector::{Projection, RebuildOptions};
use sqlx::{Connection, PgConnection};
use support::database::Prepared;
use support::moment;
use support::story::{Story, Told, item, person};
use uuid::Uuid;

const TOM: (&str, Role) = ("tom", Role::Tester);
const OLGA: (&str, Role) = ("olga", Role::ReportOwner);
const XENA: (&str, Role) = ("xena", Role::TestExecutive);

/// A case whose every outcome goes into the log.
struct Desk {
    prepared: Prepared,
    case: Case,
    number: u128,
}

impl Desk {
    async fn open() -> Self {
        let definition = Definition::builtin(&"1.0.0".parse().unwrap()).unwrap();
        let opening = opening(&definition);
        let mut desk = Self {
            prepared: Prepared::fresh().await,
            case: Case::new(Arc::new(definition)),
            number: 0,
        };
        let asked = desk.command(XENA, opening);
        let opened = desk.case.open(&asked, moment(0)).unwrap();
        desk.take(opened).await;
        desk
    }

    fn command<B>(&self, (who, role): (&str, Role), body: B) -> Command<B> {
        Command {
            id: CommandId(Uuid::from_u128(self.number + 1)),
            person: person(who),
            role,
            on_behalf_of: None,
            reason: Some("so it is".into()),
            effective_at: Some(moment(1)),
            body,
        }
    }

    async fn take(&mut self, outcome: Outcome) {
        let mut told = Vec::new();
        let by = outcome.actor.id.clone();
        let mut tell = |stream: StreamId, after: u64, event: EventData| {
            let by = by.clone();
            told.push(Told {
                stream,
                after,
                event,
                by,
            });
        };
        let run = RunId(Uuid::from_u128(1));
        for event in &outcome.run {
            let stream = StreamId::run(run);
            let after = self.length(&stream).await;
            tell(stream, after, EventData::encode(event).unwrap());
        }
        for (phase, events) in &outcome.dossiers {
            for event in events {
                let stream = StreamId::dossier(run, *phase);
                let after = self.length(&stream).await;
                tell(stream, after, EventData::encode(event).unwrap());
            }
        }
        support::append(&self.prepared.log, self.number, told).await;
        self.number += 1;
        self.case = self.case.clone().after(&outcome);
    }

    async fn length(&self, stream: &StreamId) -> u64 {
        let events = self
            .prepared
            .log
            .read_stream(stream, annal_core::Sequence(0))
            .await
            .unwrap();
        events.len() as u64
    }

    async fn enter(&mut self, phase: Phase) {
        let entered = self.case.enter_phase(phase, moment(2)).unwrap();
        self.take(entered).await;
    }

    async fn complete(&mut self, phase: Phase) {
        let completed = self.case.complete_phase(phase, moment(3)).unwrap();
        self.take(completed).await;
    }

    async fn draft(&mut self, phase: Phase, items: Vec<NewItem>) {
        let command = C::CreateVersion { items };
        let drafted = self
            .case
            .engine(&Target::Dossier { phase, command }, moment(2))
            .unwrap();
        self.take(drafted).await;
    }

    async fn does(&mut self, who: (&str, Role), phase: Phase, command: C) {
        let asked = self.command(who, Target::Dossier { phase, command });
        let done = self.case.act(&asked, moment(3));
        self.take(done.unwrap_or_else(|no| panic!("{} in {phase}: {no}", who.0)))
            .await;
    }

    async fn is_refused(&mut self, who: (&str, Role), phase: Phase, command: C) {
        let asked = self.command(who, Target::Dossier { phase, command });
        let rejection = self.case.act(&asked, moment(3)).unwrap_err();
        let refused = self.case.refused(&asked, &rejection);
        self.take(refused).await;
    }

    /// A verdict for every open item of the newest version, by the item's place.
    async fn decides(
        &mut self,
        who: (&str, Role),
        phase: Phase,
        level: L,
        verdict: impl Fn(usize) -> V,
    ) {
        let newest = self.case.dossier(phase).versions.last().unwrap().clone();
        let open = newest.items.iter().filter(|(_, it)| !it.locked);
        let one = |(place, (id, _)): (usize, (&annal_core::ItemId, _))| ItemVerdict {
            item: id.clone(),
            verdict: verdict(place),
        };
        let decisions = open.enumerate().map(one).collect();
        self.does(
            who,
            phase,
            C::Decide {
                version: None,
                level,
                decisions,
            },
        )
        .await;
    }

    async fn approved(&mut self, phase: Phase, items: Vec<NewItem>, tester: V) {
        self.enter(phase).await;
        self.draft(phase, items).await;
        self.decides(TOM, phase, L::Tester, |_| tester).await;
        self.does(TOM, phase, C::Submit { version: None }).await;
        self.decides(OLGA, phase, L::ReportOwner, |_| V::Approve)
            .await;
        self.does(OLGA, phase, C::Approve { version: None }).await;
        self.complete(phase).await;
    }
}

fn opening(definition: &Definition) -> Opening {
    let file = FileRef {
        name: "data.csv".into(),
        sha256: "0".repeat(64),
        bytes: 1,
    };
    let people = [
        TOM,
        OLGA,
        XENA,
        ("ed", Role::ReportExecutive),
        ("dora", Role::DataOwner),
    ]
    .map(|(name, role)| Person {
        id: person(name),
        name: name.to_uppercase().into(),
        roles: [role].into(),
    });
    Opening {
        run: RunId(Uuid::from_u128(1)),
        report: "HMDA".into(),
        cycle: "1990".into(),
        definition: definition.reference(),
        people: people.into(),
        data: file.clone(),
        dictionary: file,
        skip: vec![],
        lines_of_business: vec!["retail".into()],
        seed: 7,
        sample_size: 100,
    }
}

fn attributes() -> Vec<NewItem> {
    let attribute = |name: &str| NewItem {
        id: item(&format!("attribute:{name}")),
        content: Content::Attribute {
            name: name.into(),
            line_item: "1".into(),
            format: "ratio".into(),
            requirement: Requirement::Mandatory,
            primary_key: name == "key",
            critical: false,
            risk: Level::High,
        },
    };
    ["key", "ratio"].map(attribute).into()
}

fn scope() -> Vec<NewItem> {
    let scoped = |name: &str| NewItem {
        id: item(&format!("scope:{name}")),
        content: Content::ScopeAttribute {
            attribute: item(&format!("attribute:{name}")),
            primary_key: name == "key",
            recommended: true,
            rationale: "risk".into(),
        },
    };
    ["key", "ratio"].map(scoped).into()
}

fn samples(numbers: std::ops::Range<u64>) -> Vec<NewItem> {
    let sample = |number: u64| NewItem {
        id: item(&format!("sample:{number}")),
        content: Content::Sample {
            row_key: number.to_string(),
            line: number + 2,
            category: SampleCategory::Clean,
            source: SampleSource::Recommended,
            line_of_business: "retail".into(),
            values: [("ratio".to_owned(), Some("0.5".to_owned()))].into(),
        },
    };
    numbers.map(sample).collect()
}

/// 100 samples are proposed, 80 approved and 20 rejected, 10 more asked for; then the phase is reopened.
async fn sampled() -> Desk {
    let mut desk = Desk::open().await;
    desk.approved(Phase::Planning, attributes(), V::Include)
        .await;
    desk.approved(Phase::Scoping, scope(), V::Accept).await;
    let phase = Phase::SampleSelection;
    desk.enter(phase).await;
    desk.draft(phase, samples(0..100)).await;
    desk.decides(TOM, phase, L::Tester, |_| V::Approve).await;
    desk.does(TOM, phase, C::Submit { version: None }).await;
    desk.is_refused(TOM, phase, C::Approve { version: None })
        .await;
    let some = |place| if place < 80 { V::Approve } else { V::Reject };
    desk.decides(OLGA, phase, L::ReportOwner, some).await;
    let requested_changes = vec!["10 more samples".to_owned()];
    desk.does(
        OLGA,
        phase,
        C::Reject {
            version: None,
            requested_changes,
        },
    )
    .await;
    let (policy, add) = (CarryForward::ApprovedOnly, samples(100..110));
    desk.does(TOM, phase, C::Revise { policy, add }).await;
    desk.decides(TOM, phase, L::Tester, |_| V::Approve).await;
    desk.does(TOM, phase, C::Submit { version: None }).await;
    desk.decides(OLGA, phase, L::ReportOwner, |_| V::Approve)
        .await;
    desk.does(OLGA, phase, C::Approve { version: None }).await;
    desk.complete(phase).await;
    desk.enter(Phase::DataOwnerId).await;
    desk.does(XENA, Phase::Scoping, C::Reopen {}).await;
    desk
}

#[tokio::test]
async fn a_run_by_the_rules_shows_in_every_table_as_its_aggregates_say() {
    let desk = sampled().await;
    let prepared = &desk.prepared;
    prepared
        .projector
        .catch_up(Position(u64::MAX))
        .await
        .unwrap();
    let mut story = Story::new(0);
    let run = RunId(Uuid::from_u128(1));
    story.runs.insert(run, desk.case.run.as_ref().clone());
    for (phase, dossier) in &desk.case.dossiers {
        story
            .dossiers
            .insert((run, *phase), dossier.as_ref().clone());
    }
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    support::oracle::versions(&mut session, &story).await;
    support::oracle::items(&mut session, &story).await;
    support::oracle::trails(&mut session, &story).await;
    support::oracle::runs(&mut session, &story).await;

    let sampled: Vec<serde_json::Value> = sqlx::query_scalar(
        "SELECT jsonb_build_array(number, status, parent, items, carried_forward, owner_approved, owner_rejected)
         FROM annal_read.version_history WHERE phase = 'sample_selection' ORDER BY number",
    )
    .fetch_all(&mut session)
    .await
    .unwrap();
    let first = serde_json::json!([1, "rejected", null, 100, 0, 80, 20]);
    let second = serde_json::json!([2, "approved", 1, 90, 80, 90, 0]);
    assert_eq!(sampled, [first, second]);
    let refused: Vec<String> = sqlx::query_scalar("SELECT code FROM annal_read.refusals")
        .fetch_all(&mut session)
        .await
        .unwrap();
    assert_eq!(refused.len(), 1);
    let stale: Vec<String> =
        sqlx::query_scalar("SELECT phase FROM annal_read.workflow_phases WHERE stale")
            .fetch_all(&mut session)
            .await
            .unwrap();
    assert!(stale.contains(&"sample_selection".to_owned()), "{stale:?}");

    let options = RebuildOptions {
        chunk: 13,
        allow_differences: false,
        ..RebuildOptions::default()
    };
    for rebuilt in prepared
        .projector
        .rebuild(&[], &options, |_| ())
        .await
        .unwrap()
    {
        assert!(rebuilt.differences.is_empty(), "{rebuilt:?}");
    }
}

/// The log is read by its indexes alone: with scans switched off, none is left in any fold's plan.
#[tokio::test]
async fn no_fold_scans_the_log() {
    let prepared = Prepared::fresh().await;
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    sqlx::raw_sql(
        "SET search_path = annal_read; SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan",
    )
    .execute(&mut session)
    .await
    .unwrap();
    for projection in Projection::builtin() {
        let name = &projection.name;
        let prepare = format!(
            "PREPARE {name}_fold(text, bigint, bigint) AS {}",
            projection.fold
        );
        sqlx::raw_sql(&prepare).execute(&mut session).await.unwrap();
        let explain = format!("EXPLAIN EXECUTE {name}_fold('main', 1000, 2000)");
        let plan: Vec<String> = sqlx::query_scalar(&explain)
            .fetch_all(&mut session)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("events"), "{name}:\n{plan}");
        assert!(!plan.contains("Seq Scan on events"), "{name}:\n{plan}");
    }
}
