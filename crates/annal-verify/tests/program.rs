//! The program as an auditor runs it: files in, one sentence and a number out.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers beside the tests are tests too"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use annal_verify::{Checkpoint, Event, Header, SigningKey, Tree, create_key, read_signing_key};

/// The export and the checkpoint of docs/proofs.md, and keys, in a folder.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let document = include_str!("../../../docs/proofs.md");
    let vector = |begins: &str| {
        let mut lines = document
            .lines()
            .filter_map(|line| line.strip_prefix("    "));
        lines
            .find(|line| line.starts_with(begins))
            .unwrap()
            .to_owned()
    };
    let (header, line) = (
        vector(r#"{"format":"annal.export.1""#),
        vector(r#"{"ledger":"main","position":1"#),
    );
    let event = Event::from_line(&line).unwrap();
    let key = create_key(&folder.path().join("key.pem"), [7; 32]).unwrap();
    let mut tree = Tree::default();
    tree.push(&event.hash);
    let checkpoint = Checkpoint::sign("main", &tree, event.hash, event.recorded_at, &key);
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("export.jsonl", format!("{header}\n{line}\n"));
    write(
        "altered.jsonl",
        format!("{header}\n{}\n", line.replace("it is due", "it is not")),
    );
    write(
        "empty.jsonl",
        format!("{}\n", Header::new("main", 0, [0; 32], 0).to_line()),
    );
    write("nothing.jsonl", String::new());
    write("checkpoint.json", checkpoint.to_json());
    write(
        "forged.json",
        checkpoint.to_json().replace("\"size\": 1", "\"size\": 2"),
    );
    write("public.hex", hex::encode(key.verifying_key().to_bytes()));
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    write("other.hex", hex::encode(other.to_bytes()));
    folder
}

fn run(folder: &Path, arguments: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_annal-verify"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(told).unwrap(),
    )
}

#[test]
fn it_ends_with_0_1_or_2_and_says_why() {
    let folder = folder();
    for (arguments, code, told) in [
        (
            "export export.jsonl",
            0,
            "no checkpoint vouches for the positions after 0",
        ),
        (
            "export export.jsonl --key public.hex --checkpoint checkpoint.json",
            0,
            "holds: 1 events of the ledger 'main', positions 1 to 1\n",
        ),
        ("export altered.jsonl --json", 1, r#""fault": "altered""#),
        (
            "export altered.jsonl",
            1,
            "wrong: the event at position 1 was altered",
        ),
        (
            "export empty.jsonl --key public.hex --checkpoint checkpoint.json",
            1,
            "its tail was cut off",
        ),
        ("export nothing.jsonl", 2, "the file is empty"),
        ("export gone.jsonl", 2, "gone.jsonl cannot be read"),
        (
            "export export.jsonl --checkpoint checkpoint.json",
            2,
            "--key",
        ),
        (
            "export export.jsonl --key other.hex --checkpoint checkpoint.json",
            2,
            "checkpoint_other_key",
        ),
        (
            "checkpoint checkpoint.json --key public.hex",
            0,
            "holds: checkpoint of 1 events",
        ),
        ("checkpoint forged.json --key public.hex", 1, "signature"),
        (
            "checkpoint checkpoint.json --key checkpoint.json",
            2,
            "key_content",
        ),
        (
            "inclusion checkpoint.json --key public.hex",
            1,
            "this is no such proof",
        ),
    ] {
        let (found, text) = run(folder.path(), arguments);
        assert!(
            found == code && text.contains(told),
            "{arguments}: {found}\n{text}"
        );
    }
}

#[test]
fn a_key_is_read_back_and_never_written_over() {
    let folder = folder();
    let path = folder.path().join("key.pem");
    assert_eq!(read_signing_key(&path).unwrap().to_bytes(), [7; 32]);
    assert_eq!(create_key(&path, [9; 32]).unwrap_err().code(), "key_file");
    assert_eq!(read_signing_key(&path).unwrap().to_bytes(), [7; 32]);
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}
