//! The container files, as far as they can be checked where nothing runs containers: what they name is there, and the words
//! with which they start the program are words that it knows.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::Home;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn every_service_starts_the_program_with_words_that_it_knows() {
    let home = Home::new();
    let mut started = 0;
    for (name, service) in ours() {
        let health = &service["healthcheck"]["test"];
        let mut calls = vec![words(&service["command"])];
        if let ["CMD", "annal", rest @ ..] = words(health).as_slice() {
            calls.push(rest.to_vec());
        }
        for mut call in calls {
            call.push("--help");
            let ended = home.run(&call);
            assert_eq!(ended.status, 0, "{name}: annal {call:?}: {}", ended.stderr);
            started += 1;
        }
    }
    assert!(started >= 5, "only {started} calls");
}

#[test]
fn every_variable_is_in_the_example_and_every_setting_is_told_of() {
    let compose = read("docker-compose.yml");
    let uses = compose.split("${").skip(1).map(|rest| {
        let end = rest.find([':', '}', '?', '-']).unwrap();
        &rest[..end]
    });
    let used: BTreeSet<&str> = uses.collect();
    let example = read("docker/example.env");
    let lines = example.lines().map(|line| line.trim_start_matches("# "));
    let lines = lines.filter_map(|line| line.split_once('='));
    let given: BTreeSet<&str> = lines.map(|(name, _)| name).collect();
    assert_eq!(used, given);
    let told = read("docs/deployments.md");
    for (name, service) in ours() {
        for variable in service["environment"].as_object().unwrap().keys() {
            let written = format!("`{variable}`");
            assert!(
                told.contains(&written),
                "{name}: docs/deployments.md does not tell of {written}"
            );
        }
    }
}

#[test]
fn our_services_are_closed_and_every_service_is_watched() {
    for (name, service) in ours() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"][0], "ALL", "{name}");
        assert!(service["restart"].is_string(), "{name}");
    }
    for (name, service) in services() {
        let once = service["restart"] == "on-failure";
        let looked_at = service["healthcheck"].is_object() || name == "temporal-ui";
        assert!(once || looked_at, "{name} has no health check");
        let waits = service["depends_on"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for other in waits.keys() {
            assert!(
                services().contains_key(other),
                "{name} waits for {other}, which is not there"
            );
        }
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let volume = volume.as_str().unwrap();
            if let Some((file, _)) = volume.strip_prefix("./").and_then(|it| it.split_once(':')) {
                assert!(
                    Path::new(ROOT).join(file).is_file(),
                    "{name}: {file} is not there"
                );
            }
        }
    }
}

#[test]
fn the_image_is_built_from_files_that_it_is_given() {
    let allowed: BTreeSet<String> = read(".dockerignore")
        .lines()
        .filter_map(|line| line.strip_prefix('!').map(str::to_owned))
        .collect();
    for name in &allowed {
        assert!(
            Path::new(ROOT).join(name).exists(),
            ".dockerignore lets in {name}, which is not there"
        );
    }
    let used = used_beside_crates(&Path::new(ROOT).join("crates"));
    assert!(
        used.contains("migrations") && used.contains("examples"),
        "{used:?}"
    );
    let kept_out: Vec<_> = used.difference(&allowed).collect();
    assert!(kept_out.is_empty(), ".dockerignore keeps out {kept_out:?}");
}

#[test]
fn the_images_are_those_that_are_tested() {
    let dockerfile = read("docker/Dockerfile");
    let toolchain = read("rust-toolchain.toml");
    let channel = toolchain.split('"').nth(1).unwrap();
    let minor = channel.rsplitn(2, '.').last().unwrap();
    assert!(
        dockerfile.contains(&format!("FROM rust:{channel}"))
            || dockerfile.contains(&format!("FROM rust:{minor}")),
        "{channel}"
    );
    assert!(dockerfile.contains(
        "cargo build --release --locked --package annal-cli && cp target/release/annal /annal"
    ));
    let temporal = &services()["temporal"]["image"];
    let release = annal_stack::TEMPORAL_RELEASE;
    assert_eq!(temporal, &format!("temporalio/auto-setup:{release}"));
}

/// The folders beside `crates` from which the sources under `folder` take files at compile time.
fn used_beside_crates(folder: &Path) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            used.extend(used_beside_crates(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let files = text.split("include_").skip(1);
            let includes = files.chain(text.split("migrate!(").skip(1));
            let named = includes.filter_map(|it| it.split('"').nth(1));
            used.extend(named.filter_map(|name| beside_crates(&path, name)));
        }
    }
    used
}

/// The folder at the top that a file lies in which a source names from its own place, or from its crate's.
fn beside_crates(source: &Path, name: &str) -> Option<String> {
    let root = Path::new(ROOT).canonicalize().unwrap();
    let name = name.trim_start_matches("$CARGO_MANIFEST_DIR/");
    let inside = source
        .ancestors()
        .skip(1)
        .take_while(|it| !it.ends_with("crates"));
    let mut places = inside.map(|place| place.join(name));
    let found = places.find_map(|it| it.canonicalize().ok())?;
    let first = found
        .strip_prefix(&root)
        .ok()?
        .iter()
        .next()?
        .to_str()?
        .to_owned();
    (first != "crates").then_some(first)
}

/// The services that run our image.
fn ours() -> impl Iterator<Item = (String, Value)> {
    services()
        .into_iter()
        .filter(|(_, it)| it["image"] == "annal")
}

fn services() -> serde_json::Map<String, Value> {
    let compose: Value = serde_saphyr::from_str(&read("docker-compose.yml")).unwrap();
    compose["services"].as_object().unwrap().clone()
}

fn words(list: &Value) -> Vec<&str> {
    let words = list.as_array().into_iter().flatten();
    words.filter_map(Value::as_str).collect()
}

fn read(name: &str) -> String {
    let path = Path::new(ROOT).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|no| panic!("{}: {no}", path.display()))
}
