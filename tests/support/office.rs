//! People at the command line, with `annal up` in another terminal.

use std::io::{BufRead, BufReader};
use std::process::Child;

use super::Home;

/// Reports, dictionaries and people to work with.
pub(crate) const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

/// `annal up`, for as long as this value lives.
pub(crate) struct Up(Child);

impl Up {
    /// Waits until it says that it is up.
    pub(crate) fn start(home: &Home) -> Self {
        let mut child = home.spawn(&["up"]);
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert!(line.starts_with("up: "), "{line}");
        Self(child)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // The servers' supervisors see to it that nothing is left.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The words that open a run on the example report, or on other data by its dictionary.
pub(crate) fn start_run(data: &str) -> Vec<String> {
    let file = |name: &str| format!("{EXAMPLES}/{name}");
    let data = match data.contains('/') {
        true => data.to_owned(),
        false => file(data),
    };
    let (dictionary, people) = (file("hmda_boston_dictionary.csv"), file("people.json"));
    let words = "run start --report HMDA --cycle 1990 --samples 10 --as xena";
    let mut words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    for (option, value) in [
        ("--data", data),
        ("--dictionary", dictionary),
        ("--people", people),
    ] {
        words.extend([option.to_owned(), value]);
    }
    words
}

/// Waits until something of the kind is in the person's inbox: the engine goes on by itself between two commands.
pub(crate) fn waits_for(home: &Home, person: &str, action: &str) {
    for _ in 0..600 {
        let inbox = home.json(&["inbox", "--as", person]);
        let mut waiting = inbox.as_array().unwrap().iter();
        if waiting.any(|it| it["action"] == action) {
            return;
        }
    }
    panic!("nothing to {action} came to {person}");
}
