//! What the end-to-end tests share: the `annal` program, and a home folder of its own for each test.

#![allow(
    dead_code,
    reason = "each test program uses its part of what they share"
)]

pub(crate) mod appending;
pub(crate) mod office;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
const ANNAL: &str = env!("CARGO_BIN_EXE_annal");

/// A home folder and the environment in which the program runs.
pub(crate) struct Home {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Home {
    /// A new, empty home.
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("annal-e2e-").unwrap();
        Self {
            folder,
            environment: Vec::new(),
        }
    }

    /// Points the program at servers that run elsewhere.
    pub(crate) fn at(&mut self, variable: &str, value: &str) {
        self.environment
            .push((variable.to_owned(), value.to_owned()));
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The command, ready to be run.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(ANNAL);
        command
            .args(words)
            .env("ANNAL_HOME", self.folder.path().join("home"))
            .env_remove("DATABASE_URL")
            .env_remove("TEMPORAL_ADDRESS")
            .env_remove("TEMPORAL_NAMESPACE")
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        Ended::of(words, &self.command(words).output().unwrap())
    }

    /// Starts the command and goes on.
    pub(crate) fn spawn(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// The answer of a command that has to succeed, as JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let mut all = words.to_vec();
        all.push("--json");
        let ended = self.run(&all);
        assert_eq!(ended.status, 0, "{words:?}: {}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// The refusal of a command that has to fail with this exit status: its code and message.
    pub(crate) fn refused(&self, status: i32, words: &[&str]) -> (String, String) {
        let mut all = words.to_vec();
        all.push("--json");
        let ended = self.run(&all);
        assert_eq!(
            ended.status, status,
            "{words:?}: {}{}",
            ended.stdout, ended.stderr
        );
        let last = ended.stderr.lines().last().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_str(&last).unwrap();
        let text = |name: &str| body["error"][name].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit status.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ended {
    fn of(words: &[&str], output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let stderr = text(&output.stderr);
        let status = output.status.code();
        Self {
            status: status.unwrap_or_else(|| panic!("{words:?} was killed: {stderr}")),
            stdout: text(&output.stdout),
            stderr,
        }
    }
}

/// A command that goes on until it is killed, at the latest with this value.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(home: &Home, words: &[&str]) -> Self {
        Self(home.spawn(words))
    }

    /// What it says once it is up.
    pub(crate) fn first_line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.0.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
