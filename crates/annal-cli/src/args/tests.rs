//! Whatever words come, the answer is a command or an error with the exit status that the README promises.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::{CommandFactory, Parser};
use proptest::prelude::*;

use super::Cli;

/// Every word that the command knows: its commands, their commands, and all options.
fn known() -> Vec<String> {
    fn gather(command: &clap::Command, words: &mut Vec<String>) {
        words.push(command.get_name().to_owned());
        let options = command.get_arguments().filter_map(clap::Arg::get_long);
        words.extend(options.map(|long| format!("--{long}")));
        for below in command.get_subcommands() {
            gather(below, words);
        }
    }
    let mut words = Vec::new();
    gather(&Cli::command(), &mut words);
    words.extend(
        [
            "latest",
            "latest/scoping",
            "latest/scoping@2",
            "0190/planning@",
            "a=b",
            "attribute:x=include",
            "=",
            "/",
            "@",
            "1",
            "-1",
            "18446744073709551616",
            "2026-01-05T09:00:00Z",
            "ana",
            "2.0.0",
            "--",
            "-",
            "",
            "01a20ad7-05ea-77be-8f74-b388f8846f7a",
        ]
        .map(str::to_owned),
    );
    words
}

fn word() -> impl Strategy<Value = OsString> {
    prop_oneof![
        8 => prop::sample::select(known()).prop_map(OsString::from),
        2 => ".{0,12}".prop_map(OsString::from),
        1 => "--[a-z-]{1,9}=.{0,6}".prop_map(OsString::from),
        // Not every argument is a text.
        1 => prop::collection::vec(1_u8.., 0..6).prop_map(OsString::from_vec),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_words_are_a_command_or_end_with_status_2(words in prop::collection::vec(word(), 0..9)) {
        let words = std::iter::once(OsString::from("annal")).chain(words);
        if let Err(no) = Cli::try_parse_from(words) {
            // Help and the version are answers.
            prop_assert!(no.exit_code() == 2 || (no.exit_code() == 0 && !no.use_stderr()), "{no}");
            prop_assert!(!no.to_string().is_empty());
        }
    }
}

#[test]
fn the_words_fit_together() {
    Cli::command().debug_assert();
}
