//! How people sign in to a server.

use std::path::PathBuf;

use annal_server::{OpenIdConnectSettings, SignInSettings};
use clap::Args;
use clap::builder::FalseyValueParser;
use url::Url;

use crate::error::CliError;

/// Left blank, each is as if it were not there: container files pass variables on that nobody set.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SignInArgs {
    /// Where browsers reach the server, if that is not where it listens; with https, cookies are for TLS alone.
    #[arg(long, env = "ANNAL_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// A proxy of one's own stands before the server and names the caller in X-Forwarded-For.
    #[arg(long, env = "ANNAL_BEHIND_PROXY", value_parser = FalseyValueParser::new())]
    behind_proxy: bool,
    /// An OpenID Connect issuer where people sign in; everything else about it is found there.
    #[arg(long, env = "ANNAL_OIDC_ISSUER", value_name = "URL")]
    oidc_issuer: Option<String>,
    /// The name under which the server is registered with the issuer.
    #[arg(long, env = "ANNAL_OIDC_CLIENT_ID", value_name = "ID")]
    oidc_client_id: Option<String>,
    /// A file with what the server proves itself to the issuer with, if it was given something.
    #[arg(long, env = "ANNAL_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// What the button says that leads to the issuer.
    #[arg(long, env = "ANNAL_OIDC_LABEL", value_name = "TEXT")]
    oidc_label: Option<String>,
}

/// What the button says, if nothing else is said.
const LABEL: &str = "Sign in with your organisation";

impl SignInArgs {
    /// # Errors
    /// [`CliError::Usage`], naming what does not fit and what to write; [`CliError::File`].
    pub(crate) fn settings(&self) -> Result<SignInSettings, CliError> {
        Ok(SignInSettings {
            public_url: told(self.public_url.as_ref()).map(public).transpose()?,
            behind_proxy: self.behind_proxy,
            openid_connect: self.openid_connect()?,
            ..SignInSettings::default()
        })
    }

    fn openid_connect(&self) -> Result<Option<OpenIdConnectSettings>, CliError> {
        let id = told(self.oidc_client_id.as_ref());
        let secret = self.oidc_client_secret_file.as_ref();
        let secret = secret.filter(|it| !it.as_os_str().is_empty());
        let Some(issuer) = told(self.oidc_issuer.as_ref()) else {
            return match (id, secret) {
                (None, None) => Ok(None),
                _ => Err(wrong(
                    "a client id or its secret needs an issuer; give --oidc-issuer (ANNAL_OIDC_ISSUER) too",
                )),
            };
        };
        let id = id.ok_or_else(|| {
            wrong("the issuer knows the server by a client id; give --oidc-client-id (ANNAL_OIDC_CLIENT_ID) too")
        })?;
        let named = told(self.oidc_label.as_ref());
        Ok(Some(OpenIdConnectSettings {
            issuer: issuer_of(issuer)?,
            client_id: id.to_owned(),
            client_secret: secret.map(|it| first_line(it)).transpose()?,
            label: named.unwrap_or(LABEL).to_owned(),
        }))
    }
}

fn told(text: Option<&String>) -> Option<&str> {
    text.map(|it| it.trim()).filter(|it| !it.is_empty())
}

fn wrong(why: impl Into<String>) -> CliError {
    CliError::Usage(why.into())
}

/// Only where it is: what the server's pages are called below it is theirs.
fn public(text: &str) -> Result<Url, CliError> {
    let url = web(text);
    let bare = url.filter(|it| it.path() == "/" && it.query().is_none() && it.fragment().is_none());
    bare.ok_or_else(|| {
        wrong(format!(
            "--public-url (ANNAL_PUBLIC_URL) '{text}' is not where browsers reach a server; write scheme and host such as \
             https://annal.bank.example"
        ))
    })
}

/// As it was written: the issuer has to say the very same of itself.
fn issuer_of(text: &str) -> Result<String, CliError> {
    let url = web(text).filter(|it| it.query().is_none() && it.fragment().is_none());
    match url {
        None => Err(wrong(format!(
            "--oidc-issuer (ANNAL_OIDC_ISSUER) '{text}' is no issuer's address; write it as the issuer does, such as \
             https://login.bank.example/realms/staff"
        ))),
        Some(_) if text.contains("/.well-known/") => Err(wrong(format!(
            "--oidc-issuer (ANNAL_OIDC_ISSUER) '{text}' is where the issuer tells about itself; leave /.well-known/… out"
        ))),
        Some(_) => Ok(text.to_owned()),
    }
}

fn web(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    let web = ["http", "https"].contains(&url.scheme());
    let nobody = url.username().is_empty() && url.password().is_none();
    (web && nobody && url.has_host()).then_some(url)
}

fn first_line(file: &std::path::Path) -> Result<String, CliError> {
    let path = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|source| CliError::File {
        path: path.clone(),
        source,
    })?;
    let secret = text.lines().next().unwrap_or_default().trim();
    match secret {
        "" => Err(wrong(format!(
            "the first line of {path} holds no client secret; write it there, or leave --oidc-client-secret-file out"
        ))),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(issuer: &str, id: &str) -> SignInArgs {
        SignInArgs {
            oidc_issuer: Some(issuer.to_owned()),
            oidc_client_id: Some(id.to_owned()),
            ..SignInArgs::default()
        }
    }

    #[test]
    fn what_is_blank_is_not_there() {
        let blank = SignInArgs {
            public_url: Some(String::new()),
            oidc_client_secret_file: Some(PathBuf::new()),
            ..args(" ", "")
        };
        let settings = blank.settings().unwrap();
        assert!(settings.public_url.is_none() && settings.openid_connect.is_none());
    }

    #[test]
    fn an_issuer_is_kept_as_it_is_written_with_the_secret_of_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\n").unwrap();
        let with = SignInArgs {
            oidc_client_secret_file: Some(file.path().to_owned()),
            ..args("https://login.example/realms/staff/", "annal")
        };
        let set_up = with.settings().unwrap().openid_connect.unwrap();
        assert_eq!(set_up.issuer, "https://login.example/realms/staff/");
        assert_eq!(set_up.client_secret.as_deref(), Some("s3cret"));
        assert_eq!(set_up.label, LABEL);
    }

    #[test]
    fn each_that_does_not_fit_is_told_by_its_name_and_what_to_write() {
        let told = |args: SignInArgs| args.settings().unwrap_err().to_string();
        for typo in [
            "login.example",
            "htps://login.example",
            "https://",
            "https://x.example/?a=1",
        ] {
            let said = told(args(typo, "annal"));
            assert!(
                said.contains("--oidc-issuer") && said.contains("write it as"),
                "{said}"
            );
        }
        let said = told(args(
            "https://x.example/.well-known/openid-configuration",
            "annal",
        ));
        assert!(said.contains("leave /.well-known/… out"), "{said}");
        assert!(told(args("https://x.example", "")).contains("--oidc-client-id"));
        assert!(told(args("", "annal")).contains("--oidc-issuer"));
        let missing = SignInArgs {
            oidc_client_secret_file: Some("/no/such/file".into()),
            ..args("https://x.example", "annal")
        };
        assert!(told(missing).contains("could not read /no/such/file"));
        for typo in [
            "annal.bank",
            "https://annal.bank/console",
            "ftp://annal.bank",
        ] {
            let args = SignInArgs {
                public_url: Some(typo.to_owned()),
                ..SignInArgs::default()
            };
            assert!(told(args).contains("--public-url"), "{typo}");
        }
    }
}
