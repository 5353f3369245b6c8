//! Why there is no browser, or why it did not do as it was told.

use std::time::Duration;

use fantoccini::error::{CmdError, NewSessionError};

/// A browser that is missing or does not do as it is told.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// A program is not on this machine.
    #[error(
        "no {name} here: not named by {variable}, not on the path. `cargo xtask test` installs it where it can; else \
         install Chromium and its driver and set {variable}"
    )]
    Missing {
        /// What is missing.
        name: &'static str,
        /// The variable that names it.
        variable: &'static str,
    },
    /// What only this project installs is not on this machine.
    #[error("no {0} here; `cargo xtask test` installs it")]
    NotInstalled(&'static str),
    /// The issuer broke off.
    #[error("the test's issuer {0}")]
    Issuer(String),
    /// An install did not work.
    #[error("installing {what} failed: {reason}")]
    Install {
        /// What was installed.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// The driver does not start.
    #[error("{program} does not start: {reason}")]
    Driver {
        /// Its file.
        program: String,
        /// Why not.
        reason: String,
    },
    /// No session with a browser.
    #[error("the browser does not start: {0}")]
    Session(Box<NewSessionError>),
    /// The browser refused.
    #[error("{doing}: {source}")]
    Command {
        /// What was asked.
        doing: String,
        /// What it said.
        #[source]
        source: Box<CmdError>,
    },
    /// Something did not come about.
    #[error("waited {} s in vain for {condition} at {url}; the page says: {page}", .patience.as_secs())]
    Waited {
        /// What was waited for.
        condition: String,
        /// How long.
        patience: Duration,
        /// The address then.
        url: String,
        /// The page's text then.
        page: String,
    },
    /// An answer of another form than expected.
    #[error("{doing} gave {answer}")]
    Strange {
        /// What was asked.
        doing: &'static str,
        /// What came.
        answer: String,
    },
}

impl From<NewSessionError> for BrowserError {
    fn from(no: NewSessionError) -> Self {
        Self::Session(Box::new(no))
    }
}

/// Says what was asked when the browser refused.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, BrowserError>;
}

impl<T> Doing<T> for Result<T, CmdError> {
    fn doing(self, what: impl Into<String>) -> Result<T, BrowserError> {
        self.map_err(|source| BrowserError::Command {
            doing: what.into(),
            source: Box::new(source),
        })
    }
}
