//! The life of a version: made, handed in, taken back, approved or rejected.

use super::{Asked, Decided, second_level};
use crate::condition::Condition;
use crate::definition::PhaseDef;
use crate::dossier::basis::Basis;
use crate::dossier::event::DossierEvent;
use crate::dossier::state::{Dossier, Version};
use crate::ids::VersionNo;
use crate::item::NewItem;
use crate::people::{Actor, Role};
use crate::phase::Phase;
use crate::rejection::{RefusedItem, Rejection, RejectionCode};
use crate::version::{CarryForward, Origin, VersionStatus};

impl Dossier {
    pub(super) fn create_version(
        &self,
        asked: &Asked<'_>,
        items: &[NewItem],
        basis: &Basis,
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&[plan.work, Role::Engine], "make a version")?;
        self.no_version_open()?;
        self.nothing_to_revise()?;
        if items.is_empty() {
            return Err(Rejection::new(
                RejectionCode::InvalidContent,
                format!("a first version of {} needs items", plan.phase),
            ));
        }
        let mut events = vec![self.created(asked, Origin::Initial, basis)];
        events.extend(self.added(asked, items, self.next_number(), None)?);
        Ok(events)
    }

    pub(super) fn revise(
        &self,
        asked: &Asked<'_>,
        policy: CarryForward,
        add: &[NewItem],
        basis: &Basis,
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&[plan.work, Role::Engine], "revise a version")?;
        self.no_version_open()?;
        let parent = self.versions.last().ok_or_else(|| {
            Rejection::new(
                RejectionCode::UnknownVersion,
                format!("{} has no version to revise yet", plan.phase),
            )
        })?;
        self.may_follow(parent, plan.phase)?;
        let carried = parent.items.values().filter(|it| it.comes_along(policy));
        self.first_pair_of_eyes(asked, carried, plan, "revise it")?;
        let origin = Origin::Revision {
            parent: parent.number,
            policy,
        };
        let mut events = vec![self.created(asked, origin, basis)];
        events.extend(parent.carry_forward(policy, self.next_number()));
        events.extend(self.added(asked, add, self.next_number(), Some((parent, policy)))?);
        Ok(events)
    }

    pub(super) fn revert(
        &self,
        asked: &Asked<'_>,
        to: VersionNo,
        basis: &Basis,
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&[plan.work], "revert to a version")?;
        self.no_version_open()?;
        let old = self.known(to)?;
        let newest = self.versions.last().unwrap_or(old);
        self.may_follow(newest, plan.phase)?;
        asked.due_reason("revert to an old version")?;
        let mut events = vec![self.created(asked, Origin::Revert { to }, basis)];
        events.extend(old.contents_for_revert(self.next_number()));
        Ok(events)
    }

    pub(super) fn submit(
        &self,
        asked: &Asked<'_>,
        version: Option<VersionNo>,
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&[plan.work], "submit a version")?;
        let version = self.in_status(version, VersionStatus::Draft, "submitted")?;
        self.first_pair_of_eyes(asked, version.items.values(), plan, "submit it")?;
        self.ready_to_submit(version, plan)?;
        let number = version.number;
        let mut events = vec![DossierEvent::VersionSubmitted {
            version: number,
            by: asked.person(),
        }];
        if let Some(condition) = self.approval_not_due(version, plan)? {
            events.extend(self.approved_events(version, Actor::engine().id, Some(condition)));
        }
        Ok(events)
    }

    pub(super) fn withdraw(&self, asked: &Asked<'_>, version: Option<VersionNo>) -> Decided {
        let version = self.in_status(version, VersionStatus::PendingApproval, "withdrawn")?;
        if version.submitter() != Some(&asked.actor.id) {
            return Err(Rejection::new(
                RejectionCode::RoleNotAllowed,
                format!(
                    "version {} was submitted by {}; only they can withdraw it",
                    version.number,
                    version
                        .submitter()
                        .map_or("nobody", crate::ids::PersonId::as_str)
                ),
            ));
        }
        let reason = asked.due_reason("withdraw a version")?;
        Ok(vec![DossierEvent::VersionWithdrawn {
            version: version.number,
            by: asked.person(),
            reason,
        }])
    }

    pub(super) fn approve(
        &self,
        asked: &Asked<'_>,
        version: Option<VersionNo>,
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&second_level(plan), "approve a version")?;
        if plan.phase == Phase::TestReport {
            return Err(Rejection::new(
                RejectionCode::NotInThisPhase,
                "a report is approved by its signatures, in order; sign its sections",
            ));
        }
        let version = self.in_status(version, VersionStatus::PendingApproval, "approved")?;
        self.second_pair_of_eyes(asked, version, "approve it")?;
        all_stand(version)?;
        Ok(self.approved_events(version, asked.person(), None))
    }

    pub(super) fn reject(
        &self,
        asked: &Asked<'_>,
        version: Option<VersionNo>,
        requested_changes: &[String],
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&second_level(plan), "reject a version")?;
        let version = self.in_status(version, VersionStatus::PendingApproval, "rejected")?;
        self.second_pair_of_eyes(asked, version, "reject it")?;
        let reason = asked.due_reason("reject a version")?;
        Ok(vec![DossierEvent::VersionRejected {
            version: version.number,
            by: asked.person(),
            reason,
            requested_changes: requested_changes.to_vec(),
        }])
    }

    /// The approval, and in the same breath the end of the version that stood so far: there is always a current one.
    pub(super) fn approved_events(
        &self,
        version: &Version,
        by: crate::ids::PersonId,
        without_approval: Option<String>,
    ) -> Vec<DossierEvent> {
        let mut events = vec![DossierEvent::VersionApproved {
            version: version.number,
            by,
            without_approval,
        }];
        events.extend(self.current().map(|old| DossierEvent::VersionSuperseded {
            version: old.number,
            by_version: version.number,
        }));
        events
    }

    /// The version meant (the newest, if none is named), which has to be in this status.
    pub(super) fn in_status(
        &self,
        number: Option<VersionNo>,
        due: VersionStatus,
        done: &str,
    ) -> Result<&Version, Rejection> {
        let version = match number {
            Some(number) => self.known(number)?,
            None => self.versions.last().ok_or_else(|| {
                Rejection::new(RejectionCode::UnknownVersion, "there is no version yet")
            })?,
        };
        if version.status() == due {
            return Ok(version);
        }
        Err(Rejection::new(
            RejectionCode::VersionClosed,
            format!(
                "version {} is {}; only one that is {} can be {done}",
                version.number,
                version.status().name(),
                due.name()
            ),
        ))
    }

    fn known(&self, number: VersionNo) -> Result<&Version, Rejection> {
        self.version(number).ok_or_else(|| {
            Rejection::new(
                RejectionCode::UnknownVersion,
                format!(
                    "there is no version {number}; the newest is {}",
                    self.versions.len()
                ),
            )
        })
    }

    fn no_version_open(&self) -> Result<(), Rejection> {
        match self.open_version() {
            None => Ok(()),
            Some(open) => Err(Rejection::new(
                RejectionCode::VersionOpen,
                format!(
                    "version {} is {}; a phase has one open version at most, so finish that one first",
                    open.number,
                    open.status().name()
                ),
            )),
        }
    }

    fn nothing_to_revise(&self) -> Result<(), Rejection> {
        match self.versions.last() {
            None => Ok(()),
            Some(last) => Err(Rejection::new(
                RejectionCode::VersionOpen,
                format!("version {} exists; revise it instead", last.number),
            )),
        }
    }

    /// A rejected version is answered by the next; an approved one only after the phase was reopened.
    fn may_follow(&self, last: &Version, phase: Phase) -> Result<(), Rejection> {
        let reopened = self.reopened_after == Some(last.number);
        if last.status() == VersionStatus::Rejected || reopened {
            return Ok(());
        }
        Err(Rejection::new(
            RejectionCode::VersionClosed,
            format!(
                "version {} is {} and stands; reopen {phase} to go beyond it",
                last.number,
                last.status().name()
            ),
        ))
    }

    fn created(&self, asked: &Asked<'_>, origin: Origin, basis: &Basis) -> DossierEvent {
        DossierEvent::VersionCreated {
            version: self.next_number(),
            origin,
            inputs: basis.inputs.clone(),
            by: asked.person(),
        }
    }

    fn ready_to_submit(&self, version: &Version, plan: &PhaseDef) -> Result<(), Rejection> {
        if version.items.is_empty() {
            return Err(Rejection::new(
                RejectionCode::Incomplete,
                format!("version {} has no items", version.number),
            ));
        }
        let signs = plan.phase == Phase::TestReport;
        let open: Vec<_> = version
            .items
            .iter()
            .filter(|(_, item)| match signs {
                true => !item.signatures.iter().any(|it| it.role == plan.work),
                false => item.waits_for_tester(),
            })
            .map(|(id, _)| refused(id, if signs { "not signed" } else { "not decided" }))
            .collect();
        none_open(open, "cannot be submitted", version.number)
    }

    /// The condition's text when it says that nobody has to approve this content. A version that answers another is a
    /// change in itself: a rejection is never overcome without a person.
    fn approval_not_due(
        &self,
        version: &Version,
        plan: &PhaseDef,
    ) -> Result<Option<String>, Rejection> {
        let Some(text) = &plan.approve_only_if else {
            return Ok(None);
        };
        if version.origin != Origin::Initial {
            return Ok(None);
        }
        let refuse = |error: crate::condition::ConditionError| {
            Rejection::new(RejectionCode::DefinitionRefused, error.to_string())
        };
        let condition = Condition::parse(text).map_err(refuse)?;
        let due = condition.holds(&version.facts()).map_err(refuse)?;
        Ok((!due).then(|| text.clone()))
    }
}

fn all_stand(version: &Version) -> Result<(), Rejection> {
    let open = version
        .items
        .iter()
        .filter(|(_, item)| !item.approved_on_both_levels() && !item.dropped_by_tester())
        .map(|(id, item)| {
            let why = match &item.report_owner {
                None => "not decided on the second level",
                Some(_) => "not approved on the second level",
            };
            refused(id, why)
        })
        .collect();
    none_open(
        open,
        "cannot be approved (decide the items, or reject the version)",
        version.number,
    )
}

fn none_open(open: Vec<RefusedItem>, what: &str, version: VersionNo) -> Result<(), Rejection> {
    if open.is_empty() {
        return Ok(());
    }
    Err(Rejection::of_items(
        RejectionCode::Incomplete,
        format!("version {version} {what}: {} items are open", open.len()),
        open,
    ))
}

fn refused(item: &crate::ids::ItemId, why: &str) -> RefusedItem {
    RefusedItem {
        item: item.to_string(),
        why: why.to_owned(),
    }
}
