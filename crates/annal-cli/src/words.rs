//! Things in words for people.

use annal_core::dossier::Action;

/// What has to be done, as one would say it.
pub(crate) const fn action(action: Action) -> &'static str {
    match action {
        Action::Decide => "decide on items",
        Action::Submit => "submit",
        Action::Approve => "approve or reject",
        Action::Revise => "revise",
        Action::AssignOwners => "assign data owners",
        Action::Acknowledge => "acknowledge ownership",
        Action::RequestInformation => "request information",
        Action::SubmitDocument => "submit a document",
        Action::ReviseDocument => "revise a document",
        Action::ReviewDocument => "review a document",
        Action::ExecuteTests => "execute tests",
        Action::ReviewTests => "review results",
        Action::Sign => "sign sections",
        Action::Confirm => "confirm or reopen",
    }
}
