//! test_report: its sections, read and signed in order.

use annal_core::definition::PhaseDef;
use annal_core::dossier::state::{Item, Version};
use annal_core::dossier::{content_hash, next_to_sign, sign_off_order};
use annal_core::item::Content;
use annal_core::{ItemId, Phase, Role};
use maud::{Markup, html};

use crate::app::App;
use crate::console::desk::{Desk, Form};
use crate::console::items::signature;
use crate::console::parts::{Badge, choice, hidden, words};
use crate::console::path;
use crate::problem::Problem;
use crate::sign_in::{Anew, NotSignedIn};

/// How the viewer can prove anew that it is them, which signing asks for.
pub(super) async fn signing(app: &App, desk: &Desk<'_>) -> Result<Anew, Problem> {
    let page = path::phase(desk.ledger(), desk.id(), Phase::TestReport);
    let viewer = &desk.run.seen.viewer;
    let form = (format!("{page}/do/sign"), format!("{page}#sign"));
    let anew = app.sign_in().anew(viewer, &form.0, &form.1).await;
    Ok(anew.map_err(NotSignedIn::Failed)?)
}

pub(super) fn sections(desk: &Desk<'_>, version: &Version, plan: &PhaseDef, anew: &Anew) -> Markup {
    let order = sign_off_order(plan);
    let mine = |item: &Item| {
        let next = next_to_sign(item, &order);
        next.is_some_and(|role| desk.may(&[role]))
    };
    let turn: Vec<_> = version
        .items
        .iter()
        .filter(|(_, item)| mine(item))
        .collect();
    html! {
        @for (id, item) in &version.items { (section(desk, id, item, &order)) }
        @if !turn.is_empty() { (sign(desk, &turn, &order, anew)) }
    }
}

fn section(desk: &Desk<'_>, id: &ItemId, item: &Item, order: &[Role]) -> Markup {
    let people = |id: &annal_core::PersonId| desk.person(id);
    html! {
        @if let Content::Section { title, body } = &item.content {
            article.section {
                h3 { (title) " " span.id { (id) } }
                @for paragraph in body.split("\n\n") { p.pre { (paragraph) } }
                ul.signatures {
                    @for it in &item.signatures { li { (signature(it, &people)) } }
                    @if let Some(next) = next_to_sign(item, order) {
                        li { (Badge::Waits.saying(&format!("waits for the signature of a {}", words::role(next)))) }
                    }
                }
            }
        }
    }
}

fn sign(desk: &Desk<'_>, turn: &[(&ItemId, &Item)], order: &[Role], anew: &Anew) -> Markup {
    let meanings = ["author", "review", "approve", "responsible"];
    let meanings: Vec<_> = meanings
        .iter()
        .map(|it| ((*it).to_owned(), (*it).to_owned()))
        .collect();
    let usual = match turn.first().and_then(|(_, item)| next_to_sign(item, order)) {
        Some(Role::Tester) => "author",
        Some(Role::ReportExecutive) => "responsible",
        _ => "approve",
    };
    let typed = desk.typed("sign", "meaning");
    let chosen = if typed.is_empty() { usual } else { typed };
    let refused = desk.refused.is_some_and(|it| it.form == "sign");
    desk.form(&Form::new("sign", "Sign", order), "acting", &html! {
        p { "A signature stands for exactly the text that you see above. It asks you to prove once more that it is you." }
        fieldset {
            legend { "Sections" }
            @for (id, item) in turn {
                p.choices {
                    label {
                        input type="checkbox" name="section" value=(id) checked[!refused || desk.was_picked("sign", "section", id.as_str())];
                        @if let Content::Section { title, .. } = &item.content { (title) } @else { (id) }
                    }
                    (hidden(&format!("seen.{id}"), content_hash(&item.content)))
                }
            }
        }
        (choice("sign-meaning", "meaning", "It stands for", &meanings, chosen))
        (proof(anew))
        div.acts { button.first { "Sign" } }
    })
}

/// That it is them: confirmed a moment ago, or by the password, or at the issuer.
fn proof(anew: &Anew) -> Markup {
    let Anew::Due { password, issuer } = anew else {
        return html! { p.notice role="status" { "You have confirmed that it is you. Sign within five minutes." } };
    };
    html! {
        @if *password {
            p.field {
                label for="sign-password" { "Your password" }
                input #sign-password type="password" name="password" autocomplete="current-password" required[issuer.is_none()];
            }
        }
        @if let Some(issuer) = issuer {
            p {
                @if *password { "Or confirm " } @else { "Confirm " }
                "where you signed in, before you fill this in; it leads you back here. "
                a.button href=(issuer.place) { (issuer.label) }
            }
        }
        @if !*password && issuer.is_none() {
            p.notice.warns { "There is no way for you to do that here. Ask an administrator for a password, or for a link to your account with the issuer." }
        }
    }
}
