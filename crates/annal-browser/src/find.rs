//! Where the programs are: named by the environment, else on the path.

use std::env;
use std::path::{Path, PathBuf};

use annal_stack::Surroundings;

use crate::error::BrowserError;
use crate::install::AXE;

const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Chromium, its driver, and the accessibility checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// `ANNAL_CHROMIUM`, else Chromium or Chrome on the path.
    pub chromium: PathBuf,
    /// `ANNAL_CHROMEDRIVER`, else `chromedriver` on the path.
    pub driver: PathBuf,
    /// `ANNAL_AXE`, else what was installed into Annal's cache: axe-core's one script.
    pub axe: PathBuf,
}

impl Programs {
    /// All three.
    ///
    /// # Errors
    /// [`BrowserError::Missing`] names the first that is not here.
    pub fn find() -> Result<Self, BrowserError> {
        Ok(Self {
            chromium: chromium().ok_or(BrowserError::Missing {
                name: "Chromium",
                variable: "ANNAL_CHROMIUM",
            })?,
            driver: driver().ok_or(BrowserError::Missing {
                name: "chromedriver",
                variable: "ANNAL_CHROMEDRIVER",
            })?,
            axe: axe().ok_or(BrowserError::Missing {
                name: "axe-core",
                variable: "ANNAL_AXE",
            })?,
        })
    }
}

pub(crate) fn chromium() -> Option<PathBuf> {
    named("ANNAL_CHROMIUM").or_else(|| CHROMIUM.into_iter().find_map(on_path))
}

pub(crate) fn driver() -> Option<PathBuf> {
    named("ANNAL_CHROMEDRIVER").or_else(|| on_path("chromedriver"))
}

pub(crate) fn axe() -> Option<PathBuf> {
    named("ANNAL_AXE").or_else(|| Some(axe_in_cache()).filter(|it| it.is_file()))
}

pub(crate) fn axe_in_cache() -> PathBuf {
    let cache = Surroundings::of_this_process().cache;
    cache.join("axe-core").join(AXE.version).join("axe.min.js")
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|it: &PathBuf| Path::is_file(it))
}
