//! The HTTP API against its own description: schemathesis makes requests of it, good and bad, and looks whether the
//! answers are those that the description promises.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::step::{built_example, step, warn};

/// A newer one may know more checks; then this is changed with what it finds.
const VERSION: &str = "4.32.5";
/// What every answer has to keep. Whether a request is refused that the description does not allow, or taken that it does,
/// is for the rules to say: they know more than a schema can.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
response_headers_conformance,response_schema_conformance,ignored_auth";
/// Requests made at random for each operation in each round, beside the examples and the edges of every schema. With one
/// seed they are the same ones each time.
const EXAMPLES: &str = "3";
/// Seconds in all. What is made of the description takes 30, and 60 on a slow machine; the rest is for random requests,
/// as many as there is time for.
const BUDGET: &str = "120";

pub(crate) fn check() -> Result<()> {
    let Some(program) = installed()? else {
        warn(
            "NOT CHECKED: the API against its description. Schemathesis cannot be installed from here",
        );
        return Ok(());
    };
    let bank = Bank::open()?;
    let folder = tempfile::tempdir().context("a folder for schemathesis")?;
    let config = folder.path().join("schemathesis.toml");
    let known = format!(
        "[parameters]\n\"path.ledger\" = \"main\"\n\"path.run\" = \"{}\"\n\"path.phase\" = \"planning\"\n\"path.number\" = 1\n",
        bank.told("run")?
    );
    std::fs::write(&config, known).context("a configuration for schemathesis")?;
    let mut run = Command::new(program);
    run.arg("--config-file").arg(&config).arg("run");
    run.arg(format!("{}/api/v1/openapi.json", bank.told("address")?));
    run.args([
        "--checks",
        CHECKS,
        "--max-examples",
        EXAMPLES,
        "--max-time",
        BUDGET,
        "--phases",
        "examples,coverage,fuzzing",
    ]);
    run.args([
        "--workers",
        "2",
        "--request-timeout",
        "45",
        "--seed",
        "1",
        // What failed on this machine before does not come first.
        "--generation-database",
        "none",
        "--warnings",
        "off",
    ]);
    // A stream has no end to wait for.
    run.args(["--exclude-operation-id", "stream_events"]);
    run.args([
        "--header",
        &format!("Authorization: Bearer {}", bank.told("auditor")?),
    ]);
    run.current_dir(folder.path());
    step("the API against its description", &mut run)
}

/// The server that is asked.
struct Bank {
    process: Child,
    told: Value,
}

impl Bank {
    fn open() -> Result<Self> {
        let mut process = built_example("bank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the example `bank` cannot be run")?;
        let mut line = String::new();
        let output = process.stdout.take().context("it has an output")?;
        BufReader::new(output).read_line(&mut line)?;
        let told = serde_json::from_str(&line);
        match told {
            Ok(told) => Ok(Self { process, told }),
            Err(_) => {
                let _ = process.kill();
                bail!("the example `bank` did not open: {line}")
            }
        }
    }

    fn told(&self, what: &str) -> Result<&str> {
        self.told[what]
            .as_str()
            .context("the bank tells where it is")
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The program in an environment of its own; none where it cannot be had.
fn installed() -> Result<Option<PathBuf>> {
    let folder = cache().join("schemathesis").join(VERSION);
    let program = folder.join("bin/schemathesis");
    if works(&program) {
        return Ok(Some(program));
    }
    let parent = folder.parent().unwrap_or(&folder);
    std::fs::create_dir_all(parent).context("a folder for schemathesis")?;
    eprintln!(
        "\n=== installing schemathesis {VERSION} into {}",
        folder.display()
    );
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let got = Command::new(folder.join("bin/python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .arg(format!("schemathesis=={VERSION}"))
        .status();
    let got = got.is_ok_and(|status| status.success());
    Ok((got && works(&program)).then_some(program))
}

fn works(program: &Path) -> bool {
    let told = Command::new(program).arg("--version").output();
    told.is_ok_and(|it| it.status.success())
}

/// Where the project keeps what it installs.
fn cache() -> PathBuf {
    let set = |name| {
        env::var_os(name)
            .filter(|it| !it.is_empty())
            .map(PathBuf::from)
    };
    set("ANNAL_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("annal")))
        .or_else(|| Some(set("HOME")?.join(".cache/annal")))
        .unwrap_or_else(|| env::temp_dir().join("annal-cache"))
}
