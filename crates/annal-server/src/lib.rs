//! The HTTP API, sign-in and the web console.
//!
//! No rule lives here: every change goes through the running workflow, every reading through the audit crate. The way
//! of a request: `router` → a room of its own (`api`, `console`, `sign_in`, `ops`) → [`app::App`] → flow or audit.

mod acting;
mod api;
mod app;
mod checkpoints;
mod console;
mod duties;
mod error;
mod headers;
mod jobs;
mod limits;
mod listed;
mod listening;
mod news;
mod ops;
mod problem;
mod reached;
mod router;
mod seen;
mod server;
mod settings;
mod sign_in;
mod temporal_ui;
mod traced;
mod viewer;

pub use api::description as openapi;
pub use checkpoints::CheckpointSettings;
pub use error::ServerError;
pub use limits::Limits;
pub use listed::Endpoint;
pub use router::pages;
pub use server::Server;
pub use settings::ServerSettings;
pub use sign_in::{
    Account, AccountError, Accounts, Changer, NewAccount, NewPassword, NewToken,
    OpenIdConnectSettings, SignInSettings, Timeouts, TokenInfo, access_ledger, random_password,
};
pub use viewer::{Access, Scope, UnknownAccess, UnknownScope};
