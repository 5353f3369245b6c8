//! The description of the API.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Info, OpenApi, Ref, RefOr, Response, ResponseBuilder, Server, Tag,
    schema::Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::ProblemDocument;

const TAGS: [(&str, &str); 10] = [
    ("ledgers", "Who you are, and where a ledger ends."),
    ("runs", "Runs: one report in one test cycle each."),
    (
        "acts",
        "What people do. Every act is decided by the rules and recorded.",
    ),
    (
        "versions",
        "Versions of a phase, as they are and as they were.",
    ),
    (
        "events",
        "What happened, event by event, and the proof of each.",
    ),
    (
        "audit",
        "Who decided what, when and why, over all runs that you see.",
    ),
    ("files", "Data, dictionaries and evidence."),
    ("log", "The log as a whole: verified, signed, exported."),
    ("projections", "The read models."),
    ("definitions", "Workflow definitions."),
];

const ABOUT: &str = "Annal keeps every decision about the data behind a regulatory report as an immutable event.\n\n\
Sign in with a token: `Authorization: Bearer …`. What you do not see is answered with 404, like what there is not. \
Every error is a problem document (RFC 9457) with a stable `code`. Lists tell the position of the log that they are true \
for; a list that goes on has a `next` and a `Link` with `rel=\"next\"`. Answers have an `ETag`; send it back as \
`If-None-Match`.";

/// What all paths have in common.
pub(super) fn outline() -> OpenApi {
    let mut info = Info::new("Annal", "1.0.0");
    info.description = Some(ABOUT.to_owned());
    let mut outline = OpenApi::new(info, utoipa::openapi::Paths::new());
    outline.servers = Some(vec![Server::new("/api/v1")]);
    let tag = |(name, about): (&str, &str)| {
        let mut tag = Tag::new(name);
        tag.description = Some(about.to_owned());
        tag
    };
    outline.tags = Some(TAGS.map(tag).to_vec());
    outline
}

/// The whole description as JSON, with every operation's errors and its sign-in.
#[must_use]
pub fn description() -> String {
    let (_, mut openapi) = super::described(None).split_for_parts();
    let components = openapi.components.get_or_insert_with(Components::new);
    let name = ProblemDocument::name().into_owned();
    components
        .schemas
        .insert(name.clone(), ProblemDocument::schema());
    let mut parts: Vec<(String, RefOr<Schema>)> = Vec::new();
    ProblemDocument::schemas(&mut parts);
    components.schemas.extend(parts);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme("token", bearer);
    openapi.security = Some(vec![SecurityRequirement::new("token", [""; 0])]);
    for path in openapi.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.post,
            &mut path.delete,
            &mut path.put,
        ];
        for operation in operations.into_iter().flatten() {
            add_errors(operation, &name);
        }
    }
    let mut text = openapi.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Every operation may answer with a problem, and one that reads a ledger that nothing changed.
fn add_errors(operation: &mut Operation, problem: &str) {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(problem)))
        .build();
    let response: Response = ResponseBuilder::new()
        .description("It was not done; `code` says why.")
        .content("application/problem+json", content)
        .build();
    let all = &mut operation.responses.responses;
    all.insert("default".to_owned(), RefOr::T(response));
    let reads = all.contains_key("200") && operation.request_body.is_none();
    if reads {
        let unchanged = ResponseBuilder::new()
            .description("Nothing changed since.")
            .build();
        all.insert("304".to_owned(), RefOr::T(unchanged));
    }
}

/// `GET /api/v1/openapi.json`, for everybody.
pub(super) async fn served() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(description);
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str())
}
