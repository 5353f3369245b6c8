//! Whether an answer is the one that is due.

use std::collections::BTreeMap;

use reqwest::Response;
use serde_json::Value;

use crate::doors::{Due, Place};
use crate::people::{Credential, Subject};
use crate::table::{Body, Line};

/// Somebody tries something somewhere.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) line: &'a Line,
    pub(crate) by: &'a Subject,
    pub(crate) place: Place,
}

/// What came back.
pub(crate) struct Answer {
    status: u16,
    location: String,
    /// Where it is JSON.
    body: Option<Value>,
}

/// What came of all that was tried.
#[derive(Default)]
pub(crate) struct Tally {
    /// Answers that were not due.
    pub(crate) wrong: Vec<String>,
    /// Attempts that belong into the record of who was refused.
    pub(crate) refused: u64,
    /// Refusals by the rules, which the run's own stream keeps.
    pub(crate) by_the_rules: u64,
    /// First and last event of what was carried out.
    pub(crate) done: Vec<(u64, u64)>,
}

impl Place {
    pub(crate) fn ledger(self) -> &'static str {
        match self {
            Self::Own => "main",
            Self::Foreign => "other",
            Self::Missing => "nowhere",
        }
    }
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map_or_else(String::new, |it| it.to_str().unwrap().to_owned())
        };
        let (status, location, kind) = (
            response.status().as_u16(),
            header("location"),
            header("content-type"),
        );
        // A stream has no end to wait for.
        let body = match kind.contains("json") && status != 200 {
            true => Some(response.json().await.unwrap()),
            false => None,
        };
        Self {
            status,
            location,
            body,
        }
    }

    fn code(&self) -> &str {
        let code = self.body.as_ref().and_then(|it| it["code"].as_str());
        code.unwrap_or_default()
    }

    /// First and last event of an act that was carried out.
    fn done(&self) -> Option<(u64, u64)> {
        if let Some((_, done)) = self.location.split_once("?done=") {
            let (first, last) = done.split_once('-')?;
            return Some((first.parse().ok()?, last.parse().ok()?));
        }
        let body = self.body.as_ref()?;
        Some((
            body["first_position"].as_u64()?,
            body["last_position"].as_u64()?,
        ))
    }
}

impl Case<'_> {
    fn changes(&self) -> bool {
        !self.line.endpoint.starts_with("GET ")
    }

    /// Who asks for a page is led to sign in; programs are told.
    fn is_page(&self) -> bool {
        !self.line.endpoint.contains(" /api/") && !self.by.by_token()
    }

    fn due(&self) -> Due {
        self.line.door.due(self.by, self.place, self.changes())
    }

    fn is_due(&self, answer: &Answer) -> bool {
        let (status, code) = (answer.status, answer.code());
        match self.due() {
            Due::In => status == self.line.answer || Some(status) == self.line.or,
            Due::SignIn if self.is_page() => {
                status == 303 && answer.location.starts_with("/sign-in")
            }
            Due::SignIn => status == 401 && code == "not_signed_in",
            Due::NothingThere => status == 404 && code == "not_found",
            Due::Forbidden => status == 403 && code == "not_allowed",
            Due::Forged => status == 403 && code == "forged_request",
            // A form comes back with the refusal at its head.
            Due::ByTheRules => {
                let rules = ["role_not_held", "role_not_allowed", "unknown_person", ""];
                status == 403 && rules.contains(&code)
            }
        }
    }

    /// Whether it belongs into the record of who was refused.
    fn is_recorded(&self) -> bool {
        match self.due() {
            Due::SignIn => !(self.is_page() && self.by.credential == Credential::None),
            Due::NothingThere | Due::Forbidden | Due::Forged => true,
            // The session of the one who signed out a line before is over.
            Due::In if self.line.endpoint == "POST /sign-out/everywhere" => {
                self.by.credential == Credential::Session
            }
            Due::In => [401, 403].contains(&self.line.answer),
            Due::ByTheRules => false,
        }
    }

    fn told(&self, answer: &Answer) -> String {
        let (line, by) = (self.line, self.by);
        let body = match &line.body {
            Body::Json(body) => body.to_string(),
            Body::Form(fields) => (*fields).to_owned(),
            Body::None | Body::Bytes(_) => String::new(),
        };
        format!(
            "{} {} {body} in {:?} by {} ({} {:?}): due {:?} {}, was {} {} {}",
            line.endpoint,
            line.query,
            self.place,
            by.name,
            by.role,
            by.credential,
            self.due(),
            line.answer,
            answer.status,
            answer.code(),
            answer.location
        )
    }
}

impl Tally {
    pub(crate) fn take(&mut self, tried: &[(Case<'_>, Answer)]) {
        for (case, answer) in tried {
            if !case.is_due(answer) {
                self.wrong.push(case.told(answer));
            }
            self.refused += u64::from(case.is_recorded());
            let by_rules = matches!(case.line.door, crate::doors::Door::By(_));
            let refused = by_rules
                && (case.due() == Due::ByTheRules
                    || case.due() == Due::In && case.line.answer >= 400);
            self.by_the_rules += u64::from(refused);
            self.done.extend(answer.done());
        }
        self.a_foreign_ledger_is_like_none(tried);
    }

    /// Word for word: nobody learns of a ledger by asking for it.
    fn a_foreign_ledger_is_like_none(&mut self, tried: &[(Case<'_>, Answer)]) {
        let mut foreign = BTreeMap::new();
        let who = |case: &Case<'_>| (case.by.name, format!("{:?}", case.by.credential));
        let words = |it: &Answer, ledger: &str| {
            let mut body = it.body.clone().unwrap_or_default();
            for own in ["instance", "correlation_id"] {
                body.as_object_mut().map(|it| it.remove(own));
            }
            let told = format!("{} {} {body}", it.status, it.location);
            let named = told.replace(&format!("/{ledger}"), "/LEDGER");
            named.replace(&format!("'{ledger}'"), "'LEDGER'")
        };
        let of = |place| tried.iter().filter(move |(case, _)| case.place == place);
        for (case, answer) in of(Place::Foreign) {
            foreign.insert(who(case), words(answer, "other"));
        }
        for (case, answer) in of(Place::Missing) {
            let missing = words(answer, "nowhere");
            if foreign.get(&who(case)) != Some(&missing) {
                let told = case.told(answer);
                self.wrong
                    .push(format!("a foreign ledger differs from none: {told}"));
            }
        }
    }
}
