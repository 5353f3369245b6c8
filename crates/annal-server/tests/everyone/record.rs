//! What the logs hold of it.

use sqlx::PgPool;

use crate::judging::Tally;
use crate::support::Open;

/// Where each log stood before.
pub(crate) struct Before {
    main: i64,
    access: i64,
}

impl Before {
    pub(crate) async fn of(open: &Open) -> Self {
        let pool = PgPool::connect(open.database.url()).await.unwrap();
        Self {
            main: head(&pool, "main").await,
            access: head(&pool, "access").await,
        }
    }

    /// In the ledger there are the acts that were carried out and the refusals by the rules, in the foreign one nothing,
    /// and of everything else every single attempt is recorded.
    pub(crate) async fn only_the_record_grew(&self, database: &str, tally: &Tally) {
        let pool = PgPool::connect(database).await.unwrap();
        let mut refused = 0;
        for (position, event) in events(&pool, "main", self.main).await {
            let position = u64::try_from(position).unwrap();
            let done = &tally.done;
            if event == "attempt_refused" {
                refused += 1;
            } else {
                assert!(
                    done.iter().any(|it| (it.0..=it.1).contains(&position)),
                    "{event} at {position} is of no act that was carried out"
                );
            }
        }
        assert_eq!(refused, tally.by_the_rules, "refusals by the rules");
        assert_eq!(head(&pool, "other").await, 0, "in the foreign ledger");
        let attempts: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(coalesce((payload::jsonb ->> 'attempts')::bigint, 1)), 0)::bigint FROM annal.events \
             WHERE ledger = 'access' AND position > $1 AND event_type IN ('attempt_refused', 'attempts_counted')",
        )
        .bind(self.access)
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(u64::try_from(attempts).unwrap(), tally.refused, "attempts");
        let others = events(&pool, "access", self.access).await;
        let others: Vec<_> = others.iter().map(|it| it.1.as_str()).collect();
        let others: Vec<_> = others
            .into_iter()
            .filter(|it| !it.starts_with("attempt"))
            .collect();
        assert_eq!(others, ["signed_out"], "beside the record");
    }
}

async fn head(pool: &PgPool, ledger: &str) -> i64 {
    let statement = "SELECT coalesce(max(position), 0) FROM annal.events WHERE ledger = $1";
    let head = sqlx::query_scalar(statement).bind(ledger).fetch_one(pool);
    head.await.unwrap()
}

async fn events(pool: &PgPool, ledger: &str, after: i64) -> Vec<(i64, String)> {
    let statement = "SELECT position, event_type FROM annal.events WHERE ledger = $1 AND position > $2 ORDER BY position";
    let events = sqlx::query_as(statement).bind(ledger).bind(after);
    events.fetch_all(pool).await.unwrap()
}
