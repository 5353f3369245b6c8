//! Events as sentences for people.

use annal_core::dossier::DossierEvent as D;
use annal_core::item::DecisionLevel;
use annal_core::run::RunEvent as R;
use annal_core::run::event::TransitionKind;
use annal_core::version::Origin;

use crate::told::{content_line, word};

/// An event of a run as a sentence.
#[must_use]
pub fn run_sentence(who: &str, event: &R) -> String {
    match event {
        R::RunOpened(it) => format!(
            "{who} opened the run of {} {} by definition {}",
            it.report, it.cycle, it.definition.version
        ),
        R::PersonRegistered { person } => format!(
            "{who} registered {} as {}",
            person.name,
            word(&person.roles)
        ),
        R::PersonErased { person, reason, .. } => {
            format!("{who} erased the name of {person}: {reason}")
        }
        R::PhaseStarted { phase } => format!("phase {phase} started"),
        R::PhaseCompleted { phase } => format!("phase {phase} was completed"),
        R::PhaseSkipped { phase, why } => format!("phase {phase} was skipped: {why}"),
        R::PhaseReopened { phase, reason, .. } => format!("{who} reopened phase {phase}: {reason}"),
        R::PhaseConfirmed { phase, reason, .. } => {
            format!("{who} confirmed that {phase} stands as it is: {reason}")
        }
        R::PhaseMarkedStale { phase, because_of } => {
            format!("phase {phase} became stale because {because_of} was reopened")
        }
        R::TransitionTaken { from, to, kind } => transition(from, *to, kind),
        R::StepScheduled {
            step, role, due_at, ..
        } => {
            let waits = role.map_or_else(String::new, |role| format!(", waits for a {role}"));
            let due = due_at.map_or_else(String::new, |due| format!(" until {due}"));
            format!("step {step} was scheduled{waits}{due}")
        }
        R::StepStarted { step } => format!("step {step} started"),
        R::StepCompleted { step, outcome } => format!("step {step} ended: {outcome}"),
        R::StepFailed {
            step,
            attempt,
            error,
        } => format!("try {attempt} of step {step} failed: {error}"),
        R::StepSkipped { step, why } => format!("step {step} was skipped: {why}"),
        R::StepTimedOut { step, due_at } => format!("step {step} passed its deadline of {due_at}"),
        R::DefinitionChanged {
            from, to, reason, ..
        } => {
            format!(
                "{who} moved the run from definition {} to {}: {reason}",
                from.version, to.version
            )
        }
        R::AttemptRefused {
            command,
            message,
            by,
            role,
            ..
        } => refused(command, message, by.as_str(), role.name()),
        R::RunCompleted {} => "the run was completed".to_owned(),
        R::RunCancelled { reason, .. } => format!("{who} cancelled the run: {reason}"),
    }
}

fn transition(from: &[annal_core::Phase], to: annal_core::Phase, kind: &TransitionKind) -> String {
    let from: Vec<_> = from.iter().map(|phase| phase.name()).collect();
    let from = if from.is_empty() {
        "the start".to_owned()
    } else {
        from.join(" and ")
    };
    match kind {
        TransitionKind::Sequential {} => format!("the run went from {from} to {to}"),
        TransitionKind::ParallelFork {} => {
            format!("the run went from {from} to {to}, beside others")
        }
        TransitionKind::ParallelJoin {} => format!("the run went from {from}, all done, to {to}"),
        TransitionKind::Conditional {
            condition,
            result: true,
        } => {
            format!("the run went from {from} to {to}, because {condition}")
        }
        TransitionKind::Conditional {
            condition,
            result: false,
        } => {
            format!("the run went from {from} past {to}, because not {condition}")
        }
    }
}

/// An event of a dossier as a sentence.
#[must_use]
pub fn dossier_sentence(who: &str, event: &D) -> String {
    match event {
        D::PhaseBegun { phase, .. } => format!("{phase} began"),
        D::PhaseCompleted {} => "the phase was completed".to_owned(),
        D::PhaseSkipped { why } => format!("the phase was skipped: {why}"),
        D::PhaseReopened { reason, .. } => format!("{who} reopened the phase: {reason}"),
        D::PhaseConfirmed { reason, .. } => {
            format!("{who} confirmed that the phase stands as it is: {reason}")
        }
        D::DeputyActed { by, in_place_of } => {
            format!("{by} acted here in the place of {in_place_of} for the first time")
        }
        D::MarkedStale { because_of } => {
            format!("the phase became stale because {because_of} was reopened")
        }
        D::AttemptRefused {
            command,
            message,
            by,
            role,
            ..
        } => refused(command, message, by.as_str(), role.name()),
        D::ReminderSent { step, to, due_at } => {
            format!("a {to} was reminded of {step}, due {due_at}")
        }
        D::DeadlineEscalated {
            step,
            to,
            hours_past,
            ..
        } => {
            format!("{step}, {hours_past} hours past its deadline, went up to a {to}")
        }
        D::VersionCreated { .. }
        | D::VersionSubmitted { .. }
        | D::VersionWithdrawn { .. }
        | D::VersionApproved { .. }
        | D::VersionRejected { .. }
        | D::VersionSuperseded { .. } => version(who, event),
        D::ItemAdded { .. }
        | D::ItemCarried { .. }
        | D::ItemChanged { .. }
        | D::ItemRemoved { .. }
        | D::ItemDecided { .. }
        | D::SectionSigned { .. } => item(who, event),
        _ => trail(who, event),
    }
}

fn version(who: &str, event: &D) -> String {
    match event {
        D::VersionCreated {
            version, origin, ..
        } => match origin {
            Origin::Initial => format!("{who} made version {version}"),
            Origin::Revision { parent, policy } => {
                format!(
                    "{who} made version {version} as a revision of {parent} ({})",
                    policy.name()
                )
            }
            Origin::Revert { to } => {
                format!("{who} made version {version} with the contents of {to}")
            }
        },
        D::VersionSubmitted { version, .. } => format!("{who} submitted version {version}"),
        D::VersionWithdrawn {
            version, reason, ..
        } => format!("{who} took version {version} back: {reason}"),
        D::VersionApproved {
            version,
            without_approval: Some(condition),
            ..
        } => {
            format!("version {version} was approved without a person: {condition}")
        }
        D::VersionApproved { version, .. } => format!("{who} approved version {version}"),
        D::VersionRejected {
            version,
            reason,
            requested_changes,
            ..
        } => {
            let changes = requested_changes.join("; ");
            let asked = if changes.is_empty() {
                changes
            } else {
                format!(" (asked for: {changes})")
            };
            format!("{who} rejected version {version}: {reason}{asked}")
        }
        D::VersionSuperseded {
            version,
            by_version,
        } => format!("version {by_version} superseded version {version}"),
        _ => String::new(),
    }
}

fn item(who: &str, event: &D) -> String {
    match event {
        D::ItemAdded {
            version,
            item,
            content,
            ..
        } => {
            format!(
                "{who} put {item} into version {version}: {}",
                content_line(content)
            )
        }
        D::ItemCarried {
            version,
            item,
            from,
            locked,
            ..
        } => {
            let locked = if *locked { ", locked" } else { "" };
            format!(
                "{item} came along from version {} into version {version}{locked}: {}",
                from.version, from.why
            )
        }
        D::ItemChanged {
            version,
            item,
            content,
            reason,
            ..
        } => {
            format!(
                "{who} changed {item} of version {version} to {}: {reason}",
                content_line(content)
            )
        }
        D::ItemRemoved {
            version,
            item,
            reason,
            ..
        } => {
            format!("{who} took {item} out of version {version}: {reason}")
        }
        D::ItemDecided {
            version,
            item,
            level,
            verdict,
            reason,
            previous,
            ..
        } => {
            let instead =
                previous.map_or_else(String::new, |it| format!(" instead of {}", word(&it)));
            format!(
                "{who} decided {}{instead} on {item} of version {version} as {}{}",
                word(verdict),
                hand(*level),
                because(reason.as_ref())
            )
        }
        D::SectionSigned {
            version,
            section,
            signature,
        } => format!(
            "{} signed section {section} of version {version} as {} ({})",
            signature.printed_name,
            signature.role,
            word(&signature.meaning)
        ),
        _ => String::new(),
    }
}

fn trail(who: &str, event: &D) -> String {
    match event {
        D::OwnerAssigned {
            attribute,
            line_of_business,
            owner,
            ..
        } => {
            format!("{who} assigned {attribute} in {line_of_business} to {owner}")
        }
        D::OwnerReassigned {
            attribute,
            line_of_business,
            owner,
            previous,
            reason,
            ..
        } => {
            format!(
                "{who} reassigned {attribute} in {line_of_business} from {previous} to {owner}: {reason}"
            )
        }
        D::OwnerAcknowledged {
            attribute,
            line_of_business,
            owner,
        } => {
            format!("{owner} acknowledged {attribute} in {line_of_business}")
        }
        D::AssignmentEscalated {
            attribute,
            line_of_business,
            to,
            reason,
            ..
        } => {
            format!("{who} took {attribute} in {line_of_business} up to {to}: {reason}")
        }
        D::InformationRequested {
            request,
            owner,
            text,
            ..
        } => format!("{who} asked {owner} for evidence ({request}): {text}"),
        D::DocumentSubmitted { document, file, .. } => {
            format!("{who} submitted {document}: {}", file.name)
        }
        D::DocumentRevised {
            document,
            version,
            replaces,
            reason,
            ..
        } => {
            format!(
                "{who} replaced version {replaces} of {document} by version {version}: {reason}"
            )
        }
        D::DocumentReviewed {
            document,
            version,
            level,
            accepted,
            reason,
            ..
        } => {
            let verb = if *accepted { "accepted" } else { "sent back" };
            format!(
                "{who} {verb} version {version} of {document} as {}{}",
                hand(*level),
                because(reason.as_ref())
            )
        }
        D::TestExecuted {
            case,
            execution,
            outcome,
            reason,
            ..
        } => {
            format!(
                "{who} ran test {case} (execution {execution}): {}{}",
                word(outcome),
                because(reason.as_ref())
            )
        }
        D::TestReviewed {
            case,
            execution,
            accepted,
            reason,
            ..
        } => {
            let verb = if *accepted {
                "accepted"
            } else {
                "did not accept"
            };
            format!(
                "{who} {verb} execution {execution} of test {case}{}",
                because(reason.as_ref())
            )
        }
        _ => String::new(),
    }
}

fn refused(command: &str, message: &str, by: &str, role: &str) -> String {
    format!("{by} tried {command} as {role} and was refused: {message}")
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

const fn hand(level: DecisionLevel) -> &'static str {
    match level {
        DecisionLevel::Tester => "tester",
        DecisionLevel::ReportOwner => "report owner",
    }
}
