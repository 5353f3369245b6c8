//! A run's or a phase's page as its viewer has it before them: what they hold, what they typed, what was refused.

use annal_core::case::Waiting;
use annal_core::run::RunStatus;
use annal_core::{Case, CommandId, LedgerId, PersonId, Phase, Role, RunId};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use uuid::Uuid;

use super::acting::Fields;
use super::parts::{self, hidden, problem, words};
use super::path;
use crate::duties::waits_for;
use crate::problem::Problem;
use crate::seen::SeenRun;

/// What a viewer looks at.
pub(crate) struct Desk<'a> {
    pub(crate) run: &'a SeenRun,
    /// The phase, on the pages of one.
    pub(crate) phase: Option<Phase>,
    /// What they sent and was not done.
    pub(crate) refused: Option<&'a Refused>,
    pub(crate) now: DateTime<Utc>,
}

/// A form that came in and was not carried out.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Which form, by its key.
    pub(crate) form: String,
    pub(crate) problem: Problem,
    pub(crate) fields: Fields,
}

/// A form of a page.
pub(crate) struct Form<'f> {
    /// The act that it asks for.
    pub(crate) act: &'static str,
    /// Which of several forms for the act on one page; empty for the only one.
    pub(crate) of: &'f str,
    pub(crate) title: &'f str,
    /// It sends a file.
    pub(crate) uploads: bool,
    /// The roles in which it can be done.
    pub(crate) roles: &'f [Role],
}

impl<'f> Form<'f> {
    /// The only form for an act on its page.
    pub(crate) const fn new(act: &'static str, title: &'f str, roles: &'f [Role]) -> Self {
        Self {
            act,
            of: "",
            title,
            uploads: false,
            roles,
        }
    }

    /// The form's key on its page; also its id.
    pub(crate) fn key(&self) -> String {
        match self.of {
            "" => self.act.to_owned(),
            of => format!("{}-{}", self.act, path::escaped(of)),
        }
    }
}

impl<'a> Desk<'a> {
    /// A run or one of its phases, as it is now.
    pub(crate) fn of(run: &'a SeenRun, phase: Option<Phase>, refused: Option<&'a Refused>) -> Self {
        Self {
            run,
            phase,
            refused,
            now: Utc::now(),
        }
    }

    pub(crate) fn case(&self) -> &'a Case {
        &self.run.standing.case
    }

    pub(crate) fn ledger(&self) -> &'a LedgerId {
        &self.run.seen.ledger.id
    }

    pub(crate) fn id(&self) -> RunId {
        self.run.run
    }

    pub(crate) fn me(&self) -> &'a PersonId {
        &self.run.seen.viewer.person
    }

    /// The report and its cycle.
    pub(crate) fn title(&self) -> String {
        let opening = self.case().run.opening();
        opening.map_or_else(String::new, |it| format!("{} · {}", it.report, it.cycle))
    }

    /// Whether they hold one of these roles on the run.
    pub(crate) fn holds(&self, roles: &[Role]) -> bool {
        let person = self.case().run.person(self.me());
        person.is_some_and(|it| roles.iter().any(|role| it.roles.contains(role)))
    }

    /// Whether anybody can still act in the run, and they can in one of these roles.
    pub(crate) fn may(&self, roles: &[Role]) -> bool {
        self.case().run.status() == RunStatus::Open && self.holds(roles)
    }

    /// Whether something waits for this viewer.
    pub(crate) fn is_mine(&self, waiting: &Waiting) -> bool {
        let held = self.holds(&[waiting.awaited.role]);
        waits_for(waiting, self.me(), held)
    }

    /// A person of the run, with their printed name.
    pub(crate) fn person(&self, id: &PersonId) -> Markup {
        let name = self.case().run.person(id).map(|it| it.name.to_string());
        parts::person(id, name.as_deref())
    }

    /// What was typed into a field of a form that was refused; empty otherwise.
    pub(crate) fn typed(&self, form: &str, field: &str) -> &'a str {
        let refused = self.refused.filter(|it| it.form == form);
        refused.map_or("", |it| it.fields.typed(field))
    }

    /// Whether something was picked in a form that was refused.
    pub(crate) fn was_picked(&self, form: &str, field: &str, value: &str) -> bool {
        let refused = self.refused.filter(|it| it.form == form);
        refused.is_some_and(|it| it.fields.has(field, value))
    }

    /// A form around its fields, with all that every form sends along. What was refused is said at its head.
    pub(crate) fn form(&self, form: &Form<'_>, class: &str, fields: &Markup) -> Markup {
        let key = form.key();
        let refused = self.refused.filter(|it| it.form == key);
        html! {
            form class=(class) id=(key) method="post" action=(self.action(form.act))
                enctype=[form.uploads.then_some("multipart/form-data")] {
                @if !form.title.is_empty() { h3 { (form.title) } }
                @if let Some(refused) = refused { (problem(&refused.problem)) }
                (parts::csrf(self.run.seen.viewer.csrf()))
                (hidden("command_id", command_id(refused)))
                (hidden("form", &key))
                (fields)
                (self.how(form, &key))
            }
        }
    }

    /// Where a form is sent to.
    fn action(&self, act: &str) -> String {
        let above = match self.phase {
            Some(phase) => path::phase(self.ledger(), self.id(), phase),
            None => path::run(self.ledger(), self.id()),
        };
        format!("{above}/do/{act}")
    }

    /// In which role and in whose place, where there is a choice.
    fn how(&self, form: &Form<'_>, key: &str) -> Markup {
        let people = &self.case().run;
        let held = people
            .person(self.me())
            .map(|it| it.roles.clone())
            .unwrap_or_default();
        let fit: Vec<_> = form
            .roles
            .iter()
            .filter(|role| held.contains(role))
            .collect();
        let others = people.people().filter(|it| it.id != *self.me());
        let others = others.filter(|it| fit.iter().any(|role| it.roles.contains(role)));
        let mut others: Vec<_> = others
            .map(|it| (it.id.to_string(), it.name.to_string()))
            .collect();
        others.insert(0, (String::new(), "nobody".to_owned()));
        html! {
            @if fit.len() > 1 || others.len() > 1 {
                details.how {
                    summary { "In which role, in whose place" }
                    @if fit.len() > 1 {
                        @let roles: Vec<_> = fit.iter().map(|it| (it.name().to_owned(), words::role(**it))).collect();
                        (parts::choice(&format!("{key}-role"), "role", "In the role of", &roles, self.typed(key, "role")))
                    }
                    (parts::choice(&format!("{key}-place"), "on_behalf_of", "In the place of", &others, self.typed(key, "on_behalf_of")))
                }
            }
        }
    }

    /// The field for a reason.
    pub(crate) fn reason(&self, key: &str, required: bool) -> Markup {
        parts::area(
            &format!("{key}-reason"),
            "reason",
            "Reason",
            self.typed(key, "reason"),
            required,
        )
    }
}

/// A form that was refused gets a new id, as the refusal is kept under the old one; one that got no answer keeps it, so
/// that sending it again is safe.
fn command_id(refused: Option<&Refused>) -> CommandId {
    let unanswered = refused.filter(|it| it.problem.status().is_server_error());
    let sent = unanswered.and_then(|it| it.fields.maybe::<CommandId>("command_id").ok());
    sent.flatten().unwrap_or_else(|| CommandId(Uuid::now_v7()))
}
