//! All test programs, two at a time: most of them wait for servers longer than they compute.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::counts::Counts;
use crate::step::{cargo, cargo_itself, root};

const AT_ONCE: usize = 2;
/// These take a minute and more, so they begin first. A hint alone: every program is run, named here or not.
const LONG: [&str; 8] = [
    "outages",
    "browser",
    "log",
    "runs",
    "production_shape",
    "killed_worker",
    "rebuild_jobs",
    "faults",
];

/// One test program.
struct Suite {
    name: String,
    manifest: PathBuf,
    program: PathBuf,
}

/// How a program ended.
struct Ended {
    suite: Suite,
    passed: bool,
    counts: Counts,
    output: PathBuf,
    took: Duration,
}

/// Runs all of them, whatever fails, and the examples of the documentation; how many tests passed.
pub(crate) fn run() -> Result<Counts> {
    eprintln!("\n=== tests");
    let began = Instant::now();
    let outputs = root().join("target/test-outputs");
    std::fs::create_dir_all(&outputs).context("a folder for the tests' outputs")?;
    let mut suites = built()?;
    let place = |suite: &Suite| {
        LONG.iter()
            .position(|it| suite.name.ends_with(&format!(" {it}")))
    };
    suites.sort_by_key(|suite| place(suite).unwrap_or(LONG.len()));
    let all = suites.len();
    let waiting = Mutex::new(VecDeque::from(suites));
    let lanes: Vec<Vec<Ended>> = thread::scope(|scope| {
        let lane = || in_turn(&waiting, &outputs);
        let lanes: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().map(joined).collect::<Result<_>>()
    })?;
    let ended: Vec<Ended> = lanes.into_iter().flatten().collect();
    let failed: Vec<&Ended> = ended.iter().filter(|it| !it.passed).collect();
    eprintln!(
        "=== tests: {} of {all} programs passed in {} s; what they printed is in {}",
        ended.len() - failed.len(),
        began.elapsed().as_secs(),
        outputs.display()
    );
    let examples = examples();
    if !failed.is_empty() {
        let names: Vec<&str> = failed.iter().map(|it| it.suite.name.as_str()).collect();
        bail!("failed: {}", names.join(", "));
    }
    Ok(ended.iter().map(|it| it.counts).sum::<Counts>() + examples?)
}

/// Those of the documentation. Most crates have none, and cargo would say so for each of them.
fn examples() -> Result<Counts> {
    let told = cargo(&["test", "--workspace", "--locked", "--doc", "--quiet"])
        .output()
        .context("cargo cannot be run")?;
    let printed = String::from_utf8_lossy(&told.stdout);
    let counts: Counts = printed.lines().filter_map(Counts::of_result).sum();
    if !told.status.success() {
        eprintln!("{printed}{}", String::from_utf8_lossy(&told.stderr));
        bail!("examples of the documentation fail");
    }
    eprintln!("=== examples of the documentation: {counts}");
    Ok(counts)
}

/// What `cargo test` would run, as cargo itself says.
fn built() -> Result<Vec<Suite>> {
    let words = [
        "test",
        "--workspace",
        "--locked",
        "--no-run",
        "--message-format=json",
    ];
    let told = cargo(&words).output().context("cargo cannot be run")?;
    if !told.status.success() {
        bail!(
            "the tests do not build: {}",
            String::from_utf8_lossy(&told.stderr)
        );
    }
    let lines = String::from_utf8(told.stdout).context("cargo speaks UTF-8")?;
    let suites: Vec<Suite> = lines.lines().filter_map(suite).collect();
    if suites.is_empty() {
        bail!("cargo names no test program");
    }
    Ok(suites)
}

fn suite(line: &str) -> Option<Suite> {
    let told: Value = serde_json::from_str(line).ok()?;
    (told["profile"]["test"] == true).then_some(())?;
    let manifest = PathBuf::from(told["manifest_path"].as_str()?);
    let package = manifest.parent()?.file_name()?.to_str()?;
    Some(Suite {
        name: format!("{package} {}", told["target"]["name"].as_str()?),
        program: told["executable"].as_str()?.into(),
        manifest,
    })
}

fn in_turn(waiting: &Mutex<VecDeque<Suite>>, outputs: &Path) -> Result<Vec<Ended>> {
    let mut ended = Vec::new();
    loop {
        let next = waiting.lock().ok().and_then(|mut it| it.pop_front());
        let Some(suite) = next else { return Ok(ended) };
        let one = carried_out(suite, outputs)?;
        one.tell()?;
        ended.push(one);
    }
}

/// In the package's folder and with what cargo lets its tests know, as `cargo test` does it.
fn carried_out(suite: Suite, outputs: &Path) -> Result<Ended> {
    let began = Instant::now();
    let output = outputs.join(format!("{}.txt", suite.name.replace(' ', "-")));
    let file =
        File::create(&output).with_context(|| format!("{} cannot be written", output.display()))?;
    let folder = suite.manifest.parent().unwrap_or(Path::new("."));
    let status = Command::new(&suite.program)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", folder)
        .env("CARGO", cargo_itself())
        .stdout(file.try_clone().context("one file for both outputs")?)
        .stderr(file)
        .status()
        .with_context(|| format!("{} cannot be run", suite.program.display()))?;
    let printed = std::fs::read(&output).context("what a test printed")?;
    let printed = String::from_utf8_lossy(&printed);
    let result = printed.lines().rev().find_map(Counts::of_result);
    Ok(Ended {
        // A program that ends before it has told its result has not passed, whatever it ends with.
        passed: status.success() && result.is_some(),
        counts: result.unwrap_or_default(),
        suite,
        output,
        took: began.elapsed(),
    })
}

impl Ended {
    fn tell(&self) -> Result<()> {
        if !self.passed {
            let printed = std::fs::read(&self.output).context("what a test printed")?;
            eprintln!("{}", String::from_utf8_lossy(&printed));
        }
        eprintln!(
            "{:>4} s  {}: {}{}",
            self.took.as_secs(),
            self.suite.name,
            self.counts,
            if self.passed { "" } else { " FAILED" }
        );
        Ok(())
    }
}

fn joined(lane: thread::ScopedJoinHandle<'_, Result<Vec<Ended>>>) -> Result<Vec<Ended>> {
    lane.join()
        .unwrap_or_else(|_| bail!("the task runner itself broke off"))
}
