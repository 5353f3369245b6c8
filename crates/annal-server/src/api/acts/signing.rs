//! Signing, which asks for a sign-in of its own.

use annal_core::Phase;
use annal_core::dossier::DossierCommand;
use annal_core::dossier::command::SectionSignature;
use annal_flow::Act;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Done, How, made};
use crate::acting::{Asked, act};
use crate::api::answers::Made;
use crate::api::extract::{Json, Key};
use crate::api::paths::OnRun;
use crate::problem::Problem;
use crate::seen::SeenRun;
use crate::sign_in::Confirmed;

/// Signatures of sections of the test report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Signatures {
    /// The sections, each with the hash of the content that you saw; all or nothing.
    sections: Vec<SectionSignature>,
    /// In which role; left out, the one that you hold and that signs.
    role: Option<annal_core::Role>,
    /// Why.
    reason: Option<String>,
}

/// Sign sections of the test report, in the order tester, report owner, report executive.
///
/// It is your signature, so you have to have confirmed your password for this path a moment ago, at `/sign-in/confirm`.
/// A token cannot sign.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/runs/{run}/signatures", tag = "acts", operation_id = "sign",
    params(OnRun, ("Idempotency-Key" = Option<uuid::Uuid>, Header, description = "Chosen by you, one for each act.")),
    request_body = Signatures,
    responses(
        (status = 201, description = "They are signed.", body = Done),
        (status = 200, description = "They had been signed before under this key.", body = Done),
    )
)]
pub(super) async fn sign(
    run: SeenRun,
    Key(id): Key,
    axum::extract::OriginalUri(uri): axum::extract::OriginalUri,
    _: Confirmed,
    Json(asked): Json<Signatures>,
) -> Result<Made<Done>, Problem> {
    let command = DossierCommand::Sign {
        sections: asked.sections,
    };
    let how = Asked {
        signed_in_again: true,
        ..How::of(asked.reason, asked.role).asked(id)
    };
    let phase = Phase::TestReport;
    let done = act(&run, Act::Dossier { phase, command }, how).await?;
    Ok(made(&uri.path().replace("/signatures", "/acts"), id, done))
}
