//! From the words of the command line to an act: one function for each command.

use annal_core::dossier::command::{OwnerAssignment, SectionSignature};
use annal_core::dossier::state::Version;
use annal_core::dossier::{
    Dossier, DossierCommand as C, content_hash, next_to_sign, sign_off_order,
};
use annal_core::item::{DecisionLevel, ItemVerdict};
use annal_core::run::RunCommand;
use annal_core::version::VersionStatus;
use annal_core::{Case, ItemId, Phase, Role, TestCaseId};
use annal_flow::Act;

use crate::args::{
    AcknowledgeArgs, AssignArgs, DecideArgs, EscalateArgs, OnVersion, PhaseArg, RejectArgs,
    RequestArgs, ReviseArgs, SignArgs,
};
use crate::error::CliError;

fn on(phase: Phase, command: C) -> Act {
    Act::Dossier { phase, command }
}

/// The version meant, or the newest.
fn meant<'a>(dossier: &'a Dossier, version: &PhaseArg) -> Option<&'a Version> {
    match version.version {
        Some(number) => dossier.version(number),
        None => dossier.versions.last(),
    }
}

pub(crate) fn decide(case: &Case, args: &DecideArgs) -> Act {
    let phase = args.version.phase;
    let dossier = case.dossier(phase);
    let version = meant(&dossier, &args.version);
    let pending = version.map(Version::status) == Some(VersionStatus::PendingApproval);
    let level = match args.level {
        Some(level) => level.into(),
        None if pending => DecisionLevel::ReportOwner,
        None => DecisionLevel::Tester,
    };
    let named = args.decisions.iter().map(|it| ItemVerdict {
        item: it.item.clone(),
        verdict: it.verdict,
    });
    let mut decisions: Vec<_> = named.collect();
    if let (Some(verdict), Some(version)) = (args.rest, version) {
        let open = version.items.iter().filter(|(id, item)| {
            let undecided = !item.locked && item.verdict_at(level).is_none();
            undecided && !args.decisions.iter().any(|it| it.item == **id)
        });
        let rest = open.map(|(id, _)| ItemVerdict {
            item: id.clone(),
            verdict,
        });
        decisions.extend(rest);
    }
    let version = args.version.version;
    let command = C::Decide {
        version,
        level,
        decisions,
    };
    on(phase, command)
}

pub(crate) fn submit(args: &OnVersion) -> Act {
    let version = args.version.version;
    on(args.version.phase, C::Submit { version })
}

pub(crate) fn withdraw(args: &OnVersion) -> Act {
    let version = args.version.version;
    on(args.version.phase, C::Withdraw { version })
}

pub(crate) fn approve(args: &OnVersion) -> Act {
    let version = args.version.version;
    on(args.version.phase, C::Approve { version })
}

pub(crate) fn reject(args: &RejectArgs) -> Act {
    let command = C::Reject {
        version: args.on.version.version,
        requested_changes: args.requested_changes.clone(),
    };
    on(args.on.version.phase, command)
}

pub(crate) fn revise(args: &ReviseArgs) -> Act {
    Act::Revise {
        phase: args.phase.phase,
        policy: args.policy.into(),
        draw: args.draw,
        add: Vec::new(),
    }
}

pub(crate) fn reopen(phase: Phase) -> Act {
    Act::Run(RunCommand::ReopenPhase { phase })
}

pub(crate) fn confirm(phase: Phase) -> Act {
    Act::Run(RunCommand::ConfirmPhase { phase })
}

pub(crate) fn on_items(phase: Phase, command: C) -> Act {
    on(phase, command)
}

pub(crate) fn escalate(args: &EscalateArgs) -> Act {
    let command = C::EscalateOwnership {
        attributes: args.attributes.clone(),
        to: args.to.clone(),
    };
    on(Phase::DataOwnerId, command)
}

pub(crate) fn revert(args: &crate::args::RevertArgs) -> Act {
    on(args.phase.phase, C::Revert { to: args.to })
}

pub(crate) fn assign(case: &Case, args: &AssignArgs) -> Result<Act, CliError> {
    let phase = Phase::DataOwnerId;
    let basis = case.basis(phase);
    let lines = match &args.line {
        Some(line) => vec![line.clone()],
        None => basis.lines_of_business.clone(),
    };
    let pairs: Vec<(ItemId, String)> = if args.attributes.is_empty() {
        let open = case.dossier(phase).unassigned(&basis).into_iter();
        open.filter(|(_, line)| lines.contains(line)).collect()
    } else {
        let with_lines = |it: &ItemId| {
            lines
                .iter()
                .map(|line| (it.clone(), line.clone()))
                .collect()
        };
        args.attributes
            .iter()
            .flat_map::<Vec<_>, _>(with_lines)
            .collect()
    };
    if pairs.is_empty() {
        return Err(CliError::Usage(
            "every attribute has an owner; name those to reassign with --attribute".to_owned(),
        ));
    }
    let assigned = |(attribute, line_of_business)| OwnerAssignment {
        attribute,
        line_of_business,
        owner: args.owner.clone(),
    };
    let assignments = pairs.into_iter().map(assigned).collect();
    Ok(on(phase, C::AssignOwners { assignments }))
}

pub(crate) fn acknowledge(args: &AcknowledgeArgs) -> Act {
    let attributes = args.attributes.clone();
    let command = C::AcknowledgeOwnership { attributes };
    on(Phase::DataOwnerId, command)
}

pub(crate) fn request(case: &Case, args: &RequestArgs) -> Act {
    let phase = Phase::RequestInfo;
    let attributes = if args.attributes.is_empty() {
        let open = case.dossier(phase).unrequested(&case.basis(phase));
        let theirs = open.into_iter().filter(|(owner, _)| *owner == args.owner);
        theirs.map(|(_, attribute)| attribute).collect()
    } else {
        args.attributes.clone()
    };
    let command = C::RequestInformation {
        request: args.id.clone(),
        owner: args.owner.clone(),
        attributes,
        text: args.text.clone(),
    };
    on(phase, command)
}

pub(crate) fn document(command: C) -> Act {
    on(Phase::RequestInfo, command)
}

pub(crate) fn execute_tests(cases: &[TestCaseId]) -> Act {
    let cases = cases.to_vec();
    Act::ExecuteTests { cases }
}

pub(crate) fn review_tests(cases: &[TestCaseId], accept: bool) -> Act {
    let cases = cases.to_vec();
    let command = C::ReviewTests { cases, accept };
    on(Phase::TestExecution, command)
}

pub(crate) fn sign(case: &Case, args: &SignArgs) -> Result<Act, CliError> {
    let phase = Phase::TestReport;
    let no_version = || CliError::NotFound("the report has no open version to sign".to_owned());
    let plan = case.definition.phase(phase).ok_or_else(no_version)?;
    let order = sign_off_order(plan);
    let dossier = case.dossier(phase);
    let version = dossier.open_version().ok_or_else(no_version)?;
    let held = case.run.person(&args.who.person).map(|it| &it.roles);
    let role = args.who.role.or_else(|| {
        let holds = |role: &Role| held.is_some_and(|held| held.contains(role));
        order.iter().copied().find(holds)
    });
    let chosen = |id: &ItemId, item: &annal_core::dossier::state::Item| match &args.sections[..] {
        [] => role.is_none() || next_to_sign(item, &order) == role,
        sections => sections.contains(id),
    };
    let signed = version.items.iter().filter(|(id, item)| chosen(id, item));
    let sections = signed.map(|(section, item)| SectionSignature {
        section: section.clone(),
        content_hash: content_hash(&item.content),
        meaning: args.meaning.into(),
    });
    let mut sections: Vec<_> = sections.collect();
    // A section that is not there is for the rules to refuse, by name.
    for section in &args.sections {
        if !version.items.contains_key(section) {
            sections.push(SectionSignature {
                section: section.clone(),
                content_hash: String::new(),
                meaning: args.meaning.into(),
            });
        }
    }
    Ok(on(phase, C::Sign { sections }))
}
