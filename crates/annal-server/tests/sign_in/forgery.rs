//! What another site's page has a browser send does nothing.

use crate::support::{PASSWORD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_the_session_s_own_token_is_not_taken() {
    let site = Site::new().await;
    site.account("ana").await;
    let (mut browser, mut other) = (site.browser(), site.browser());
    browser.sign_in("ana", PASSWORD).await;
    other.sign_in("ana", PASSWORD).await;
    let foreign = other.csrf().await.unwrap();

    for fields in [
        vec![],
        vec![("csrf", "")],
        vec![("csrf", "00")],
        vec![("csrf", foreign.as_str())],
    ] {
        let answer = browser.post_without_token("/sign-out", &fields).await;
        assert_eq!(answer.status, 403, "{fields:?}");
    }
    let json = browser
        .request("POST", "/sign-out")
        .header("origin", &site.url);
    let json = json.header("content-type", "application/json").body("{}");
    assert_eq!(browser.send(json).await.status, 403);
    assert!(browser.is_in().await);
    assert_eq!(site.refusals().await, ["csrf_token"; 5]);

    // A script of ours sends it in a header.
    let csrf = browser.csrf().await.unwrap();
    let scripted = browser
        .request("POST", "/sign-out")
        .header("x-csrf-token", csrf);
    assert_eq!(browser.send(scripted).await.status, 303);
    site.nothing_happened().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_s_page_changes_nothing_even_with_the_token() {
    let site = Site::new().await;
    site.account("ana").await;
    let mut browser = site.browser();
    browser.sign_in("ana", PASSWORD).await;
    let csrf = browser.csrf().await.unwrap();
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let forged = browser.request("POST", "/sign-out").header(name, value);
        let forged = forged.form(&[("csrf", csrf.as_str())]);
        assert_eq!(browser.send(forged).await.status, 403, "{name}: {value}");
    }
    // Nor does it sign somebody in as somebody else.
    let mut fresh = site.browser();
    let forged = fresh
        .request("POST", "/sign-in")
        .header("origin", "http://evil.example");
    let forged = forged.form(&[("person", "ana"), ("password", PASSWORD)]);
    assert_eq!(fresh.send(forged).await.status, 403);
    assert_eq!(fresh.cookie, None);
    assert!(browser.is_in().await);
    assert_eq!(site.refusals().await, ["cross_origin"; 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_is_the_one_of_the_request_line() {
    let site = Site::new().await;
    site.account("ana").await;
    let mut browser = site.browser();
    browser.sign_in("ana", PASSWORD).await;
    for header in [
        "x-http-method-override",
        "x-method-override",
        "x-http-method",
    ] {
        let get = browser.request("GET", "/sign-out").header(header, "POST");
        assert_eq!(browser.send(get).await.status, 200, "{header}");
    }
    assert_eq!(browser.get("/sign-out?_method=POST").await.status, 200);
    assert_eq!(browser.get("/sign-out/everywhere").await.status, 405);
    assert!(browser.is_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_cookie_is_no_session() {
    let site = Site::new().await;
    for forged in ["", "x", "deadbeef", &"0".repeat(64), &"f".repeat(10_000)] {
        let mut browser = site.browser();
        browser.cookie = Some(forged.to_owned());
        let answer = browser.get("/sign-out").await;
        assert_eq!(answer.status, 303, "{forged}");
        assert!(answer.set_cookie.unwrap().contains("Max-Age=0"));
    }
    assert_eq!(site.refusals().await, ["forged_session"; 5]);
    site.nothing_happened().await;
}
