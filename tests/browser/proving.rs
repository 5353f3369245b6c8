//! Audit, event, proof and projections used as an auditor and an admin use them.

use annal_browser::{Browser, Screen};

use crate::site::Site;

/// On what the demo left, as somebody who may do all of it.
pub(crate) async fn the_log_is_proved(site: &Site, browser: &Browser) {
    browser.screen(Screen::DESK).await.unwrap();
    a_question_leads_to_its_event(site, browser).await;
    the_log_is_verified_and_signed(site, browser).await;
    a_projection_is_rebuilt_and_equal(browser).await;
}

async fn a_question_leads_to_its_event(site: &Site, browser: &Browser) {
    browser.go("/main/audit").await.unwrap();
    browser
        .choose("select[name=ask]", "approvals")
        .await
        .unwrap();
    browser
        .choose("select[name=phase]", "sample_selection")
        .await
        .unwrap();
    browser
        .click("form.asking button[type=submit]")
        .await
        .unwrap();
    browser.wait_for("#answer", "olga").await.unwrap();
    let told = site
        .home
        .json(&["audit", "approvals", "--phase", "sample_selection"]);
    let told = told["rows"].as_array().unwrap();
    let shown = browser.texts("#answer tbody th").await.unwrap();
    let positions: Vec<String> = told.iter().map(|it| it["position"].to_string()).collect();
    assert_eq!(
        shown, positions,
        "the page and the command give the same answer"
    );
    browser.click("#answer tbody th a").await.unwrap();
    browser
        .wait_for("h1", &format!("Event {}", positions[0]))
        .await
        .unwrap();
    browser.wait_for("#envelope + dl", "Olga").await.unwrap();
}

async fn the_log_is_verified_and_signed(site: &Site, browser: &Browser) {
    let head = site.head();
    browser.go("/main/proof").await.unwrap();
    browser
        .click("form[action$='/proof/verify'] button")
        .await
        .unwrap();
    browser
        .wait_for("#progress", "every hash is right")
        .await
        .unwrap();
    browser
        .click("form[action$='/proof/checkpoints'] button")
        .await
        .unwrap();
    browser
        .wait_for("#checkpoints", "signature holds")
        .await
        .unwrap();
    assert_eq!(
        browser.texts("#checkpoints tbody th").await.unwrap(),
        [head.to_string()]
    );
    // The download comes with the session's cookie, as a click's does.
    let proof = format!(
        "const done = arguments[arguments.length - 1];
         fetch('/main/events/{head}/proof.json').then(it => it.text()).then(done)"
    );
    let proof = browser.script_with_answer(&proof).await.unwrap();
    let proof = annal_verify::InclusionProof::from_json(proof.as_str().unwrap()).unwrap();
    let key = annal_verify::VerifyingKey::from_bytes(&proof.checkpoint.key).unwrap();
    proof.verify(&key).unwrap();
}

async fn a_projection_is_rebuilt_and_equal(browser: &Browser) {
    browser.go("/main/projections").await.unwrap();
    let form = "form[action$='/projections/decisions']";
    browser
        .click(&format!("{form} button[value=rebuild]"))
        .await
        .unwrap();
    browser
        .wait_for("#decisions", "no difference")
        .await
        .unwrap();
}
