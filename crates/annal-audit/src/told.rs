//! Versions and differences as text for people.

use std::fmt::Write;

use annal_core::item::{Content, DecisionLevel};
use annal_core::version::{CarryForward, Origin};
use chrono::SecondsFormat;

use crate::content::ContentShown;
use crate::diff::Diff;
use crate::show::{Act, DecisionShown, ItemShown, ShownVersion};

impl ShownVersion {
    /// The version with its items and decisions, as lines of text.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{}  {}  as of position {}",
            self.version,
            word(&self.status),
            self.position
        );
        let _ = writeln!(
            text,
            "made       {}{}",
            act(&self.created),
            origin(&self.origin)
        );
        if let Some(submitted) = &self.submitted {
            let _ = writeln!(text, "submitted  {}", act(submitted));
        }
        if let Some(decided) = &self.decided {
            let _ = writeln!(text, "decided    {}", act(decided));
        }
        for change in &self.requested_changes {
            let _ = writeln!(text, "asked for  {change}");
        }
        if let Some(successor) = self.superseded_by {
            let _ = writeln!(text, "superseded by version {successor}");
        }
        for input in &self.inputs {
            let _ = writeln!(text, "built from {input}");
        }
        let carried = self.items.iter().filter(|it| it.carried.is_some()).count();
        let _ = writeln!(
            text,
            "\n{} items, {carried} of them carried forward",
            self.items.len()
        );
        for item in &self.items {
            let _ = writeln!(text, "{}", item_line(item));
        }
        for (item, removed) in &self.removed {
            let _ = writeln!(text, "- {item}  taken out {}", act(removed));
        }
        text
    }
}

impl Diff {
    /// The differences as lines of text: `+` added, `-` gone, `~` changed.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = String::new();
        let ((a, at), (b, bt)) = (&self.a, &self.b);
        let _ = writeln!(text, "from {a} (position {at})\nto   {b} (position {bt})\n");
        for item in &self.added {
            let _ = writeln!(
                text,
                "+ {}  {}  {}",
                item.item,
                says(&item.content),
                act(&item.added)
            );
        }
        for gone in &self.removed {
            let how = gone
                .removed
                .as_ref()
                .map_or_else(|| "left behind".to_owned(), act);
            let _ = writeln!(
                text,
                "- {}  {}  {how}",
                gone.item.item,
                says(&gone.item.content)
            );
        }
        for change in &self.content {
            let (before, after) = (says(&change.before), says(&change.after));
            let _ = writeln!(
                text,
                "~ {}  {before} → {after}  {}",
                change.item,
                act(&change.changed)
            );
        }
        for change in &self.decisions {
            let (before, after) = (
                decision(change.before.as_ref()),
                decision(change.after.as_ref()),
            );
            let _ = writeln!(
                text,
                "~ {}  {}: {before} → {after}",
                change.item,
                level(change.level)
            );
        }
        let _ = writeln!(
            text,
            "\n{} added, {} gone, {} contents and {} decisions changed, {} unchanged; {} carried forward",
            self.added.len(),
            self.removed.len(),
            self.content.len(),
            self.decisions.len(),
            self.unchanged,
            self.carried.len()
        );
        text
    }
}

fn act(act: &Act) -> String {
    let at = act.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let reason = act
        .reason
        .as_ref()
        .map_or_else(String::new, |it| format!(": {it}"));
    format!("by {} at {at} (position {}){reason}", act.by, act.position)
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Initial => String::new(),
        Origin::Revision { parent, policy } => {
            format!(
                ", revises version {parent} ({})",
                CarryForward::name(*policy)
            )
        }
        Origin::Revert { to } => format!(", takes back the contents of version {to}"),
    }
}

fn item_line(item: &ItemShown) -> String {
    let mut line = format!(
        "  {}  {}  tester: {}  report owner: {}",
        item.item,
        says(&item.content),
        decision(item.tester.as_ref()),
        decision(item.report_owner.as_ref())
    );
    if let Some(from) = &item.carried {
        let _ = write!(line, "  carried from version {}", from.version);
    }
    for signature in &item.signatures {
        let _ = write!(
            line,
            "  signed by {} ({})",
            signature.printed_name,
            word(&signature.meaning)
        );
    }
    line
}

fn decision(decision: Option<&DecisionShown>) -> String {
    let Some(it) = decision else {
        return "–".to_owned();
    };
    let reason = it
        .reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(", {reason}"));
    format!("{} ({}{reason})", word(&it.verdict), it.by)
}

const fn level(level: DecisionLevel) -> &'static str {
    match level {
        DecisionLevel::Tester => "tester",
        DecisionLevel::ReportOwner => "report owner",
    }
}

/// What an item says, in a few words, or why it cannot be told.
fn says(content: &ContentShown) -> String {
    match content.read() {
        Ok(content) => content_line(&content),
        Err(error) => error.to_string(),
    }
}

/// What an item says, in a few words.
pub(crate) fn content_line(content: &Content) -> String {
    match content {
        Content::Attribute { name, risk, .. } => format!("{name} ({} risk)", word(risk)),
        Content::Rule {
            attribute, check, ..
        } => format!("{attribute} {check}"),
        Content::ScopeAttribute {
            attribute,
            recommended,
            ..
        } => {
            let advice = if *recommended {
                "recommended"
            } else {
                "not recommended"
            };
            format!("{attribute} ({advice})")
        }
        Content::Sample {
            row_key, category, ..
        } => format!("row {row_key} ({})", word(category)),
        Content::Observation {
            title, severity, ..
        } => format!("{title} ({})", word(severity)),
        Content::Section { title, .. } => title.clone(),
    }
}

/// The name by which a value goes in payloads.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}
