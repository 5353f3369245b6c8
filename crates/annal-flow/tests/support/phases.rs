//! What people do in each phase, by the book.

use annal_core::dossier::DossierCommand as Do;
use annal_core::dossier::command::{OwnerAssignment, SectionSignature};
use annal_core::dossier::event::Meaning;
use annal_core::dossier::{DossierEvent, content_hash};
use annal_core::item::{Content, DecisionLevel, ItemVerdict, Verdict};
use annal_core::version::CarryForward;
use annal_core::{ItemId, Phase, VersionNo};
use annal_data::evidence::{Script, source_extract};
use annal_data::planning::planned;
use annal_data::{Dataset, Dictionary};
use annal_flow::Act;
use annal_log::{StreamId, decode};

use super::people::{asks, command};
use super::{Bank, example, has_draft};

impl Bank {
    /// The events of a phase.
    pub(crate) async fn trail(&self, phase: Phase) -> Vec<DossierEvent> {
        let stream = StreamId::dossier(self.run, phase);
        let events = self.log.read_stream(&stream, annal_core::Sequence(0)).await;
        let decode = |event| decode(event).expect("an event of a dossier");
        events
            .expect("the stream is read")
            .iter()
            .map(decode)
            .collect()
    }

    /// The items of a phase's last version, in order.
    pub(crate) async fn items(&self, phase: Phase) -> Vec<(ItemId, Content)> {
        let mut items = Vec::new();
        for event in self.trail(phase).await {
            match event {
                DossierEvent::VersionCreated { .. } => items.clear(),
                DossierEvent::ItemAdded { item, content, .. }
                | DossierEvent::ItemCarried { item, content, .. } => items.push((item, content)),
                _ => {}
            }
        }
        items
    }

    /// A first-level verdict on all items of the draft that are not locked.
    pub(crate) async fn decide(&self, phase: Phase, items: &[ItemId], verdict: Verdict) {
        let why = verdict.needs_reason().then_some("as seen in the data");
        let command = asks(
            "tom",
            why,
            phase,
            decision(DecisionLevel::Tester, items, verdict),
        );
        self.act(&command).await;
    }

    /// The tester decides on everything and hands it in.
    pub(crate) async fn hand_in(&self, phase: Phase, verdict: Verdict) {
        self.until(has_draft(phase)).await;
        let items: Vec<ItemId> = self
            .items(phase)
            .await
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        self.decide(phase, &items, verdict).await;
        self.act(&asks("tom", None, phase, Do::Submit { version: None }))
            .await;
    }

    /// The report owner approves everything.
    pub(crate) async fn approve(&self, phase: Phase) {
        let items: Vec<ItemId> = self.open_on_second_level(phase).await;
        if !items.is_empty() {
            let verdict = decision(DecisionLevel::ReportOwner, &items, Verdict::Approve);
            self.act(&asks("olga", None, phase, verdict)).await;
        }
        self.act(&asks("olga", None, phase, Do::Approve { version: None }))
            .await;
    }

    /// Planning, profiling and scoping, up to the fork.
    pub(crate) async fn up_to_the_fork(&self) {
        for (phase, verdict) in [
            (Phase::Planning, Verdict::Include),
            (Phase::DataProfiling, Verdict::Approve),
        ] {
            if self.definition.phase(phase).is_some() {
                self.hand_in(phase, verdict).await;
                self.approve(phase).await;
            }
        }
        self.scope().await;
    }

    /// Everything, up to the last signature.
    pub(crate) async fn go_all_the_way(&self) {
        let lines = self.opening().await.body.lines_of_business;
        self.up_to_the_fork().await;
        self.select_samples(5).await;
        self.find_owners(&lines).await;
        self.give_evidence().await;
        self.run_tests().await;
        self.hand_in(Phase::Observations, Verdict::Approve).await;
        self.approve(Phase::Observations).await;
        self.sign_report().await;
    }

    /// The tester follows the recommendations.
    async fn scope(&self) {
        let phase = Phase::Scoping;
        self.until(has_draft(phase)).await;
        let items = self.items(phase).await;
        let recommended = |yes: bool| -> Vec<ItemId> {
            let wanted = |content: &Content| matches!(content, Content::ScopeAttribute { recommended, .. } if *recommended == yes);
            items
                .iter()
                .filter(|(_, it)| wanted(it))
                .map(|(id, _)| id.clone())
                .collect()
        };
        self.decide(phase, &recommended(true), Verdict::Accept)
            .await;
        if !recommended(false).is_empty() {
            self.decide(phase, &recommended(false), Verdict::Decline)
                .await;
        }
        self.act(&asks("tom", None, phase, Do::Submit { version: None }))
            .await;
        self.approve(phase).await;
    }

    /// A rejected selection and its revision with more samples.
    pub(crate) async fn select_samples(&self, more: u32) {
        let phase = Phase::SampleSelection;
        self.hand_in(phase, Verdict::Approve).await;
        let items = self.open_on_second_level(phase).await;
        let (good, bad) = items.split_at(items.len() * 4 / 5);
        let level = DecisionLevel::ReportOwner;
        self.act(&asks(
            "olga",
            None,
            phase,
            decision(level, good, Verdict::Approve),
        ))
        .await;
        let why = Some("not typical");
        self.act(&asks(
            "olga",
            why,
            phase,
            decision(level, bad, Verdict::Reject),
        ))
        .await;
        let reject = Do::Reject {
            version: None,
            requested_changes: vec![format!("{more} more samples")],
        };
        self.act(&asks("olga", Some("more are needed"), phase, reject))
            .await;
        let revise = Act::Revise {
            phase,
            policy: CarryForward::ApprovedOnly,
            draw: more,
            add: vec![],
        };
        self.act(&command("tom", annal_core::Role::Tester, None, revise))
            .await;
        let new: Vec<ItemId> = self.added_in(phase, VersionNo(2)).await;
        self.decide(phase, &new, Verdict::Approve).await;
        self.act(&asks("tom", None, phase, Do::Submit { version: None }))
            .await;
        let verdict = decision(level, &new, Verdict::Approve);
        self.act(&asks("olga", None, phase, verdict)).await;
        self.act(&asks("olga", None, phase, Do::Approve { version: None }))
            .await;
    }

    /// Everything belongs to one data owner, who agrees.
    pub(crate) async fn find_owners(&self, lines: &[String]) {
        let phase = Phase::DataOwnerId;
        self.until(has_draft(phase)).await;
        let assignment = |(attribute, line): (&ItemId, &String)| OwnerAssignment {
            attribute: attribute.clone(),
            line_of_business: line.clone(),
            owner: "dora".parse().expect("a valid id"),
        };
        let tested = self.tested().await;
        let pairs = tested
            .iter()
            .flat_map(|it| lines.iter().map(move |line| (it, line)));
        let assignments = pairs.map(assignment).collect();
        self.act(&asks("tom", None, phase, Do::AssignOwners { assignments }))
            .await;
        let agree = Do::AcknowledgeOwnership { attributes: vec![] };
        self.act(&asks("dora", None, phase, agree)).await;
    }

    /// One request, one document that is sent back and revised.
    pub(crate) async fn give_evidence(&self) {
        let phase = Phase::RequestInfo;
        self.until(has_draft(phase)).await;
        let request = Do::RequestInformation {
            request: "request-1".parse().expect("a valid id"),
            owner: "dora".parse().expect("a valid id"),
            attributes: self.tested().await,
            text: "the values of the source system".to_owned(),
        };
        self.act(&asks("tom", None, phase, request)).await;
        let document = || "extract".parse().expect("a valid id");
        let submit = Do::SubmitDocument {
            document: document(),
            request: "request-1".parse().expect("a valid id"),
            file: self
                .log
                .put_file("first.csv", &self.extract(0.2).await)
                .await
                .expect("kept"),
        };
        self.act(&asks("dora", None, phase, submit)).await;
        let review = |level, accept| Do::ReviewDocument {
            document: document(),
            level,
            accept,
        };
        let back = review(DecisionLevel::Tester, false);
        self.act(&asks("tom", Some("values are missing"), phase, back))
            .await;
        let revise = Do::ReviseDocument {
            document: document(),
            file: self
                .log
                .put_file("second.csv", &self.extract(0.0).await)
                .await
                .expect("kept"),
        };
        self.act(&asks("dora", Some("complete now"), phase, revise))
            .await;
        self.act(&asks(
            "tom",
            None,
            phase,
            review(DecisionLevel::Tester, true),
        ))
        .await;
        self.act(&asks(
            "olga",
            None,
            phase,
            review(DecisionLevel::ReportOwner, true),
        ))
        .await;
    }

    /// All test cases, run in one command and looked at by another tester.
    pub(crate) async fn run_tests(&self) {
        let phase = Phase::TestExecution;
        self.until(has_draft(phase)).await;
        let execute = Act::ExecuteTests { cases: vec![] };
        self.act(&command("tom", annal_core::Role::Tester, None, execute))
            .await;
        let review = Do::ReviewTests {
            cases: vec![],
            accept: true,
        };
        self.act(&asks("tina", None, phase, review)).await;
    }

    /// The sections, signed in order.
    pub(crate) async fn sign_report(&self) {
        let phase = Phase::TestReport;
        self.until(has_draft(phase)).await;
        let items = self.items(phase).await;
        let sign = |meaning| Do::Sign {
            sections: items
                .iter()
                .map(|(section, content)| SectionSignature {
                    section: section.clone(),
                    content_hash: content_hash(content),
                    meaning,
                })
                .collect(),
        };
        self.act(&asks("tom", None, phase, sign(Meaning::Author)))
            .await;
        self.act(&asks("tom", None, phase, Do::Submit { version: None }))
            .await;
        self.act(&asks("olga", None, phase, sign(Meaning::Approve)))
            .await;
        self.act(&asks("ed", None, phase, sign(Meaning::Responsible)))
            .await;
    }

    /// What is tested: in scope by the tester's decision, and no key.
    async fn tested(&self) -> Vec<ItemId> {
        let items = self.items(Phase::Scoping).await;
        let tested = |content: &Content| match content {
            Content::ScopeAttribute {
                attribute,
                primary_key: false,
                recommended: true,
                ..
            } => Some(attribute.clone()),
            _ => None,
        };
        items
            .iter()
            .filter_map(|(_, content)| tested(content))
            .collect()
    }

    async fn extract(&self, left_out: f64) -> Vec<u8> {
        let dictionary =
            Dictionary::parse("dictionary", &example("hmda_boston_dictionary.csv"), None);
        let data = Dataset::parse(
            "data",
            &example("hmda_boston.csv"),
            &dictionary.expect("parsed"),
        );
        let as_items = |items: Vec<(ItemId, Content)>| -> Vec<_> {
            items
                .into_iter()
                .map(|(id, content)| annal_core::item::NewItem { id, content })
                .collect()
        };
        let samples = as_items(self.items(Phase::SampleSelection).await);
        let tested = self.tested().await;
        let mut plan = as_items(self.items(Phase::Planning).await);
        plan.retain(|item| tested.contains(&item.id));
        let script = Script {
            seed: 11,
            differing: 0.05,
            left_out,
        };
        let asked = planned(&plan).expect("a plan");
        source_extract(&data.expect("parsed"), &samples, &asked, &script).expect("a document")
    }

    /// Items of the last version without a second-level decision.
    async fn open_on_second_level(&self, phase: Phase) -> Vec<ItemId> {
        let mut open: Vec<ItemId> = Vec::new();
        for event in self.trail(phase).await {
            match event {
                DossierEvent::VersionCreated { .. } => open.clear(),
                DossierEvent::ItemAdded { item, .. } => open.push(item),
                DossierEvent::ItemCarried {
                    item,
                    locked: false,
                    ..
                } => open.push(item),
                _ => {}
            }
        }
        open
    }

    pub(crate) async fn added_in(&self, phase: Phase, number: VersionNo) -> Vec<ItemId> {
        let added = |event| match event {
            DossierEvent::ItemAdded { version, item, .. } if version == number => Some(item),
            _ => None,
        };
        self.trail(phase)
            .await
            .into_iter()
            .filter_map(added)
            .collect()
    }
}

fn decision(level: DecisionLevel, items: &[ItemId], verdict: Verdict) -> Do {
    let decide = |item: &ItemId| ItemVerdict {
        item: item.clone(),
        verdict,
    };
    Do::Decide {
        version: None,
        level,
        decisions: items.iter().map(decide).collect(),
    }
}
