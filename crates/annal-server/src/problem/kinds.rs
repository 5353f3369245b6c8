//! Every kind of problem that there is: one line each, which is what the documentation shows too.

use annal_core::rejection::RejectionCode as R;
use axum::http::StatusCode;

/// What all problems of one code have in common.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Stable; programs may match on it.
    pub(crate) code: &'static str,
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// What went wrong, in few words.
    pub(crate) title: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

macro_rules! kinds {
    ($($name:ident $status:ident $code:literal: $title:literal, $remedy:literal;)*) => {
        $(pub(crate) const $name: Kind = Kind {
            code: $code,
            status: StatusCode::$status,
            title: $title,
            remedy: $remedy,
        };)*
        /// All of them, by status.
        pub(crate) const ALL: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    // The request itself.
    INVALID_JSON BAD_REQUEST "invalid_json": "The body is not JSON", "Send one JSON value in UTF-8.";
    INVALID_QUERY BAD_REQUEST "invalid_query": "The query does not fit", "Correct the parameter that is named.";
    INVALID_PATH BAD_REQUEST "invalid_path": "The path does not fit", "Correct the part that is named.";
    INVALID_HEADER BAD_REQUEST "invalid_header": "A header does not fit", "Correct the header that is named.";
    INVALID_TEXT BAD_REQUEST "invalid_text": "A text holds what cannot be kept", "Take the NUL character out.";
    NOT_SIGNED_IN UNAUTHORIZED "not_signed_in": "Nobody is signed in", "Sign in, or send a token that is valid.";
    PASSWORD_DUE FORBIDDEN "password_due": "Your password was chosen by somebody else", "Choose your own at /sign-in/password.";
    SIGN_IN_AGAIN FORBIDDEN "sign_in_again": "This needs a sign-in of this moment", "Confirm your password and send the request again.";
    FORGERY FORBIDDEN "forged_request": "The request does not come from our own page", "Load the page again and repeat it there.";
    NOT_ALLOWED FORBIDDEN "not_allowed": "This is not yours to do", "Ask somebody who has the access that is named.";
    NOT_FOUND NOT_FOUND "not_found": "There is no such thing", "Check the path; what you may not see is not found either.";
    WRONG_METHOD METHOD_NOT_ALLOWED "method_not_allowed": "The path does not take this method", "Use one that the header Allow names.";
    NOT_ACCEPTABLE NOT_ACCEPTABLE "not_acceptable": "There is no answer of the type asked for", "Ask for application/json.";
    TOO_SLOW REQUEST_TIMEOUT "request_timeout": "The request took too long", "Send it again, faster or in smaller pieces.";
    STALE PRECONDITION_FAILED "precondition_failed": "It has changed meanwhile", "Read it again, then decide.";
    TOO_LARGE PAYLOAD_TOO_LARGE "too_large": "The body is too large", "Send less; the limit is named.";
    URI_TOO_LONG URI_TOO_LONG "uri_too_long": "The address is too long", "Shorten it.";
    WRONG_TYPE UNSUPPORTED_MEDIA_TYPE "unsupported_media_type": "The body is not of a type that is taken", "Send the type that is named.";
    INVALID_BODY UNPROCESSABLE_ENTITY "invalid_body": "The body does not fit", "Correct the field that is named.";
    INVALID_DATA UNPROCESSABLE_ENTITY "invalid_data": "A file does not fit", "Correct the line that is named.";
    TOO_MANY TOO_MANY_REQUESTS "too_many_requests": "Too many requests", "Wait as long as Retry-After says.";
    BUSY SERVICE_UNAVAILABLE "busy": "The server has too much to do", "Try again in a moment.";
    INTERNAL INTERNAL_SERVER_ERROR "internal": "The server failed", "Tell who runs the server the request's id; its log says more.";

    // The rules of the domain; each refusal is recorded in the log.
    RUN_NOT_OPEN CONFLICT "run_not_open": "The run is not open", "Nothing more can be done in it.";
    RUN_ALREADY_OPEN CONFLICT "run_already_open": "The run is open already", "Use the run that there is.";
    UNKNOWN_PERSON FORBIDDEN "unknown_person": "Somebody is not on the run's register", "Let an admin or a test executive register them.";
    PERSON_ERASED FORBIDDEN "person_erased": "The person was erased", "Act as somebody who is still there.";
    ROLE_NOT_HELD FORBIDDEN "role_not_held": "You do not hold the role on this run", "Act in a role that you hold.";
    ROLE_NOT_ALLOWED FORBIDDEN "role_not_allowed": "The role may not do this", "Leave it to somebody in the role that is named.";
    FOUR_EYES FORBIDDEN "four_eyes": "Two people have to stand behind this", "Leave it to somebody who had no hand in it.";
    REASON_REQUIRED UNPROCESSABLE_ENTITY "reason_required": "A reason is due", "Say why.";
    PHASE_NOT_BEGUN CONFLICT "phase_not_begun": "The phase has not begun", "Wait for the phases before it.";
    PHASE_CLOSED CONFLICT "phase_closed": "The phase is closed", "Let a test executive reopen it.";
    NOT_IN_THIS_PHASE UNPROCESSABLE_ENTITY "not_in_this_phase": "The phase does not do this", "Choose the phase that does.";
    UNKNOWN_VERSION UNPROCESSABLE_ENTITY "unknown_version": "There is no such version", "Name one that there is.";
    VERSION_CLOSED CONFLICT "version_closed": "The version's status does not allow this", "Read the version again.";
    VERSION_OPEN CONFLICT "version_open": "Another version of the phase is open", "Finish that one first.";
    UNKNOWN_ITEM UNPROCESSABLE_ENTITY "unknown_item": "There is no such item", "Name items that the version has.";
    DUPLICATE_ITEM CONFLICT "duplicate_item": "The item exists already", "Choose another id, or change the item.";
    ITEM_LOCKED CONFLICT "item_locked": "The item was carried forward and is locked", "Leave it out.";
    VERDICT_NOT_ALLOWED UNPROCESSABLE_ENTITY "verdict_not_allowed": "The verdict does not fit", "Use one that the phase and level allow.";
    INCOMPLETE CONFLICT "incomplete": "Something has to be done first", "Do what is named.";
    OUT_OF_ORDER CONFLICT "out_of_order": "It is not its turn", "Wait for what comes before.";
    INVALID_CONTENT UNPROCESSABLE_ENTITY "invalid_content": "The contents do not fit", "Correct what is named.";
    SIGNATURE_MISMATCH CONFLICT "signature_mismatch": "The content is not the one that was seen", "Read it again, then sign.";
    COMMAND_REUSED CONFLICT "command_reused": "The key was used for another request", "Give every request a key of its own.";
    DEFINITION_REFUSED UNPROCESSABLE_ENTITY "definition_refused": "The definition does not allow this", "Choose what it allows.";

    // The way to the running workflow.
    RUN_CLOSED CONFLICT "run_closed": "The run is over", "Nothing more can be done in it.";
    TEMPORAL_UNREACHABLE SERVICE_UNAVAILABLE "temporal_unreachable": "The workflow engine does not answer", "Send it again under the same key.";
    NO_WORKER SERVICE_UNAVAILABLE "no_worker": "Nobody takes the work", "Send it again under the same key once a worker runs.";
    TIMED_OUT GATEWAY_TIMEOUT "timed_out": "There was no answer in time", "Send it again under the same key: it is carried out once.";
    COMMAND_FAILED INTERNAL_SERVER_ERROR "command_failed": "The engine could not carry it out", "Send it again under the same key once the cause is gone.";
    TEMPORAL_REFUSED BAD_GATEWAY "temporal_refused": "The workflow engine refused", "Tell who runs the server.";

    // The log and what is read from it.
    DATABASE_UNREACHABLE SERVICE_UNAVAILABLE "database_unreachable": "The database does not answer", "Try again; what was acknowledged is kept.";
    NOT_PREPARED SERVICE_UNAVAILABLE "projections_not_prepared": "The read models are not prepared", "Let an administrator run `annal migrate`.";
    NAMES_LOCKED SERVICE_UNAVAILABLE "names_locked": "The names cannot be opened", "Let an administrator start the server again, with the ledger's master key in ANNAL_MASTER_KEY_FILE.";
    LOG_NOT_INTACT INTERNAL_SERVER_ERROR "log_not_intact": "The log is not what was appended", "Keep it as it is, and compare it with a backup and with checkpoints.";
    NOT_THE_CHECKPOINT CONFLICT "not_the_checkpoint": "The checkpoint is not one of this log", "Verify the log against it.";
    NO_SIGNING_KEY CONFLICT "no_signing_key": "The server signs no checkpoints", "Start it with ANNAL_CHECKPOINTS and ANNAL_CHECKPOINT_KEY, or use `annal log checkpoint`.";
    REBUILD_RUNNING CONFLICT "rebuild_running": "A rebuild of this projection runs", "Wait for it, or cancel it.";
    NO_REBUILD NOT_FOUND "no_rebuild": "No rebuild of this projection was begun here", "Begin one.";
}

/// The kind of a refusal by the rules.
pub(crate) const fn of_rejection(code: R) -> &'static Kind {
    match code {
        R::RunNotOpen => &RUN_NOT_OPEN,
        R::RunAlreadyOpen => &RUN_ALREADY_OPEN,
        R::UnknownPerson => &UNKNOWN_PERSON,
        R::PersonErased => &PERSON_ERASED,
        R::RoleNotHeld => &ROLE_NOT_HELD,
        R::RoleNotAllowed => &ROLE_NOT_ALLOWED,
        R::FourEyes => &FOUR_EYES,
        R::ReasonRequired => &REASON_REQUIRED,
        R::PhaseNotBegun => &PHASE_NOT_BEGUN,
        R::PhaseClosed => &PHASE_CLOSED,
        R::NotInThisPhase => &NOT_IN_THIS_PHASE,
        R::UnknownVersion => &UNKNOWN_VERSION,
        R::VersionClosed => &VERSION_CLOSED,
        R::VersionOpen => &VERSION_OPEN,
        R::UnknownItem => &UNKNOWN_ITEM,
        R::DuplicateItem => &DUPLICATE_ITEM,
        R::ItemLocked => &ITEM_LOCKED,
        R::VerdictNotAllowed => &VERDICT_NOT_ALLOWED,
        R::Incomplete => &INCOMPLETE,
        R::OutOfOrder => &OUT_OF_ORDER,
        R::InvalidContent => &INVALID_CONTENT,
        R::SignatureMismatch => &SIGNATURE_MISMATCH,
        R::CommandReused => &COMMAND_REUSED,
        R::DefinitionRefused => &DEFINITION_REFUSED,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn no_two_kinds_share_a_code_and_each_says_what_to_do() {
        let codes: BTreeSet<_> = ALL.iter().map(|it| it.code).collect();
        assert_eq!(codes.len(), ALL.len());
        for kind in ALL {
            assert!(kind.status.is_client_error() || kind.status.is_server_error());
            assert!(
                !kind.title.ends_with('.') && kind.remedy.ends_with('.'),
                "{kind:?}"
            );
        }
    }
}
