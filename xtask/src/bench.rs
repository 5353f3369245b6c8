//! All benchmarks, one after the other, and the page that shows them.

use std::path::Path;

use anyhow::Result;

use crate::step::{cargo, step};

/// The measurements in the order in which they use each other's databases.
const MEASUREMENTS: [&[&str]; 15] = [
    &["fill", "--events", "100000"],
    &["limits"],
    &["append"],
    &["variants"],
    &["ledgers"],
    &["decisions"],
    &["fill", "--events", "1000000"],
    &["rebuild"],
    &["queries", "--events", "1000000"],
    &["pages", "--events", "1000000"],
    &["fill", "--events", "10000000"],
    &["queries", "--events", "10000000"],
    &["growth", "--events", "100000"],
    &["growth", "--events", "1000000"],
    &["growth", "--events", "10000000"],
];
/// Takes most of the time and of the disk.
const LARGE: &str = "10000000";

/// Measures everything on a machine that does nothing else; without `large` what needs ten million events is left out.
pub(crate) fn run(large: bool) -> Result<()> {
    step(
        "building the benchmarks",
        &mut cargo(&["build", "--release", "--locked", "--package", "annal-bench"]),
    )?;
    let manifest = "bench/peers/Cargo.toml";
    step(
        "building the other event stores",
        &mut cargo(&[
            "build",
            "--release",
            "--locked",
            "--manifest-path",
            manifest,
        ]),
    )?;
    for words in MEASUREMENTS {
        if large || !words.contains(&LARGE) {
            measure(words)?;
        }
    }
    measure(&["report"])
}

fn measure(words: &[&str]) -> Result<()> {
    let arguments = [
        "run",
        "--release",
        "--locked",
        "--package",
        "annal-bench",
        "--",
    ];
    let mut command = cargo(&[&arguments[..], words].concat());
    let peers = Path::new("bench/peers/target/release/annal-bench-peers");
    command.env("ANNAL_BENCH_PEERS", peers);
    step(&words.join(" "), &mut command)
}
