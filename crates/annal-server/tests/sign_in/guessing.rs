//! Guessing is slow, tells nothing, and is recorded.

use std::time::Instant;

use crate::support::{PASSWORD, Site};

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

/// Not a measurement: with a hash left out, an unknown name would be answered a hundred times faster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_name_takes_its_time() {
    let site = Site::new().await;
    let mut browser = site.browser();
    browser.sign_in("eve", PASSWORD).await;
    let time = async |browser: &mut crate::support::Browser, password: &str| {
        let begun = Instant::now();
        browser.sign_in("eve", password).await;
        begun.elapsed()
    };
    // A password that is too long to be one is not hashed.
    let unhashed = time(&mut browser, &"x".repeat(2_000)).await;
    let hashed = time(&mut browser, PASSWORD).await;
    assert!(hashed > unhashed, "{hashed:?} against {unhashed:?}");
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
