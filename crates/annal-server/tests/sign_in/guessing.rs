//! Guessing is slow, tells nothing, and is recorded.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};

use crate::support::{PASSWORD, Site, operator};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let site = Site::new().await;
    site.account("ana").await;
    let mut browser = site.browser();
    let wrong = browser.sign_in("ana", "wrong password").await;
    let unknown = browser.sign_in("eve", "wrong password").await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.text.replace("ana", "eve"), unknown.text);
    assert_eq!((wrong.set_cookie, unknown.set_cookie), (None, None));

    let record = site.record().await;
    let [.., (_, first), (_, second)] = record.as_slice() else {
        panic!("{record:?}");
    };
    assert_eq!(
        (&first["reason"], &first["person"]),
        (&"wrong_password".into(), &"ana".into())
    );
    // What was typed in place of a name may have been a password.
    assert_eq!(
        (&second["reason"], second.get("person")),
        (&"wrong_password".into(), None)
    );
    assert!(!record.iter().any(|(_, it)| it.to_string().contains("eve")));
    site.nothing_happened().await;
}

/// Comparing with a hash is what takes the time; how long it takes is not measured here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let site = Site::new().await;
    site.account("ana").await;
    let ben = site.account("ben").await;
    site.accounts.disable(&ben, &operator()).await.unwrap();
    let mut browser = site.browser();
    let too_long = "x".repeat(2_000);
    for (name, password, compared) in [
        ("ana", "wrong password", 1),
        ("eve", "wrong password", 1),
        ("ben", PASSWORD, 1),
        ("", "wrong password", 1),
        // No password is as long, whoever's it were.
        ("ana", &too_long, 0),
        ("eve", &too_long, 0),
    ] {
        let before = site.server.passwords_compared();
        assert_eq!(browser.sign_in(name, password).await.status, 401);
        let after = site.server.passwords_compared();
        assert_eq!(after - before, compared, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_waits_and_so_do_all_who_guess_at_once() {
    let site = Site::new().await;
    site.account("ana").await;
    let guess = |n: usize| {
        let mut browser = site.browser();
        async move { browser.sign_in("ana", &format!("guess number {n}")).await }
    };
    let answers = futures::future::join_all((0..20).map(guess)).await;
    let tried = answers.iter().filter(|it| it.status == 401).count();
    let waiting: Vec<_> = answers.iter().filter(|it| it.status == 429).collect();
    // The fifth wrong one is the last that is free; a second or more may pass while they are looked at.
    assert!((5..=8).contains(&tried), "{tried} were tried");
    assert_eq!(tried + waiting.len(), 20);
    assert!(
        waiting
            .iter()
            .all(|it| it.retry_after.is_some_and(|it| it >= 1))
    );

    // The right one waits as well, or the wait would tell which it is.
    let mut browser = site.browser();
    let right = browser.sign_in("ana", PASSWORD).await;
    let others = site.browser().sign_in("ben", "wrong password").await;
    assert!([429, 303].contains(&right.status));
    assert_eq!(others.status, 401, "somebody else waits too");
}

/// Whoever is right is forgotten as a guesser; somebody who is being counted just then is counted anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_counted_while_all_is_forgotten_gets_in() {
    let site = Site::new().await;
    site.account("ana").await;
    let mut browser = site.browser();
    assert_eq!(browser.sign_in("ana", "wrong password").await.status, 401);

    let database = &site.settings.database_url;
    let mut forgetting = PgConnection::connect(database).await.unwrap();
    let mut work = forgetting.begin().await.unwrap();
    let held = sqlx::query("SELECT FROM annal_access.attempts FOR UPDATE");
    held.execute(&mut *work).await.unwrap();
    let counted = tokio::spawn(async move { browser.sign_in("ana", PASSWORD).await.status });
    let mut watching = PgConnection::connect(database).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let waits: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
             AND application_name = 'annal accounts' AND wait_event_type = 'Lock')",
        )
        .fetch_one(&mut watching)
        .await
        .unwrap();
        if waits {
            break;
        }
        assert!(Instant::now() < deadline, "nobody is being counted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let forgotten = sqlx::query("DELETE FROM annal_access.attempts");
    forgotten.execute(&mut *work).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(counted.await.unwrap(), 303);
}
