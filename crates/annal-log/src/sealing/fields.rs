//! Where payloads print names, and whose they are. An event that prints another name gets its place here.

use serde_json::Value;

/// Of these types alone a payload is taken apart.
pub(crate) const TYPES: [&str; 3] = ["run_opened", "person_registered", "section_signed"];

/// The names in a payload, each with the id of its person.
pub(crate) fn names<'a>(event_type: &str, payload: &'a mut Value) -> Vec<(String, &'a mut Value)> {
    let (holders, person, name): (Vec<&mut Value>, _, _) = match event_type {
        "run_opened" => {
            let people = payload.get_mut("people").and_then(Value::as_array_mut);
            let people = people.into_iter().flatten().collect();
            (people, "id", "name")
        }
        "person_registered" => {
            let person = payload.get_mut("person").into_iter().collect();
            (person, "id", "name")
        }
        "section_signed" => {
            let signature = payload.get_mut("signature").into_iter().collect();
            (signature, "by", "printed_name")
        }
        _ => return Vec::new(),
    };
    let found = holders.into_iter().filter_map(|holder| {
        let person = holder.get(person)?.as_str()?.to_owned();
        Some((person, holder.get_mut(name)?))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use annal_core::dossier::DossierEvent;
    use annal_core::run::RunEvent;
    use cqrs_es::DomainEvent;
    use serde_json::json;

    use super::*;

    fn found(event_type: &str, mut payload: Value) -> Vec<(String, Value)> {
        let names = names(event_type, &mut payload);
        names
            .into_iter()
            .map(|(who, name)| (who, name.clone()))
            .collect()
    }

    #[test]
    fn every_name_is_found_with_its_person() {
        let ana = json!({"id": "ana", "name": "Ana A.", "roles": []});
        let bo = json!({"id": "bo", "name": {"erased": true}, "roles": []});
        assert_eq!(
            found("run_opened", json!({"people": [ana, bo]})),
            [
                ("ana".to_owned(), json!("Ana A.")),
                ("bo".to_owned(), json!({"erased": true}))
            ]
        );
        assert_eq!(
            found("person_registered", json!({"person": ana})),
            [("ana".to_owned(), json!("Ana A."))]
        );
        assert_eq!(
            found(
                "section_signed",
                json!({"signature": {"by": "ana", "printed_name": "Ana A."}})
            ),
            [("ana".to_owned(), json!("Ana A."))]
        );
        for odd in [
            json!(null),
            json!({"people": 7}),
            json!({"people": [null, {"id": 1}]}),
        ] {
            assert_eq!(found("run_opened", odd), []);
        }
    }

    /// A name that the core prints somewhere new, and that nobody seals, would never be erasable: each event ever
    /// written is looked through for the types' word for one.
    #[test]
    fn no_event_prints_a_name_that_is_not_found() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../annal-core/tests/golden");
        let mut printed = 0;
        for folder in ["run", "dossier"] {
            for file in std::fs::read_dir(format!("{golden}/{folder}")).unwrap() {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                let mut payload: Value = serde_json::from_str(&text).unwrap();
                let event_type = payload["type"].as_str().unwrap().to_owned();
                for (_, name) in names(&event_type, &mut payload) {
                    assert!(name.is_string(), "{event_type}");
                    *name = json!({"erased": true});
                    printed += 1;
                }
                // Erased, it still reads as the event that it is.
                let reads = match folder {
                    "run" => serde_json::from_value::<RunEvent>(payload.clone())
                        .map(|it| it.event_type()),
                    _ => serde_json::from_value::<DossierEvent>(payload.clone())
                        .map(|it| it.event_type()),
                };
                assert_eq!(reads.unwrap(), event_type);
                assert!(!prints_a_name(&payload), "{payload}");
            }
        }
        assert!(printed >= 3, "only {printed} names in the golden events");
    }

    /// A signature's name, or that of somebody with roles.
    fn prints_a_name(value: &Value) -> bool {
        match value {
            Value::Array(all) => all.iter().any(prints_a_name),
            Value::Object(fields) => {
                fields.get("printed_name").is_some_and(Value::is_string)
                    || fields.contains_key("roles") && fields["name"].is_string()
                    || fields.values().any(prints_a_name)
            }
            _ => false,
        }
    }
}
