//! What is noticed about a request while it is answered, so that a refusal is recorded in one place, whoever refused.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use annal_core::PersonId;
use axum::extract::{ConnectInfo, Request};
use axum::http::Extensions;

use super::refusals::{Reason, Refusal};

/// Goes with a request, as one of its extensions.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    /// From where it comes.
    pub(crate) address: IpAddr,
    method: String,
    path: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    person: Option<PersonId>,
    reason: Option<Reason>,
}

/// Paths may be long; what is recorded of one is not.
const LONGEST_PATH: usize = 300;

impl Witness {
    pub(crate) fn of(request: &Request, behind_proxy: bool) -> Self {
        let mut path = request.uri().path().to_owned();
        let end = (0..=LONGEST_PATH.min(path.len())).rev();
        let end = end.into_iter().find(|&it| path.is_char_boundary(it));
        path.truncate(end.unwrap_or(0));
        Self {
            address: address(request, behind_proxy),
            method: request.method().as_str().chars().take(20).collect(),
            path,
            seen: Arc::default(),
        }
    }

    /// The one of a request. Every request of the router has one.
    pub(crate) fn in_request(extensions: &Extensions) -> Self {
        let found = extensions.get::<Self>().cloned();
        found.unwrap_or_else(|| Self {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            method: String::new(),
            path: String::new(),
            seen: Arc::default(),
        })
    }

    /// The request is this person's.
    pub(crate) fn is(&self, person: &PersonId) {
        self.seen().person = Some(person.clone());
    }

    /// It is refused. The first reason is the one.
    pub(crate) fn refuse(&self, reason: Reason) {
        self.seen().reason.get_or_insert(reason);
    }

    /// What is to be recorded, for this reason where none was noticed.
    pub(crate) fn refusal(&self, otherwise: Option<Reason>) -> Option<Refusal> {
        let seen = self.seen();
        Some(Refusal {
            reason: seen.reason.or(otherwise)?,
            person: seen.person.clone(),
            address: self.address,
            method: self.method.clone(),
            path: self.path.clone(),
        })
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The caller's address. A proxy of one's own adds the last entry of `X-Forwarded-For`; the others are the caller's to
/// choose.
fn address(request: &Request, behind_proxy: bool) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |it| it.0.ip());
    if !behind_proxy {
        return peer;
    }
    let mut all = request.headers().get_all("x-forwarded-for").iter();
    let last = all.next_back().and_then(|it| it.to_str().ok());
    let last = last.and_then(|it| it.rsplit(',').next());
    let told = last.and_then(|it| it.trim().parse().ok());
    told.unwrap_or(peer)
}
