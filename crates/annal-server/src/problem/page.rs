//! A problem for people.

use maud::{Markup, html};

use super::Problem;
use crate::console::layout::{Here, layout};

/// The page of a problem: what happened, and what to do. It belongs to no ledger and to nobody, since it may be about
/// what whoever asks does not see.
pub(super) fn page(problem: &Problem) -> Markup {
    let content = html! {
        h1 { (problem.title()) }
        section.problem role="alert" {
            p { (problem.detail()) }
            @if !problem.items().is_empty() {
                ul {
                    @for item in problem.items() { li { code { (item.item) } " " (item.why) } }
                }
            }
            p { (problem.remedy()) }
        }
        p.soft { "Code: " a href={ "/problems/" (problem.code()) } { code { (problem.code()) } } }
        p { a href="/" { "Back to the start" } }
    };
    layout(problem.title(), None, &Here::outside(), &content)
}
