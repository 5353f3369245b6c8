//! Where a phase stands and what waits for whom: derived from the state, never stored.

use serde::{Deserialize, Serialize};

use super::basis::Basis;
use super::decide::{next_to_sign, second_level, sign_off_order};
use super::state::{Dossier, DossierStatus, Review, Version};
use crate::definition::PhaseDef;
use crate::ids::{ItemId, PersonId, TestCaseId};
use crate::people::Role;
use crate::phase::{Phase, PhaseKind};
use crate::version::VersionStatus;

/// What has to happen next in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Stage {
    /// Nothing happened yet.
    NotBegun,
    /// The engine makes the first draft.
    Prepare,
    /// People work: on the draft, or on the trail.
    Work,
    /// A version waits for its approval.
    Approve,
    /// A rejected version waits for its revision.
    Revise,
    /// All is done; the engine may complete the phase.
    Ready,
    /// Completed or skipped.
    Closed,
}

/// What a person has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Action {
    /// Decide on items.
    Decide,
    /// Hand the draft in.
    Submit,
    /// Approve or reject the version.
    Approve,
    /// Make a revision of the rejected version.
    Revise,
    /// Name the owners.
    AssignOwners,
    /// Agree to own.
    Acknowledge,
    /// Ask the owners for evidence.
    RequestInformation,
    /// Hand evidence in.
    SubmitDocument,
    /// Hand in a new version of what was sent back.
    ReviseDocument,
    /// Look at evidence.
    ReviewDocument,
    /// Run test cases.
    ExecuteTests,
    /// Look at results.
    ReviewTests,
    /// Sign sections.
    Sign,
    /// Confirm that a phase stands although something that it rests on was reopened, or reopen it too.
    Confirm,
}

/// Something that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Awaited {
    /// In which role it is done.
    pub role: Role,
    /// By whom, where only one person can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What.
    pub action: Action,
    /// On what: `version 2`, a request, a document …
    pub subject: String,
    /// On how many things.
    pub count: usize,
}

impl Dossier {
    /// What has to happen next.
    #[must_use]
    pub fn stage(&self, basis: &Basis, plan: &PhaseDef) -> Stage {
        match self.status {
            DossierStatus::NotBegun => Stage::NotBegun,
            DossierStatus::Completed | DossierStatus::Skipped => Stage::Closed,
            DossierStatus::Open if self.goal_reached(basis, plan) => Stage::Ready,
            DossierStatus::Open if plan.phase.kind() == PhaseKind::Audited => Stage::Work,
            DossierStatus::Open => match self.versions.last().map(Version::status) {
                None => Stage::Prepare,
                Some(VersionStatus::Draft) => Stage::Work,
                Some(VersionStatus::PendingApproval) => Stage::Approve,
                Some(_) => Stage::Revise,
            },
        }
    }

    /// Whether the phase has what it is there for.
    #[must_use]
    pub fn goal_reached(&self, basis: &Basis, plan: &PhaseDef) -> bool {
        // Somebody wanted to change something here: it is not done before that happened.
        if self.reopened_untouched {
            return false;
        }
        match plan.phase {
            Phase::DataOwnerId => {
                self.unassigned(basis).is_empty() && self.waiting_assignments(&[]).is_empty()
            }
            Phase::RequestInfo => {
                self.unrequested(basis).is_empty() && self.awaited_evidence().is_empty()
            }
            Phase::TestExecution => {
                self.unexecuted(basis).is_empty() && self.unreviewed().is_empty()
            }
            _ => self
                .versions
                .last()
                .is_some_and(|last| last.status() == VersionStatus::Approved),
        }
    }

    /// What waits for whom.
    #[must_use]
    pub fn awaiting(&self, basis: &Basis, plan: &PhaseDef) -> Vec<Awaited> {
        match self.stage(basis, plan) {
            Stage::NotBegun | Stage::Prepare | Stage::Ready | Stage::Closed => Vec::new(),
            Stage::Revise => self
                .versions
                .last()
                .map(|last| awaited(plan.work, Action::Revise, version_name(last), 1))
                .into_iter()
                .collect(),
            Stage::Approve => self.awaiting_second_level(plan),
            Stage::Work => match plan.phase {
                Phase::DataOwnerId => self.or_reopened(self.awaiting_owners(basis), plan),
                Phase::RequestInfo => self.or_reopened(self.awaiting_evidence(basis), plan),
                Phase::TestExecution => self.or_reopened(self.awaiting_tests(basis), plan),
                _ => self.awaiting_first_level(plan),
            },
        }
    }

    /// A trail that was complete before it was reopened still waits for what it was reopened for.
    fn or_reopened(&self, awaited_now: Vec<Awaited>, plan: &PhaseDef) -> Vec<Awaited> {
        if !awaited_now.is_empty() {
            return awaited_now;
        }
        let (role, action) = match plan.phase {
            Phase::DataOwnerId => (Role::Tester, Action::AssignOwners),
            Phase::RequestInfo => (Role::DataOwner, Action::ReviseDocument),
            _ => (Role::Tester, Action::ExecuteTests),
        };
        vec![awaited(role, action, "what was reopened".to_owned(), 1)]
    }

    fn awaiting_first_level(&self, plan: &PhaseDef) -> Vec<Awaited> {
        let Some(draft) = self.versions.last() else {
            return Vec::new();
        };
        let items = draft.items.values();
        let (action, open) = if plan.phase == Phase::TestReport {
            let unsigned = |item: &&_| next_to_sign(item, &[plan.work]).is_some();
            (Action::Sign, items.filter(unsigned).count())
        } else {
            let undecided = items.filter(|item| item.waits_for_tester());
            (Action::Decide, undecided.count())
        };
        let name = version_name(draft);
        vec![match open {
            0 => awaited(plan.work, Action::Submit, name, 1),
            _ => awaited(plan.work, action, name, open),
        }]
    }

    fn awaiting_second_level(&self, plan: &PhaseDef) -> Vec<Awaited> {
        let Some(pending) = self.versions.last() else {
            return Vec::new();
        };
        let items = pending.items.values();
        if plan.phase == Phase::TestReport {
            let order = sign_off_order(plan);
            let next = |role: Role| {
                let waits = |item: &&_| next_to_sign(item, &order) == Some(role);
                let count = items.clone().filter(waits).count();
                (count > 0).then(|| awaited(role, Action::Sign, version_name(pending), count))
            };
            return plan.approve.iter().copied().filter_map(next).collect();
        }
        let waits = |item: &&super::state::Item| {
            !item.locked && item.report_owner.is_none() && !item.dropped_by_tester()
        };
        let open = items.filter(waits).count();
        let action = if open > 0 {
            Action::Decide
        } else {
            Action::Approve
        };
        let role = second_level(plan).first().copied();
        let role = role.unwrap_or(Role::ReportOwner);
        vec![awaited(role, action, version_name(pending), open.max(1))]
    }

    fn awaiting_owners(&self, basis: &Basis) -> Vec<Awaited> {
        let missing = self.unassigned(basis).len();
        let mut all = Vec::new();
        if missing > 0 {
            let subject = "attributes without an owner".to_owned();
            all.push(awaited(
                Role::Tester,
                Action::AssignOwners,
                subject,
                missing,
            ));
        }
        let mut counts = std::collections::BTreeMap::<&PersonId, usize>::new();
        for (_, _, assignment) in self.waiting_assignments(&[]) {
            *counts.entry(&assignment.owner).or_default() += 1;
        }
        all.extend(counts.into_iter().map(|(owner, count)| Awaited {
            person: Some(owner.clone()),
            ..awaited(
                Role::DataOwner,
                Action::Acknowledge,
                "assignments".to_owned(),
                count,
            )
        }));
        all
    }

    fn awaiting_evidence(&self, basis: &Basis) -> Vec<Awaited> {
        let missing = self.unrequested(basis);
        let mut all = Vec::new();
        if !missing.is_empty() {
            let subject = "attributes without a request".to_owned();
            let action = Action::RequestInformation;
            all.push(awaited(Role::Tester, action, subject, missing.len()));
        }
        all.extend(self.awaited_evidence());
        all
    }

    fn awaiting_tests(&self, basis: &Basis) -> Vec<Awaited> {
        let of = |action, subject: &str, count: usize| {
            (count > 0).then(|| awaited(Role::Tester, action, subject.to_owned(), count))
        };
        let execute = self.unexecuted(basis).len();
        let review = self.unreviewed().len();
        [
            of(Action::ExecuteTests, "test cases", execute),
            of(Action::ReviewTests, "results", review),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Attributes × lines of business that have no owner.
    #[must_use]
    pub fn unassigned(&self, basis: &Basis) -> Vec<(ItemId, String)> {
        let has = |attribute: &ItemId, line: &String| {
            self.assignments
                .get(attribute)
                .is_some_and(|lines| lines.contains_key(line))
        };
        basis
            .attributes
            .iter()
            .flat_map(|attribute| {
                basis
                    .lines_of_business
                    .iter()
                    .map(move |line| (attribute, line))
            })
            .filter(|(attribute, line)| !has(attribute, line))
            .map(|(attribute, line)| (attribute.clone(), line.clone()))
            .collect()
    }

    /// Attributes of an owner that no request to them names.
    #[must_use]
    pub fn unrequested(&self, basis: &Basis) -> Vec<(PersonId, ItemId)> {
        let asked = |owner: &PersonId, attribute: &ItemId| {
            self.requests
                .values()
                .any(|it| it.owner == *owner && it.attributes.contains(attribute))
        };
        basis
            .attributes_by_owner()
            .into_iter()
            .flat_map(|(owner, attributes)| attributes.into_iter().map(move |it| (owner, it)))
            .filter(|(owner, attribute)| !asked(owner, attribute))
            .map(|(owner, attribute)| (owner.clone(), attribute.clone()))
            .collect()
    }

    /// Requests without an answer and documents whose review is not through.
    fn awaited_evidence(&self) -> Vec<Awaited> {
        let mut all = Vec::new();
        for (id, request) in &self.requests {
            if !self.documents.values().any(|it| it.request == *id) {
                all.push(Awaited {
                    person: Some(request.owner.clone()),
                    ..awaited(Role::DataOwner, Action::SubmitDocument, id.to_string(), 1)
                });
            }
        }
        for (id, document) in &self.documents {
            let (role, action) = match document.review {
                Review::Submitted => (Role::Tester, Action::ReviewDocument),
                Review::TesterAccepted { .. } => (Role::ReportOwner, Action::ReviewDocument),
                Review::SentBack => (Role::DataOwner, Action::ReviseDocument),
                Review::Accepted => continue,
            };
            let person = (role == Role::DataOwner).then(|| document.submitted_by.clone());
            all.push(Awaited {
                person,
                ..awaited(role, action, id.to_string(), 1)
            });
        }
        all
    }

    /// Samples × attributes that wait to be run, for the first time or again.
    #[must_use]
    pub fn unexecuted(&self, basis: &Basis) -> Vec<(ItemId, ItemId)> {
        let done = |sample: &ItemId, attribute: &ItemId| {
            self.tests
                .get(&TestCaseId::of(sample, attribute))
                .is_some_and(|case| case.accepted != Some(false))
        };
        basis
            .samples
            .iter()
            .flat_map(|sample| basis.attributes.iter().map(move |it| (sample, it)))
            .filter(|(sample, attribute)| !done(sample, attribute))
            .map(|(sample, attribute)| (sample.clone(), attribute.clone()))
            .collect()
    }

    /// Results that nobody looked at.
    #[must_use]
    pub fn unreviewed(&self) -> Vec<&TestCaseId> {
        self.tests
            .iter()
            .filter(|(_, case)| case.accepted.is_none())
            .map(|(id, _)| id)
            .collect()
    }
}

fn awaited(role: Role, action: Action, subject: String, count: usize) -> Awaited {
    Awaited {
        role,
        person: None,
        action,
        subject,
        count,
    }
}

fn version_name(version: &Version) -> String {
    format!("version {}", version.number)
}
