//! planning: the attributes of the report as items, and back.

use annal_core::item::{Content, NewItem};

use crate::dictionary::{Attribute, Dictionary, attribute_id};
use crate::error::DataError;
use crate::format::UnknownFormat;

/// One item for each attribute of the dictionary, in its order.
#[must_use]
pub fn attributes(dictionary: &Dictionary) -> Vec<NewItem> {
    let item = |attribute: &Attribute| NewItem {
        id: attribute.id.clone(),
        content: Content::Attribute {
            name: attribute.name.clone(),
            line_item: attribute.line_item.clone(),
            format: attribute.format.text().to_owned(),
            requirement: attribute.requirement,
            primary_key: attribute.primary_key,
            critical: attribute.critical,
            risk: attribute.risk,
        },
    };
    dictionary.attributes().iter().map(item).collect()
}

/// The attributes of a plan, as its items say: what a tester changed counts, not what the dictionary said.
///
/// # Errors
/// [`DataError`] if an item is no attribute, or its format or name cannot be used.
pub fn planned(plan: &[NewItem]) -> Result<Dictionary, DataError> {
    plan.iter()
        .map(attribute)
        .collect::<Result<_, _>>()
        .map(Dictionary::of)
}

fn attribute(item: &NewItem) -> Result<Attribute, DataError> {
    let Content::Attribute {
        name,
        line_item,
        format,
        requirement,
        primary_key,
        critical,
        risk,
    } = &item.content
    else {
        let item = item.id.to_string();
        return Err(DataError::WrongItem {
            item,
            expected: "an attribute of the plan",
        });
    };
    let fault = |why: String| DataError::BadItem {
        item: item.id.to_string(),
        why,
    };
    let parsed = format
        .parse()
        .map_err(|error: UnknownFormat| fault(error.to_string()))?;
    attribute_id(name).map_err(|why| fault(format!("the name '{name}' cannot be used: {why}")))?;
    Ok(Attribute {
        id: item.id.clone(),
        name: name.clone(),
        line_item: line_item.clone(),
        format: parsed,
        requirement: *requirement,
        primary_key: *primary_key,
        critical: *critical,
        risk: *risk,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_data::{fr_y14m, hmda};

    #[test]
    fn a_plan_says_what_its_dictionary_says() {
        for dictionary in [hmda(), fr_y14m()] {
            let plan = attributes(&dictionary);
            assert_eq!(planned(&plan).unwrap(), dictionary);
        }
        assert_eq!(
            attributes(&hmda())[3].id.as_str(),
            "attribute:loan_to_value"
        );
    }

    #[test]
    fn a_change_that_cannot_be_used_names_its_item() {
        let mut plan = attributes(&hmda());
        if let Content::Attribute { format, .. } = &mut plan[3].content {
            *format = "about right".to_owned();
        }
        let error = planned(&plan).unwrap_err();
        assert_eq!(error.code(), "bad_item");
        assert!(
            error.to_string().contains("attribute:loan_to_value"),
            "{error}"
        );
    }
}
