//! What machine this is.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use annal_measure::{Failure, Spread};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// A machine, as far as it matters for what is measured on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) postgres: String,
    /// Settings of the server that speed rests on.
    pub(crate) settings: Vec<(String, String)>,
    /// Flushes of one written page a second, by one writer.
    pub(crate) flushes: Spread,
}

const SETTINGS: [&str; 6] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "data_checksums",
    "shared_buffers",
    "max_wal_size",
];

impl Machine {
    pub(crate) async fn here(session: &mut PgConnection, home: &Path) -> Result<Self, Failure> {
        let version: String = sqlx::query_scalar("SELECT split_part(version(), ' on ', 1)")
            .fetch_one(&mut *session)
            .await?;
        let mut settings = Vec::new();
        for name in SETTINGS {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(&mut *session)
                .await?;
            settings.push((name.to_owned(), value));
        }
        let rates: Result<Vec<f64>, Failure> = (0..5).map(|_| flushes(home)).collect();
        Ok(Self {
            processor: first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory_kib().unwrap_or_default() / (1 << 20),
            postgres: version,
            settings,
            flushes: Spread::of(rates?),
        })
    }
}

/// As PostgreSQL writes its log: a page in place, then `fdatasync`.
fn flushes(home: &Path) -> Result<f64, Failure> {
    let path = home.join("flushes");
    let mut file = File::create(&path)?;
    file.write_all(&[0; 1 << 20])?;
    file.sync_all()?;
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < Duration::from_secs(1) {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[1; 8192])?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok(rate)
}

fn first(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory_kib() -> Option<u64> {
    first("/proc/meminfo", "MemTotal")?
        .split(' ')
        .next()?
        .parse()
        .ok()
}
