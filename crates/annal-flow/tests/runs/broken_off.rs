//! Reading a run can be broken off anywhere: by a database that dies, or by a worker that gives an activity up.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use annal_flow::{Cases, Standing};

use crate::support::{Bank, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_run_that_is_broken_off_leaves_nothing_out_of_the_next_one() {
    let (bank, worker) = Bank::open(Setup::default()).await;
    bank.up_to_the_fork().await;
    worker
        .stop()
        .await
        .expect("nothing is appended from here on");
    let whole = told(Cases::new(bank.log.clone()).standing(bank.run).await);
    let mut broken_off = 0;
    for waits in 1..=MOST_WAITS {
        let cases = Cases::new(bank.log.clone());
        if let Some(standing) = within(waits, cases.standing(bank.run)).await {
            // An answer may be there before it is waited for, so how often a look waits is not always the same.
            assert!(told(standing) == whole);
            continue;
        }
        broken_off += 1;
        let next = told(cases.standing(bank.run).await);
        assert!(next == whole, "broken off at wait {waits}");
    }
    assert!(
        broken_off > 3,
        "a run of many streams is not read at once: {broken_off}"
    );
}

/// More than a look at ten streams needs, one question each.
const MOST_WAITS: u32 = 24;

/// What comes of it, if it has to wait less often than that.
async fn within<F: Future>(waits: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut waited = 0;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => {
            waited += 1;
            if waited == waits {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        }
    })
    .await
}

fn told(standing: Result<Option<Standing>, annal_flow::CaseError>) -> String {
    let case = standing.expect("read").expect("a run").case;
    format!("{:#?} {:#?}", case.run, case.dossiers)
}
