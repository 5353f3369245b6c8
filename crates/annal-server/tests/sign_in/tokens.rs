//! Tokens for machines.

use annal_server::Scope;
use chrono::TimeDelta;

use crate::support::{Browser, PASSWORD, Site, operator};

async fn status(browser: &Browser, token: &str) -> u16 {
    let request = browser.request("GET", "/sign-out");
    let request = request.header("authorization", format!("Bearer {token}"));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_lets_a_machine_in_until_it_is_revoked_or_old_or_its_person_is_disabled() {
    let site = Site::new().await;
    let ana = site.account("ana").await;
    let (accounts, browser) = (&site.accounts, site.browser());
    let make = async |lasts| {
        accounts
            .make_token(&ana, "ci", Scope::Read, lasts, &operator())
            .await
    };
    let good = make(TimeDelta::days(1)).await.unwrap();
    let old = make(TimeDelta::microseconds(1)).await.unwrap();
    assert!(good.text.starts_with("annal_"));
    assert_eq!(status(&browser, &good.text).await, 200);
    assert_eq!(status(&browser, &old.text).await, 401);

    let listed = accounts.tokens(Some(&ana)).await.unwrap();
    let used: Vec<bool> = listed.iter().map(|it| it.used_at.is_some()).collect();
    assert_eq!(used, [false, true]);
    assert!(!format!("{listed:?}").contains(&good.text[6..]));

    accounts.disable(&ana, &operator()).await.unwrap();
    assert_eq!(status(&browser, &good.text).await, 401);
    accounts.enable(&ana, &operator()).await.unwrap();
    accounts
        .revoke_token(good.token, &operator())
        .await
        .unwrap();
    assert_eq!(status(&browser, &good.text).await, 401);
    assert!(
        accounts
            .revoke_token(good.token, &operator())
            .await
            .is_err()
    );
    let expected = ["token_expired", "account_disabled", "token_revoked"];
    assert_eq!(site.refusals().await, expected);
    let record = format!("{:?}", site.record().await);
    assert!(!record.contains(&good.text[6..]), "a secret in the record");
    site.nothing_happened().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_token_is_refused_also_beside_a_good_cookie() {
    let site = Site::new().await;
    let ana = site.account("ana").await;
    let by = operator();
    let day = TimeDelta::days(1);
    let made = site.accounts.make_token(&ana, "ci", Scope::Act, day, &by);
    let good = made.await.unwrap().text;
    let mut browser = site.browser();
    browser.sign_in("ana", PASSWORD).await;
    let changed = format!(
        "{}{}",
        &good[..good.len() - 1],
        if good.ends_with('0') { '1' } else { '0' }
    );
    let long = "a".repeat(5_000);
    let forged = [
        "",
        "annal_",
        &good[6..],
        &good.to_uppercase(),
        &changed,
        &long,
        "annal_\u{e9}",
    ];
    for token in forged {
        assert_eq!(status(&browser, token).await, 401, "{token}");
    }
    let basic = browser
        .request("GET", "/sign-out")
        .header("authorization", "Basic YW5hOng=");
    assert_eq!(basic.send().await.unwrap().status(), 401);
    assert_eq!(site.refusals().await, ["forged_token"; 8]);
}
