//! request_info: what is asked of the owners, what they hand in, and its review on two levels.

use annal_core::case::PhaseSummary;
use annal_core::dossier::state::{Document, Dossier, Request, Review};
use annal_core::item::DecisionLevel;
use annal_core::run::PhaseStatus;
use annal_core::{DocumentId, PersonId, RequestId, Role};
use maud::{Markup, html};

use crate::console::desk::{Desk, Form};
use crate::console::parts::{Badge, area, badge, choice, hidden, text};
use crate::console::path;

const WORK: &[Role] = &[Role::Tester];
const OWNER: &[Role] = &[Role::DataOwner];

pub(super) fn trail(desk: &Desk<'_>, here: &PhaseSummary) -> Markup {
    let dossier = desk.case().dossier(here.phase);
    let works = here.status == PhaseStatus::Started;
    let unrequested = dossier.unrequested(&desk.case().basis(here.phase));
    html! {
        @if works && desk.may(WORK) && !unrequested.is_empty() { (ask(desk, &dossier, &unrequested)) }
        h2 { "Requests" }
        @if dossier.requests.is_empty() { p.empty { "Nobody was asked yet." } }
        @for (id, request) in &dossier.requests { (asked(desk, &dossier, id, request, works)) }
    }
}

fn ask(desk: &Desk<'_>, dossier: &Dossier, open: &[(PersonId, annal_core::ItemId)]) -> Markup {
    let mut owners: Vec<&PersonId> = open.iter().map(|(owner, _)| owner).collect();
    owners.dedup();
    let options: Vec<_> = owners
        .iter()
        .map(|owner| {
            let count = open.iter().filter(|(it, _)| it == *owner).count();
            (
                owner.to_string(),
                format!("{owner}, for {count} attributes"),
            )
        })
        .collect();
    let typed = desk.typed("request", "request");
    let first = owners.first().map(|owner| {
        free_name(&format!("request-{owner}"), |it| {
            it.parse()
                .is_ok_and(|it: RequestId| dossier.requests.contains_key(&it))
        })
    });
    let name = if typed.is_empty() {
        first.unwrap_or_default()
    } else {
        typed.to_owned()
    };
    let usual = "Values of the approved samples as your source system holds them, as CSV.";
    let words = desk.typed("request", "text");
    desk.form(&Form::new("request", "Ask an owner for evidence", WORK), "acting", &html! {
        @for (owner, attribute) in open { (hidden("open", serde_json::json!([owner, attribute]))) }
        (choice("request-owner", "owner", "Owner", &options, desk.typed("request", "owner")))
        (text("request-id", "request", "Name of the request", &name, true))
        (area("request-text", "text", "What is needed", if words.is_empty() { usual } else { words }, true))
        div.acts { button.first { "Ask for all that the owner answers for" } }
    })
}

/// A name that is not taken: itself, or with a number.
fn free_name(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(|it| !taken(it)).unwrap_or_default()
}

fn asked(
    desk: &Desk<'_>,
    dossier: &Dossier,
    id: &RequestId,
    request: &Request,
    works: bool,
) -> Markup {
    let documents = dossier.documents.iter().filter(|(_, it)| it.request == *id);
    let mine = works && request.owner == *desk.me() && desk.may(OWNER);
    html! {
        article.acting id={ "request-" (path::escaped(id)) } {
            h3 { (id) " to " (desk.person(&request.owner)) }
            p { (request.text) }
            details {
                summary { (request.attributes.len()) " attributes" }
                p { @for (index, it) in request.attributes.iter().enumerate() { @if index > 0 { ", " } (it) } }
            }
            @for (document_id, document) in documents.clone() { (handed_in(desk, document_id, document, mine, works)) }
            @if mine && documents.count() == 0 { (hand_in(desk, dossier, id, request)) }
        }
    }
}

fn hand_in(desk: &Desk<'_>, dossier: &Dossier, id: &RequestId, request: &Request) -> Markup {
    let form = Form {
        of: id.as_str(),
        uploads: true,
        ..Form::new("submit-document", "Hand in a document", OWNER)
    };
    let key = form.key();
    let typed = desk.typed(&key, "document");
    let name = match typed {
        "" => free_name(&format!("extract-{}", request.owner), |it| {
            it.parse()
                .is_ok_and(|it: DocumentId| dossier.documents.contains_key(&it))
        }),
        typed => typed.to_owned(),
    };
    desk.form(
        &form,
        "within",
        &html! {
            (hidden("request", id))
            (text(&format!("{key}-document"), "document", "Name of the document", &name, true))
            (crate::console::parts::file(&format!("{key}-file"), "file", "File", ""))
            div.acts { button.first { "Hand in" } }
        },
    )
}

fn handed_in(
    desk: &Desk<'_>,
    id: &DocumentId,
    document: &Document,
    mine: bool,
    works: bool,
) -> Markup {
    let (status, level) = match &document.review {
        Review::Submitted => ("submitted", Some((DecisionLevel::Tester, Role::Tester))),
        Review::TesterAccepted { .. } => (
            "tester_accepted",
            Some((DecisionLevel::ReportOwner, Role::ReportOwner)),
        ),
        Review::Accepted => ("accepted", None),
        Review::SentBack => ("sent_back", None),
    };
    let file = path::page(
        desk.ledger(),
        &format!("runs/{}/files/{}", desk.id(), document.file.sha256),
    );
    let revises = mine && document.review != Review::Accepted;
    html! {
        p {
            strong { (id) } " version " (document.version) " " (badge(status)) " "
            a href=(file) download=(document.file.name) { (document.file.name) } " "
            span.soft { (document.file.bytes) " bytes, SHA-256 " code.hash { (document.file.sha256.get(..16).unwrap_or_default()) "…" } }
            " by " (desk.person(&document.submitted_by))
            @if let Review::TesterAccepted { by } = &document.review { " · " (Badge::Good.saying("tester")) " " (desk.person(by)) }
        }
        @if let Some((level, role)) = level.filter(|(_, role)| works && desk.may(&[*role])) { (review(desk, id, level, role)) }
        @if revises { (revise(desk, id)) }
    }
}

fn review(desk: &Desk<'_>, id: &DocumentId, level: DecisionLevel, role: Role) -> Markup {
    let roles = [role];
    let form = Form {
        of: id.as_str(),
        ..Form::new("review-document", "Review it", &roles)
    };
    let key = form.key();
    let level = match level {
        DecisionLevel::Tester => "tester",
        DecisionLevel::ReportOwner => "report_owner",
    };
    desk.form(&form, "within", &html! {
        (hidden("document", id))
        (hidden("level", level))
        (desk.reason(&key, false))
        div.acts {
            button.first name="accept" value="yes" data-key="a" data-means="accept the document" aria-keyshortcuts="a" { "Accept " kbd { "a" } }
            button.against name="accept" value="no" data-key="r" data-means="send the document back" aria-keyshortcuts="r" { "Send back " kbd { "r" } }
        }
    })
}

fn revise(desk: &Desk<'_>, id: &DocumentId) -> Markup {
    let form = Form {
        of: id.as_str(),
        uploads: true,
        ..Form::new("revise-document", "Hand in a new version", OWNER)
    };
    let key = form.key();
    desk.form(
        &form,
        "within",
        &html! {
            (hidden("document", id))
            (crate::console::parts::file(&format!("{key}-file"), "file", "File", ""))
            (desk.reason(&key, true))
            div.acts { button.first { "Hand in" } }
        },
    )
}
