//! Opening the run of the example.

use openidconnect::reqwest::Method;

use crate::support::{Browser, Site, hidden_fields};

const BOUNDARY: &str = "a-boundary-that-no-field-holds";

/// Opens the example's run; gives the path of its page.
pub(crate) async fn opened(browser: &mut Browser) -> String {
    let form = browser.page("/main/runs/new").await;
    let hidden = hidden_fields(&form);
    let people = form.split_once("name=\"people\"").unwrap().1;
    let people = people
        .split_once('>')
        .unwrap()
        .1
        .split_once("</textarea>")
        .unwrap()
        .0;
    let mut fields: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    fields.extend([
        ("source", "example"),
        ("people", people),
        ("samples", "10"),
        ("definition", "2.0.0"),
    ]);
    let part = |(name, value): &(&str, &str)| {
        format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let body: String = fields.iter().map(part).collect();
    let request = browser.request(Method::POST, "/main/runs/new");
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = request
        .header("content-type", kind)
        .body(format!("{body}--{BOUNDARY}--\r\n"));
    let answer = browser.send(request).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.location.split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_run_is_opened_shown_and_seen_by_its_people_alone() {
    let site = Site::new().await;
    let mut xena = site.browser("xena").await;
    let run = opened(&mut xena).await;
    let page = xena.page_with(&run, "Decide on items").await;
    for words in [
        "HMDA LAR Boston · 1990",
        "data profiling",
        "Ana Alves",
        "2.0.0",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let list = xena.page("/main/runs").await;
    assert!(list.contains(&run), "{list}");

    let mut ana = site.browser("ana").await;
    let work = ana.page_with("/main/work", "Decide on items").await;
    assert!(work.contains(&format!("{run}/planning")), "{work}");

    let mut stranger = site.browser("stranger").await;
    assert_eq!(stranger.get(&run).await.status, 404);
    assert!(!stranger.page("/main/runs").await.contains(&run));
    assert!(
        stranger
            .page("/main/work")
            .await
            .contains("Nothing waits for you")
    );
    brings_nothing_that_runs(&mut ana).await;
    site.stop().await;
}

/// No script and no style in the page itself, and what it names is there.
async fn brings_nothing_that_runs(browser: &mut Browser) {
    let answer = browser.get("/main/runs").await;
    assert!(
        answer.policy.contains("script-src 'self'"),
        "{}",
        answer.policy
    );
    assert!(
        !answer.text.contains("style=") && !answer.text.contains("onclick"),
        "{}",
        answer.text
    );
    let assets = answer
        .text
        .split('"')
        .filter(|it| it.starts_with("/assets/"));
    let assets: Vec<_> = assets.collect();
    assert_eq!(assets.len(), 3, "{}", answer.text);
    for path in assets {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    assert_eq!(browser.get("/assets/annal-0.css").await.status, 404);
    assert_eq!(browser.get("/main/runs/none").await.status, 404);
}
