//! From the fields of the form to a question.

use annal_audit::{DecisionFilter, Pace};
use annal_core::Position;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, kinds};

/// The fields as they were sent; an empty one narrows nothing. They are the query of the address, so that a question can
/// be kept and sent to somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) ask: String,
    pub(super) words: String,
    pub(super) run: String,
    pub(super) report: String,
    pub(super) phase: String,
    pub(super) item: String,
    pub(super) person: String,
    pub(super) role: String,
    pub(super) what: String,
    pub(super) verdict: String,
    pub(super) code: String,
    pub(super) current: String,
    pub(super) broken: String,
    pub(super) within: String,
    pub(super) slower_than: String,
    pub(super) clock: String,
    pub(super) since: String,
    pub(super) until: String,
    pub(super) as_of: String,
    pub(super) after: String,
}

/// What is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Decisions,
    Approvals,
    Overrides,
    Refusals,
    FourEyes,
    Late,
    Search,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::Decisions,
        Self::Approvals,
        Self::Overrides,
        Self::Refusals,
        Self::FourEyes,
        Self::Late,
        Self::Search,
    ];

    /// As in the address, and as `annal audit` calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Approvals => "approvals",
            Self::Overrides => "overrides",
            Self::Refusals => "refusals",
            Self::FourEyes => "four-eyes",
            Self::Late => "late",
            Self::Search => "search",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Decisions => "Every decision, those taken back included",
            Self::Approvals => "Versions approved and rejected, and how long that took",
            Self::Overrides => "Decisions against the engine's recommendation",
            Self::Refusals => "Attempts that the rules refused",
            Self::FourEyes => "Second-level decisions beside the first-level ones that they answer",
            Self::Late => "Steps that were, or are, past their deadline",
            Self::Search => "Reasons, refusals, requests and contents by their words",
        }
    }

    /// Whether it can be asked as of an earlier position. What is late is told for the head.
    pub(super) const fn keeps_its_past(self) -> bool {
        !matches!(self, Self::Late)
    }
}

/// A question.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    pub(super) kind: Kind,
    pub(super) filter: DecisionFilter,
    pub(super) pace: Pace,
    pub(super) only_broken: bool,
    pub(super) words: String,
}

/// Rows of a page.
const PAGE: u32 = 50;

impl Ask {
    /// Reads every field; the first that says nothing sensible is told by its name.
    pub(super) fn read(fields: &Fields) -> Result<Self, Problem> {
        let kind = match fields.ask.as_str() {
            "" => Kind::default(),
            name => {
                let named = Kind::ALL.into_iter().find(|it| it.name() == name);
                named.ok_or_else(|| trouble("Question", name, "choose one of the list"))?
            }
        };
        let claimed = match fields.clock.as_str() {
            "" | "recorded" => false,
            "effective" => true,
            other => return Err(trouble("Clock", other, "choose recorded or effective")),
        };
        let (since, until) = (time("From", &fields.since)?, time("Until", &fields.until)?);
        let filter = DecisionFilter {
            seen_by: None,
            run: parsed("Run", &fields.run)?,
            report: text(&fields.report),
            phase: parsed("Phase", &fields.phase)?,
            item: parsed("Item", &fields.item)?,
            person: parsed("Person", &fields.person)?,
            role: parsed("Role", &fields.role)?,
            what: text(&fields.what),
            verdict: text(&fields.verdict),
            code: text(&fields.code),
            overrides: kind == Kind::Overrides,
            current: !fields.current.is_empty(),
            since: since.filter(|_| !claimed),
            until: until.filter(|_| !claimed),
            effective_since: since.filter(|_| claimed),
            effective_until: until.filter(|_| claimed),
            as_of: parsed("As of position", &fields.as_of)?,
            after: parsed("After position", &fields.after)?.unwrap_or(Position(0)),
            limit: PAGE,
        };
        Ok(Self {
            kind,
            filter,
            pace: Pace {
                within_seconds: parsed("Within seconds", &fields.within)?,
                after_seconds: parsed("Slower than seconds", &fields.slower_than)?,
            },
            only_broken: !fields.broken.is_empty(),
            words: fields.words.trim().to_owned(),
        })
    }

    /// A search without words finds nothing to look for.
    pub(super) fn lacks_words(&self) -> bool {
        self.kind == Kind::Search && self.words.is_empty()
    }
}

impl Fields {
    /// As the query of an address, without what is empty.
    pub(super) fn query(&self) -> String {
        let fields = serde_json::to_value(self).unwrap_or_default();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.as_object().into_iter().flatten() {
            if let Some(value) = value.as_str().filter(|it| !it.is_empty()) {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// The same question as of a position.
    pub(super) fn pinned(&self, position: Position) -> Self {
        let as_of = if self.ask == Kind::Late.name() {
            String::new()
        } else {
            position.to_string()
        };
        Self {
            as_of,
            ..self.clone()
        }
    }

    /// Its first page.
    pub(super) fn first_page(&self) -> Self {
        Self {
            after: String::new(),
            ..self.clone()
        }
    }

    /// Its next page.
    pub(super) fn after(&self, position: Position) -> Self {
        Self {
            after: position.to_string(),
            ..self.clone()
        }
    }
}

fn text(value: &str) -> Option<String> {
    Some(value.trim().to_owned()).filter(|it| !it.is_empty())
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    value: &str,
) -> Result<Option<T>, Problem> {
    let Some(value) = text(value) else {
        return Ok(None);
    };
    value
        .parse()
        .map(Some)
        .map_err(|no: T::Err| trouble(name, &value, &no.to_string()))
}

/// A date stands for its first moment, as the command has it; the field of a browser gives minutes without a zone, which
/// are UTC as everything here.
fn time(name: &str, value: &str) -> Result<Option<DateTime<Utc>>, Problem> {
    let Some(value) = text(value) else {
        return Ok(None);
    };
    if let Ok(date) = value.parse::<NaiveDate>() {
        return Ok(Some(date.and_time(NaiveTime::MIN).and_utc()));
    }
    let minutes = chrono::NaiveDateTime::parse_from_str(&value, "%Y-%m-%dT%H:%M");
    let time = minutes
        .map(|it| it.and_utc())
        .or_else(|_| DateTime::parse_from_rfc3339(&value).map(|it| it.to_utc()));
    time.map(Some)
        .map_err(|_| trouble(name, &value, "write 2026-11-24 or 2026-11-24T09:30:00Z"))
}

fn trouble(name: &str, value: &str, remedy: &str) -> Problem {
    Problem::new(
        &kinds::INVALID_QUERY,
        format!("{name}: '{value}' cannot be used; {remedy}"),
    )
}

#[cfg(test)]
mod tests {
    use annal_core::{Phase, Role};

    use super::*;

    fn fields(query: &str) -> Fields {
        serde_json::from_value(serde_json::Value::Object(
            url::form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
                .collect(),
        ))
        .unwrap()
    }

    #[test]
    fn every_field_narrows_the_question() {
        let query = "ask=refusals&phase=scoping&person=ana&role=tester&code=four_eyes&since=2026-01-02&as_of=9";
        let ask = Ask::read(&fields(query)).unwrap();
        assert_eq!(ask.kind, Kind::Refusals);
        assert_eq!(ask.filter.phase, Some(Phase::Scoping));
        assert_eq!(ask.filter.role, Some(Role::Tester));
        assert_eq!(ask.filter.code.as_deref(), Some("four_eyes"));
        assert_eq!(ask.filter.as_of, Some(Position(9)));
        assert_eq!(
            ask.filter.since.unwrap().to_rfc3339(),
            "2026-01-02T00:00:00+00:00"
        );
        let claimed = Ask::read(&fields("clock=effective&until=2026-01-02T10:30")).unwrap();
        assert_eq!(claimed.filter.until, None);
        assert!(claimed.filter.effective_until.is_some());
    }

    #[test]
    fn a_typo_is_told_by_the_name_of_its_field() {
        for (query, name) in [
            ("ask=decision", "Question"),
            ("run=latest", "Run"),
            ("phase=scopin", "Phase"),
            ("role=boss", "Role"),
            ("since=yesterday", "From"),
            ("as_of=-1", "As of position"),
            ("within=soon", "Within seconds"),
            ("clock=wall", "Clock"),
        ] {
            let told = Ask::read(&fields(query)).unwrap_err().detail().to_owned();
            assert!(told.starts_with(name), "{query}: {told}");
        }
    }

    #[test]
    fn a_page_of_an_answer_leads_to_the_next_of_the_same_answer() {
        let asked = fields("ask=decisions&report=A%26B");
        let next = asked.pinned(Position(70)).after(Position(5)).query();
        assert_eq!(next, "ask=decisions&report=A%26B&as_of=70&after=5");
        assert_eq!(fields("ask=late").pinned(Position(70)).query(), "ask=late");
    }
}
