//! The description of the API that is checked in is the one that the code has.

#[test]
fn the_checked_in_description_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let code = annal_server::openapi();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &code).expect("docs/openapi.json is written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == code,
        "the API moved away from docs/openapi.json; look at what that means for its users, then run this test with UPDATE=1"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_a_tag() {
    let described: serde_json::Value =
        serde_json::from_str(&annal_server::openapi()).expect("JSON");
    let mut names = std::collections::BTreeSet::new();
    for (path, operations) in described["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(
                names.insert(name.to_owned()),
                "{method} {path}: {name} is taken"
            );
            assert!(
                operation["summary"].is_string(),
                "{method} {path} says nothing"
            );
            assert!(
                operation["tags"][0].is_string(),
                "{method} {path} has no tag"
            );
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path} tells no error"
            );
        }
    }
    assert!(names.len() > 40, "{names:?}");
}
