//! A bank to try things on: a server with a worker and an open run on servers of its own, until standard input ends.
//! Prints where it is, and a token for its auditor, as one line of JSON.
#![allow(
    clippy::print_stdout,
    dead_code,
    reason = "it tells where it is, and shares its support with the tests"
)]

#[path = "../tests/api/support.rs"]
mod support;

use std::io::Read;

#[tokio::main]
async fn main() {
    let bank = support::bank().await;
    let told = serde_json::json!({
        "address": bank.address, "run": bank.run, "token": bank.token("ana"), "auditor": bank.token("audrey"),
    });
    println!("{told}");
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    // Whoever started it is gone.
    let _ = ended.await;
}
