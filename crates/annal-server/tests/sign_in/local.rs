//! Passwords and sessions.

use annal_server::{AccountError, SignInSettings, Timeouts};
use chrono::TimeDelta;

use crate::support::{Browser, PASSWORD, Site, operator};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_goes_on_where_they_wanted_to_and_signs_out() {
    let site = Site::new().await;
    site.account("ana").await;
    let mut browser = site.browser();

    let sent = browser.get("/sign-out?a=1").await;
    assert_eq!(
        (sent.status, sent.location.as_deref()),
        (303, Some("/sign-in?next=%2Fsign-out%3Fa%3D1"))
    );
    let answer = browser.sign_in("ana", PASSWORD).await;
    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (303, Some("/next"))
    );
    let cookie = answer.set_cookie.unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let page = browser.get("/sign-out").await;
    assert!(
        page.text.contains("signed in as ANA (ana)"),
        "{}",
        page.text
    );

    let kept = browser.cookie.clone();
    let left = browser.post("/sign-out", &[]).await;
    assert_eq!(
        (left.status, left.location.as_deref()),
        (303, Some("/sign-in"))
    );
    assert_eq!(browser.cookie, None);
    browser.cookie = kept;
    assert!(!browser.is_in().await);
    assert_eq!(site.refusals().await, ["session_signed_out"]);
    let types: Vec<String> = site
        .record()
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    let expected = [
        "account_added",
        "password_set",
        "access_given",
        "signed_in",
        "signed_out",
        "attempt_refused",
    ];
    assert_eq!(types, expected);
    site.nothing_happened().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_shared_by_servers_and_outlives_one() {
    let site = Site::new().await;
    site.account("ana").await;
    let second = site.second_server().await;
    let mut browser = site.browser();
    browser.sign_in("ana", PASSWORD).await;

    let mut elsewhere = Browser::at(&format!("http://{}", second.address()));
    elsewhere.cookie.clone_from(&browser.cookie);
    site.server.stop().await.unwrap();
    assert!(elsewhere.is_in().await);
    elsewhere.post("/sign-out", &[]).await;
    assert!(!elsewhere.is_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_s_id_is_new_at_every_sign_in_whatever_the_browser_brought() {
    let site = Site::new().await;
    site.account("ana").await;
    let planted = "ab".repeat(32);
    let mut browser = site.browser();
    browser.cookie = Some(planted.clone());
    assert_eq!(browser.sign_in("ana", PASSWORD).await.status, 303);
    let first = browser.cookie.clone().unwrap();
    assert_ne!(first, planted);
    let mut thief = site.browser();
    thief.cookie = Some(planted);
    assert!(!thief.is_in().await);

    // Signing in again ends the session that the browser had.
    assert_eq!(browser.sign_in("ana", PASSWORD).await.status, 303);
    assert_ne!(browser.cookie.clone().unwrap(), first);
    assert!(browser.is_in().await);
    thief.cookie = Some(first);
    assert!(!thief.is_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_by_itself() {
    let minute = TimeDelta::minutes(1);
    let gone = TimeDelta::microseconds(1);
    for (idle, absolute) in [(gone, minute), (minute, gone)] {
        let timeouts = Timeouts::new(idle, absolute, minute);
        let settings = SignInSettings {
            timeouts,
            ..SignInSettings::default()
        };
        let site = Site::with(settings).await;
        site.account("ana").await;
        let mut browser = site.browser();
        assert_eq!(browser.sign_in("ana", PASSWORD).await.status, 303);
        assert!(!browser.is_in().await);
        assert_eq!(site.refusals().await, ["session_expired"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_account_is_out_in_the_middle_of_its_session() {
    let site = Site::new().await;
    let ana = site.account("ana").await;
    let mut browser = site.browser();
    browser.sign_in("ana", PASSWORD).await;
    assert!(browser.is_in().await);

    site.accounts.disable(&ana, &operator()).await.unwrap();
    assert!(!browser.is_in().await);
    assert_eq!(site.browser().sign_in("ana", PASSWORD).await.status, 401);
    site.accounts.enable(&ana, &operator()).await.unwrap();
    assert!(!browser.is_in().await, "the session came back");
    assert_eq!(browser.sign_in("ana", PASSWORD).await.status, 303);
    let expected = ["account_disabled", "account_disabled", "session_signed_out"];
    assert_eq!(site.refusals().await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_ends_every_session_of_the_person_and_no_other() {
    let site = Site::new().await;
    site.account("ana").await;
    site.account("ben").await;
    let (mut one, mut two, mut other) = (site.browser(), site.browser(), site.browser());
    one.sign_in("ana", PASSWORD).await;
    two.sign_in("ana", PASSWORD).await;
    other.sign_in("ben", PASSWORD).await;
    assert_eq!(one.post("/sign-out/everywhere", &[]).await.status, 303);
    assert!(!two.is_in().await);
    assert!(other.is_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_somebody_else_chose_is_changed_before_anything_else() {
    let site = Site::new().await;
    site.account_with("ana", "chosen by an admin", true).await;
    let mut browser = site.browser();
    let answer = browser.sign_in("ana", "chosen by an admin").await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/password"));

    let old = browser.cookie.clone();
    let change = |new: &'static str, again: &'static str| {
        [
            ("password", "chosen by an admin"),
            ("new_password", new),
            ("again", again),
        ]
    };
    for (new, again) in [
        ("short", "short"),
        ("long enough", "long enouhg"),
        ("chosen by an admin", "chosen by an admin"),
    ] {
        assert_eq!(
            browser
                .post("/sign-in/password", &change(new, again))
                .await
                .status,
            422,
            "{new}"
        );
    }
    let answer = browser
        .post("/sign-in/password", &change("only mine", "only mine"))
        .await;
    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (303, Some("/"))
    );
    assert!(browser.is_in().await);
    let mut before = site.browser();
    before.cookie = old;
    assert!(!before.is_in().await, "a session from before the change");
    assert_eq!(
        site.browser()
            .sign_in("ana", "chosen by an admin")
            .await
            .status,
        401
    );
    assert_eq!(
        site.browser()
            .sign_in("ana", "only mine")
            .await
            .location
            .as_deref(),
        Some("/next")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_s_id_is_never_given_to_somebody_else() {
    let site = Site::new().await;
    let ana = site.account("ana").await;
    site.accounts.disable(&ana, &operator()).await.unwrap();
    let new = annal_server::NewAccount {
        person: ana,
        name: "Another Ana".to_owned(),
        password: None,
        access: Vec::new(),
    };
    let taken = site.accounts.add(&new, &operator()).await.unwrap_err();
    assert!(matches!(taken, AccountError::Taken(_)), "{taken}");
    for id in ["annal", "os:root"] {
        let person = id.parse().unwrap();
        let new = annal_server::NewAccount {
            person,
            ..new.clone()
        };
        let no = site.accounts.add(&new, &operator()).await.unwrap_err();
        assert!(matches!(no, AccountError::BadPerson { .. }), "{no}");
    }
}

/// Twenty at a time, some right and some wrong: each right one is in, in a session of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_in_at_the_same_time() {
    let site = Site::new().await;
    for n in 0..4 {
        site.account(&format!("p{n}")).await;
    }
    let sign_in = |n: usize| {
        let mut browser = site.browser();
        let password = if n % 5 == 4 {
            "wrong, all wrong"
        } else {
            PASSWORD
        };
        async move {
            let status = browser
                .sign_in(&format!("p{}", n % 4), password)
                .await
                .status;
            (status, browser.cookie)
        }
    };
    let all = futures::future::join_all((0..20).map(sign_in)).await;
    let mut cookies: Vec<String> = all.iter().filter_map(|(_, it)| it.clone()).collect();
    assert_eq!(all.iter().filter(|(status, _)| *status == 303).count(), 16);
    cookies.sort();
    cookies.dedup();
    assert_eq!(cookies.len(), 16);
    let record = site.record().await;
    assert_eq!(
        record
            .iter()
            .filter(|(kind, _)| kind == "signed_in")
            .count(),
        16
    );
    site.nothing_happened().await;
}
