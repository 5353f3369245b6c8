//! How somebody proves once more that it is them, for a form that needs it.

use super::SignIn;
use super::accounts::AccountError;
use super::pages::elsewhere;
use crate::viewer::{Via, Viewer};

/// What a form that asks its viewer to sign in anew has to offer them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Anew {
    /// Nothing: they did it a moment ago, for just this act.
    Done,
    /// One of the ways that they have. There may be none.
    Due {
        /// By the password of their account.
        password: bool,
        /// By the issuer that knows them.
        issuer: Option<AtIssuer>,
    },
}

/// The way over the issuer and back to the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AtIssuer {
    /// What its button says.
    pub(crate) label: String,
    /// Where it leads. It is a link: a form may lead to no other site, by our own policy.
    pub(crate) place: String,
}

impl SignIn {
    /// How somebody can prove anew that it is them; `act` is the path that they are let through to, `next` the page with
    /// the form.
    ///
    /// # Errors
    /// [`AccountError::Database`]
    pub(crate) async fn anew(
        &self,
        viewer: &Viewer,
        act: &str,
        next: &str,
    ) -> Result<Anew, AccountError> {
        let Via::Session { id, .. } = &viewer.via else {
            return Ok(Anew::Due {
                password: false,
                issuer: None,
            });
        };
        let issuer = self.issuer.as_ref();
        let (done, password, linked): (bool, bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT FROM annal_access.sessions WHERE id = $1 AND ended_at IS NULL \
                            AND confirmed_for = $2 AND confirmed_until > clock_timestamp()), \
                    EXISTS (SELECT FROM annal_access.passwords WHERE person = $3), \
                    EXISTS (SELECT FROM annal_access.links WHERE person = $3 AND issuer = $4)",
        )
        .bind(id.0.as_slice())
        .bind(act)
        .bind(viewer.person.as_str())
        .bind(issuer.map(super::Issuer::address))
        .fetch_one(self.accounts.pool())
        .await
        .map_err(AccountError::database("looking how somebody signs in"))?;
        let at_issuer = |it: &super::Issuer| AtIssuer {
            label: it.confirms(),
            place: elsewhere(next, Some(act)),
        };
        Ok(match done {
            true => Anew::Done,
            false => Anew::Due {
                password,
                issuer: issuer.filter(|_| linked).map(at_issuer),
            },
        })
    }
}
