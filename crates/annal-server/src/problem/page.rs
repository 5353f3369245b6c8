//! A problem for people.

use maud::{DOCTYPE, Markup, html};

use super::Problem;

/// The page of a problem: what happened, and what to do.
pub(super) fn page(problem: &Problem) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (problem.title()) " – Annal" }
            }
            body {
                main {
                    h1 { (problem.title()) }
                    p { (problem.detail()) }
                    @if !problem.items().is_empty() {
                        ul {
                            @for item in problem.items() {
                                li { (item.item) " " (item.why) }
                            }
                        }
                    }
                    p { (problem.remedy()) }
                    p { "Code: " code { (problem.code()) } }
                    p { a href="/" { "Back to the start" } }
                }
            }
        }
    }
}
