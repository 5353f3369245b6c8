//! A real browser for the console's tests and for the pictures in the documentation: headless Chromium, led by its
//! own driver over the W3C protocol.
//!
//! Chromium, its driver and axe-core are installed by [`install`], which `cargo xtask test` calls; a test only finds
//! them, and fails where it cannot.

mod axe;
mod browser;
mod devtools;
mod driver;
mod error;
mod find;
mod install;

pub use axe::{Finding, Impact};
pub use browser::Browser;
pub use devtools::{Colours, Screen};
pub use driver::Driver;
pub use error::BrowserError;
pub use fantoccini::key::Key;
pub use find::Programs;
pub use install::install;
