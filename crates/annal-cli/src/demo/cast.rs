//! The scripted people of the demo: what each does when something waits for them. Each turn goes the way of a real
//! person's: an update to the running workflow.

use annal_core::case::Waiting;
use annal_core::dossier::command::{OwnerAssignment, SectionSignature};
use annal_core::dossier::event::Meaning;
use annal_core::dossier::state::{Item, Version};
use annal_core::dossier::{
    Action, DossierCommand as C, content_hash, next_to_sign, sign_off_order,
};
use annal_core::item::{Content, DecisionLevel, ItemVerdict, Verdict};
use annal_core::run::RunCommand;
use annal_core::version::CarryForward;
use annal_core::{Case, ItemId, PersonId, Phase, Role, VersionNo};
use annal_flow::Act;

use super::evidence::Archive;
use crate::error::CliError;

/// One act of one person.
pub(super) struct Turn {
    pub(super) person: PersonId,
    pub(super) role: Role,
    pub(super) reason: Option<&'static str>,
    pub(super) act: Act,
    /// What they do, in words.
    pub(super) telling: String,
}

const TESTER: &str = "ana";
const SECOND_TESTER: &str = "ben";
const OWNER: &str = "olga";
const EXECUTIVE: &str = "ed";
const DATA_OWNERS: [&str; 2] = ["dora", "dan"];

/// What is done about something that waits.
pub(super) async fn turn(
    case: &Case,
    waiting: &Waiting,
    archive: &Archive<'_>,
) -> Result<Turn, CliError> {
    let phase = waiting.phase;
    let awaited = &waiting.awaited;
    let second = awaited.role != Role::Tester;
    let dossier = case.dossier(phase);
    let newest = dossier.versions.last();
    let turn = match awaited.action {
        Action::Decide if second => second_level(phase, newest),
        Action::Decide => first_level(phase, newest),
        Action::Submit => {
            let line = format!("submits {}", awaited.subject);
            by(
                TESTER,
                Role::Tester,
                phase,
                C::Submit { version: None },
                line,
            )
        }
        Action::Approve => approve_or_reject(phase, newest),
        Action::Revise => revise(phase),
        Action::AssignOwners => assign(case),
        Action::Acknowledge => {
            let attributes = Vec::new();
            let line = format!("acknowledges {} assignments", awaited.count);
            let command = C::AcknowledgeOwnership { attributes };
            by(who(waiting), Role::DataOwner, phase, command, line)
        }
        Action::RequestInformation => request(case)?,
        Action::SubmitDocument => submit_document(case, waiting, archive).await?,
        Action::ReviseDocument => revise_document(case, waiting, archive).await?,
        Action::ReviewDocument => review_document(case, waiting)?,
        Action::ExecuteTests => Turn {
            person: person(TESTER),
            role: Role::Tester,
            reason: None,
            act: Act::ExecuteTests { cases: Vec::new() },
            telling: format!("executes {} test cases", awaited.count),
        },
        Action::ReviewTests => {
            let command = C::ReviewTests {
                cases: Vec::new(),
                accept: true,
            };
            let line = format!("reviews {} results", awaited.count);
            by(SECOND_TESTER, Role::Tester, phase, command, line)
        }
        Action::Sign => sign(case, awaited.role),
        Action::Confirm => confirm(phase),
    };
    Ok(turn)
}

fn person(name: &str) -> PersonId {
    name.parse().expect("a name of the cast is an id")
}

fn who(waiting: &Waiting) -> &str {
    let named = waiting.awaited.person.as_ref();
    named.map_or(DATA_OWNERS[0], PersonId::as_str)
}

fn by(name: &str, role: Role, phase: Phase, command: C, telling: String) -> Turn {
    Turn {
        person: person(name),
        role,
        reason: None,
        act: Act::Dossier { phase, command },
        telling,
    }
}

fn because(reason: &'static str, turn: Turn) -> Turn {
    let reason = Some(reason);
    Turn { reason, ..turn }
}

/// The items without a decision at a level, with the verdict that the person of this level means to take.
fn undecided(
    version: Option<&Version>,
    level: DecisionLevel,
    verdict: impl Fn(usize, &Item) -> Verdict,
) -> Vec<ItemVerdict> {
    let items = version
        .into_iter()
        .flat_map(|it| it.items.iter().enumerate());
    items
        .filter(|(_, (_, item))| !item.locked && item.verdict_at(level).is_none())
        .map(|(index, (id, item))| ItemVerdict {
            item: id.clone(),
            verdict: verdict(index, item),
        })
        .collect()
}

/// All with the verdict of the first: one command has one reason.
fn alike(mut decisions: Vec<ItemVerdict>) -> (Verdict, Vec<ItemVerdict>) {
    let verdict = decisions.first().map_or(Verdict::Approve, |it| it.verdict);
    decisions.retain(|it| it.verdict == verdict);
    (verdict, decisions)
}

fn first_level(phase: Phase, version: Option<&Version>) -> Turn {
    let level = DecisionLevel::Tester;
    let overridden = version.and_then(first_not_recommended);
    let scope = |id: usize, item: &Item| match &item.content {
        Content::ScopeAttribute {
            primary_key,
            recommended,
            ..
        } => match (primary_key, recommended) {
            (true, _) | (_, true) => Verdict::Accept,
            _ if Some(id) == overridden => Verdict::OverrideIn,
            _ => Verdict::Decline,
        },
        _ => Verdict::Approve,
    };
    let decisions = match phase {
        Phase::Planning => undecided(version, level, |_, _| Verdict::Include),
        _ => undecided(version, level, scope),
    };
    let (verdict, decisions) = alike(decisions);
    let line = format!("{} {} items", done(verdict), decisions.len());
    let command = C::Decide {
        version: None,
        level,
        decisions,
    };
    let turn = by(TESTER, Role::Tester, phase, command, line);
    match verdict {
        Verdict::OverrideIn => because("asked about by the supervisor in the last cycle", turn),
        _ => turn,
    }
}

fn first_not_recommended(version: &Version) -> Option<usize> {
    version.items.values().position(|item| {
        matches!(
            item.content,
            Content::ScopeAttribute {
                recommended: false,
                primary_key: false,
                ..
            }
        )
    })
}

/// The report owner finds every fifth of the first samples not telling, and agrees with everything else.
fn second_level(phase: Phase, version: Option<&Version>) -> Turn {
    let first_samples =
        phase == Phase::SampleSelection && version.is_some_and(|it| it.number == VersionNo(1));
    let verdict = |index: usize, _: &Item| match first_samples && index % 5 == 4 {
        true => Verdict::Reject,
        false => Verdict::Approve,
    };
    let level = DecisionLevel::ReportOwner;
    let (verdict, decisions) = alike(undecided(version, level, verdict));
    let line = format!("{} {} items", done(verdict), decisions.len());
    let command = C::Decide {
        version: None,
        level,
        decisions,
    };
    let turn = by(OWNER, Role::ReportOwner, phase, command, line);
    match verdict {
        Verdict::Reject => because("tells nothing that its neighbours do not tell", turn),
        _ => turn,
    }
}

fn approve_or_reject(phase: Phase, version: Option<&Version>) -> Turn {
    let rejected =
        |item: &Item| item.verdict_at(DecisionLevel::ReportOwner) == Some(Verdict::Reject);
    let rejected = version.map_or(0, |it| it.items.values().filter(|it| rejected(it)).count());
    let number = version.map_or(0, |it| it.number.0);
    if rejected == 0 {
        let command = C::Approve { version: None };
        let line = format!("approves version {number}");
        return by(OWNER, Role::ReportOwner, phase, command, line);
    }
    let command = C::Reject {
        version: None,
        requested_changes: vec!["10 more samples in place of those rejected".to_owned()],
    };
    let line = format!("rejects version {number} and asks for 10 more samples");
    let turn = by(OWNER, Role::ReportOwner, phase, command, line);
    because("a fifth of the samples tells nothing new", turn)
}

fn revise(phase: Phase) -> Turn {
    let draw = if phase == Phase::SampleSelection {
        10
    } else {
        0
    };
    Turn {
        person: person(TESTER),
        role: Role::Tester,
        reason: Some("as the report owner asked"),
        act: Act::Revise {
            phase,
            policy: CarryForward::ApprovedOnly,
            draw,
            add: Vec::new(),
        },
        telling: format!("revises it: what was approved comes along, {draw} are drawn"),
    }
}

/// Lines of business go to the data owners in turn.
fn assign(case: &Case) -> Turn {
    let phase = Phase::DataOwnerId;
    let basis = case.basis(phase);
    let owner_of = |line: &String| {
        let index = basis.lines_of_business.iter().position(|it| it == line);
        person(DATA_OWNERS[index.unwrap_or(0) % DATA_OWNERS.len()])
    };
    let open = case.dossier(phase).unassigned(&basis).into_iter();
    let assignments: Vec<_> = open
        .map(|(attribute, line)| OwnerAssignment {
            owner: owner_of(&line),
            attribute,
            line_of_business: line,
        })
        .collect();
    let line = format!(
        "assigns owners to {} attributes by line of business",
        assignments.len()
    );
    let command = C::AssignOwners { assignments };
    by(TESTER, Role::Tester, phase, command, line)
}

fn request(case: &Case) -> Result<Turn, CliError> {
    let phase = Phase::RequestInfo;
    let open = case.dossier(phase).unrequested(&case.basis(phase));
    let owner = open.first().map(|(owner, _)| owner.clone());
    let owner = owner.unwrap_or_else(|| person(DATA_OWNERS[0]));
    let theirs = open.into_iter().filter(|(it, _)| *it == owner);
    let attributes: Vec<ItemId> = theirs.map(|(_, attribute)| attribute).collect();
    let line = format!(
        "asks {owner} for the source values of {} attributes",
        attributes.len()
    );
    let command = C::RequestInformation {
        request: named(&format!("request-{owner}"))?,
        owner,
        attributes,
        text: "Values of the approved samples as your source system holds them, as CSV.".to_owned(),
    };
    Ok(by(TESTER, Role::Tester, phase, command, line))
}

async fn submit_document(
    case: &Case,
    waiting: &Waiting,
    archive: &Archive<'_>,
) -> Result<Turn, CliError> {
    let owner = who(waiting);
    let request = named(&waiting.awaited.subject)?;
    let first = owner == first_owner(case);
    let file = archive.extract(case, &request, first).await?;
    let line = format!("hands in {} ({} bytes)", file.name, file.bytes);
    let command = C::SubmitDocument {
        document: named(&format!("extract-{owner}"))?,
        request,
        file,
    };
    Ok(by(owner, Role::DataOwner, waiting.phase, command, line))
}

async fn revise_document(
    case: &Case,
    waiting: &Waiting,
    archive: &Archive<'_>,
) -> Result<Turn, CliError> {
    let document = named(&waiting.awaited.subject)?;
    let dossier = case.dossier(waiting.phase);
    let request = dossier
        .documents
        .get(&document)
        .map(|it| it.request.clone());
    let request = request.ok_or_else(|| CliError::NotFound(format!("no document {document}")))?;
    let file = archive.extract(case, &request, false).await?;
    let line = format!("revises {document} with {}", file.name);
    let command = C::ReviseDocument { document, file };
    let turn = by(who(waiting), Role::DataOwner, waiting.phase, command, line);
    Ok(because("the first extract stopped half-way", turn))
}

/// The first owner's first extract is incomplete; the tester sees that.
fn review_document(case: &Case, waiting: &Waiting) -> Result<Turn, CliError> {
    let document = named(&waiting.awaited.subject)?;
    let dossier = case.dossier(waiting.phase);
    let newest = dossier.documents.get(&document);
    let incomplete = newest.is_some_and(|it| {
        it.version == VersionNo(1) && it.submitted_by.as_str() == first_owner(case)
    });
    let (name, level) = match waiting.awaited.role {
        Role::Tester => (TESTER, DecisionLevel::Tester),
        _ => (OWNER, DecisionLevel::ReportOwner),
    };
    let accept = !(incomplete && level == DecisionLevel::Tester);
    let line = match accept {
        true => format!("accepts {document}"),
        false => format!("sends {document} back"),
    };
    let command = C::ReviewDocument {
        document,
        level,
        accept,
    };
    let turn = by(name, waiting.awaited.role, waiting.phase, command, line);
    Ok(match accept {
        true => turn,
        false => because("half of the samples are missing", turn),
    })
}

/// The owner whose request came first.
fn first_owner(case: &Case) -> String {
    let dossier = case.dossier(Phase::RequestInfo);
    let first = dossier.requests.values().next();
    first.map_or_else(|| DATA_OWNERS[0].to_owned(), |it| it.owner.to_string())
}

/// Nothing is reopened in the script; somebody who does so in another terminal is not left waiting.
fn confirm(phase: Phase) -> Turn {
    Turn {
        person: person("xena"),
        role: Role::TestExecutive,
        reason: Some("not touched by what was reopened"),
        act: Act::Run(RunCommand::ConfirmPhase { phase }),
        telling: format!("confirms that {phase} stands"),
    }
}

fn sign(case: &Case, role: Role) -> Turn {
    let phase = Phase::TestReport;
    let (name, meaning) = match role {
        Role::Tester => (TESTER, Meaning::Author),
        Role::ReportExecutive => (EXECUTIVE, Meaning::Responsible),
        _ => (OWNER, Meaning::Approve),
    };
    let order = case.definition.phase(phase).map(sign_off_order);
    let order = order.unwrap_or_default();
    let dossier = case.dossier(phase);
    let items = dossier.open_version().into_iter().flat_map(|it| &it.items);
    let sections: Vec<_> = items
        .filter(|(_, item)| next_to_sign(item, &order) == Some(role))
        .map(|(section, item)| SectionSignature {
            section: section.clone(),
            content_hash: content_hash(&item.content),
            meaning,
        })
        .collect();
    let line = format!("signs {} sections", sections.len());
    by(name, role, phase, C::Sign { sections }, line)
}

fn named<T: std::str::FromStr<Err = annal_core::ids::InvalidId>>(
    text: &str,
) -> Result<T, CliError> {
    text.parse()
        .map_err(|no: T::Err| CliError::Usage(no.to_string()))
}

const fn done(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Include => "includes",
        Verdict::Accept => "accepts",
        Verdict::Decline => "declines",
        Verdict::OverrideIn => "overrides into scope",
        Verdict::Reject => "rejects",
        _ => "approves",
    }
}
