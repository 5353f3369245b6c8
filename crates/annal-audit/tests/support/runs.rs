//! Runs that the rules of the domain have made, to ask about.

use annal_audit::Audit;
use annal_bench::{Size, put, run};
use annal_core::Position;

use crate::support::database::Prepared;

pub(crate) const SMALL: Size = Size {
    attributes: 3,
    samples: 20,
};

/// Two whole runs of two teams on two reports.
pub(crate) async fn two_runs() -> (Prepared, Audit) {
    let prepared = Prepared::fresh().await;
    for number in [0, 1] {
        put(&prepared.log, run(number, SMALL)).await.unwrap();
    }
    let head = Position(u64::MAX);
    prepared.projector.catch_up(head).await.unwrap();
    let audit = Audit::new(&prepared.log);
    (prepared, audit)
}
