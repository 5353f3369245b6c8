//! Is a rebuilt table the live one?

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::error::{Doing, ProjectorError};

/// How many differing rows are shown of each kind.
const SHOWN: i64 = 5;

/// In what a live table and its rebuilt successor differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Differences {
    /// Rows that only the live table has, or has otherwise.
    pub only_live: u64,
    /// Rows that only the rebuilt table has, or has otherwise.
    pub only_rebuilt: u64,
    /// A few of them: where they are, and the row.
    pub examples: Vec<(String, serde_json::Value)>,
}

impl Differences {
    /// Whether the tables are equal.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.only_live == 0 && self.only_rebuilt == 0
    }
}

/// Compares both tables of a projection as they are at this moment.
pub(crate) async fn compare(
    work: &mut PgConnection,
    projection: &str,
) -> Result<Differences, ProjectorError> {
    let live = format!("annal_read.\"{projection}\"");
    let rebuilt = format!("annal_shadow.\"{projection}\"");
    let mut differences = Differences::default();
    for (label, here, there) in [("live", &live, &rebuilt), ("rebuilt", &rebuilt, &live)] {
        let (count, rows) = only_in(work, here, there).await?;
        if label == "live" {
            differences.only_live = count;
        } else {
            differences.only_rebuilt = count;
        }
        let labelled = rows.into_iter().map(|row| (label.to_owned(), row));
        differences.examples.extend(labelled);
    }
    Ok(differences)
}

async fn only_in(
    work: &mut PgConnection,
    here: &str,
    there: &str,
) -> Result<(u64, Vec<serde_json::Value>), ProjectorError> {
    let doing = || format!("comparing {here} with {there}");
    let differing = format!(
        "WITH differing AS MATERIALIZED (TABLE {here} EXCEPT ALL TABLE {there})
         SELECT (SELECT count(*) FROM differing),
                coalesce((SELECT jsonb_agg(to_jsonb(d)) FROM (SELECT * FROM differing LIMIT {SHOWN}) d), '[]')"
    );
    let (count, rows): (i64, sqlx::types::Json<Vec<serde_json::Value>>) =
        sqlx::query_as(&differing)
            .fetch_one(work)
            .await
            .doing(doing())?;
    Ok((u64::try_from(count).unwrap_or_default(), rows.0))
}
