//! Fields of forms, each with its label.

use maud::{Markup, html};

/// What is sent along unseen.
#[expect(
    clippy::needless_pass_by_value,
    reason = "so that ids and numbers can be given as they are"
)]
pub(crate) fn hidden(name: &str, value: impl ToString) -> Markup {
    html! { input type="hidden" name=(name) value=(value.to_string()); }
}

/// The session's token against forged requests.
pub(crate) fn csrf(token: &str) -> Markup {
    hidden("csrf", token)
}

/// A line of text.
pub(crate) fn text(id: &str, name: &str, label: &str, value: &str, required: bool) -> Markup {
    html! {
        p.field {
            label for=(id) { (label) @if !required { span.optional { " (optional)" } } }
            input type="text" id=(id) name=(name) value=(value) required[required] maxlength="2000" autocomplete="off";
        }
    }
}

/// Several lines of text.
pub(crate) fn area(id: &str, name: &str, label: &str, value: &str, required: bool) -> Markup {
    html! {
        p.field {
            label for=(id) { (label) @if !required { span.optional { " (optional)" } } }
            textarea id=(id) name=(name) rows="3" required[required] { (value) }
        }
    }
}

/// One of several, as value and what is shown.
pub(crate) fn choice(
    id: &str,
    name: &str,
    label: &str,
    among: &[(String, String)],
    chosen: &str,
) -> Markup {
    html! {
        p.field {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                @for (value, shown) in among {
                    option value=(value) selected[value == chosen] { (shown) }
                }
            }
        }
    }
}

/// A file to upload.
pub(crate) fn file(id: &str, name: &str, label: &str, accept: &str) -> Markup {
    html! {
        p.field {
            label for=(id) { (label) }
            input type="file" id=(id) name=(name) accept=(accept) required;
        }
    }
}
