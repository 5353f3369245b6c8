//! How runs, phases, versions and verdicts are named on the command line.

use std::str::FromStr;

use annal_core::item::Verdict;
use annal_core::{ItemId, Phase, RunId, VersionNo};

/// A run: its id, the beginning of its id, or `latest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunArg {
    Latest,
    Id(RunId),
    Prefix(String),
}

impl FromStr for RunArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
        if text.len() >= 4 && text.len() < 36 && text.chars().all(hex) {
            return Ok(Self::Prefix(text.to_lowercase()));
        }
        Err(format!(
            "'{text}' does not name a run; give its id, at least the first 4 characters of it, or `latest`"
        ))
    }
}

/// A phase of a run, and a version of it if one is named: `RUN/PHASE` or `RUN/PHASE@NUMBER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhaseArg {
    pub(crate) run: RunArg,
    pub(crate) phase: Phase,
    pub(crate) version: Option<VersionNo>,
}

impl FromStr for PhaseArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((run, rest)) = text.split_once('/') else {
            return Err(format!(
                "'{text}' names no phase; write RUN/PHASE or RUN/PHASE@NUMBER, for instance latest/scoping@2"
            ));
        };
        let (phase, version) = match rest.split_once('@') {
            None => (rest, None),
            Some((phase, number)) => {
                let number = number.parse::<VersionNo>().ok().filter(|it| it.0 > 0);
                let number = number.ok_or(format!(
                    "'{text}' names no version: after @ comes a number from 1"
                ))?;
                (phase, Some(number))
            }
        };
        Ok(Self {
            run: run.parse()?,
            phase: phase
                .parse()
                .map_err(|no: annal_core::phase::UnknownPhase| no.to_string())?,
            version,
        })
    }
}

/// `ITEM=VERDICT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemChoice {
    pub(crate) item: ItemId,
    pub(crate) verdict: Verdict,
}

impl FromStr for ItemChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        // The item may hold an `=`; the verdict never does.
        let Some((item, verdict)) = text.rsplit_once('=') else {
            return Err(format!("'{text}' is no decision; write ITEM=VERDICT"));
        };
        Ok(Self {
            item: item
                .parse()
                .map_err(|no: annal_core::ids::InvalidId| no.to_string())?,
            verdict: verdict_named(verdict)?,
        })
    }
}

/// A verdict by its name; `-` may stand for `_`.
pub(crate) fn verdict_named(text: &str) -> Result<Verdict, String> {
    let name = text.replace('-', "_");
    let found = Verdict::ALL.into_iter().find(|it| it.name() == name);
    found.ok_or_else(|| {
        let all: Vec<_> = Verdict::ALL.iter().map(|it| it.name()).collect();
        format!(
            "'{text}' is not a verdict; the verdicts are {}",
            all.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_run_phase_and_number() {
        let named: PhaseArg = "latest/sample-selection@2".parse().unwrap();
        assert_eq!(named.run, RunArg::Latest);
        assert_eq!(named.phase, Phase::SampleSelection);
        assert_eq!(named.version, Some(VersionNo(2)));
        assert_eq!("0193ab/scoping".parse::<PhaseArg>().unwrap().version, None);
    }

    #[test]
    fn a_typo_is_told_with_what_to_write() {
        for (typo, told) in [
            ("latest", "names no phase"),
            ("latest/scopping", "the phases are"),
            ("latest/scoping@0", "a number from 1"),
            ("lates/scoping", "or `latest`"),
        ] {
            let message = typo.parse::<PhaseArg>().unwrap_err();
            assert!(message.contains(told), "{typo}: {message}");
        }
        let message = "a=aprove".parse::<ItemChoice>().unwrap_err();
        assert!(message.contains("the verdicts are include"), "{message}");
    }
}
