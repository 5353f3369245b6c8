//! What waits, in words.

use annal_core::case::Waiting;
use annal_core::dossier::{Action, Stage};
use maud::{Markup, html};

use super::human;

/// What has to be done, as one would say it.
pub(crate) const fn action(action: Action) -> &'static str {
    match action {
        Action::Decide => "Decide on items",
        Action::Submit => "Submit",
        Action::Approve => "Approve or reject",
        Action::Revise => "Revise",
        Action::AssignOwners => "Assign data owners",
        Action::Acknowledge => "Acknowledge ownership",
        Action::RequestInformation => "Request information",
        Action::SubmitDocument => "Submit a document",
        Action::ReviseDocument => "Revise a document",
        Action::ReviewDocument => "Review a document",
        Action::ExecuteTests => "Execute tests",
        Action::ReviewTests => "Review results",
        Action::Sign => "Sign sections",
        Action::Confirm => "Confirm or reopen",
    }
}

/// What happens next in a phase.
pub(crate) const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::NotBegun => "not begun",
        Stage::Prepare => "the engine prepares it",
        Stage::Work => "work goes on",
        Stage::Approve => "waits for approval",
        Stage::Revise => "waits for a revision",
        Stage::Ready => "all is done",
        Stage::Closed => "closed",
    }
}

/// On what, and on how many.
pub(crate) fn subject(waiting: &Waiting) -> Markup {
    let it = &waiting.awaited;
    html! { (it.subject) @if it.count > 1 { " (" (it.count) ")" } }
}

/// A role, in words.
pub(crate) fn role(role: annal_core::Role) -> String {
    human(role.name())
}
