//! Conditions of definitions: `failed_tests > 0`, `in_scope > 0 || changed > 0`.
//!
//! They are written in CEL (the Common Expression Language), of which only whole numbers, facts by name, comparison,
//! arithmetic and logic are let in. Text that could nest without end, call a function or build a list is refused
//! before the library sees it, so that no text whatever can make evaluation fail in another way than by an error.

use std::collections::BTreeMap;
use std::fmt;

use cel::{Context, Program, Value};

/// The longest condition that is taken, in bytes.
const LONGEST: usize = 200;
/// The deepest nesting of parentheses that is taken.
const DEEPEST: usize = 8;
/// Every character that a condition may hold beside letters, digits and blanks.
const SIGNS: &str = "_<>=!&|+-*/%()";
/// CEL's names of the operators that are let in.
const OPERATORS: [&str; 15] = [
    "_||_", "_&&_", "!_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_+_", "_-_", "_*_", "_/_",
    "_%_", "-_",
];

/// A condition that parsed.
#[derive(Debug)]
pub struct Condition {
    text: String,
    facts: Vec<String>,
    program: Program,
}

/// Why a condition could not be parsed or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// The text is no condition.
    #[error("the condition '{text}' does not parse: {why}")]
    Syntax {
        /// The condition.
        text: String,
        /// What is wrong, with the column where it is known.
        why: String,
    },
    /// It names a fact that was not given.
    #[error(
        "the condition '{text}' asks for '{fact}', which is not a known fact; known are {known}"
    )]
    UnknownFact {
        /// The condition.
        text: String,
        /// The fact.
        fact: String,
        /// The facts that there are.
        known: String,
    },
    /// It came to something other than true or false.
    #[error(
        "the condition '{text}' came to {value}, not to true or false; compare it with something"
    )]
    NotBoolean {
        /// The condition.
        text: String,
        /// What it came to.
        value: String,
    },
    /// It could not be computed, for instance because of a division by zero.
    #[error("the condition '{text}' cannot be computed: {why}")]
    Evaluation {
        /// The condition.
        text: String,
        /// What went wrong.
        why: String,
    },
}

impl Condition {
    /// Parses a condition.
    ///
    /// # Errors
    /// [`ConditionError::Syntax`] says what in the text is wrong.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let syntax = |why: String| ConditionError::Syntax {
            text: text.to_owned(),
            why,
        };
        if let Some(why) = refused_text(text) {
            return Err(syntax(why));
        }
        let program = Program::compile(text).map_err(|error| syntax(one_line(&error)))?;
        let references = program.references();
        if let Some(function) = references
            .functions()
            .into_iter()
            .find(|function| !OPERATORS.contains(function))
        {
            return Err(syntax(format!(
                "'{function}' is a function; only comparison, arithmetic and logic are allowed"
            )));
        }
        // The library's order is that of a hash set; sorted, the same text always gives the same error.
        let mut facts: Vec<String> = references
            .variables()
            .into_iter()
            .map(str::to_owned)
            .collect();
        facts.sort();
        Ok(Self {
            text: text.to_owned(),
            facts,
            program,
        })
    }

    /// Whether the condition holds for these facts. A fact that is named but not given is an error even where the
    /// result would not depend on it, so that a misspelt name cannot hide behind a true `||`.
    ///
    /// # Errors
    /// A fact is unknown, the result is no boolean, or it cannot be computed.
    pub fn holds(&self, facts: &BTreeMap<String, i64>) -> Result<bool, ConditionError> {
        self.only_asks_for(&facts.keys().map(String::as_str).collect::<Vec<_>>())?;
        let mut context = Context::empty();
        for (name, value) in facts {
            context.add_variable_from_value(name.as_str(), *value);
        }
        match self.program.execute(&context) {
            Ok(Value::Bool(result)) => Ok(result),
            Ok(other) => Err(ConditionError::NotBoolean {
                text: self.text.clone(),
                value: format!("{other:?}"),
            }),
            Err(error) => Err(ConditionError::Evaluation {
                text: self.text.clone(),
                why: one_line(&error),
            }),
        }
    }

    /// Checks that every fact asked for is one of these.
    ///
    /// # Errors
    /// [`ConditionError::UnknownFact`] names the first that is not.
    pub fn only_asks_for(&self, known: &[&str]) -> Result<(), ConditionError> {
        match self
            .facts
            .iter()
            .find(|fact| !known.contains(&fact.as_str()))
        {
            None => Ok(()),
            Some(fact) => Err(ConditionError::UnknownFact {
                text: self.text.clone(),
                fact: fact.clone(),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            }),
        }
    }

    /// The facts that it asks for, in alphabetical order.
    #[must_use]
    pub fn facts(&self) -> &[String] {
        &self.facts
    }

    /// The text that it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What the library must not be given: its parser recurses, and its language is larger than what is needed here.
fn refused_text(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("it is empty".to_owned());
    }
    if text.len() > LONGEST {
        return Some(format!("it is longer than {LONGEST} bytes"));
    }
    if let Some(bad) = text
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || *c == ' ' || SIGNS.contains(*c)))
    {
        return Some(format!("{bad:?} is not allowed in it"));
    }
    let mut depth = 0_usize;
    for sign in text.chars() {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(format!("it nests deeper than {DEEPEST} parentheses"));
        }
    }
    None
}

/// The library draws the place over several lines; the first one says it all.
fn one_line(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("ERROR: <input>:").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(pairs: &[(&str, i64)]) -> BTreeMap<String, i64> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }

    fn holds(text: &str, pairs: &[(&str, i64)]) -> Result<bool, ConditionError> {
        Condition::parse(text)?.holds(&facts(pairs))
    }

    #[test]
    fn a_condition_holds_or_not_by_its_facts() {
        let text = "in_scope > 0 || changed > 0";
        assert_eq!(holds(text, &[("in_scope", 0), ("changed", 0)]), Ok(false));
        assert_eq!(holds(text, &[("in_scope", 0), ("changed", 1)]), Ok(true));
        assert_eq!(
            holds("!(failed_tests == 0)", &[("failed_tests", 3)]),
            Ok(true)
        );
        assert_eq!(holds("2 * a - 1 >= 5 && true", &[("a", 3)]), Ok(true));
    }

    #[test]
    fn an_unknown_fact_is_an_error_even_behind_a_true_or() {
        let error = holds("in_scope > 0 || chnged > 0", &[("in_scope", 1)]).unwrap_err();
        assert!(
            matches!(&error, ConditionError::UnknownFact { fact, .. } if fact == "chnged"),
            "{error}"
        );
        assert!(error.to_string().contains("known are in_scope"), "{error}");
    }

    #[test]
    fn a_result_that_is_no_boolean_is_an_error() {
        let error = holds("failed_tests", &[("failed_tests", 1)]).unwrap_err();
        assert!(
            matches!(error, ConditionError::NotBoolean { .. }),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_computed_is_an_error() {
        for text in ["1 / a == 1", "1 % a == 1", "9223372036854775807 + 1 > a"] {
            let error = holds(text, &[("a", 0)]).unwrap_err();
            assert!(
                matches!(error, ConditionError::Evaluation { .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn text_that_is_no_condition_is_refused_with_the_place() {
        let deep = format!("{}1 > 0{}", "(".repeat(9), ")".repeat(9));
        let long = format!("1 > 0{}", " ".repeat(200));
        for (text, part) in [
            ("", "empty"),
            ("  ", "empty"),
            ("in_scope >", "1:11"),
            ("a b", "1:3"),
            ("size(a) > 0", "'size' is a function"),
            ("'a' == 'a'", "not allowed"),
            ("[1].all(x, x > 0)", "not allowed"),
            ("é > 0", "not allowed"),
            (deep.as_str(), "nests deeper"),
            (long.as_str(), "longer than"),
        ] {
            let error = Condition::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,220}") {
            let _ = holds(&text, &[("a", 1)]);
        }

        #[test]
        fn no_run_of_allowed_words_makes_it_panic(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "b", "0", "1", "-", "!", "(", ")", "&&", "||", "<", ">=", "==", "!=", "+", "*", "/", "%",
                    "true", "9223372036854775807", "0x", "1u", "in", "null", "as", " ",
                ]),
                0..60,
            ),
        ) {
            let _ = holds(&words.concat(), &[("a", 0), ("b", i64::MIN)]);
        }
    }
}
