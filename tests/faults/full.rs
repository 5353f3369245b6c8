//! A disk that is really full: PostgreSQL's whole data on a small file system of its own.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use annal_core::Sequence;
use annal_log::{AppendError, LogError};
use uuid::Uuid;

use crate::journal::Journal;
use crate::oracle::judge;
use crate::server::Server;
use crate::writer::{adding, stream};

/// Where the small disk is, in the process that has it.
const DISK: &str = "ANNAL_FAULTS_DISK";
const JOURNALS: &str = "ANNAL_FAULTS_JOURNALS";
/// Room for the server and its write-ahead log, and little more.
const SIZE: &str = "400m";
/// What is left when the disk fills up.
const LEFT: u64 = 512 * 1024;

/// Only root may mount, and what is mounted is seen by the child alone and goes with it.
#[test]
fn a_full_disk_refuses_appends_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let (disk, journals) = (at("disk"), at("journals"));
    let mount = format!("mount -t tmpfs -o size={SIZE},mode=1777 tmpfs \"$0\" && exec \"$@\"");
    let inside = |words: &[&str]| {
        let mut command = Command::new("unshare");
        let shell = ["--mount", "--propagation", "private", "sh", "-c", &mount];
        command.args(shell).arg(&disk).args(words);
        command
    };
    let may = inside(&["true"]).output();
    if !may.is_ok_and(|may| may.status.success()) {
        eprintln!(
            "!!! NOT RUN: the full disk. It needs root and `unshare`, to mount a small file system."
        );
        return;
    }
    let program = std::env::current_exe().unwrap();
    let words = [
        program.to_str().unwrap(),
        "--exact",
        "full::inside",
        "--ignored",
        "--nocapture",
    ];
    let ended = inside(&words)
        .env("TMPDIR", &disk)
        .env(DISK, &disk)
        .env(JOURNALS, &journals)
        .output()
        .unwrap();
    let said = [ended.stdout, ended.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    assert!(ended.status.success(), "{}", said.concat());
    assert!(said[0].contains("1 passed"), "{}", said.concat());
    eprintln!("{}", said[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of another test, which starts it where there is a small disk"]
async fn inside() {
    let Some(disk) = std::env::var_os(DISK) else {
        return;
    };
    let journals = PathBuf::from(std::env::var_os(JOURNALS).unwrap());
    let journal = Journal::open(&journals.join("journal"));
    let mut server = Server::start().await;
    let log = server.log().await;
    let stream = stream(Uuid::new_v4());
    let mut sequence = 0;
    // So that there is something to lose.
    for _ in 0..20 {
        let append = adding(&stream, Sequence(sequence), 10);
        journal.intent(append.command_id, 10);
        journal.acknowledged(
            append.command_id,
            &log.append(append.clone()).await.unwrap(),
        );
        sequence += 10;
    }
    let ballast = PathBuf::from(disk).join("ballast");
    fill_up(&ballast);

    let mut acknowledged = 0;
    let (refused, why) = loop {
        let append = adding(&stream, Sequence(sequence), 100);
        journal.intent(append.command_id, 100);
        match log.append(append.clone()).await {
            Ok(receipt) => {
                journal.acknowledged(append.command_id, &receipt);
                sequence += 100;
                acknowledged += 1;
            }
            Err(why) => break (append, why),
        }
        assert!(acknowledged < 10_000, "the disk does not fill up");
    };
    let said_why = matches!(
        &why,
        AppendError::Log(LogError::Unreachable { attempts: 5, .. })
    );
    assert!(said_why, "{why}");
    eprintln!("the disk was full after {acknowledged} appends: {why}");
    // Reading needs no room, unless the server went down for want of it.
    let alive = !server.is_gone();
    if alive {
        assert_eq!(log.head().await.unwrap().position.0, sequence);
    }

    std::fs::remove_file(&ballast).unwrap();
    if !alive {
        server.again().await;
    }
    let again = log.append(refused.clone()).await.unwrap();
    journal.acknowledged(refused.command_id, &again);
    let tally = judge(&log, &journals, &[]).await;
    eprintln!(
        "{tally:?}, the server {} through it",
        if alive { "lived" } else { "went down and came" }
    );
    assert_eq!(tally.acknowledged, 20 + acknowledged + 1);
    assert_eq!(tally.events, sequence + 100);
    log.pool().close().await;
    server.stop().await;
}

/// Takes what room there is, but for a little.
fn fill_up(ballast: &PathBuf) {
    let mut file = File::create(ballast).unwrap();
    let block = vec![0; 64 * 1024];
    while file.write_all(&block).is_ok() {}
    drop(file);
    let file = OpenOptions::new().write(true).open(ballast).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(LEFT)).unwrap();
}
