//! What a form sent, with or without files.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use std::str::FromStr;

use crate::problem::{Problem, kinds};

/// The fields of a form, in their order; a name may come several times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    fields: Vec<(String, String)>,
    files: Vec<(String, Upload)>,
}

/// A file that a form sent.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

impl Fields {
    /// The first value of a field; nothing if it is missing or blank.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let value = self.fields.iter().find(|(key, _)| key == name);
        value
            .map(|(_, value)| value.trim())
            .filter(|it| !it.is_empty())
    }

    /// The first value of a field as it was typed; empty if it is missing.
    pub(crate) fn typed(&self, name: &str) -> &str {
        let value = self.fields.iter().find(|(key, _)| key == name);
        value.map_or("", |(_, value)| value)
    }

    /// All values of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of = self.fields.iter().filter(move |(key, _)| key == name);
        of.map(|(_, value)| value.as_str())
    }

    /// Whether a field has this value among others.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|it| it == value)
    }

    /// A field's value as what it should be; none if it is blank.
    ///
    /// # Errors
    /// `invalid_body`, naming the field.
    pub(crate) fn maybe<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        let value = self.one(name).map(str::parse::<T>).transpose();
        value.map_err(|no| invalid(name, &no))
    }

    /// As [`Fields::maybe`], where there has to be one.
    ///
    /// # Errors
    /// `invalid_body`, naming the field.
    pub(crate) fn due<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, Problem> {
        let value = self.maybe(name)?;
        value.ok_or_else(|| invalid(name, &"it is empty; fill it in"))
    }

    /// All values of a field as what they should be.
    ///
    /// # Errors
    /// `invalid_body`, naming the field.
    pub(crate) fn each<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, Problem> {
        let values = self.all(name).map(str::parse::<T>);
        values
            .collect::<Result<_, _>>()
            .map_err(|no| invalid(name, &no))
    }

    /// The lines of a field that are not blank.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.typed(name).lines().map(str::trim);
        lines
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A file that was chosen.
    ///
    /// # Errors
    /// `invalid_body` where none was.
    pub(crate) fn file(&self, name: &str) -> Result<&Upload, Problem> {
        let found = self.files.iter().find(|(key, _)| key == name);
        let found = found.map(|(_, file)| file).filter(|it| !it.name.is_empty());
        found.ok_or_else(|| invalid(name, &"no file was chosen"))
    }
}

/// A field that does not fit.
pub(crate) fn invalid(name: &str, why: &impl std::fmt::Display) -> Problem {
    let field = name.replace(['_', '-'], " ");
    Problem::new(&kinds::INVALID_BODY, format!("the field '{field}': {why}"))
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let parts = Multipart::from_request(request, state).await;
            return in_parts(parts.map_err(|no| unreadable(&no.body_text()))?).await;
        }
        let body = Bytes::from_request(request, state).await?;
        Ok(Self {
            fields: url::form_urlencoded::parse(&body).into_owned().collect(),
            files: Vec::new(),
        })
    }
}

async fn in_parts(mut parts: Multipart) -> Result<Fields, Problem> {
    let mut all = Fields::default();
    while let Some(part) = parts.next_field().await.map_err(|no| of_part(&no))? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file) => {
                let bytes = part.bytes().await.map_err(|no| of_part(&no))?;
                all.files.push((name, Upload { name: file, bytes }));
            }
            None => {
                let text = part.text().await.map_err(|no| of_part(&no))?;
                all.fields.push((name, text));
            }
        }
    }
    Ok(all)
}

fn of_part(no: &axum::extract::multipart::MultipartError) -> Problem {
    match no.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            &kinds::TOO_LARGE,
            "the files of this form are too large together",
        ),
        _ => unreadable(&no.body_text()),
    }
}

fn unreadable(why: &str) -> Problem {
    Problem::new(
        &kinds::INVALID_BODY,
        format!("the form cannot be read: {why}"),
    )
}

#[cfg(test)]
impl Fields {
    /// Fields without files.
    pub(crate) fn of(fields: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            fields: fields.iter().map(own).collect(),
            files: Vec::new(),
        }
    }
}
