//! A database of one's own for each test.

use annal_core::Position;
use annal_log::{Log, migrate};
use annal_projector::Projector;
use annal_stack::testing::TestDatabase;
use sqlx::{Connection, PgConnection};

use super::story::Story;
use super::{append, main_ledger};

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

/// Appends the first commands of a story.
pub async fn tell(prepared: &Prepared, commands: u128) -> (Story, Position) {
    let mut story = Story::new(11);
    let mut last = Position(0);
    for number in 0..commands {
        last = append(&prepared.log, number, story.next()).await;
    }
    (story, last)
}

/// What a query counts, as the administrator.
pub async fn count(prepared: &Prepared, query: &str) -> i64 {
    let mut session = PgConnection::connect(&prepared.url)
        .await
        .expect("the administrator connects");
    sqlx::query_scalar(query)
        .fetch_one(&mut session)
        .await
        .expect("the query counts")
}
