//! Style, script and mark, out of the binary. Their names hold the hash of their content: a browser keeps them for ever, and
//! a new build is seen at once.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// A file of ours.
pub(crate) struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    content: &'static str,
    name: LazyLock<String>,
}

/// The style sheet.
pub(crate) static STYLE: Asset = Asset {
    stem: "annal",
    extension: "css",
    content_type: "text/css; charset=utf-8",
    content: include_str!("assets/annal.css"),
    name: LazyLock::new(|| STYLE.hashed()),
};

/// The script.
pub(crate) static SCRIPT: Asset = Asset {
    stem: "annal",
    extension: "js",
    content_type: "text/javascript; charset=utf-8",
    content: include_str!("assets/annal.js"),
    name: LazyLock::new(|| SCRIPT.hashed()),
};

/// The mark in a browser's tab.
pub(crate) static MARK: Asset = Asset {
    stem: "mark",
    extension: "svg",
    content_type: "image/svg+xml",
    content: include_str!("assets/mark.svg"),
    name: LazyLock::new(|| MARK.hashed()),
};

impl Asset {
    /// Where it is served.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}", *self.name)
    }

    fn hashed(&self) -> String {
        let hash = hex::encode(Sha256::digest(self.content));
        format!("{}-{}.{}", self.stem, &hash[..12], self.extension)
    }
}

/// `GET /assets/{name}`
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let found = [&STYLE, &SCRIPT, &MARK];
    let Some(found) = found.into_iter().find(|it| *it.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, found.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, found.content).into_response()
}
