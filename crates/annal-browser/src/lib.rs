//! A real browser for the console's tests and for the pictures in the documentation: headless Chromium, led by its
//! own driver over the W3C protocol. Beside it a real OpenID Connect issuer, where people sign in.
//!
//! Chromium, its driver, axe-core and the issuer are installed by [`install`], which `cargo xtask test` calls; a test only finds
//! them, and fails where it cannot.

mod axe;
mod browser;
mod devtools;
mod driver;
mod error;
mod find;
mod install;
mod issuer;
mod npm;

pub use axe::{Finding, Impact};
pub use browser::Browser;
pub use devtools::{Colours, Screen};
pub use driver::Driver;
pub use error::BrowserError;
pub use fantoccini::key::Key;
pub use find::Programs;
pub use install::install;
pub use issuer::Issuer;
