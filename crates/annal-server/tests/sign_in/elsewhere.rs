//! A browser at the issuer: it keeps the issuer's cookies, follows where it is led, and fills its forms in.

use std::collections::BTreeMap;

use openidconnect::reqwest::{Client, RequestBuilder, Response, redirect};
use url::Url;

pub(crate) struct Elsewhere {
    client: Client,
    cookies: BTreeMap<String, String>,
    home: &'static str,
}

impl Elsewhere {
    /// It stops where it is led home.
    pub(crate) fn new(home: &'static str) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            cookies: BTreeMap::new(),
            home,
        }
    }

    /// Goes where it is sent and does what the issuer's pages ask for; gives the address at home that it is led back to.
    pub(crate) async fn names_themselves(&mut self, place: &str, name: &str) -> String {
        let mut place = place.to_owned();
        let mut answer = self.send(self.client.get(&place)).await;
        for _ in 0..20 {
            answer = match leads_to(&answer, &place) {
                Some(next) if next.starts_with(self.home) => return next,
                Some(next) => {
                    place = next;
                    self.send(self.client.get(&place)).await
                }
                None => self.fills_in(answer, &place, name).await,
            };
        }
        panic!("the issuer leads on and on, to {place}");
    }

    /// Sends the form of a page, which may also be one that a script would send at once.
    async fn fills_in(&mut self, answer: Response, place: &str, name: &str) -> Response {
        let (status, page) = (answer.status(), answer.text().await.unwrap());
        let (_, form) = page
            .split_once("<form")
            .unwrap_or_else(|| panic!("{status} at {place}: {page}"));
        let form = form.split("</form>").next().unwrap();
        let value = |part: &str, mark: &str| {
            let (_, rest) = part.split_once(mark)?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let action = value(form, "action=\"").unwrap();
        let hidden = form.split("<input type=\"hidden\"").skip(1);
        let hidden = hidden.filter_map(|it| Some((value(it, "name=\"")?, value(it, "value=\"")?)));
        let mut fields: Vec<(String, String)> = hidden.collect();
        if form.contains("name=\"login\"") {
            fields.push(("login".to_owned(), name.to_owned()));
            fields.push(("password".to_owned(), "any".to_owned()));
        }
        let action = Url::parse(place).unwrap().join(&action).unwrap();
        self.send(self.client.post(action).form(&fields)).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Response {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, it)| format!("{name}={it}"))
            .collect();
        let answer = request
            .header("cookie", cookies.join("; "))
            .send()
            .await
            .unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// A parameter of an address.
    pub(crate) fn parameter(&self, place: &str, name: &str) -> String {
        let place = Url::parse(self.home).unwrap().join(place).unwrap();
        let found = place.query_pairs().find(|(key, _)| key == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {place}"))
            .1
            .into_owned()
    }
}

fn leads_to(answer: &Response, from: &str) -> Option<String> {
    let next = answer.headers().get("location")?.to_str().unwrap();
    Some(Url::parse(from).unwrap().join(next).unwrap().to_string())
}
