//! Where somebody goes on after signing in: always a path of this server.

use url::Url;
use url::form_urlencoded::byte_serialize;

/// The path that was asked for, if it is one of ours; else the first page.
pub(crate) fn safe(next: &str) -> String {
    let home = "/".to_owned();
    // As browsers read it: they take `//evil.example` and `/\evil.example` for another host.
    let Ok(here) = Url::parse("http://here.invalid/") else {
        return home;
    };
    let url = here.join(next).ok().filter(|_| next.starts_with('/'));
    let own = url.filter(|it| it.origin() == here.origin() && !it.path().starts_with("//"));
    own.map_or(home, |url| url[url::Position::BeforePath..].to_owned())
}

/// The page on which one signs in and then goes on to `next`.
pub(crate) fn sign_in_path(next: &str) -> String {
    match safe(next).as_str() {
        "/" => "/sign-in".to_owned(),
        next => {
            let escaped: String = byte_serialize(next.as_bytes()).collect();
            format!("/sign-in?next={escaped}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for foreign in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "/\t/evil.example/",
            "\\\\evil.example",
            "javascript:alert(1)",
            "evil",
            "",
            "/..//evil.example",
        ] {
            let next = safe(foreign);
            let own = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
            assert!(own, "{foreign:?} leads to {next:?}");
        }
        assert_eq!(safe("/main/runs?page=2#x"), "/main/runs?page=2#x");
    }

    #[test]
    fn the_way_back_survives_being_carried_along() {
        let path = sign_in_path("/main/runs?a=1&b=ü");
        let url = Url::parse(&format!("http://here.invalid{path}")).unwrap();
        let next = url
            .query_pairs()
            .find(|(name, _)| name == "next")
            .unwrap()
            .1;
        assert_eq!(next, "/main/runs?a=1&b=%C3%BC");
        assert_eq!(sign_in_path("//evil.example"), "/sign-in");
    }
}
