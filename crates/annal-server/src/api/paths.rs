//! What paths name.

use annal_core::{CommandId, Phase, Position, VersionNo};
use serde::Deserialize;
use utoipa::IntoParams;

/// A ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InLedger {
    /// The ledger.
    #[param(example = "main")]
    #[expect(
        dead_code,
        reason = "taken by the extractor Seen; here for the description"
    )]
    ledger: String,
}

/// A run.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OnRun {
    /// The ledger.
    #[param(example = "main")]
    #[expect(
        dead_code,
        reason = "taken by the extractor Seen; here for the description"
    )]
    ledger: String,
    /// The run.
    #[expect(
        dead_code,
        reason = "taken by the extractor SeenRun; here for the description"
    )]
    run: uuid::Uuid,
}

/// A version of a phase.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfPhase {
    /// The phase.
    pub(super) phase: Phase,
    /// The version's number.
    #[param(value_type = u32)]
    pub(super) number: VersionNo,
}

/// A command.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfCommand {
    /// The key under which it was sent.
    #[param(value_type = uuid::Uuid)]
    pub(super) command: CommandId,
}

/// A place in the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct AtPosition {
    /// The position, from 1.
    #[param(value_type = u64, minimum = 1)]
    pub(super) position: Position,
}

/// A file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfFile {
    /// SHA-256 of its bytes, in hex.
    #[param(min_length = 64, max_length = 64)]
    pub(super) sha256: String,
}

/// A projection.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfProjection {
    /// Its name.
    #[param(example = "decisions")]
    pub(super) name: String,
}

/// A definition.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfDefinition {
    /// Its version.
    #[param(value_type = String, example = "2.0.0")]
    pub(super) version: semver::Version,
}
