//! Deciding, being refused, and looking back.

use crate::opening::opened;
use crate::support::{Site, form_of, hidden_fields};

#[tokio::test]
async fn a_version_is_decided_submitted_refused_approved_and_looked_back_at() {
    let site = Site::new().await;
    let mut xena = site.browser("xena").await;
    let planning = format!("{}/planning", opened(&mut xena).await);
    let mut ana = site.browser("ana").await;
    ana.page_with(&planning, "name=\"verdict\"").await;

    // Without a reason nothing is excluded; what was typed and picked stays.
    let fields = [
        ("item", "attribute:single"),
        ("among", "picked"),
        ("verdict", "exclude"),
    ];
    let refused = ana.submit(&planning, "decide", &fields).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("reason_required"), "{}", refused.text);
    let form = form_of(&refused.text, &format!("{planning}/do/decide"));
    let (picked, _) = form
        .split_once("name=\"item\" value=\"attribute:single\"")
        .unwrap()
        .1
        .split_once('>')
        .unwrap();
    assert!(picked.contains("checked"), "{picked}");

    // A hostile reason is text, here and in every page that shows it later.
    let hostile = "<script>alert(1)</script>";
    let fields = [
        ("item", "attribute:single"),
        ("verdict", "exclude"),
        ("reason", hostile),
    ];
    assert_eq!(ana.submit(&planning, "decide", &fields).await.status, 303);
    let fields = [("among", "rest"), ("verdict", "include")];
    let page = ana.page(&planning).await;
    let hidden = hidden_fields(form_of(&page, &format!("{planning}/do/decide")));
    let mut twice: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    twice.extend(fields);
    let first = ana.post(&format!("{planning}/do/decide"), &twice).await;
    let second = ana.post(&format!("{planning}/do/decide"), &twice).await;
    assert_eq!((first.status, second.status), (303, 303), "{}", second.text);
    assert_eq!(
        first.location, second.location,
        "a double click was carried out twice"
    );

    assert_eq!(ana.submit(&planning, "submit", &[]).await.status, 303);
    let page = ana.page(&planning).await;
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{page}"
    );
    // Who may not approve sees no form for it, and is refused by the rules who sends one all the same.
    assert!(!page.contains("/do/approve"));
    let csrf = hidden.iter().find(|(name, _)| name == "csrf").unwrap();
    let tried = [
        ("csrf", csrf.1.as_str()),
        ("form", "approve"),
        ("reason", "my own"),
    ];
    let tried = ana.post(&format!("{planning}/do/approve"), &tried).await;
    assert_eq!(tried.status, 403, "{}", tried.text);

    let mut olga = site.browser("olga").await;
    let fields = [("among", "rest"), ("verdict", "approve")];
    assert_eq!(olga.submit(&planning, "decide", &fields).await.status, 303);
    assert_eq!(olga.submit(&planning, "approve", &[]).await.status, 303);
    let version = format!("{planning}/1");
    let page = olga.page_with(&version, "approved").await;
    assert!(page.contains("type=\"range\""), "{page}");
    // As it was at its first event: a draft without anything in it.
    let first = page.split_once("<option value=\"").unwrap().1;
    let position = first.split_once('"').unwrap().0;
    let then = olga.page(&format!("{version}?position={position}")).await;
    assert!(
        then.contains("as of position") && then.contains("It had no items"),
        "{then}"
    );
    let diff = olga
        .page(&format!("{planning}/diff?a=1@{position}&b=1"))
        .await;
    assert!(diff.contains("14 added"), "{diff}");
    site.stop().await;
}
