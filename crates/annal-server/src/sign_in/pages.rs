//! The pages of signing in and out. They need no script.

use std::fmt;

use axum::http::HeaderMap;
use maud::{Markup, html};

use super::SignIn;
use crate::console::layout::{Here, layout};
use crate::viewer::{Via, Viewer};

/// What a page says about the last try.
pub(super) enum Said {
    Wrong,
    Wait(u64),
    NotTheSame,
    TheSame,
    Other(String),
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong => f.write_str("The name or the password is wrong."),
            Self::Wait(1) => f.write_str("Too many wrong tries. Wait a second."),
            Self::Wait(seconds) => write!(f, "Too many wrong tries. Wait {seconds} seconds."),
            Self::NotTheSame => f.write_str("The two new passwords are not the same."),
            Self::TheSame => f.write_str("The new password is the old one."),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Where one signs in.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a page is made once, and says it then"
)]
pub(super) fn sign_in(
    sign_in: &SignIn,
    headers: &HeaderMap,
    next: &str,
    person: &str,
    said: Option<Said>,
) -> Markup {
    // A browser that comes with a cookie of old brings its token along, or its form would not be taken.
    let csrf = sign_in
        .cookie
        .of(headers)
        .map(|it| it.derive("csrf").text());
    page(
        "Sign in",
        None,
        &html! {
            h1 { "Sign in" }
            (alert(said.as_ref()))
            form method="post" action="/sign-in" {
                (hidden(csrf.as_deref()))
                input type="hidden" name="next" value=(next);
                p.field {
                    label for="person" { "Name of your account" }
                    input #person name="person" value=(person) autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus[person.is_empty()];
                }
                (password_field("password", "Password", "current-password", !person.is_empty()))
                button type="submit" { "Sign in" }
            }
            @if let Some(issuer) = &sign_in.issuer {
                p { a.button href=(elsewhere(next, None)) { (issuer.label()) } }
            }
        },
    )
}

/// Where one signs out.
pub(super) fn sign_out(viewer: &Viewer) -> Markup {
    page(
        "Sign out",
        Some(viewer),
        &html! {
            h1 { "Sign out" }
            p { "You are signed in as " (viewer.name) " (" (viewer.person) ")." }
            form method="post" action="/sign-out" {
                (hidden(Some(viewer.csrf())))
                button type="submit" { "Sign out" }
            }
            form method="post" action="/sign-out/everywhere" {
                (hidden(Some(viewer.csrf())))
                button type="submit" { "Sign out in all browsers" }
            }
            p { a href="/sign-in/password" { "Choose another password" } }
        },
    )
}

/// The way to the issuer; for whom signs in anew, with the act.
pub(super) fn elsewhere(next: &str, act: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    if let Some(act) = act {
        query.append_pair("act", act);
    }
    format!("/sign-in/openid-connect?{}", query.finish())
}

/// Why somebody is not let in who came from the issuer.
pub(super) fn refused(why: &str) -> Markup {
    let content = html! {
        h1 { "You are not signed in" }
        p.problem role="alert" { (why) }
        p { a href="/sign-in" { "Sign in" } }
    };
    page("Not signed in", None, &content)
}

/// Where one chooses another password.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a page is made once, and says it then"
)]
pub(super) fn password(viewer: &Viewer, said: Option<Said>) -> Markup {
    let due = matches!(
        &viewer.via,
        Via::Session {
            one_time_password: true,
            ..
        }
    );
    page(
        "Choose a password",
        Some(viewer),
        &html! {
            h1 { "Choose a password" }
            @if due { p { "Your password was chosen by somebody else. Choose one that only you know." } }
            (alert(said.as_ref()))
            form method="post" action="/sign-in/password" {
                (hidden(Some(viewer.csrf())))
                input type="hidden" name="username" value=(viewer.person) autocomplete="username";
                (password_field("password", "Password until now", "current-password", true))
                (password_field("new_password", "New password, at least 8 characters", "new-password", false))
                (password_field("again", "New password again", "new-password", false))
                button type="submit" { "Set the password" }
            }
        },
    )
}

/// Where one gives the password again for an act.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a page is made once, and says it then"
)]
pub(super) fn confirm(
    sign_in: &SignIn,
    viewer: &Viewer,
    (act, next): (&str, &str),
    said: Option<Said>,
) -> Markup {
    page(
        "Confirm that it is you",
        Some(viewer),
        &html! {
            h1 { "Confirm that it is you" }
            p { "You are signed in as " (viewer.name) ". What you are about to do asks for your password again." }
            (alert(said.as_ref()))
            form method="post" action="/sign-in/confirm" {
                (hidden(Some(viewer.csrf())))
                input type="hidden" name="act" value=(act);
                input type="hidden" name="next" value=(next);
                input type="hidden" name="username" value=(viewer.person) autocomplete="username";
                (password_field("password", "Password", "current-password", true))
                button type="submit" { "Go on" }
            }
            @if let Some(issuer) = &sign_in.issuer {
                p { a.button href=(elsewhere(next, Some(act))) { (issuer.confirms()) } }
            }
        },
    )
}

fn page(title: &str, viewer: Option<&Viewer>, content: &Markup) -> Markup {
    layout(title, viewer, &Here::outside(), content)
}

fn password_field(name: &str, label: &str, complete: &str, focus: bool) -> Markup {
    html! {
        p.field {
            label for=(name) { (label) }
            input #(name) name=(name) type="password" autocomplete=(complete) required autofocus[focus];
        }
    }
}

fn hidden(csrf: Option<&str>) -> Markup {
    html! { @if let Some(csrf) = csrf { input type="hidden" name="csrf" value=(csrf); } }
}

fn alert(said: Option<&Said>) -> Markup {
    html! { @if let Some(said) = said { p.problem role="alert" { (said.to_string()) } } }
}
