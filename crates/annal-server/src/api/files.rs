//! Files: data, dictionaries, evidence. Kept by their hash.

use annal_core::dossier::event::FileRef;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Made;
use super::extract::{Path, Query};
use super::paths::{InLedger, OfFile, OnRun};
use crate::acting::put_file;
use crate::app::App;
use crate::limits::FILE_BYTES;
use crate::problem::{Problem, kinds};
use crate::seen::{Seen, SeenRun, WorkedIn};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(download))
        .routes(routes!(of_run))
}

/// What a file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Named {
    /// Its name, 1 to 200 bytes without a slash.
    #[param(min_length = 1, max_length = 200, example = "hmda_boston.csv")]
    name: String,
}

/// Upload a file. For members of the ledger.
///
/// The body is the file, at most 64 MB of it. It is data, a dictionary or evidence only once a run or a document names it
/// by its SHA-256; the same bytes are kept once.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/files", tag = "files", operation_id = "upload_file", params(InLedger, Named),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "It is kept.", body = FileRef,
        headers(("Location" = String, description = "The file."))))
)]
async fn upload(
    WorkedIn(seen): WorkedIn,
    Query(named): Query<Named>,
    axum::extract::OriginalUri(uri): axum::extract::OriginalUri,
    body: Body,
) -> Result<Made<FileRef>, Problem> {
    if !is_name(&named.name) {
        let detail = "the name has to be 1 to 200 bytes long, without slash or control character";
        return Err(Problem::new(&kinds::INVALID_QUERY, detail));
    }
    let bytes = all(body).await?;
    let file = put_file(&seen.ledger, &named.name, &bytes).await?;
    Ok(Made {
        place: format!("{}/{}", uri.path(), file.sha256),
        key: None,
        repeated: false,
        body: file,
    })
}

fn is_name(name: &str) -> bool {
    let bad = |it: char| it.is_control() || it == '/' || it == '\\';
    !name.trim().is_empty() && name.len() <= 200 && !name.chars().any(bad)
}

/// The body as it comes; it is given up as soon as it is too long.
async fn all(body: Body) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let broken = |no: axum::Error| Problem::new(&kinds::TOO_SLOW, no.to_string());
        let piece = piece.map_err(broken)?;
        if bytes.len() + piece.len() > FILE_BYTES {
            let detail = format!("a file has at most {FILE_BYTES} bytes");
            return Err(Problem::new(&kinds::TOO_LARGE, detail));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Download a file of the ledger. For its auditors and admins; all others find files where a run names them.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/files/{sha256}", tag = "files", operation_id = "download_file",
    params(InLedger, OfFile),
    responses((status = 200, description = "Its bytes.", body = Vec<u8>, content_type = "application/octet-stream"))
)]
async fn download(seen: Seen, Path(of): Path<OfFile>) -> Result<Response, Problem> {
    seen.whole()?;
    sent(&seen, &of.sha256).await
}

/// Download a file that a run names: its data, its dictionary, its evidence.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/files/{sha256}", tag = "files", operation_id = "download_file_of_run",
    params(OnRun, OfFile),
    responses((status = 200, description = "Its bytes.", body = Vec<u8>, content_type = "application/octet-stream"))
)]
async fn of_run(run: SeenRun, Path(of): Path<OfFile>) -> Result<Response, Problem> {
    let opening = run.standing.case.run.opening();
    let given = opening.is_some_and(|it| {
        [&it.data, &it.dictionary]
            .iter()
            .any(|it| it.sha256 == of.sha256)
    });
    let audit = &run.seen.ledger.audit;
    if !given && !audit.is_evidence(run.run, &of.sha256).await? {
        return Err(Problem::not_found(format_args!("file '{}'", of.sha256)));
    }
    sent(&run.seen, &of.sha256).await
}

async fn sent(seen: &Seen, sha256: &str) -> Result<Response, Problem> {
    let bytes = seen.ledger.log.file(sha256).await?;
    let attachment = HeaderValue::from_static("attachment");
    let octets = HeaderValue::from_static("application/octet-stream");
    let headers = [
        (header::CONTENT_TYPE, octets),
        (header::CONTENT_DISPOSITION, attachment),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_leads_nowhere() {
        assert!(is_name("hmda boston.csv") && is_name("évidence.pdf"));
        for bad in [
            "",
            "  ",
            "../x",
            "a/b",
            "a\\b",
            "a\nb",
            "a\0",
            &"x".repeat(201),
        ] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
