//! A database of one's own for each test.

use annal_log::{Log, migrate};
use annal_projector::Projector;
use annal_stack::testing::TestDatabase;

use super::main_ledger;

/// A prepared database with its log and projector.
pub struct Prepared {
    /// The administrator's address.
    pub url: String,
    /// The log.
    pub log: Log,
    /// The projector.
    pub projector: Projector,
    _database: TestDatabase,
}

impl Prepared {
    /// A fresh one.
    pub async fn fresh() -> Self {
        let database = TestDatabase::prepared("projector", prepare).await;
        let url = database.url().to_owned();
        let log = Log::connect(&url, main_ledger())
            .await
            .expect("the log answers");
        let projector = Projector::connect(&url, main_ledger())
            .await
            .expect("the projector connects");
        Self {
            url,
            log,
            projector,
            _database: database,
        }
    }
}

async fn prepare(url: String) {
    migrate(&url).await.expect("the log's migrations run");
    Projector::prepare(&url)
        .await
        .expect("the projections are prepared");
}
