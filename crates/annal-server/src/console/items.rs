//! The items of a version as rows of a table: what each says, and the decisions that stand on it.

use std::borrow::Cow;

use annal_audit::{AuditError, DecisionShown, ItemShown};
use annal_core::dossier::event::Signature;
use annal_core::dossier::state::Item;
use annal_core::item::{CarriedFrom, Content, Decision, Verdict};
use annal_core::{ItemId, LedgerId, PersonId, Phase, Position};
use maud::{Markup, html};

use super::parts::{Badge, Column, Row, badge, human, time, verdict_badge};
use super::path;

/// An item, wherever it was read.
pub(crate) struct Line<'a> {
    pub(crate) id: &'a ItemId,
    pub(crate) content: Cow<'a, Content>,
    pub(crate) carried: Option<&'a CarriedFrom>,
    pub(crate) tester: Option<Said<'a>>,
    pub(crate) report_owner: Option<Said<'a>>,
    pub(crate) locked: bool,
    pub(crate) signatures: &'a [Signature],
}

/// A decision with who took it and why.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) by: &'a PersonId,
    pub(crate) reason: Option<&'a str>,
    pub(crate) at: Option<chrono::DateTime<chrono::Utc>>,
    pub(crate) position: Option<Position>,
}

impl<'a> From<(&'a ItemId, &'a Item)> for Line<'a> {
    fn from((id, item): (&'a ItemId, &'a Item)) -> Self {
        Self {
            id,
            content: Cow::Borrowed(&item.content),
            carried: item.carried.as_ref(),
            tester: item.tester.as_ref().map(Said::from),
            report_owner: item.report_owner.as_ref().map(Said::from),
            locked: item.locked,
            signatures: &item.signatures,
        }
    }
}

impl<'a> TryFrom<&'a ItemShown> for Line<'a> {
    type Error = AuditError;

    fn try_from(item: &'a ItemShown) -> Result<Self, Self::Error> {
        Ok(Self {
            id: &item.item,
            content: item.content.read()?,
            carried: item.carried.as_ref(),
            tester: item.tester.as_ref().map(Said::from),
            report_owner: item.report_owner.as_ref().map(Said::from),
            locked: item.locked,
            signatures: &item.signatures,
        })
    }
}

impl<'a> From<&'a Decision> for Said<'a> {
    fn from(it: &'a Decision) -> Self {
        Self {
            verdict: it.verdict,
            by: &it.by,
            reason: it.reason.as_deref(),
            at: None,
            position: None,
        }
    }
}

impl<'a> From<&'a DecisionShown> for Said<'a> {
    fn from(it: &'a DecisionShown) -> Self {
        Self {
            verdict: it.verdict,
            by: &it.by,
            reason: it.reason.as_deref(),
            at: it.at,
            position: it.position,
        }
    }
}

/// The columns of a phase's items.
pub(crate) fn columns(phase: Phase) -> Vec<Column> {
    let text = Column::text;
    let mut columns = match phase {
        Phase::Planning => vec![
            text("Attribute"),
            text("Line item"),
            text("Format"),
            text("Requirement"),
            text("Kind"),
            text("Risk"),
        ],
        Phase::DataProfiling => vec![
            text("Rule"),
            text("Looks at"),
            text("Check"),
            text("Severity"),
            Column::number("Failed"),
        ],
        Phase::Scoping => vec![text("Attribute"), text("Recommendation"), text("Why")],
        Phase::SampleSelection => vec![
            text("Sample"),
            Column::number("Line"),
            text("Category"),
            text("Source"),
            text("Line of business"),
            Column::plain("Data row"),
        ],
        Phase::Observations => vec![
            text("Observation"),
            text("Severity"),
            text("About"),
            text("Attribute"),
            Column::number("Failed tests"),
        ],
        _ => vec![
            text("Section"),
            Column::plain("Text"),
            Column::plain("Signatures"),
        ],
    };
    if phase != Phase::TestReport {
        columns.extend([text("Tester"), text("Report owner")]);
    }
    columns.push(text("From"));
    columns
}

impl Line<'_> {
    /// The item as a row under [`columns`].
    pub(crate) fn row(&self, ledger: &LedgerId, people: &dyn Fn(&PersonId) -> Markup) -> Row {
        let mut row = self
            .content_cells(people)
            .anchor(format!("item-{}", path::escaped(self.id)));
        if !matches!(*self.content, Content::Section { .. }) {
            for said in [self.tester, self.report_owner] {
                let key = said.map_or("", |it| it.verdict.name());
                row = row.sorted(key, verdict(said, ledger, people));
            }
        }
        let from = self.carried.map_or(0, |it| it.version.0);
        row.sorted(from, self.origin())
    }

    fn origin(&self) -> Markup {
        html! {
            @if let Some(from) = self.carried {
                "version " (from.version)
                @if self.locked { " " (Badge::Past.saying("locked")) }
                span.soft title=(from.why) { " carried forward" }
            } @else { span.soft { "new" } }
        }
    }

    fn content_cells(&self, people: &dyn Fn(&PersonId) -> Markup) -> Row {
        let id = self.id;
        match &*self.content {
            Content::Attribute {
                name,
                line_item,
                format,
                requirement,
                primary_key,
                critical,
                risk,
            } => Row::of([
                html! { (name) " " span.id { (id) } },
                html! { (line_item) },
                html! { code { (format) } },
                html! { (word(requirement)) },
                html! { @if *primary_key { "primary key" } @if *primary_key && *critical { ", " } @if *critical { "critical" } },
            ])
            .sorted(*risk as u8, html! { (word(risk)) }),
            Content::Rule {
                attribute,
                dimension,
                check,
                severity,
                result,
            } => {
                let failed = result.as_ref().map_or(0, |it| it.failed);
                Row::of([
                    html! { (attribute) " " span.id { (id) } },
                    html! { (word(dimension)) },
                    html! { (check) },
                ])
                .sorted(*severity as u8, html! { (word(severity)) })
                .sorted(failed, result_cell(result.as_ref()))
            }
            Content::ScopeAttribute {
                attribute,
                primary_key,
                recommended,
                rationale,
            } => Row::of([
                html! { (attribute) @if *primary_key { " " span.soft { "primary key" } } },
                html! {
                    @if *recommended { (Badge::Good.saying("in scope")) } @else { (Badge::Past.saying("out of scope")) }
                },
                html! { (rationale) },
            ]),
            Content::Sample {
                row_key,
                line,
                category,
                source,
                line_of_business,
                values,
            } => Row::of([
                html! { "row " (row_key) " " span.id { (id) } },
                html! { (line) },
                html! { (word(category)) },
                html! { (human(&word(source))) },
                html! { (human(line_of_business)) },
                html! {
                    details {
                        summary { (values.len()) " values" }
                        dl.values {
                            @for (name, value) in values {
                                dt { (name) }
                                dd { @if let Some(value) = value { (value) } @else { span.soft { "missing" } } }
                            }
                        }
                    }
                },
            ]),
            Content::Observation {
                title,
                severity,
                observation,
                attribute,
                failed_tests,
            } => Row::of([html! { (title) " " span.id { (id) } }])
                .sorted(*severity as u8, html! { (word(severity)) })
                .cell(html! { (human(&word(observation))) })
                .cell(html! { (attribute) })
                .sorted(
                    failed_tests.len(),
                    html! {
                        details {
                            summary { (failed_tests.len()) }
                            ul { @for case in failed_tests { li { (case) } } }
                        }
                    },
                ),
            Content::Section { title, body } => Row::of([
                html! { (title) " " span.id { (id) } },
                html! {
                    details {
                        summary { (body.lines().count()) " lines" }
                        @for paragraph in body.split("\n\n") { p { (paragraph) } }
                    }
                },
                html! { @for it in self.signatures { p { (signature(it, people)) } } },
            ]),
        }
    }
}

fn result_cell(result: Option<&annal_core::item::RuleResult>) -> Markup {
    html! {
        @match result {
            None => span.soft { "not run" },
            Some(it) => {
                (it.failed) " of " (it.tried)
                @if !it.examples.is_empty() {
                    details {
                        summary { "examples" }
                        ul { @for example in &it.examples { li { (example) } } }
                    }
                }
            }
        }
    }
}

/// A signature: who, as what, when, over which content.
pub(crate) fn signature(it: &Signature, people: &dyn Fn(&PersonId) -> Markup) -> Markup {
    html! {
        (Badge::Good.saying(&it.printed_name.to_string())) " " (people(&it.by)) ", " (human(it.role.name())) ", as " (word(&it.meaning)) " "
        (time(it.signed_at)) " over " code.hash title=(it.content_hash) { (it.content_hash.get(..12).unwrap_or_default()) }
    }
}

/// A verdict with who and why; its time leads to the event.
pub(crate) fn verdict(
    said: Option<Said<'_>>,
    ledger: &LedgerId,
    people: &dyn Fn(&PersonId) -> Markup,
) -> Markup {
    let Some(it) = said else {
        return verdict_badge(None);
    };
    html! {
        (badge(it.verdict.name()))
        div.soft {
            (people(it.by))
            @if let (Some(at), Some(position)) = (it.at, it.position) {
                " " a href=(path::event(ledger, position)) { (time(at)) }
            }
        }
        @if let Some(reason) = it.reason { div.reason { (reason) } }
    }
}

/// The name by which a value goes in payloads.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(no) => no.to_string(),
    }
}
