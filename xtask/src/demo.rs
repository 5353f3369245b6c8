//! Runs the demo as a user does and looks at what it says at the end.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::step::cargo;

/// The phases of the definition that the demo runs.
const PHASES: usize = 9;

pub(crate) fn check() -> Result<()> {
    eprintln!("\n=== demo");
    let folder = tempfile::tempdir().context("a folder for the demo")?;
    let arguments = [
        "run",
        "--locked",
        "--package",
        "annal-cli",
        "--",
        "demo",
        "--json",
    ];
    let mut demo = cargo(&arguments);
    demo.env("ANNAL_HOME", folder.path().join("annal"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = demo.output().context("the demo cannot be run")?;
    ensure!(
        output.status.success(),
        "the demo ended with {}",
        output.status
    );
    let text = String::from_utf8(output.stdout).context("the demo's output")?;
    let last = text.lines().last().context("the demo printed nothing")?;
    verify(&serde_json::from_str(last).context("the last line of the demo is not JSON")?)?;
    eprintln!("=== demo: {last}");
    Ok(())
}

fn verify(result: &Value) -> Result<()> {
    let phases = result["phases"]
        .as_array()
        .context("the demo names no phases")?;
    ensure!(
        phases.len() == PHASES,
        "the demo has {} phases, not {PHASES}",
        phases.len()
    );
    for phase in phases {
        ensure!(phase["status"] == "completed", "not completed: {phase}");
    }
    let events = result["events"]
        .as_u64()
        .context("the demo counts no events")?;
    let head = result["head_position"]
        .as_u64()
        .context("the demo names no head")?;
    ensure!(
        events > 0 && events <= head,
        "{events} events up to position {head}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::verify;

    #[test]
    fn a_demo_with_an_open_phase_does_not_pass() {
        let result = |last: &str| {
            let mut phases = vec![json!({"name": "a", "status": "completed"}); 8];
            phases.push(json!({"name": "b", "status": last}));
            json!({"phases": phases, "events": 5, "head_position": 7})
        };
        assert!(verify(&result("completed")).is_ok());
        assert!(verify(&result("started")).is_err());
        assert!(verify(&json!({})).is_err());
    }
}
