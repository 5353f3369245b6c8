//! Free ports on the loopback address.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::StackError;

/// `wanted` when it is free, so that addresses in people's notes stay good over a restart; any free one otherwise.
pub(crate) fn free(wanted: Option<u16>) -> Result<u16, StackError> {
    let probe = |port: u16| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))?
            .local_addr()
            .map(|address| address.port())
    };
    if let Some(port) = wanted.filter(|port| *port != 0)
        && probe(port).is_ok()
    {
        return Ok(port);
    }
    probe(0).map_err(StackError::folder(
        "find a free port on",
        Path::new("127.0.0.1"),
    ))
}
