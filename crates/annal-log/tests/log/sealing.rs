//! Names that can be forgotten: nowhere in the database, and gone with their key; all else holds as before.

use annal_core::envelope::Recorded;
use annal_core::run::RunEvent;
use annal_core::{Actor, LedgerId, PersonId, Position, PrintedName, Role, RunId};
use annal_log::{
    Append, AppendError, EventData, KeyState, Log, LogError, LogRepository, MasterKey, MasterKeys,
    StreamId, decode, erase_person, seal_names, unseal_names,
};
use annal_verify::{SigningKey, verify_export};
use cqrs_es::persist::PersistedEventRepository;
use futures::TryStreamExt;
use sqlx::{Executor, PgPool, Row};
use uuid::Uuid;

use crate::support::{Fresh, adding, fill, main_ledger, stream};

pub(crate) const ANA: &str = "Ana Téster";
const BO: &str = "Bo \"Bobo\" Lind";

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn ana() -> PersonId {
    person("ana.tester")
}

async fn sealed() -> (Fresh, Log) {
    let fresh = Fresh::migrated().await;
    seal_names(&fresh.url, &main_ledger(), &MasterKeys::default())
        .await
        .unwrap();
    let log = fresh.log().await;
    (fresh, log)
}

/// A command that adds this event to this stream.
fn saying(to: &StreamId, expected: u64, event_type: &str, payload: &serde_json::Value) -> Append {
    let mut append = adding(to, expected, 1);
    append.streams[0].events = vec![EventData {
        event_type: event_type.to_owned(),
        event_version: "1.0".to_owned(),
        payload: payload.to_string(),
    }];
    append
}

/// Every event that prints a name: a run is opened with Ana and Bo, Bo is registered again, Ana signs.
pub(crate) async fn told(log: &Log, run: RunId) {
    let golden = |name: &str| -> serde_json::Value {
        let path = format!(
            "{}/../annal-core/tests/golden/{name}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut opened = golden("run/run_opened.1.0");
    opened["people"][0]["id"] = "ana.tester".into();
    opened["people"][0]["name"] = ANA.into();
    opened["people"][1]["name"] = BO.into();
    let mut registered = golden("run/person_registered.1.0");
    registered["person"]["id"] = "bo".into();
    registered["person"]["name"] = BO.into();
    let mut signed = golden("dossier/section_signed.1.0");
    signed["signature"]["by"] = "ana.tester".into();
    signed["signature"]["printed_name"] = ANA.into();
    let report = StreamId::dossier(run, annal_core::Phase::TestReport);
    for append in [
        saying(&StreamId::run(run), 0, "run_opened", &opened),
        saying(&StreamId::run(run), 1, "person_registered", &registered),
        saying(&report, 0, "section_signed", &signed),
    ] {
        log.append(append).await.unwrap();
    }
}

pub(crate) fn run() -> RunId {
    RunId(Uuid::from_u128(7))
}

/// The record of an erasure.
fn erasure(run: RunId, expected: u64) -> Append {
    let event = RunEvent::PersonErased {
        person: ana(),
        by: person("adam"),
        reason: "case 17".to_owned(),
    };
    let mut append = adding(&StreamId::run(run), expected, 1);
    append.metadata.actor = Actor {
        id: person("adam"),
        name: "Adam Min".into(),
        role: Role::Admin,
        on_behalf_of: None,
    };
    append.streams[0].events = vec![EventData::encode(&event).unwrap()];
    append
}

pub(crate) async fn erase(fresh: &Fresh, log: &Log) -> annal_log::Erased {
    let erased = erase_person(&fresh.url, log, &ana(), erasure(run(), 2)).await;
    let erased = erased.unwrap();
    assert_eq!(erased.wiped, Ok(()));
    erased
}

pub(crate) async fn all(log: &Log) -> Vec<Recorded> {
    log.read(Position(0), 1_000).await.unwrap()
}

/// Every table of the database in which a text or its bytes can be found, in whatever column.
async fn found_in(admin: &PgPool, text: &str) -> Vec<String> {
    let tables = admin
        .fetch_all(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables \
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
        )
        .await
        .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let table: String = table.get("name");
        let hits: i64 = sqlx::query_scalar(&format!(
            "SELECT count(*) FROM {table} AS t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0"
        ))
        .bind(text)
        .bind(hex::encode(text))
        .fetch_one(admin)
        .await
        .unwrap();
        if hits > 0 {
            found.push(table);
        }
    }
    found
}

pub(crate) fn names(recorded: &Recorded) -> Vec<PrintedName> {
    let mut names = vec![recorded.metadata.actor.name.clone()];
    match recorded.event_type.as_str() {
        "run_opened" | "person_registered" => match decode(recorded).unwrap() {
            RunEvent::RunOpened(opening) => {
                names.extend(opening.people.into_iter().map(|it| it.name));
            }
            RunEvent::PersonRegistered { person } => names.push(person.name),
            other => panic!("{other:?}"),
        },
        "section_signed" => {
            let event: annal_core::dossier::DossierEvent = decode(recorded).unwrap();
            let annal_core::dossier::DossierEvent::SectionSigned { signature, .. } = event else {
                panic!("{event:?}");
            };
            names.push(signature.printed_name);
        }
        _ => {}
    }
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_name_is_in_no_table_and_reads_as_it_was() {
    let (fresh, log) = sealed().await;
    told(&log, run()).await;
    fill(&log, &stream("a"), 2).await;

    let admin = fresh.admin().await;
    assert_eq!(found_in(&admin, ANA).await, Vec::<String>::new());
    assert_eq!(found_in(&admin, "Bobo").await, Vec::<String>::new());
    assert_eq!(
        found_in(&admin, "ana.tester").await,
        ["annal.events", "annal.person_keys"],
        "the search finds what is there"
    );

    let (ana, bo) = (PrintedName::from(ANA), PrintedName::from(BO));
    let read: Vec<_> = all(&log).await.iter().map(names).collect();
    assert_eq!(
        read,
        [
            vec![ana.clone(), ana.clone(), bo.clone()],
            vec![ana.clone(), bo],
            vec![ana.clone(), ana.clone()],
            vec![ana.clone()],
            vec![ana],
        ]
    );
    let mut hash = annal_log::hash::BEFORE_THE_FIRST;
    for event in all(&log).await {
        hash = annal_log::hash::event_hash(&hash, &event);
        assert_eq!(hash, event.hash, "what is hashed came along");
    }
    assert_eq!(
        log.name_in_clear(&person("ana.tester"), &[run()])
            .await
            .unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_name_is_gone_and_everything_that_was_proved_still_is() {
    let (fresh, log) = sealed().await;
    told(&log, run()).await;
    fill(&log, &stream("a"), 2).await;
    let key = SigningKey::from_bytes(&[7; 32]);
    let trusted = key.verifying_key();
    let before = log.checkpoint(None, &key).await.unwrap();
    let inclusion = log.prove_inclusion(Position(1), &before).await.unwrap();
    let export = exported(&log).await;

    let erased = erase(&fresh, &log).await;
    assert!(erased.dropped);
    assert_eq!(erased.receipt.last, Position(6));

    for event in all(&log).await.iter().take(5) {
        for name in names(event) {
            let gone = name == PrintedName::Erased;
            assert!(gone || name.known() == Some(BO), "{event:?}");
        }
    }
    assert_eq!(log.verify(None).await.unwrap().fault, None);
    assert_eq!(inclusion.verify(&trusted), Ok(()));
    assert_eq!(
        log.prove_inclusion(Position(1), &before).await.unwrap(),
        inclusion,
        "the same proof can be made again"
    );
    let after = log.checkpoint(Some(&before), &key).await.unwrap();
    let grown = log.prove_consistency(&before, &after).await.unwrap();
    assert_eq!(grown.verify(&trusted), Ok(()));
    let now = exported(&log).await;
    let lines = |export: &str| {
        export
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines(&now)[..5],
        lines(&export),
        "no byte of an event changed"
    );
    let report = verify_export(now.as_bytes(), &[before, after], Some(&trusted)).unwrap();
    assert_eq!((report.last, report.vouched, report.fault), (6, 6, None));
    assert!(!now.contains(ANA) && !export.contains(ANA));
}

pub(crate) async fn exported(log: &Log) -> String {
    let lines: Vec<String> = log.export(Position(0), None).try_collect().await.unwrap();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The row is rewritten, so that the key is not in the table's file either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_key_is_in_no_page_of_its_table() {
    let (fresh, log) = sealed().await;
    told(&log, run()).await;
    let admin = fresh.admin().await;
    let secrets = "SELECT secret FROM annal.person_keys WHERE person = 'ana.tester'";
    let secret: Vec<u8> = sqlx::query_scalar(secrets).fetch_one(&admin).await.unwrap();
    let on_disk = async || -> bool {
        admin.execute("CHECKPOINT").await.unwrap();
        sqlx::query_scalar(
            "SELECT position($1 IN pg_read_binary_file(pg_relation_filepath('annal.person_keys'))) > 0",
        )
        .bind(&secret)
        .fetch_one(&admin)
        .await
        .unwrap()
    };
    assert!(on_disk().await, "the search finds what is there");
    // Whoever began before the erasure and is still at work would see the old row, if they looked.
    let mut older = admin
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ")
        .await
        .unwrap();
    older.execute("SELECT FROM annal.ledgers").await.unwrap();
    erase(&fresh, &log).await;
    assert!(!on_disk().await);
    older.rollback().await.unwrap();
    let left: Option<Vec<u8>> = sqlx::query_scalar(secrets).fetch_one(&admin).await.unwrap();
    assert_eq!(left, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_name_is_not_written_again_by_whoever_knew_the_key_or_did_not() {
    let (fresh, knows) = sealed().await;
    told(&knows, run()).await;
    fill(&knows, &stream("a"), 1).await;
    erase(&fresh, &knows).await;

    let fresh_one = fresh.log().await;
    knows.append(adding(&stream("a"), 1, 1)).await.unwrap();
    fresh_one.append(adding(&stream("a"), 2, 1)).await.unwrap();
    told(&fresh_one, RunId(Uuid::from_u128(8))).await;

    assert_eq!(
        found_in(&fresh.admin().await, ANA).await,
        Vec::<String>::new()
    );
    let of_ana = all(&fresh_one).await;
    let of_ana = of_ana.iter().filter(|it| it.metadata.actor.id == ana());
    assert!(of_ana.clone().count() >= 9);
    for event in of_ana {
        assert!(event.metadata.actor.name.is_erased(), "{event:?}");
        assert!(names(event).iter().all(|it| it.known() != Some(ANA)));
    }
    assert_eq!(fresh_one.verify(None).await.unwrap().fault, None);
    let keys = fresh_one.person_keys().await.unwrap();
    let state = |id: &str| {
        keys.iter()
            .find(|it| it.person == person(id))
            .unwrap()
            .state
    };
    assert!(matches!(state("ana.tester"), KeyState::Erased { .. }));
    assert!(matches!(state("bo"), KeyState::Sealed { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_is_one_with_its_record_and_done_once() {
    let (fresh, log) = sealed().await;
    told(&log, run()).await;
    let late = erase_person(&fresh.url, &log, &ana(), erasure(run(), 1)).await;
    assert!(
        matches!(late, Err(AppendError::Conflict { .. })),
        "{late:?}"
    );
    assert_eq!(all(&log).await.len(), 3);
    assert_eq!(names(&all(&log).await[0])[0].known(), Some(ANA));

    let once = erasure(run(), 2);
    let first = erase_person(&fresh.url, &log, &ana(), once.clone())
        .await
        .unwrap();
    let again = erase_person(&fresh.url, &log, &ana(), once).await.unwrap();
    assert!(first.dropped && !again.dropped);
    assert!(!first.receipt.repeated && again.receipt.repeated);
    assert_eq!(all(&log).await.len(), 4);
}

/// Two processes write a person's first event at once: one key is made, and both names open.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_that_race_for_a_key_end_up_with_one() {
    let (fresh, _) = sealed().await;
    let mut writers = Vec::new();
    for number in 0..8 {
        let log = fresh.log().await;
        writers.push(tokio::spawn(async move {
            log.append(adding(&stream(number), 0, 1)).await.unwrap();
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let log = fresh.log().await;
    assert_eq!(log.person_keys().await.unwrap().len(), 1);
    for event in all(&log).await {
        assert_eq!(event.metadata.actor.name.known(), Some(ANA));
    }
}

/// Whoever reads sees the name or that it is erased, nothing in between; and after the erasure never the name.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_finds_the_name_once_it_is_erased() {
    let (fresh, log) = sealed().await;
    told(&log, run()).await;
    let (over, mut told_over) = tokio::sync::watch::channel(false);
    let mut readers = Vec::new();
    for _ in 0..4 {
        let (log, over) = (log.clone(), over.subscribe());
        readers.push(tokio::spawn(async move {
            let mut known = 0;
            loop {
                let was_over = *over.borrow();
                let name = log
                    .read(Position(0), 1)
                    .await
                    .unwrap()
                    .remove(0)
                    .metadata
                    .actor
                    .name;
                assert!(!was_over || name.is_erased(), "{name:?} after the erasure");
                known += usize::from(!name.is_erased());
                if was_over {
                    return known;
                }
            }
        }));
    }
    erase(&fresh, &log).await;
    over.send(true).unwrap();
    told_over.changed().await.unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_master_key_the_database_alone_opens_nothing() {
    let fresh = Fresh::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let master = |byte: &str| {
        let file = folder.path().join(byte);
        std::fs::write(&file, byte.repeat(32)).unwrap();
        MasterKey::read(&file).unwrap()
    };
    let right = master("ab");
    seal_names(&fresh.url, &main_ledger(), &right.clone().into())
        .await
        .unwrap();
    let with = async |key: Option<MasterKey>| {
        Log::connect_with(&fresh.url, main_ledger(), key.into_iter().collect())
            .await
            .unwrap()
    };
    let log = with(Some(right.clone())).await;
    told(&log, run()).await;
    assert_eq!(names(&all(&log).await[0])[0].known(), Some(ANA));
    let lengths: Vec<i32> =
        sqlx::query_scalar("SELECT DISTINCT octet_length(secret) FROM annal.person_keys")
            .fetch_all(&fresh.admin().await)
            .await
            .unwrap();
    assert_eq!(lengths, [72]);

    for (key, what) in [(None, "no master key"), (Some(master("cd")), "another one")] {
        let log = with(key).await;
        let read = log.read(Position(0), 1).await.unwrap_err();
        assert_eq!(read.code(), "log_names_locked");
        let told = read.to_string();
        assert!(
            told.contains(what) && told.contains("ANNAL_MASTER_KEY_FILE"),
            "{told}"
        );
        let written = log.append(adding(&stream("b"), 0, 1)).await.unwrap_err();
        assert_eq!(written.code(), "log_names_locked");
        assert_eq!(
            log.verify(None).await.unwrap().fault,
            None,
            "the log needs no key"
        );
    }
    let other = seal_names(&fresh.url, &main_ledger(), &master("cd").into()).await;
    let told = other.unwrap_err().to_string();
    assert!(told.contains("another master key"), "{told}");
    erase(&fresh, &log).await;
    assert!(names(&all(&log).await[0])[0].is_erased());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_key_or_an_altered_ciphertext_is_an_error_and_not_an_erasure() {
    let (fresh, log) = sealed().await;
    fill(&log, &stream("a"), 2).await;
    let admin = fresh.admin().await;
    let swap = "ALTER TABLE annal.events DISABLE TRIGGER ALL; \
        UPDATE annal.events SET actor_name = regexp_replace(actor_name, '\\.....', '.AAAA') WHERE position = 1";
    admin.execute(sqlx::raw_sql(swap)).await.unwrap();
    let altered = log.read(Position(0), 1).await.unwrap_err();
    assert_eq!(altered.code(), "log_name_not_opened");
    let fault = log.verify(None).await.unwrap().fault.unwrap();
    assert_eq!(fault.position, Position(1));
    let lose = "ALTER TABLE annal.person_keys DISABLE TRIGGER ALL; DELETE FROM annal.person_keys";
    admin.execute(sqlx::raw_sql(lose)).await.unwrap();
    let lost = log.read(Position(1), 1).await.unwrap_err().to_string();
    assert!(
        lost.contains("annal.person_keys") && lost.contains("backup"),
        "{lost}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_sealed_only_where_it_was_asked_for() {
    let fresh = Fresh::migrated().await;
    let before = fresh.log().await;
    told(&before, run()).await;
    assert_eq!(found_in(&fresh.admin().await, ANA).await, ["annal.events"]);
    assert!(before.person_keys().await.unwrap().is_empty());

    seal_names(&fresh.url, &main_ledger(), &MasterKeys::default())
        .await
        .unwrap();
    let sealing = fresh.log().await;
    sealing.append(adding(&stream("a"), 0, 1)).await.unwrap();
    unseal_names(&fresh.url, &main_ledger()).await.unwrap();
    let open = fresh.log().await;
    open.append(adding(&stream("a"), 1, 1)).await.unwrap();

    let stored =
        "SELECT starts_with(actor_name, '{\"sealed\":') FROM annal.events ORDER BY position";
    let stored: Vec<bool> = sqlx::query_scalar(stored)
        .fetch_all(&fresh.admin().await)
        .await
        .unwrap();
    assert_eq!(stored, [false, false, false, true, false]);
    assert!(
        all(&open)
            .await
            .iter()
            .all(|it| it.metadata.actor.name.known() == Some(ANA))
    );
    let first = open.name_in_clear(&ana(), &[run()]).await.unwrap();
    assert_eq!(
        first,
        Some(Position(1)),
        "what was written in clear stays so"
    );
    assert_eq!(
        open.name_in_clear(&person("bo"), &[run()]).await.unwrap(),
        Some(Position(1))
    );
    assert_eq!(
        open.name_in_clear(&person("mallory"), &[run()])
            .await
            .unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_reads_as_a_sealed_one_is_refused() {
    for sealing in [false, true] {
        let fresh = Fresh::migrated().await;
        if sealing {
            seal_names(&fresh.url, &main_ledger(), &MasterKeys::default())
                .await
                .unwrap();
        }
        let log = fresh.log().await;
        let mut append = adding(&stream("a"), 0, 1);
        append.metadata.actor.name = r#"{"sealed":"1.AAAA"}"#.into();
        let refused = log.append(append).await.unwrap_err();
        assert_eq!(refused.code(), "log_event_unencodable");
        assert_eq!(log.head().await.unwrap().position, Position(0));
    }
}

/// The library reads over a view of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_librarys_repository_opens_names_too() {
    let (fresh, log) = sealed().await;
    told(&log, run()).await;
    let read = async || {
        let events = LogRepository::new(log.clone())
            .get_events::<annal_core::run::ReportRun>(&run().to_string())
            .await
            .unwrap();
        let first = &events[0];
        let name = first.metadata["actor_name"].as_str().unwrap().to_owned();
        (name, first.payload["people"][0]["name"].clone())
    };
    assert_eq!(read().await, (ANA.to_owned(), ANA.into()));
    erase(&fresh, &log).await;
    let erased = serde_json::json!({"erased": true});
    assert_eq!(read().await, (erased.to_string(), erased));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledgers_keys_are_its_own() {
    let (fresh, log) = sealed().await;
    let other: LedgerId = "other".parse().unwrap();
    annal_log::create_ledger(&fresh.url, &other).await.unwrap();
    seal_names(&fresh.url, &other, &MasterKeys::default())
        .await
        .unwrap();
    let other = Log::connect(&fresh.url, other).await.unwrap();
    told(&log, run()).await;
    told(&other, run()).await;
    erase(&fresh, &log).await;
    assert!(names(&all(&log).await[0])[0].is_erased());
    assert_eq!(names(&all(&other).await[0])[0].known(), Some(ANA));

    // A login that was given the one does not see the other's keys.
    let login = fresh.login("annal_runtime").await;
    annal_log::give_ledger(&fresh.url, &main_ledger(), &login.name)
        .await
        .unwrap();
    let mine = Log::connect(&login.url, main_ledger()).await.unwrap();
    let seen: Vec<String> = sqlx::query_scalar("SELECT DISTINCT ledger FROM annal.person_keys")
        .fetch_all(mine.pool())
        .await
        .unwrap();
    assert_eq!(seen, ["main"]);
    for theirs in [
        "SELECT annal.person_key('other', 'eve', sha256('x'))",
        "SELECT annal.person_key('other', 'eve', sha256('x'), NULL)",
    ] {
        let refused = sqlx::query(theirs).execute(mine.pool()).await.unwrap_err();
        assert_eq!(
            refused.as_database_error().unwrap().code().unwrap(),
            "42501",
            "{theirs}"
        );
    }
    // Erasing and switching are the owner's.
    for forbidden in [
        "SELECT annal.erase_person('main', 'bo')",
        "SELECT annal.seal_ledger('main', NULL)",
        "SELECT annal.unseal_ledger('main')",
    ] {
        let refused = sqlx::query(forbidden)
            .execute(mine.pool())
            .await
            .unwrap_err();
        assert_eq!(
            refused.as_database_error().unwrap().code().unwrap(),
            "42501",
            "{forbidden}"
        );
    }
    let refused = erase_person(&login.url, &mine, &person("bo"), erasure(run(), 3)).await;
    assert!(
        matches!(refused, Err(AppendError::Log(LogError::Refused { .. }))),
        "{refused:?}"
    );
    assert_eq!(
        mine.head().await.unwrap().position,
        Position(4),
        "and nothing was recorded"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_erased_stays_so_whoever_tries() {
    let (fresh, log) = sealed().await;
    told(&log, run()).await;
    erase(&fresh, &log).await;
    let admin = fresh.admin().await;
    for (statement, code) in [
        (
            "UPDATE annal.person_keys SET secret = sha256('x'), erased_at = NULL WHERE person = 'ana.tester'",
            "AN009",
        ),
        (
            "UPDATE annal.person_keys SET person = 'eve' WHERE person = 'bo'",
            "AN009",
        ),
        (
            "DELETE FROM annal.person_keys WHERE person = 'ana.tester'",
            "AN009",
        ),
        ("TRUNCATE annal.person_keys", "AN009"),
    ] {
        let refused = admin.execute(statement).await.unwrap_err();
        assert_eq!(
            refused.as_database_error().unwrap().code().unwrap(),
            code,
            "{statement}"
        );
    }
}
