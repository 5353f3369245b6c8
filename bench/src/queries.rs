//! How long a page of each audit query takes.

use clap::Args;

use crate::Failure;
use crate::database::Database;

#[derive(Debug, Args)]
pub(crate) struct Queries {
    /// Measurements of each.
    #[arg(long, default_value_t = 50)]
    times: u32,
}

impl Queries {
    pub(crate) async fn run(&self, on: &Database) -> Result<(), Failure> {
        let _ = (self.times, on);
        Ok(())
    }
}
