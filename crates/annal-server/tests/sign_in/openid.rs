//! Signing in with a real OpenID Connect issuer, on this machine.

use annal_browser::Issuer;
use annal_core::PersonId;
use annal_server::{Access, NewAccount, OpenIdConnectSettings, Scope, SignInSettings};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::accounts::{join, main_ledger, member, operator};
use crate::elsewhere::Elsewhere;
use crate::support::{Browser, Site};

/// What browsers reach the server by. Nobody answers there: what is sent to it is sent to the server.
const PUBLIC: &str = "http://console.test";
const CALLBACK: &str = "/sign-in/openid-connect/callback";
const CLIENT: &str = "annal";
const SECRET: &str = "a secret that is long enough for any algorithm";

fn issuer() -> Issuer {
    let mut issuer = Issuer::start().unwrap();
    let redirect = format!("{PUBLIC}{CALLBACK}");
    issuer.knows(CLIENT, SECRET, &redirect).unwrap();
    issuer
}

async fn site_with(issuer: &str, client: &str, secret: &str) -> Site {
    let settings = SignInSettings {
        public_url: Some(PUBLIC.parse().unwrap()),
        openid_connect: Some(OpenIdConnectSettings {
            issuer: issuer.to_owned(),
            client_id: client.to_owned(),
            client_secret: Some(secret.to_owned()),
            label: "Sign in with the bank".to_owned(),
        }),
        ..SignInSettings::default()
    };
    Site::with(settings).await
}

/// A server that knows the issuer, and ana, whom the issuer calls a.alves.
async fn site(issuer: &Issuer) -> Site {
    let site = site_with(issuer.address(), CLIENT, SECRET).await;
    account(&site, issuer, "ana", "a.alves", Access::Auditor).await;
    site
}

async fn account(
    site: &Site,
    issuer: &Issuer,
    id: &str,
    subject: &str,
    access: Access,
) -> PersonId {
    let new = NewAccount {
        password: None,
        access: vec![(main_ledger(), access)],
        ..member(id)
    };
    join(&site.accounts, &new).await;
    let by = operator();
    let linked = site
        .accounts
        .link(&new.person, issuer.address(), subject, &by);
    linked.await.unwrap();
    new.person
}

/// Where the issuer leads a browser back to, once its person has named themselves there.
async fn come_back(
    browser: &mut Browser,
    elsewhere: &mut Elsewhere,
    from: &str,
    as_: &str,
) -> String {
    let sent = browser.get(from).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let place = elsewhere
        .names_themselves(&sent.location.unwrap(), as_)
        .await;
    place.strip_prefix(PUBLIC).unwrap().to_owned()
}

const START: &str = "/sign-in/openid-connect?next=/main/runs";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_with_the_issuer_and_has_the_access_of_their_account() {
    let issuer = issuer();
    let site = site(&issuer).await;
    assert_eq!(site.server.issuer_trouble().await, None);
    let (mut browser, mut elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
    let page = browser.get("/sign-in?next=/main/runs").await;
    assert!(page.text.contains("Sign in with the bank"), "{}", page.text);

    let back = come_back(&mut browser, &mut elsewhere, START, "a.alves").await;
    let answer = browser.get(&back).await;
    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (303, Some("/main/runs"))
    );
    let me: Value = serde_json::from_str(&browser.get("/api/v1/me").await.text).unwrap();
    assert_eq!(me["person"], "ana", "{me}");
    assert!(me.to_string().contains("auditor"), "{me}");
    // What an auditor sees, and a member does not.
    assert_eq!(browser.get("/main/proof/log.jsonl").await.status, 200);
    let record = site.record().await;
    let (kind, signed_in) = record.last().unwrap();
    assert_eq!(
        (kind.as_str(), &signed_in["method"]),
        ("signed_in", &json!("open_id_connect"))
    );

    // A place that they were sent back to is good once, and in no other browser.
    let again = browser.get(&back).await;
    assert_eq!((again.status, again.set_cookie), (403, None));
    assert_eq!(site.refusals().await, ["cross_origin"]);
    site.nothing_happened().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_no_account_is_linked_to_and_whose_is_disabled_is_not_let_in() {
    let issuer = issuer();
    let site = site(&issuer).await;
    let ben = account(&site, &issuer, "ben", "b.berg", Access::Member).await;
    site.accounts.disable(&ben, &operator()).await.unwrap();
    for (name, told) in [
        ("e.eve", "no account here is linked"),
        ("b.berg", "is disabled"),
    ] {
        let (mut browser, mut elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
        let back = come_back(&mut browser, &mut elsewhere, START, name).await;
        let answer = browser.get(&back).await;
        assert_eq!((answer.status, answer.set_cookie), (403, None), "{name}");
        assert!(answer.text.contains(told), "{}", answer.text);
    }
    // Who does not want to after all.
    let (mut browser, elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
    let sent = browser.get(START).await.location.unwrap();
    let state = elsewhere.parameter(&sent, "state");
    let denied = format!("{CALLBACK}?error=access_denied&state={state}");
    assert_eq!(browser.get(&denied).await.status, 403);
    let expected = ["unknown_subject", "account_disabled", "issuer_refused"];
    assert_eq!(site.refusals().await, expected);
    site.nothing_happened().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_says_something_else_or_is_signed_by_somebody_else_lets_nobody_in() {
    let mut issuer = issuer();
    let site = site(&issuer).await;
    // With a key that the issuer has changed to since its keys were asked for.
    assert_eq!(site.server.issuer_trouble().await, None);
    issuer.changes_its_key().unwrap();
    let (mut browser, mut elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
    let back = come_back(&mut browser, &mut elsewhere, START, "a.alves").await;
    assert_eq!(browser.get(&back).await.status, 303);

    let (now, hour) = (Utc::now().timestamp(), 3600);
    let bent = [
        (json!({"nonce": "of another sign-in"}), "right"),
        (json!({"nonce": null}), "right"),
        (json!({"aud": "another client"}), "right"),
        (json!({"aud": [CLIENT, "another client"]}), "right"),
        (json!({"iss": "http://127.0.0.1:1"}), "right"),
        (json!({"exp": now - hour, "iat": now - 2 * hour}), "right"),
        (json!({}), "foreign"),
        (json!({}), "none"),
        (json!({}), "HS256"),
    ];
    for (claims, signed) in &bent {
        let (mut browser, mut elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
        let back = come_back(&mut browser, &mut elsewhere, START, "a.alves").await;
        issuer.bends(claims, signed).unwrap();
        let answer = browser.get(&back).await;
        let told = (answer.status, answer.set_cookie);
        assert_eq!(
            told,
            (403, None),
            "{claims} signed {signed}: {}",
            answer.text
        );
        assert!(!browser.is_in().await);
    }
    assert_eq!(site.refusals().await, vec!["issuer_refused"; bent.len()]);

    // The same way with nothing bent leads in.
    let (mut browser, mut elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
    let back = come_back(&mut browser, &mut elsewhere, START, "a.alves").await;
    issuer.bends(&json!({}), "right").unwrap();
    assert_eq!(browser.get(&back).await.status, 303);
    site.nothing_happened().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_or_a_code_of_another_browser_lets_nobody_in() {
    let issuer = issuer();
    let site = site(&issuer).await;
    let (mut hers, mut theirs) = (site.browser(), site.browser());
    let mut elsewhere = Elsewhere::new(PUBLIC);
    let back = come_back(&mut hers, &mut elsewhere, START, "a.alves").await;
    // What a foreign page may have her browser load: a sign-in that somebody else began.
    let answer = theirs.get(&back).await;
    assert_eq!((answer.status, answer.set_cookie), (403, None));
    let invented = format!("{CALLBACK}?state=invented&code=invented");
    assert_eq!(theirs.get(&invented).await.status, 403);
    assert_eq!(theirs.get(CALLBACK).await.status, 403);
    // Her code in a sign-in of their own: the issuer sees that its challenge is another's.
    let own = theirs.get(START).await.location.unwrap();
    let (state, code) = (
        elsewhere.parameter(&own, "state"),
        elsewhere.parameter(&back, "code"),
    );
    let stolen = theirs
        .get(&format!("{CALLBACK}?state={state}&code={code}"))
        .await;
    assert_eq!(
        (stolen.status, stolen.set_cookie),
        (403, None),
        "{}",
        stolen.text
    );
    let foreign = [
        "cross_origin",
        "cross_origin",
        "cross_origin",
        "issuer_refused",
    ];
    assert_eq!(site.refusals().await, foreign);
    site.nothing_happened().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_is_sent_to_the_issuer_to_prove_themselves_anew() {
    let mut issuer = issuer();
    let site = site(&issuer).await;
    account(&site, &issuer, "ben", "b.berg", Access::Member).await;
    let (mut browser, mut elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
    let back = come_back(&mut browser, &mut elsewhere, START, "a.alves").await;
    browser.get(&back).await;
    let anew = "/sign-in/openid-connect?act=/sign&next=/main/runs";
    let page = browser.get("/sign-in/confirm?act=/sign").await;
    assert!(page.text.contains("Confirm with the bank"), "{}", page.text);

    // The issuer knows them still and asks all the same.
    let back = come_back(&mut browser, &mut elsewhere, anew, "a.alves").await;
    let answer = browser.get(&back).await;
    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (303, Some("/main/runs"))
    );
    let (kind, confirmed) = site.record().await.pop().unwrap();
    assert_eq!(kind, "confirmed");
    assert_eq!(
        (&confirmed["act"], &confirmed["method"]),
        (&json!("/sign"), &json!("open_id_connect"))
    );

    // Somebody else at the same machine; and an issuer that did not ask.
    let back = come_back(&mut browser, &mut elsewhere, anew, "b.berg").await;
    assert_eq!(browser.get(&back).await.status, 403);
    let back = come_back(&mut browser, &mut elsewhere, anew, "a.alves").await;
    let an_hour_ago = Utc::now() - TimeDelta::hours(1);
    issuer
        .bends(&json!({"auth_time": an_hour_ago.timestamp()}), "right")
        .unwrap();
    assert_eq!(browser.get(&back).await.status, 403);
    assert_eq!(site.refusals().await, ["not_confirmed"; 2]);

    // A machine has nobody to send there.
    let ana = "ana".parse().unwrap();
    let day = TimeDelta::days(1);
    let by = operator();
    let token = site.accounts.make_token(&ana, "ci", Scope::Act, day, &by);
    let token = token.await.unwrap().text;
    let request = site.browser().request("GET", anew).bearer_auth(token);
    let answer = site.browser().send(request).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_up_wrong_is_told_and_passwords_still_do() {
    let issuer = issuer();
    let nobody = "http://127.0.0.1:1";
    let site = site_with(nobody, CLIENT, SECRET).await;
    let trouble = site.server.issuer_trouble().await.unwrap();
    assert!(trouble.contains(nobody), "{trouble}");
    let answer = site.browser().get(START).await;
    assert_eq!(answer.status, 503);
    assert!(
        answer.text.contains("sign in with a password"),
        "{}",
        answer.text
    );

    // An address that is nearly the issuer's: what it says of itself is another one.
    let nearly = issuer.address().replace("127.0.0.1", "localhost");
    let site = site_with(&nearly, CLIENT, SECRET).await;
    let trouble = site.server.issuer_trouble().await.unwrap();
    assert!(trouble.contains(&nearly), "{trouble}");

    let site = site_with(issuer.address(), CLIENT, "no such secret").await;
    account(&site, &issuer, "ana", "a.alves", Access::Member).await;
    let (mut browser, mut elsewhere) = (site.browser(), Elsewhere::new(PUBLIC));
    let back = come_back(&mut browser, &mut elsewhere, START, "a.alves").await;
    let answer = browser.get(&back).await;
    assert_eq!(answer.status, 503);
    assert!(
        answer.text.contains("does not know this server"),
        "{}",
        answer.text
    );
    site.nothing_happened().await;
}
