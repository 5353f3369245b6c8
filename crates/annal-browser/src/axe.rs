//! Accessibility, as axe-core finds it: its script is put into the page, and run there.

use std::fmt;

use serde::Deserialize;
use serde_json::json;

use crate::browser::Browser;
use crate::error::BrowserError;

/// How much a finding hinders somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// A nuisance.
    Minor,
    /// Some difficulty.
    Moderate,
    /// A barrier.
    Serious,
    /// Somebody cannot use it at all.
    Critical,
}

/// A rule that a page breaks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Finding {
    /// The rule, for instance `color-contrast`.
    pub id: String,
    /// How much it hinders.
    pub impact: Impact,
    /// The rule in words.
    pub help: String,
    /// The elements, as CSS selectors with what is wrong there.
    pub places: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, impact, help) = (&self.id, self.impact, &self.help);
        write!(
            f,
            "{id} ({impact:?}): {help}\n    {}",
            self.places.join("\n    ")
        )
    }
}

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run({resultTypes: ['violations']}).then(
        found => done({found: found.violations.map(it => ({
            id: it.id, impact: it.impact ?? 'minor', help: it.help,
            places: it.nodes.slice(0, 5).map(node => node.target.join(' ') + ': ' + node.failureSummary),
        }))}),
        no => done({no: String(no)}));";

impl Browser {
    /// What hinders somebody on the page as it stands, the worst first.
    ///
    /// # Errors
    /// [`BrowserError::Missing`] if the script is not there, [`BrowserError::Command`] or [`BrowserError::Strange`].
    pub async fn findings(&self) -> Result<Vec<Finding>, BrowserError> {
        let here = self
            .script("return typeof axe === 'object'", vec![])
            .await?;
        if here != json!(true) {
            // By the driver, which the page's content security policy does not bind.
            self.script(&self.axe, vec![]).await?;
        }
        let answer = self.script_with_answer(RUN).await?;
        let strange = || BrowserError::Strange {
            doing: "axe",
            answer: answer.to_string(),
        };
        let found = answer.get("found").ok_or_else(strange)?;
        let mut found: Vec<Finding> =
            serde_json::from_value(found.clone()).map_err(|_| strange())?;
        found.sort_by(|a, b| (b.impact, &a.id).cmp(&(a.impact, &b.id)));
        Ok(found)
    }
}
