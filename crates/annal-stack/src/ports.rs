//! Free ports on the loopback address.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::path::Path;

use crate::StackError;

/// So many different free ports.
pub(crate) fn several(count: usize) -> Result<Vec<u16>, StackError> {
    // All are held until the last is found, so none is found twice.
    let any = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held: std::io::Result<Vec<TcpListener>> = (0..count).map(any).collect();
    held.and_then(|held| numbers(&held)).map_err(none_free())
}

/// So many different free ports that fit into a signed number of two bytes. Systems give out higher ones by themselves,
/// so these are looked for one by one.
pub(crate) fn several_low(count: usize) -> Result<Vec<u16>, StackError> {
    const LOW: RangeInclusive<u16> = 10_000..=32_767;
    // Two programs that look at the same time begin at different places.
    let here = u16::try_from(std::process::id() % 20_000).unwrap_or_default();
    let one_after_another = LOW.cycle().skip(usize::from(here)).take(LOW.count());
    let free = one_after_another
        .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .take(count);
    let held: Vec<TcpListener> = free.collect();
    if held.len() < count {
        return Err(none_free()(std::io::ErrorKind::AddrInUse.into()));
    }
    numbers(&held).map_err(none_free())
}

fn numbers(held: &[TcpListener]) -> std::io::Result<Vec<u16>> {
    held.iter().map(|it| Ok(it.local_addr()?.port())).collect()
}

fn none_free() -> impl Fn(std::io::Error) -> StackError {
    StackError::folder("find free ports on", Path::new("127.0.0.1"))
}

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
