//! A phase with versions: what was there, and the one that is worked on now.

use annal_audit::VersionRow;
use annal_core::case::PhaseSummary;
use annal_core::definition::PhaseDef;
use annal_core::dossier::state::{Item, Version, VersionState};
use annal_core::dossier::{Stage, allowed_verdicts, second_level};
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::version::{CarryForward, VersionRef, VersionStatus};
use annal_core::{ItemId, Phase, Role};
use maud::{Markup, html};

use super::{Asked, draft, pages, report};
use crate::console::desk::{Desk, Form};
use crate::console::items::{Line, columns};
use crate::console::parts::{
    Column, Row, Table, area, badge, choice, hidden, human, time, version_link,
};
use crate::console::path;
use crate::problem::Problem;
use crate::sign_in::Anew;

/// So many values are shown on one page at most, so that a page of wide rows stays small.
const VALUES: usize = 3_000;

pub(super) async fn versions(
    desk: &Desk<'_>,
    here: &PhaseSummary,
    plan: &PhaseDef,
    asked: &Asked,
    signing: Option<&Anew>,
) -> Result<Markup, Problem> {
    let phase = here.phase;
    let dossier = desk.case().dossier(phase);
    let audit = &desk.run.seen.ledger.audit;
    let rows = audit.versions(desk.id(), Some(phase)).await?.rows;
    let open = dossier.open_version();
    Ok(html! {
        @if let Some(version) = open { (worked_on(desk, version, plan, asked, signing)) }
        @if here.stage == Stage::Revise && desk.may(&[plan.work]) { (next(desk, phase, &dossier.versions)) }
        section.stack aria-label="Versions" { (listed(desk, phase, &rows)) }
    })
}

fn listed(desk: &Desk<'_>, phase: Phase, rows: &[VersionRow]) -> Markup {
    let row = |it: &VersionRow| {
        let of = VersionRef {
            run: desk.id(),
            phase,
            number: it.number,
        };
        let from = it.parent.map_or_else(
            || human(&it.origin),
            |parent| format!("{} of {parent}", human(&it.origin)),
        );
        Row::default()
            .sorted(it.number, version_link(desk.ledger(), of))
            .cell(badge(&it.status))
            .cell(html! { (from) @if let Some(policy) = &it.policy { span.soft { " (" (human(policy)) ")" } } })
            .sorted(it.items, html! { (it.items) })
            .sorted(it.carried_forward, html! { (it.carried_forward) })
            .cell(html! { (desk.person(&it.created_by)) " " (time(it.created_at)) })
            .cell(html! { @if let Some(by) = &it.decided_by { (desk.person(by)) } @if let Some(at) = it.decided_at { " " (time(at)) } })
    };
    let table = Table {
        id: "versions",
        caption: "Versions",
        columns: &[
            Column::text("Version"),
            Column::text("Status"),
            Column::text("Origin"),
            Column::number("Items"),
            Column::number("Carried"),
            Column::text("Made by"),
            Column::text("Decided by"),
        ],
        rows: rows.iter().map(row).collect(),
        empty: "There is no version yet.",
        filter: false,
    };
    html! {
        (table.markup())
        @if rows.len() > 1 {
            p { a href=(format!("{}/diff?a={}&b={}", path::phase(desk.ledger(), desk.id(), phase), rows.len() - 1, rows.len())) { "Compare the last two" } }
        }
    }
}

/// The draft, or what waits for approval.
fn worked_on(
    desk: &Desk<'_>,
    version: &Version,
    plan: &PhaseDef,
    asked: &Asked,
    signing: Option<&Anew>,
) -> Markup {
    let phase = plan.phase;
    let pending = version.status() == VersionStatus::PendingApproval;
    let level = match pending {
        true => DecisionLevel::ReportOwner,
        false => DecisionLevel::Tester,
    };
    let second = second_level(plan);
    let roles: &[Role] = if pending { &second } else { &[plan.work] };
    let of = VersionRef {
        run: desk.id(),
        phase,
        number: version.number,
    };
    html! {
        h2 #open { (version_link(desk.ledger(), of)) " " (badge(version.status().name())) }
        p { (progress(version, level)) }
        @if let Some(anew) = signing {
            (report::sections(desk, version, plan, anew))
        } @else if desk.may(roles) {
            (decide(desk, version, phase, level, roles, asked))
        } @else {
            (items(desk, version, phase, asked, None))
        }
        @if pending {
            @if desk.may(roles) && phase != Phase::TestReport { (approve(desk, version, roles)) }
            @if desk.may(roles) { (reject(desk, version, roles)) }
            @if submitted_by_me(desk, version) { (withdraw(desk, version, plan)) }
        } @else if desk.may(roles) {
            (submit(desk, version, roles))
            (draft::changes(desk, version, phase))
        }
    }
}

fn progress(version: &Version, level: DecisionLevel) -> String {
    let all = version.items.len();
    let decided = version
        .items
        .values()
        .filter(|it| it.locked || it.verdict_at(level).is_some());
    let carried = version.carried_forward();
    format!(
        "{all} items, {carried} of them carried forward; {} decided on this level.",
        decided.count()
    )
}

fn submitted_by_me(desk: &Desk<'_>, version: &Version) -> bool {
    matches!(&version.state, VersionState::PendingApproval { submitted_by } if submitted_by == desk.me())
}

/// The table of items with all that is needed to decide on many of them at once.
fn decide(
    desk: &Desk<'_>,
    version: &Version,
    phase: Phase,
    level: DecisionLevel,
    roles: &[Role],
    asked: &Asked,
) -> Markup {
    let open = version.items.iter();
    let open = open.filter(|(_, it)| !it.locked && it.verdict_at(level).is_none());
    let open: Vec<_> = open.map(|(id, _)| id).collect();
    let verdicts = allowed_verdicts(phase, level);
    let form = Form::new("decide", "", roles);
    desk.form(&form, "deciding", &html! {
        (hidden("version", version.number))
        (hidden("level", match level { DecisionLevel::Tester => "tester", DecisionLevel::ReportOwner => "report_owner" }))
        // "All that are open" means what was open when the form was made, so that a second click asks for the same.
        @for id in &open { (hidden("open", id)) }
        (items(desk, version, phase, asked, Some(level)))
        div.bar {
            div.field.among {
                label for="among" { "Decide on" }
                select #among name="among" {
                    option value="picked" selected[desk.typed("decide", "among") != "rest"] { "what is picked" }
                    option value="rest" selected[desk.typed("decide", "among") == "rest"] { "all " (open.len()) " that are open" }
                }
                span.soft data-count="items" {}
            }
            (area("decide-reason", "reason", "One reason for all", desk.typed("decide", "reason"), false))
            div.acts {
                @for verdict in verdicts { (verdict_button(*verdict)) }
            }
        }
    })
}

/// A button for a verdict, with its key.
fn verdict_button(verdict: Verdict) -> Markup {
    let (key, class) = match verdict {
        Verdict::Approve | Verdict::Include | Verdict::Accept => ("a", "first"),
        Verdict::Reject | Verdict::Exclude => ("r", "against"),
        Verdict::Decline => ("d", ""),
        Verdict::OverrideIn => ("i", ""),
        Verdict::OverrideOut => ("o", ""),
        Verdict::Modify => ("m", ""),
        Verdict::RequestChanges => ("c", ""),
    };
    let name = human(verdict.name());
    html! {
        button class=(class) name="verdict" value=(verdict.name()) data-key=(key) data-means=(name) aria-keyshortcuts=(key) {
            (name) " " kbd { (key) }
        }
    }
}

/// The items as a table; with a level, those that can be decided on it can be picked.
fn items(
    desk: &Desk<'_>,
    version: &Version,
    phase: Phase,
    asked: &Asked,
    picks: Option<DecisionLevel>,
) -> Markup {
    let size = page_size(version);
    let people = |id: &annal_core::PersonId| desk.person(id);
    let row = |(id, item): (&ItemId, &Item)| {
        let row = Line::from((id, item)).row(desk.ledger(), &people);
        match picks {
            None => row,
            Some(_) if item.locked => row.not_picked(),
            Some(_) => {
                let label = format!("Pick {id}");
                let was = desk.was_picked("decide", "item", id.as_str());
                row.picked("item", id.as_str(), &label, was)
            }
        }
    };
    let shown = version.items.iter().skip(asked.from).take(size);
    let table = Table {
        id: "items",
        caption: "Items",
        columns: &columns(phase),
        rows: shown.map(row).collect(),
        empty: "The version has no items here.",
        filter: true,
    };
    html! {
        (table.markup())
        (pages(asked.from, size, version.items.len()))
    }
}

/// As many items as hold few enough values.
pub(super) fn page_size(version: &Version) -> usize {
    let values = |item: &Item| match &item.content {
        annal_core::item::Content::Sample { values, .. } => values.len(),
        _ => 12,
    };
    let widest = version.items.values().map(values).max().unwrap_or(1);
    (VALUES / widest.max(1)).clamp(20, 250)
}

fn submit(desk: &Desk<'_>, version: &Version, roles: &[Role]) -> Markup {
    desk.form(
        &Form::new("submit", "Submit the version", roles),
        "acting",
        &html! {
            (hidden("version", version.number))
            p { "It then waits for its approval; its contents change no more." }
            div.acts { button.first { "Submit version " (version.number) } }
        },
    )
}

fn withdraw(desk: &Desk<'_>, version: &Version, plan: &PhaseDef) -> Markup {
    let roles = [plan.work];
    desk.form(
        &Form::new("withdraw", "Take it back to draft", &roles),
        "acting",
        &html! {
            (hidden("version", version.number))
            (desk.reason("withdraw", true))
            div.acts { button { "Withdraw version " (version.number) } }
        },
    )
}

fn approve(desk: &Desk<'_>, version: &Version, roles: &[Role]) -> Markup {
    desk.form(
        &Form::new("approve", "Approve the version", roles),
        "acting",
        &html! {
            (hidden("version", version.number))
            (desk.reason("approve", false))
            div.acts { button.first { "Approve version " (version.number) } }
        },
    )
}

fn reject(desk: &Desk<'_>, version: &Version, roles: &[Role]) -> Markup {
    desk.form(&Form::new("reject", "Reject the version", roles), "acting", &html! {
        (hidden("version", version.number))
        (desk.reason("reject", true))
        (area("reject-changes", "requested_changes", "Requested changes, one a line", desk.typed("reject", "requested_changes"), false))
        div.acts { button.against { "Reject version " (version.number) } }
    })
}

/// After a rejection, or in a phase that was reopened.
fn next(desk: &Desk<'_>, phase: Phase, versions: &[Version]) -> Markup {
    const WORK: &[Role] = &[Role::Tester];
    let policies = [
        (
            CarryForward::ApprovedOnly,
            "what is approved on both levels, locked",
        ),
        (
            CarryForward::AllClearRejected,
            "all; the tester's decision is cleared where the report owner rejected",
        ),
        (CarryForward::All, "all, with all decisions"),
    ];
    let policies: Vec<_> = policies
        .into_iter()
        .map(|(policy, says)| (policy.name().to_owned(), says.to_owned()))
        .collect();
    let numbers: Vec<_> = versions
        .iter()
        .rev()
        .map(|it| {
            (
                it.number.to_string(),
                format!("version {} ({})", it.number, human(it.status().name())),
            )
        })
        .collect();
    html! {
        (desk.form(&Form::new("revise", "Revise it", WORK), "acting", &html! {
            (choice("revise-policy", "policy", "Take along", &policies, desk.typed("revise", "policy")))
            @if phase == Phase::SampleSelection {
                p.field {
                    label for="revise-draw" { "Draw so many more samples" }
                    input #revise-draw type="number" name="draw" min="0" max="10000" value=(match desk.typed("revise", "draw") { "" => "0", typed => typed });
                }
            }
            (desk.reason("revise", false))
            div.acts { button.first { "Make the next version" } }
        }))
        details {
            summary { "Go back to an old version's contents" }
            (desk.form(&Form::new("revert", "Revert", WORK), "acting", &html! {
                (choice("revert-to", "to", "To", &numbers, desk.typed("revert", "to")))
                (desk.reason("revert", true))
                div.acts { button { "Make a draft of it" } }
            }))
        }
    }
}
