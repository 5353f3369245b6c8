//! What every page has around its content.

use annal_core::LedgerId;
use maud::{DOCTYPE, Markup, html};

use super::{assets, path};
use crate::viewer::Viewer;

/// Where a page stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Here<'a> {
    /// The ledger that it is about; none for what is about no ledger, such as signing in.
    pub(crate) ledger: Option<&'a LedgerId>,
    /// Which entry of the navigation leads here.
    pub(crate) area: Area,
    /// The pages above this one, as name and path.
    pub(crate) above: &'a [(String, String)],
}

/// The entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Runs,
    Work,
    Audit,
    Projections,
    Proof,
    /// Beside all of them.
    Elsewhere,
}

impl<'a> Here<'a> {
    /// A page of a ledger right below the navigation.
    pub(crate) const fn at(ledger: &'a LedgerId, area: Area) -> Self {
        Self {
            ledger: Some(ledger),
            area,
            above: &[],
        }
    }

    /// A page below others.
    pub(crate) const fn below(self, above: &'a [(String, String)]) -> Self {
        Self { above, ..self }
    }

    /// A page of no ledger.
    pub(crate) const fn outside() -> Self {
        Self {
            ledger: None,
            area: Area::Elsewhere,
            above: &[],
        }
    }
}

const NAVIGATION: [(Area, &str, &str); 5] = [
    (Area::Runs, "Runs", "runs"),
    (Area::Work, "My work", "work"),
    (Area::Audit, "Audit", "audit"),
    (Area::Projections, "Projections", "projections"),
    (Area::Proof, "Proof", "proof"),
];

/// A whole page. The content begins with its `h1`.
pub(crate) fn layout(
    title: &str,
    viewer: Option<&Viewer>,
    here: &Here<'_>,
    content: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " · Annal" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="stylesheet" href=(assets::STYLE.path());
                link rel="icon" href=(assets::MARK.path()) type="image/svg+xml";
                script src=(assets::SCRIPT.path()) defer {}
            }
            body data-live=[here.ledger.map(|ledger| path::page(ledger, "live"))] {
                a.skip href="#main" { "Skip to the content" }
                (masthead(viewer, here))
                main #main tabindex="-1" {
                    (above(here.above))
                    (content)
                }
                p #said.unseen role="status" aria-live="polite" {}
                footer.foot {
                    p { "Annal · every act is kept. Press " kbd { "?" } " for the keys of a page." }
                }
            }
        }
    }
}

fn masthead(viewer: Option<&Viewer>, here: &Here<'_>) -> Markup {
    let home = here.ledger.map_or_else(|| "/".to_owned(), path::runs);
    html! {
        header.masthead {
            a.brand href=(home) { span.mark aria-hidden="true" {} "Annal" }
            @if let Some(ledger) = here.ledger {
                span.ledger { span.unseen { "Ledger " } (ledger) }
                nav aria-label="Main" {
                    ul {
                        @for (area, name, rest) in NAVIGATION {
                            li {
                                a href=(path::page(ledger, rest)) aria-current=[(area == here.area).then_some("page")] { (name) }
                            }
                        }
                    }
                }
            }
            @if let Some(viewer) = viewer {
                p.viewer {
                    span.unseen { "Signed in as " }
                    (viewer.name) " "
                    a href="/sign-out" { "Sign out" }
                }
            }
        }
    }
}

fn above(above: &[(String, String)]) -> Markup {
    html! {
        @if !above.is_empty() {
            nav.above aria-label="Above this page" {
                ol { @for (name, path) in above { li { a href=(path) { (name) } } } }
            }
        }
    }
}
