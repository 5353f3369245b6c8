//! What did not go, said at its place: what happened, to what, and what to do.

use maud::{Markup, html};

use crate::problem::Problem;

/// At the form that it came from.
pub(crate) fn problem(problem: &Problem) -> Markup {
    html! {
        div.problem #problem role="alert" tabindex="-1" {
            h2 { (problem.title()) }
            p { (problem.detail()) }
            @if problem.items().len() > 1 {
                ul { @for it in problem.items() { li { strong { (it.item) } " " (it.why) } } }
            }
            p { (problem.remedy()) }
            p.code { "Code " code { (problem.code()) } }
        }
    }
}
