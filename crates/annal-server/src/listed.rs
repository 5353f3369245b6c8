//! Routes that can be listed, which axum's own router cannot. What is served and what is listed are one thing, so a test
//! that goes by the list forgets no page.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, get, post};

use crate::app::App;

/// A method, and the template of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// As routes are written: `/{ledger}/runs/{run}`.
    pub path: &'static str,
}

/// Routes with their list.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    routes: Router<App>,
    endpoints: Vec<Endpoint>,
}

impl Listed {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route("GET", path, get(handler))
    }

    pub(crate) fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route("POST", path, post(handler))
    }

    fn route(mut self, method: &'static str, path: &'static str, by: MethodRouter<App>) -> Self {
        self.endpoints.push(Endpoint { method, path });
        Self {
            // Of one path, axum joins the methods.
            routes: self.routes.route(path, by),
            endpoints: self.endpoints,
        }
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.endpoints.extend(other.endpoints);
        Self {
            routes: self.routes.merge(other.routes),
            endpoints: self.endpoints,
        }
    }

    /// Puts something around the routes that are here by now.
    pub(crate) fn around(self, change: impl FnOnce(Router<App>) -> Router<App>) -> Self {
        Self {
            routes: change(self.routes),
            endpoints: self.endpoints,
        }
    }

    pub(crate) fn into_router(self) -> Router<App> {
        self.routes
    }

    pub(crate) fn into_endpoints(self) -> Vec<Endpoint> {
        self.endpoints
    }
}
