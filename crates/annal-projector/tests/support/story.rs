//! Stories: sequences of events as runs make them, drawn from a seed. The aggregates of the core follow along, so that
//! what a projection says can be held against what the aggregate says.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use annal_core::dossier::{Dossier, DossierEvent as D};
use annal_core::item::{CarriedFrom, Content, Decision, DecisionLevel, Verdict};
use annal_core::rejection::RejectionCode;
use annal_core::run::{ReportRun, RunEvent as R};
use annal_core::version::{CarryForward, Origin, VersionStatus};
use annal_core::{ItemId, PersonId, Phase, Role, RunId, VersionNo};
use annal_log::{EventData, StreamId};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

/// An event with its place.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its stream.
    pub stream: StreamId,
    /// How many events the stream held before.
    pub after: u64,
    /// The event.
    pub event: EventData,
    /// Who acted.
    pub by: PersonId,
}

/// Two runs with all that can happen in them.
pub struct Story {
    pub(super) random: ChaCha8Rng,
    numbers: RangeInclusive<u128>,
    /// The runs.
    pub runs: BTreeMap<RunId, ReportRun>,
    /// Their dossiers.
    pub dossiers: BTreeMap<(RunId, Phase), Dossier>,
    lengths: BTreeMap<StreamId, u64>,
    told: Vec<Told>,
}

impl Story {
    /// The story of a seed. Nothing has happened yet.
    pub fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            numbers: 1..=2,
            runs: BTreeMap::new(),
            dossiers: BTreeMap::new(),
            lengths: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// The same story of other runs.
    pub fn of_runs(mut self, numbers: RangeInclusive<u128>) -> Self {
        self.numbers = numbers;
        self
    }

    /// The events of the next command: one or a few.
    pub fn next(&mut self) -> Vec<Told> {
        let run = RunId(Uuid::from_u128(
            self.random.random_range(self.numbers.clone()),
        ));
        let opened = self.runs.contains_key(&run);
        match self.random.random_range(0..10) {
            _ if !opened => self.open(run),
            0..=2 => self.run_event(run),
            3 | 4 => self.audited(run),
            _ => self.versioned(run),
        }
        std::mem::take(&mut self.told)
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    pub(super) fn person(&mut self) -> PersonId {
        person(
            ["ana", "ben", "cyd"]
                .choose(&mut self.random)
                .expect("not empty"),
        )
    }

    pub(super) fn dossier(&mut self, run: RunId, phase: Phase) -> &Dossier {
        self.dossiers.entry((run, phase)).or_default()
    }

    pub(super) fn tell(&mut self, run: RunId, phase: Phase, event: D) {
        self.dossiers
            .entry((run, phase))
            .or_default()
            .evolve(&event);
        let event = EventData::encode(&event).expect("it can be encoded");
        self.add(StreamId::dossier(run, phase), event);
    }

    pub(super) fn tell_run(&mut self, run: RunId, event: R) {
        self.runs.entry(run).or_default().evolve(&event);
        let event = EventData::encode(&event).expect("it can be encoded");
        self.add(StreamId::run(run), event);
    }

    fn add(&mut self, stream: StreamId, event: EventData) {
        let length = self.lengths.entry(stream.clone()).or_default();
        let after = *length;
        *length += 1;
        let by = match self.told.first() {
            Some(first) => first.by.clone(),
            None => self.person(),
        };
        self.told.push(Told {
            stream,
            after,
            event,
            by,
        });
    }

    fn versioned(&mut self, run: RunId) {
        let phases = [Phase::Scoping, Phase::TestReport];
        let phase = *phases.choose(&mut self.random).expect("not empty");
        let newest = self.dossier(run, phase).versions.last();
        match newest.map(|version| (version.number, version.status())) {
            Some((number, VersionStatus::Draft)) => self.draft(run, phase, number),
            Some((number, VersionStatus::PendingApproval)) => self.pending(run, phase, number),
            Some((number, _)) => self.revision(run, phase, number),
            None => self.create(run, phase, Origin::Initial),
        }
    }

    fn create(&mut self, run: RunId, phase: Phase, origin: Origin) {
        let version = self.dossier(run, phase).next_number();
        let by = self.person();
        let inputs = Vec::new();
        let created = D::VersionCreated {
            version,
            origin,
            inputs,
            by: by.clone(),
        };
        self.tell(run, phase, created);
        for number in 0..self.random.random_range(0..5) {
            let item = item(&format!("first/{number}"));
            if self.item(run, phase, version, &item).is_none() {
                let content = self.content();
                self.tell(
                    run,
                    phase,
                    D::ItemAdded {
                        version,
                        item,
                        content,
                        by: by.clone(),
                    },
                );
            }
        }
    }

    fn revision(&mut self, run: RunId, phase: Phase, parent: VersionNo) {
        if self.chance(20) {
            return self.create(run, phase, Origin::Revert { to: parent });
        }
        let policy = CarryForward::All;
        self.create(run, phase, Origin::Revision { parent, policy });
        let version = VersionNo(parent.0 + 1);
        let Some(old) = self.dossier(run, phase).version(parent).cloned() else {
            return;
        };
        for (id, it) in old.items {
            if self.item(run, phase, version, &id).is_some() || self.chance(30) {
                continue;
            }
            let locked = self.chance(30);
            let carried = D::ItemCarried {
                version,
                item: id,
                content: it.content,
                from: CarriedFrom {
                    version: parent,
                    why: "carried".into(),
                },
                tester: it.tester,
                report_owner: it.report_owner,
                locked,
            };
            self.tell(run, phase, carried);
        }
    }

    fn item(
        &mut self,
        run: RunId,
        phase: Phase,
        version: VersionNo,
        item: &ItemId,
    ) -> Option<(Option<Decision>, Option<Decision>)> {
        let found = self.dossier(run, phase).version(version)?.items.get(item)?;
        Some((found.tester.clone(), found.report_owner.clone()))
    }

    fn any_item(&mut self, run: RunId, phase: Phase, version: VersionNo) -> Option<ItemId> {
        let items: Vec<_> = self
            .dossier(run, phase)
            .version(version)?
            .items
            .keys()
            .cloned()
            .collect();
        items.choose(&mut self.random).cloned()
    }

    fn draft(&mut self, run: RunId, phase: Phase, version: VersionNo) {
        let by = self.person();
        let choice = self.random.random_range(0..12);
        if choice == 0 {
            return self.tell(run, phase, D::VersionSubmitted { version, by });
        }
        if choice <= 3 {
            let item = item(&format!("item/{}", self.random.random_range(0..12)));
            if self.item(run, phase, version, &item).is_none() {
                let content = self.content();
                let added = D::ItemAdded {
                    version,
                    item,
                    content,
                    by,
                };
                return self.tell(run, phase, added);
            }
        }
        let Some(item) = self.any_item(run, phase, version) else {
            return self.refuse(run, phase);
        };
        let reason = "it was wrong".to_owned();
        match choice {
            4 => {
                let content = self.content();
                let changed = D::ItemChanged {
                    version,
                    item,
                    content,
                    by,
                    reason,
                };
                self.tell(run, phase, changed);
            }
            5 => self.tell(
                run,
                phase,
                D::ItemRemoved {
                    version,
                    item,
                    by,
                    reason,
                },
            ),
            _ => self.decide(run, phase, version, item),
        }
    }

    fn decide(&mut self, run: RunId, phase: Phase, version: VersionNo, item: ItemId) {
        let level = if self.chance(60) {
            DecisionLevel::Tester
        } else {
            DecisionLevel::ReportOwner
        };
        let verdicts: &[Verdict] = match level {
            DecisionLevel::Tester => &[
                Verdict::Accept,
                Verdict::Decline,
                Verdict::OverrideIn,
                Verdict::OverrideOut,
            ],
            DecisionLevel::ReportOwner => {
                &[Verdict::Approve, Verdict::Reject, Verdict::RequestChanges]
            }
        };
        let verdict = *verdicts.choose(&mut self.random).expect("not empty");
        let (tester, owner) = self.item(run, phase, version, &item).unwrap_or_default();
        let standing = if level == DecisionLevel::Tester {
            tester
        } else {
            owner
        };
        let by = self.person();
        let reason = self.chance(50).then(|| "because".to_owned());
        let previous = standing.map(|decision| decision.verdict);
        let decided = D::ItemDecided {
            version,
            item,
            level,
            verdict,
            by,
            reason,
            previous,
        };
        self.tell(run, phase, decided);
    }

    fn pending(&mut self, run: RunId, phase: Phase, version: VersionNo) {
        let by = self.person();
        let reason = "not yet".to_owned();
        match self.random.random_range(0..8) {
            0 => self.tell(
                run,
                phase,
                D::VersionWithdrawn {
                    version,
                    by,
                    reason,
                },
            ),
            1 => {
                let requested_changes = vec!["more \"samples\"".to_owned()];
                let rejected = D::VersionRejected {
                    version,
                    by,
                    reason,
                    requested_changes,
                };
                self.tell(run, phase, rejected);
            }
            2 | 3 => {
                let earlier = self.dossier(run, phase).current().map(|it| it.number);
                let without_approval = self.chance(20).then(|| "nothing changed".to_owned());
                self.tell(
                    run,
                    phase,
                    D::VersionApproved {
                        version,
                        by,
                        without_approval,
                    },
                );
                if let Some(version_before) = earlier {
                    let superseded = D::VersionSuperseded {
                        version: version_before,
                        by_version: version,
                    };
                    self.tell(run, phase, superseded);
                }
            }
            _ => match self.any_item(run, phase, version) {
                Some(section) if phase == Phase::TestReport && self.chance(60) => {
                    self.sign(run, phase, version, section);
                }
                Some(item) => self.decide(run, phase, version, item),
                None => self.refuse(run, phase),
            },
        }
    }

    fn refuse(&mut self, run: RunId, phase: Phase) {
        let refused = D::AttemptRefused {
            command: "submit_version".into(),
            code: RejectionCode::FourEyes,
            message: "four eyes".into(),
            by: self.person(),
            role: Role::Tester,
        };
        self.tell(run, phase, refused);
    }

    fn content(&mut self) -> Content {
        Content::ScopeAttribute {
            attribute: item("attribute"),
            primary_key: self.chance(10),
            recommended: self.chance(50),
            rationale: format!("risk {}", self.random.random_range(0..100)),
        }
    }
}

/// A person's id.
pub fn person(name: &str) -> PersonId {
    PersonId::new(name).expect("a valid id")
}

/// An item's id.
pub fn item(name: &str) -> ItemId {
    ItemId::new(name).expect("a valid id")
}
