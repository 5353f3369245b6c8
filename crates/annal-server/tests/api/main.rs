//! The HTTP API over a real database, a real Temporal server, a worker and a projector. All tests share one server.

mod acting;
mod errors;
mod hostile;
mod reading;
mod streaming;
mod support;
mod watching;
