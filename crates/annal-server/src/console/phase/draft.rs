//! Changing what a draft holds: more items, other contents, fewer.

use annal_core::dossier::state::Version;
use annal_core::{Phase, Role};
use maud::{Markup, html};

use crate::console::desk::{Desk, Form};
use crate::console::parts::{area, choice, human, text};

const WORK: &[Role] = &[Role::Tester];

/// The forms under a draft.
pub(super) fn changes(desk: &Desk<'_>, version: &Version, phase: Phase) -> Markup {
    let refused = desk.refused.map(|it| it.form.as_str());
    let open = matches!(refused, Some("add-item" | "change-item" | "remove-items"));
    let changeable = version.items.iter().filter(|(_, it)| !it.locked);
    let changeable: Vec<_> = changeable
        .map(|(id, _)| (id.to_string(), id.to_string()))
        .collect();
    html! {
        details open[open] {
            summary { "Add, change or remove items" }
            div.sides {
                (desk.form(&Form::new("add-item", "Add an item", WORK), "acting", &html! {
                    (text("add-item-id", "item", "Id", desk.typed("add-item", "item"), true))
                    (content(desk, "add-item", phase, None))
                    (desk.reason("add-item", false))
                    div.acts { button { "Add" } }
                }))
                @if !changeable.is_empty() {
                    div {
                        (desk.form(&Form::new("change-item", "Change an item", WORK), "acting", &html! {
                            (choice("change-item-item", "item", "Item", &changeable, desk.typed("change-item", "item")))
                            p.soft { "A field that is left empty keeps what the item says." }
                            (content(desk, "change-item", phase, Some(version)))
                            (desk.reason("change-item", true))
                            div.acts { button { "Change" } }
                        }))
                        (desk.form(&Form::new("remove-items", "Remove an item", WORK), "acting", &html! {
                            (choice("remove-items-item", "item", "Item", &changeable, desk.typed("remove-items", "item")))
                            (desk.reason("remove-items", true))
                            div.acts { button.against { "Remove" } }
                        }))
                    }
                }
            }
        }
    }
}

/// The fields of what an item says, by its phase.
fn content(desk: &Desk<'_>, form: &str, phase: Phase, changes: Option<&Version>) -> Markup {
    let due = changes.is_none();
    let line = |name: &str, label: &str| {
        text(
            &format!("{form}-{name}"),
            name,
            label,
            desk.typed(form, name),
            due,
        )
    };
    let free = |name: &str, label: &str| {
        text(
            &format!("{form}-{name}"),
            name,
            label,
            desk.typed(form, name),
            false,
        )
    };
    let lines = |name: &str, label: &str| {
        area(
            &format!("{form}-{name}"),
            name,
            label,
            desk.typed(form, name),
            false,
        )
    };
    let one = |name: &str, label: &str, among: &[&str]| {
        let mut options: Vec<_> = among
            .iter()
            .map(|it| ((*it).to_owned(), human(it)))
            .collect();
        if !due {
            options.insert(0, (String::new(), "as it is".to_owned()));
        }
        choice(
            &format!("{form}-{name}"),
            name,
            label,
            &options,
            desk.typed(form, name),
        )
    };
    let levels = ["low", "medium", "high"];
    html! {
        @match phase {
            Phase::Planning => {
                (line("name", "Name"))
                (line("line_item", "Line item"))
                (line("format", "Format"))
                (one("requirement", "Requirement", &["mandatory", "conditional", "optional"]))
                (one("primary_key", "Part of the primary key", &["no", "yes"]))
                (one("critical", "Critical", &["no", "yes"]))
                (one("risk", "Risk", &levels))
            }
            Phase::DataProfiling => {
                (line("attribute", "Attribute"))
                (one("dimension", "Looks at", &["completeness", "validity", "accuracy", "consistency", "uniqueness", "format"]))
                (line("check", "Check"))
                (one("severity", "Severity", &levels))
            }
            Phase::Scoping => {
                (line("attribute", "Attribute"))
                (one("recommended", "Recommended", &["yes", "no"]))
                (free("rationale", "Why"))
            }
            Phase::SampleSelection => {
                (line("row_key", "Key of the row"))
                (line("line", "Line in the data"))
                (one("category", "Category", &["clean", "anomaly", "boundary"]))
                (line("line_of_business", "Line of business"))
                (lines("values", "Values, one a line, as name: value"))
            }
            Phase::Observations => {
                (line("title", "Title"))
                (one("severity", "Severity", &levels))
                (one("observation", "About", &["data_mismatch", "missing_data", "evidence_gap", "process"]))
                (line("attribute", "Attribute"))
                (lines("failed_tests", "Failed tests, one a line"))
            }
            _ => {
                (line("title", "Heading"))
                (lines("body", "Text"))
            }
        }
    }
}
