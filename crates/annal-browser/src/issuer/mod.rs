//! A real OpenID Connect issuer for tests: the certified `oidc-provider` of npm, on a free port of this machine.

mod install;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::error::BrowserError;

pub(crate) use install::install;

const SCRIPT: &str = include_str!("../../issuer/issuer.mjs");

/// An issuer that runs, for as long as this value lives. Whoever names themselves there is taken at their word.
#[derive(Debug)]
pub struct Issuer {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    address: String,
}

impl Issuer {
    /// Starts it. It knows no client yet.
    ///
    /// # Errors
    /// [`BrowserError::NotInstalled`] or [`BrowserError::Issuer`].
    pub fn start() -> Result<Self, BrowserError> {
        let installed = install::find()?;
        let mut process = Command::new(installed.node)
            .args(["--input-type=module", "--eval", SCRIPT])
            // There it finds its packages.
            .current_dir(installed.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|no| BrowserError::Issuer(format!("does not start: {no}")))?;
        let (orders, answers) = (process.stdin.take(), process.stdout.take());
        let answers = answers.ok_or_else(|| BrowserError::Issuer("has no output".to_owned()))?;
        let mut issuer = Self {
            process,
            orders,
            answers: BufReader::new(answers),
            address: String::new(),
        };
        let told = issuer.answer()?;
        told["issuer"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut issuer.address);
        Ok(issuer)
    }

    /// Its address, by which it is discovered.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// It knows this client from now on, and no other; who was signed in is not any more.
    ///
    /// # Errors
    /// [`BrowserError::Issuer`]
    pub fn knows(&mut self, id: &str, secret: &str, redirect: &str) -> Result<(), BrowserError> {
        self.order(&json!({"client": {
            "client_id": id, "client_secret": secret, "redirect_uris": [redirect],
        }}))
    }

    /// It signs with a new key from now on and has forgotten the old one; who was signed in is not any more.
    ///
    /// # Errors
    /// [`BrowserError::Issuer`]
    pub fn changes_its_key(&mut self) -> Result<(), BrowserError> {
        self.order(&json!({"rotate": true}))
    }

    /// Its next token says these claims, and is signed like this: `right`, by a `foreign` key, by `none`, or by the
    /// client's secret (`HS256`).
    ///
    /// # Errors
    /// [`BrowserError::Issuer`]
    pub fn bends(&mut self, claims: &Value, signed: &str) -> Result<(), BrowserError> {
        self.order(&json!({"bend": {"claims": claims, "signed": signed}}))
    }

    fn order(&mut self, order: &Value) -> Result<(), BrowserError> {
        let broken = |no: std::io::Error| BrowserError::Issuer(format!("takes no order: {no}"));
        if let Some(orders) = &mut self.orders {
            writeln!(orders, "{order}").map_err(broken)?;
        }
        self.answer().map(drop)
    }

    fn answer(&mut self) -> Result<Value, BrowserError> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|no| BrowserError::Issuer(format!("does not answer: {no}")))?;
        serde_json::from_str(&line)
            .map_err(|no| BrowserError::Issuer(format!("answered '{line}': {no}")))
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.orders.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
