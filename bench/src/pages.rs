//! How long each page of the console and each answer of the API takes in a log of some size, over HTTP.

mod house;
mod routes;

use std::time::{Duration, Instant};

use annal_measure::{Failure, Spread};
use clap::Args;

use crate::opened::{Opened, Pages, RESULT};
use crate::record::Records;
use crate::say;
use crate::server::Server;
use house::House;
use routes::{Route, routes};

#[derive(Debug, Args)]
pub(crate) struct MeasurePages {
    /// The filled database that is served.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Measurements of each, after the first.
    #[arg(long, default_value_t = 20)]
    times: u32,
    /// Runs that are open, all with the same people: what a bank has in a cycle.
    #[arg(long, default_value_t = 100)]
    open: u64,
    /// Only pages whose route has this in it.
    #[arg(long, default_value = "")]
    only: String,
}

impl MeasurePages {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let house = House::open(on, self.events, self.open).await?;
        let mut opened = Vec::new();
        for route in routes(&house.world)? {
            if route.path.contains(&self.only) {
                opened.push(self.time(&house, &route).await?);
            }
        }
        let head = house.head.0;
        house.close().await?;
        let slow = opened.iter().filter(|it| it.time.p99.max(it.first) > 200.0);
        say(&format!(
            "{} pages, {} of them ever over 200 ms",
            opened.len(),
            slow.count()
        ));
        let pages = Pages {
            head,
            open: self.open,
            opened,
        };
        match self.only.is_empty() {
            true => records.keep(&format!("{RESULT}{}", self.events), pages),
            false => Ok(()),
        }
    }

    async fn time(&self, house: &House, route: &Route) -> Result<Opened, Failure> {
        let (first, bytes) = ask(house, route).await?;
        let mut times = Vec::new();
        for _ in 0..self.times {
            times.push(ask(house, route).await?.0);
        }
        let it = Opened {
            page: route.shown(),
            first: first.as_secs_f64() * 1000.0,
            time: Spread::of_times(times),
            kilobytes: bytes / 1024,
        };
        say(&format!(
            "{:<78} first {:>7.1} ms  {}",
            it.page,
            it.first,
            it.time.times()
        ));
        Ok(it)
    }
}

/// How long until the last byte, and how many.
async fn ask(house: &House, route: &Route) -> Result<(Duration, usize), Failure> {
    let began = Instant::now();
    let answer = house.get(route).await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    match status.is_success() {
        true => Ok((began.elapsed(), body.len())),
        false => {
            let told = String::from_utf8_lossy(&body);
            Err(format!("{}: {status} {told}", route.path).into())
        }
    }
}
