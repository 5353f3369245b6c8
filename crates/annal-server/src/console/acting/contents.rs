//! From the fields of a form to what an item says. A field that is left empty in a change keeps what is there.

use annal_core::Phase;
use annal_core::item::Content;
use serde_json::{Map, Value, json};

use super::fields::{Fields, invalid};
use crate::problem::Problem;

/// What a new item of a phase says.
pub(super) fn new(phase: Phase, fields: &Fields) -> Result<Content, Problem> {
    let start = match phase {
        Phase::Planning => json!({ "kind": "attribute" }),
        Phase::DataProfiling => json!({ "kind": "rule", "result": null }),
        Phase::Scoping => {
            json!({ "kind": "scope_attribute", "primary_key": false, "rationale": "" })
        }
        Phase::SampleSelection => json!({ "kind": "sample", "source": "tester", "values": {} }),
        Phase::Observations => json!({ "kind": "observation", "failed_tests": [] }),
        _ => json!({ "kind": "section", "body": "" }),
    };
    filled(start, fields)
}

/// What an item says after a change.
pub(super) fn changed(now: &Content, fields: &Fields) -> Result<Content, Problem> {
    let now = serde_json::to_value(now).map_err(|no| invalid("item", &no))?;
    let mut content = filled(now.clone(), fields)?;
    // Another rule has not been run yet.
    if let Content::Rule {
        check,
        dimension,
        attribute,
        result,
        ..
    } = &mut content
    {
        let other = json!(check) != now["check"]
            || json!(dimension) != now["dimension"]
            || json!(attribute) != now["attribute"];
        if other {
            *result = None;
        }
    }
    Ok(content)
}

const TEXTS: [&str; 16] = [
    "name",
    "line_item",
    "format",
    "requirement",
    "risk",
    "attribute",
    "dimension",
    "check",
    "severity",
    "rationale",
    "row_key",
    "category",
    "line_of_business",
    "title",
    "body",
    "observation",
];
const FLAGS: [&str; 3] = ["primary_key", "critical", "recommended"];

fn filled(mut content: Value, fields: &Fields) -> Result<Content, Problem> {
    let object = content
        .as_object_mut()
        .ok_or_else(|| invalid("item", &"it is no item"))?;
    for name in TEXTS {
        if let Some(text) = fields.one(name) {
            object.insert(name.to_owned(), text.into());
        }
    }
    for name in FLAGS {
        if let Some(flag) = fields.one(name) {
            object.insert(name.to_owned(), (flag == "yes").into());
        }
    }
    if let Some(line) = fields.maybe::<u64>("line")? {
        object.insert("line".to_owned(), line.into());
    }
    if fields.one("values").is_some() {
        object.insert("values".to_owned(), values(fields)?.into());
    }
    if fields.one("failed_tests").is_some() {
        object.insert(
            "failed_tests".to_owned(),
            fields.lines("failed_tests").into(),
        );
    }
    serde_json::from_value(content).map_err(|no| invalid("item", &no))
}

/// Lines of `name: value`; nothing after the colon is a value that is missing.
fn values(fields: &Fields) -> Result<Map<String, Value>, Problem> {
    let mut values = Map::new();
    for line in fields.lines("values") {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| invalid("values", &format!("'{line}' is not written as name: value")))?;
        let value = Some(value.trim()).filter(|it| !it.is_empty());
        values.insert(name.trim().to_owned(), value.into());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_empty_stays_as_it_is() {
        let fields = [
            ("name", "income"),
            ("line_item", "9"),
            ("format", "N"),
            ("requirement", "mandatory"),
            ("primary_key", "no"),
            ("critical", "yes"),
            ("risk", "high"),
        ];
        let content = new(Phase::Planning, &Fields::of(&fields)).unwrap();
        let other = changed(&content, &Fields::of(&[("risk", "low"), ("name", "")])).unwrap();
        let Content::Attribute {
            name,
            critical,
            risk,
            ..
        } = other
        else {
            panic!("another kind");
        };
        assert_eq!(
            (name.as_str(), critical, risk),
            ("income", true, annal_core::item::Level::Low)
        );
    }

    #[test]
    fn a_sample_named_by_hand_is_its_testers() {
        let fields = [
            ("row_key", "7"),
            ("line", "8"),
            ("category", "clean"),
            ("line_of_business", "all"),
            ("values", "single: yes\nincome:"),
        ];
        let content = new(Phase::SampleSelection, &Fields::of(&fields)).unwrap();
        let Content::Sample { source, values, .. } = content else {
            panic!("another kind");
        };
        assert_eq!(source, annal_core::item::SampleSource::Tester);
        assert_eq!(values["income"], None);
        assert_eq!(values["single"].as_deref(), Some("yes"));
    }

    #[test]
    fn an_item_without_what_it_needs_is_refused_by_name() {
        let problem = new(Phase::Observations, &Fields::of(&[("title", "x")])).unwrap_err();
        assert!(
            problem.detail().contains("severity"),
            "{}",
            problem.detail()
        );
    }
}
