//! Search attributes of a namespace. The server's own start option sets them only on a new database, so they are made here.

use std::path::Path;

use super::operator;
use crate::StackError;

/// Makes those of `wanted` (each `Name=Type`) that the namespace does not have.
pub(crate) fn ensure(
    program: &Path,
    target: &str,
    namespace: &str,
    wanted: &[String],
) -> Result<(), StackError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let failed = |reason| StackError::Program {
        program: "temporal operator search-attribute".into(),
        reason,
    };
    let there = operator(
        program,
        target,
        &["search-attribute", "list", "--namespace", namespace],
    )
    .map_err(failed)?;
    let missing: Vec<String> = missing(&there, wanted).flat_map(options).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let create = ["search-attribute", "create", "--namespace", namespace];
    let arguments: Vec<&str> = create
        .into_iter()
        .chain(missing.iter().map(String::as_str))
        .collect();
    operator(program, target, &arguments)
        .map(|_| ())
        .map_err(failed)
}

/// Pairs of name and type that the printed list does not name.
fn missing<'a>(there: &str, wanted: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let names: Vec<String> = there
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    let pairs = wanted
        .iter()
        .map(|pair| pair.split_once('=').unwrap_or((pair, "Keyword")));
    pairs.filter(move |(name, _)| !names.iter().any(|there| there == name))
}

fn options((name, kind): (&str, &str)) -> [String; 4] {
    ["--name".into(), name.into(), "--type".into(), kind.into()]
}
