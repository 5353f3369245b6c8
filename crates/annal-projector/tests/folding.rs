//! A table is the same however the events were cut into ranges, and says what the aggregates say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use annal_core::Position;
use annal_projector::{Projection, RebuildOptions};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::{Connection, PgConnection};
use support::database::Prepared;
use support::story::Story;

/// Lives a story: appends its commands, and folds now and then to any position that is there.
async fn live(prepared: &Prepared, seed: u64, commands: u128) -> Story {
    let mut story = Story::new(seed);
    let mut cuts = ChaCha8Rng::seed_from_u64(seed);
    let mut folded = 0;
    for number in 0..commands {
        let last = support::append(&prepared.log, number, story.next()).await.0;
        if cuts.random_ratio(1, 4) {
            folded = cuts.random_range(folded..=last);
            prepared.projector.catch_up(Position(folded)).await.unwrap();
        }
    }
    prepared
        .projector
        .catch_up(Position(u64::MAX))
        .await
        .unwrap();
    story
}

async fn rebuilt_in_chunks_of(prepared: &Prepared, chunk: u32) {
    let options = RebuildOptions {
        chunk,
        allow_differences: false,
        ..RebuildOptions::default()
    };
    let rebuilt = prepared.projector.rebuild(&[], &options, |_| ()).await;
    let rebuilt =
        rebuilt.unwrap_or_else(|error| panic!("in chunks of {chunk}: {error}: {error:?}"));
    assert_eq!(rebuilt.len(), Projection::builtin().len());
    for it in rebuilt {
        assert!(it.events > 0 && !it.redefined, "{it:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn one_range_each_event_alone_and_any_ranges_give_the_same_tables(seed: u64) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let prepared = Prepared::fresh().await;
            let story = live(&prepared, seed, 180).await;
            says_what_the_aggregates_say(&prepared, &story).await;
            for chunk in [1, 1_000_000, 7] {
                rebuilt_in_chunks_of(&prepared, chunk).await;
            }
        });
    }
}

async fn says_what_the_aggregates_say(prepared: &Prepared, story: &Story) {
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    support::oracle::versions(&mut session, story).await;
    support::oracle::items(&mut session, story).await;
    support::oracle::trails(&mut session, story).await;
    support::oracle::runs(&mut session, story).await;
    support::waiting::waiting(&mut session, story).await;
    support::waiting::counted(&mut session, story).await;
}
