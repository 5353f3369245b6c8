//! The master key is changed: everything opens with the new one, nothing with the old one, and nothing else changes.

use std::time::Duration;

use annal_core::Position;
use annal_log::{
    Append, AppendError, Log, LogError, MasterKey, MasterKeys, Rotated, rotate_master_key,
    seal_names, unseal_names,
};
use annal_verify::SigningKey;
use sqlx::{Executor, PgPool};
use tokio::sync::watch;

use crate::sealing::{ANA, all, erase, exported, names, person, run, told};
use crate::support::{Fresh, adding, fill, main_ledger, stream};

/// A ledger sealed with the old of two master keys, on which Ana and Bo have names and Eve had one.
struct Place {
    fresh: Fresh,
    old: MasterKey,
    new: MasterKey,
}

impl Place {
    async fn sealed() -> Self {
        let place = Self::unsealed().await;
        place.seal(&place.old.clone().into()).await.unwrap();
        place
    }

    async fn unsealed() -> Self {
        Self {
            fresh: Fresh::migrated().await,
            old: key("ab"),
            new: key("cd"),
        }
    }

    async fn filled() -> Self {
        let place = Self::sealed().await;
        let log = place.with(&[&place.old]).await;
        told(&log, run()).await;
        fill(&log, &stream("a"), 2).await;
        log.append(by("eve", 0)).await.unwrap();
        let gone = "SELECT annal.erase_person('main', 'eve')";
        place.fresh.admin().await.execute(gone).await.unwrap();
        place
    }

    async fn seal(&self, masters: &MasterKeys) -> Result<(), LogError> {
        seal_names(&self.fresh.url, &main_ledger(), masters).await
    }

    /// A process that was given these master keys.
    async fn with(&self, keys: &[&MasterKey]) -> Log {
        Log::connect_with(&self.fresh.url, main_ledger(), given(keys))
            .await
            .unwrap()
    }

    async fn rotate(&self) -> Result<Rotated, LogError> {
        self.rotate_with(&[&self.old], &self.new).await
    }

    async fn rotate_with(&self, old: &[&MasterKey], new: &MasterKey) -> Result<Rotated, LogError> {
        rotate_master_key(&self.fresh.url, &main_ledger(), &given(old), new).await
    }

    /// Everything reads with the one, nothing that is not erased with the other.
    async fn opens_with(&self, right: &MasterKey, wrong: &MasterKey) {
        let read = self.with(&[right]).await.read(Position(0), 1_000).await;
        for event in read.unwrap() {
            let erased = event.metadata.actor.id == person("eve");
            for name in names(&event) {
                assert_eq!(name.is_erased(), erased, "{event:?}");
            }
        }
        let wrong = self.with(&[wrong]).await;
        for position in 0..6 {
            match wrong.read(Position(position), 1).await {
                Err(no) => assert_eq!(no.code(), "log_names_locked"),
                Ok(read) => assert_eq!(read[0].metadata.actor.id, person("eve")),
            }
        }
    }

    /// All tables of the log as they are, but for what a change of the master key is about.
    async fn everything_else(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in [
            "annal.events",
            "annal.commands",
            "annal.ledgers",
            "(SELECT ledger, person, number, made_at, erased_at, secret IS NULL FROM annal.person_keys)",
            "(SELECT ledger, sealed_at FROM annal.sealed_ledgers)",
        ] {
            let rows = format!(
                "SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') FROM {table} AS t"
            );
            let admin = self.fresh.admin().await;
            all.push(sqlx::query_scalar(&rows).fetch_one(&admin).await.unwrap());
        }
        all
    }

    async fn secrets(&self) -> Vec<Vec<u8>> {
        let secrets =
            "SELECT secret FROM annal.person_keys WHERE secret IS NOT NULL ORDER BY number";
        let admin = self.fresh.admin().await;
        sqlx::query_scalar(secrets).fetch_all(&admin).await.unwrap()
    }
}

fn key(byte: &str) -> MasterKey {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, byte.repeat(32)).unwrap();
    MasterKey::read(&file).unwrap()
}

fn given(keys: &[&MasterKey]) -> MasterKeys {
    keys.iter().copied().cloned().collect()
}

/// An event by a person, on a stream of their own.
fn by(id: &str, expected: u64) -> Append {
    let mut append = adding(&stream(id), expected, 1);
    append.metadata.actor.id = person(id);
    append
}

async fn on_disk(admin: &PgPool, secret: &[u8]) -> bool {
    admin.execute("CHECKPOINT").await.unwrap();
    sqlx::query_scalar(
        "SELECT position($1 IN pg_read_binary_file(pg_relation_filepath('annal.person_keys'))) > 0",
    )
    .bind(secret)
    .fetch_one(admin)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_opens_with_the_new_key_nothing_with_the_old_one_and_nothing_else_changes() {
    let place = Place::filled().await;
    let log = place.with(&[&place.old]).await;
    let signing = SigningKey::from_bytes(&[7; 32]);
    let checkpoint = log.checkpoint(None, &signing).await.unwrap();
    let proof = log.prove_inclusion(Position(1), &checkpoint).await.unwrap();
    let (export, before) = (exported(&log).await, place.everything_else().await);
    let wrapped = place.secrets().await;
    let admin = place.fresh.admin().await;
    assert!(
        on_disk(&admin, &wrapped[0]).await,
        "the search finds what is there"
    );
    place.opens_with(&place.old, &place.new).await;

    let rotated = place.rotate().await.unwrap();

    let told = Rotated {
        keys: 2,
        was: Some(place.old.mark()),
        wiped: Ok(()),
    };
    assert_eq!(rotated, told);
    place.opens_with(&place.new, &place.old).await;
    for old in &wrapped {
        assert!(!on_disk(&admin, old).await);
    }
    assert_eq!(place.everything_else().await, before);
    let log = place.with(&[]).await;
    assert_eq!(exported(&log).await, export);
    assert_eq!(log.verify(None).await.unwrap().fault, None);
    assert_eq!(
        log.prove_inclusion(Position(1), &checkpoint).await.unwrap(),
        proof
    );

    // Again, as after a kill of which nobody knows when it was; then back, and a third time.
    let again = place.rotate().await.unwrap();
    assert_eq!((again.keys, again.was), (2, Some(place.new.mark())));
    place.opens_with(&place.new, &place.old).await;
    place.rotate_with(&[&place.new], &place.old).await.unwrap();
    place.opens_with(&place.old, &place.new).await;
    place.rotate().await.unwrap();
    let log = place.with(&[&place.new]).await;
    erase(&place.fresh, &log).await;
    assert!(names(&all(&log).await[0])[0].is_erased());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_runs_with_the_old_key_alone_is_told_and_with_both_goes_on() {
    let place = Place::filled().await;
    let alone = place.with(&[&place.old]).await;
    let both = place.with(&[&place.old, &place.new]).await;
    alone.append(by("carl", 0)).await.unwrap();
    both.append(by("dora", 0)).await.unwrap();

    place.rotate().await.unwrap();

    let told = alone.read(Position(0), 1).await.unwrap_err();
    assert_eq!(told.code(), "log_names_locked");
    for word in [
        "another one",
        "ANNAL_MASTER_KEY_FILE",
        "rotate-key",
        "start again what runs with another",
    ] {
        assert!(told.to_string().contains(word), "{told}");
    }
    // Carl's name was sealed by it before; a ciphertext needs no key.
    alone.append(by("carl", 1)).await.unwrap();
    let head = alone.head().await.unwrap();
    for whoever in ["ana.tester", "eve2"] {
        let refused = alone.append(by(whoever, 0)).await.unwrap_err();
        assert_eq!(refused.code(), "log_names_locked", "{whoever}");
    }
    assert_eq!(alone.head().await.unwrap(), head, "nothing was recorded");
    assert_eq!(alone.verify(None).await.unwrap().fault, None);

    both.append(by("dora", 1)).await.unwrap();
    both.append(by("fred", 0)).await.unwrap();
    for log in [
        both,
        place.with(&[&place.new]).await,
        place.with(&[&place.new, &place.old]).await,
    ] {
        let last = all(&log).await.pop().unwrap();
        assert_eq!(last.metadata.actor.id, person("fred"));
        assert_eq!(last.metadata.actor.name.known(), Some(ANA));
    }
}

/// The place where it breaks off, as SQL that breaks it off there; `{how}` raises an error or ends the connection.
const BREAKS: [&str; 3] = [
    "CREATE TRIGGER breaks BEFORE UPDATE ON annal.person_keys FOR EACH ROW \
     WHEN (NEW.number = 2) EXECUTE FUNCTION public.breaks()",
    "CREATE TRIGGER breaks BEFORE UPDATE ON annal.sealed_ledgers FOR EACH ROW EXECUTE FUNCTION public.breaks()",
    // At the commit itself.
    "CREATE CONSTRAINT TRIGGER breaks AFTER UPDATE ON annal.sealed_ledgers DEFERRABLE INITIALLY DEFERRED \
     FOR EACH ROW EXECUTE FUNCTION public.breaks()",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_breaks_off_before_its_end_has_changed_nothing() {
    let place = Place::filled().await;
    let admin = place.fresh.admin().await;
    let before = (place.secrets().await, place.everything_else().await);
    for (how, code) in [
        ("RAISE EXCEPTION 'no more'", "log_refused"),
        (
            "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)",
            "log_unreachable",
        ),
    ] {
        for place_to_break in BREAKS {
            let breaks = format!(
                "CREATE OR REPLACE FUNCTION public.breaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {how}; RETURN NEW; END $$; \
                 {place_to_break}"
            );
            admin.execute(sqlx::raw_sql(&breaks)).await.unwrap();
            let broken = place.rotate().await.unwrap_err();
            assert_eq!(broken.code(), code, "{place_to_break}: {broken}");
            admin
                .execute("DROP FUNCTION public.breaks() CASCADE")
                .await
                .unwrap();
            let after = (place.secrets().await, place.everything_else().await);
            assert_eq!(after, before, "{place_to_break}, {how}");
            place.opens_with(&place.old, &place.new).await;
        }
    }
    place.rotate().await.unwrap();
    place.opens_with(&place.new, &place.old).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_breaks_off_after_its_commit_is_whole_and_wiped_by_the_next() {
    let place = Place::filled().await;
    let admin = place.fresh.admin().await;
    let wrapped = place.secrets().await;
    let breaks = "CREATE FUNCTION public.breaks() RETURNS event_trigger LANGUAGE plpgsql AS \
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); END $$; \
        CREATE EVENT TRIGGER breaks ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.breaks()";
    admin.execute(sqlx::raw_sql(breaks)).await.unwrap();

    let rotated = place.rotate().await.unwrap();

    assert_eq!(rotated.wiped.unwrap_err().code(), "log_unreachable");
    place.opens_with(&place.new, &place.old).await;
    assert!(
        on_disk(&admin, &wrapped[0]).await,
        "the search finds what is there"
    );
    admin.execute("DROP EVENT TRIGGER breaks").await.unwrap();
    assert_eq!(place.rotate().await.unwrap().wiped, Ok(()));
    place.opens_with(&place.new, &place.old).await;
    assert!(!on_disk(&admin, &wrapped[0]).await);
}

/// Appends as new persons, one after the other, until it is told to stop or refused; how many it did.
async fn writes(
    log: Log,
    number: usize,
    mut over: watch::Receiver<bool>,
) -> (usize, Option<AppendError>) {
    let mut done = 0;
    loop {
        // One more than was needed: the last is written when the key has been changed for sure.
        let last = *over.borrow_and_update();
        match log.append(by(&format!("p{number}.{done}"), 0)).await {
            Ok(_) => done += 1,
            Err(no) => return (done, Some(no)),
        }
        if last {
            return (done, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_that_make_keys_meanwhile_leave_none_behind_that_only_the_old_one_opens() {
    let place = Place::sealed().await;
    let (over, told) = watch::channel(false);
    let mut writers = Vec::new();
    for number in 0..6 {
        let keys = [&place.old, &place.new];
        let log = place.with(&keys[..1 + number % 2]).await;
        writers.push(tokio::spawn(writes(log, number, told.clone())));
    }
    let begun = place.with(&[]).await;
    begun
        .wait_for(Position(20), Duration::from_secs(60))
        .await
        .unwrap();
    let rotated = place.rotate().await.unwrap();
    assert!(rotated.keys >= 6, "{rotated:?}");
    over.send(true).unwrap();

    let mut written = 0;
    for (number, writer) in writers.into_iter().enumerate() {
        let (done, refused) = writer.await.unwrap();
        let code = refused.as_ref().map(AppendError::code);
        let expected = (number % 2 == 0).then_some("log_names_locked");
        assert_eq!(code, expected, "writer {number}: {refused:?}");
        written += done;
    }
    let read = all(&place.with(&[&place.new]).await).await;
    assert_eq!(read.len(), written);
    assert!(
        read.iter()
            .all(|it| it.metadata.actor.name.known() == Some(ANA))
    );
    assert!(
        place.secrets().await.len() > rotated.keys,
        "keys were made afterwards too"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let place = Place::filled().await;
    let before = (place.secrets().await, place.everything_else().await);
    let (old, new, third) = (&place.old, &place.new, &key("ef"));
    for (given, new, code, word) in [
        (&[old][..], old, "log_same_master_key", "openssl rand"),
        (
            &[third],
            third,
            "log_same_master_key",
            "ANNAL_MASTER_KEY_FILE",
        ),
        (&[third], new, "log_names_locked", "another one"),
        (&[], new, "log_names_locked", "no master key was given"),
    ] {
        let refused = place.rotate_with(given, new).await.unwrap_err();
        assert_eq!(refused.code(), code);
        assert!(refused.to_string().contains(word), "{refused}");
    }
    for role in [
        "annal_runtime",
        "annal_projector",
        "annal_auditor",
        "annal_server",
        "pg_monitor",
    ] {
        let login = place.fresh.login(role).await;
        let refused = rotate_master_key(&login.url, &main_ledger(), &given(&[old]), new).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), "log_refused", "{role}");
        let told = refused.to_string();
        assert!(
            told.contains("42501") && told.contains("annal_owner"),
            "{role}: {told}"
        );
    }
    assert_eq!(
        (place.secrets().await, place.everything_else().await),
        before
    );

    // One key is not what it was.
    let spoil = "UPDATE annal.person_keys SET secret = set_byte(secret, 50, get_byte(secret, 50) # 1) WHERE number = 2";
    let admin = place.fresh.admin().await;
    admin.execute(spoil).await.unwrap();
    let spoilt = place.secrets().await;
    let refused = place.rotate().await.unwrap_err();
    assert_eq!(refused.code(), "log_name_not_opened");
    assert!(refused.to_string().contains("key 2"), "{refused}");
    assert_eq!(place.secrets().await, spoilt);
    // Who migrates may.
    admin.execute(spoil).await.unwrap();
    let login = place.fresh.login("annal_migrator").await;
    let done = rotate_master_key(&login.url, &main_ledger(), &given(&[old]), new).await;
    assert_eq!(done.unwrap().wiped, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_without_a_master_key_gets_one_and_one_that_is_not_sealed_does_not() {
    let place = Place::unsealed().await;
    let refused = place.rotate().await.unwrap_err();
    assert_eq!(refused.code(), "log_not_sealed");
    place.seal(&MasterKeys::default()).await.unwrap();
    let running = place.with(&[]).await;
    running.append(by("ana.tester", 0)).await.unwrap();
    let as_it_is = place.secrets().await.remove(0);
    assert_eq!(as_it_is.len(), 32);

    let rotated = place.rotate_with(&[], &place.new).await.unwrap();

    assert_eq!((rotated.keys, rotated.was), (1, None));
    assert!(!on_disk(&place.fresh.admin().await, &as_it_is).await);
    let told = running.read(Position(0), 1).await.unwrap_err();
    assert!(
        told.to_string().contains("no master key was given"),
        "{told}"
    );
    let refused = running.append(by("bo", 0)).await.unwrap_err();
    assert_eq!(refused.code(), "log_names_locked");
    let read = all(&place.with(&[&place.new]).await).await;
    assert_eq!(read[0].metadata.actor.name.known(), Some(ANA));
}

/// Else some names would open with the one key alone, and some with the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_was_sealed_before_is_sealed_again_with_its_own_master_key_alone() {
    let place = Place::filled().await;
    unseal_names(&place.fresh.url, &main_ledger())
        .await
        .unwrap();
    for other in [MasterKeys::default(), place.new.clone().into()] {
        let refused = place.seal(&other).await.unwrap_err();
        assert_eq!(refused.code(), "log_names_locked");
        assert!(
            !place.with(&[]).await.seals_names(),
            "nothing was switched on"
        );
    }
    place.seal(&given(&[&place.old, &place.new])).await.unwrap();
    place.seal(&given(&[&place.new, &place.old])).await.unwrap();
    place.rotate().await.unwrap();
    place.seal(&given(&[&place.old, &place.new])).await.unwrap();
    place.opens_with(&place.new, &place.old).await;
}

/// An engine that is not yet upgraded asks without saying which master key it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_from_before_makes_keys_until_the_master_key_is_changed() {
    let place = Place::filled().await;
    let login = place.fresh.login("annal_runtime").await;
    let runtime = PgPool::connect(&login.url).await.unwrap();
    let ask = async |id: &str| {
        let asked = sqlx::query_as("SELECT number, secret FROM annal.person_key('main', $1, $2)");
        let asked = asked.bind(id).bind([1_u8; 72].as_slice());
        let answer: Result<(i64, Option<Vec<u8>>), _> = asked.fetch_one(&runtime).await;
        answer
    };
    assert_eq!(ask("gina").await.unwrap().1, Some(vec![1; 72]));
    let admin = place.fresh.admin().await;
    let take_away = "ALTER TABLE annal.person_keys DISABLE TRIGGER ALL; DELETE FROM annal.person_keys WHERE person = 'gina'; \
        ALTER TABLE annal.person_keys ENABLE TRIGGER ALL";
    admin.execute(sqlx::raw_sql(take_away)).await.unwrap();
    place.rotate().await.unwrap();
    let refused = ask("gina").await.unwrap_err();
    let refused = refused.as_database_error().unwrap();
    assert_eq!(refused.code().unwrap(), "AN010");
    assert!(
        ask("bo").await.unwrap().1.is_some(),
        "who is there is answered"
    );
}
