//! Rebuild jobs on a real Temporal server. The rebuild itself is a counter that the test moves on: what a rebuild does to
//! tables is tested with the projector.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use annal_core::Position;
use annal_flow::{
    JobError, JobStatus, LedgerReached, RebuildDone, RebuildFailed, RebuildJob, RebuildJobs,
    RebuildOrder, Rebuilder, Tell, Worker,
};
use annal_stack::testing::{TestTemporal, temporal};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Semaphore;

const NAME: &str = "decisions";
const TARGET: u64 = 10;

/// A table that is built by steps, each when the test lets it.
struct Table {
    cursor: AtomicU64,
    steps: Semaphore,
    given_up: AtomicBool,
    refuses: Option<RebuildFailed>,
}

impl Table {
    fn new(refuses: Option<RebuildFailed>) -> Arc<Self> {
        Arc::new(Self {
            cursor: AtomicU64::new(0),
            steps: Semaphore::new(0),
            given_up: AtomicBool::new(false),
            refuses,
        })
    }

    fn cursor(&self) -> u64 {
        self.cursor.load(Ordering::SeqCst)
    }
}

impl Rebuilder for Table {
    fn rebuild<'a>(
        &'a self,
        _order: &'a RebuildOrder,
        tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RebuildDone, RebuildFailed>> {
        async move {
            if let Some(no) = &self.refuses {
                return Err(no.clone());
            }
            let mut events = 0;
            loop {
                let position = Position(self.cursor());
                let (ledger, target) = ("main".to_owned(), Position(TARGET));
                tell(LedgerReached {
                    ledger,
                    position,
                    target,
                });
                if position == target {
                    break;
                }
                self.steps.acquire().await.expect("open").forget();
                self.cursor.fetch_add(1, Ordering::SeqCst);
                events += 1;
            }
            Ok(RebuildDone {
                events,
                redefined: false,
                compared: true,
                only_live: 0,
                only_rebuilt: 0,
                examples: Vec::new(),
                elapsed_ms: 1,
            })
        }
        .boxed()
    }

    fn give_up<'a>(&'a self, projection: &'a str) -> BoxFuture<'a, Result<(), RebuildFailed>> {
        assert_eq!(projection, NAME);
        self.given_up.store(true, Ordering::SeqCst);
        async { Ok(()) }.boxed()
    }
}

struct Site {
    at: TestTemporal,
    jobs: RebuildJobs,
    table: Arc<Table>,
}

impl Site {
    async fn new(refuses: Option<RebuildFailed>) -> Self {
        let at = temporal().await;
        let jobs = RebuildJobs::connect(&at.target, &at.namespace).await;
        Self {
            jobs: jobs.expect("the server answers"),
            table: Table::new(refuses),
            at,
        }
    }

    async fn worker(&self) -> Worker {
        let (target, namespace) = (&self.at.target, &self.at.namespace);
        let worker = Worker::start_for_rebuilds(self.table.clone(), target, namespace).await;
        worker.expect("a worker starts")
    }

    async fn start(&self) {
        self.jobs.start(&order()).await.expect("a job starts");
    }

    /// Waits until the job is as wanted.
    async fn until(&self, condition: impl Fn(&RebuildJob) -> bool) -> RebuildJob {
        let look = async {
            let mut look = tokio::time::interval(Duration::from_millis(50));
            loop {
                look.tick().await;
                let job = self.jobs.look(NAME).await.expect("an answer");
                if let Some(job) = job.filter(&condition) {
                    return job;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(60), look).await;
        found.expect("the job gets there")
    }
}

fn order() -> RebuildOrder {
    RebuildOrder {
        projection: NAME.to_owned(),
        chunk: 1,
        allow_differences: false,
        compare_only: false,
    }
}

fn is_at(job: &RebuildJob, position: u64) -> bool {
    job.reached.iter().any(|it| it.position.0 >= position)
}

async fn ends_well(site: &Site) {
    let _worker = site.worker().await;
    site.start().await;
    site.table.steps.add_permits(4);
    let job = site.until(|it| is_at(it, 4)).await;
    assert_eq!(job.status, JobStatus::Running);
    assert_eq!(job.reached[0].target, Position(TARGET));
    let names = [NAME.to_owned(), "texts".to_owned()];
    let running = site.jobs.running(&names).await.expect("an answer");
    assert_eq!(running.len(), 1);

    let again = site.jobs.start(&order()).await;
    assert_eq!(again, Err(JobError::Running(NAME.to_owned())));

    site.table.steps.add_permits(100);
    let done = site.jobs.watch(NAME, |_| ()).await.expect("it ends well");
    assert_eq!(done.events, TARGET);
    assert_eq!(
        site.until(|it| it.ended_at.is_some()).await.status,
        JobStatus::Completed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_says_how_far_it_is_and_what_came_of_it() {
    let site = Site::new(None).await;
    assert_eq!(site.jobs.look(NAME).await, Ok(None));
    ends_well(&site).await;
    // The next one is another job.
    site.start().await;
    let worker = site.worker().await;
    let done = site.jobs.watch(NAME, |_| ()).await.expect("it ends well");
    assert_eq!(done.events, 0, "the table was ready");
    worker.stop().await.expect("it stops");
}

async fn is_taken_up(site: &Site) {
    let first = site.worker().await;
    site.start().await;
    site.table.steps.add_permits(4);
    site.until(|it| is_at(it, 4)).await;
    // As if its process had been killed.
    drop(first);
    let _second = site.worker().await;
    site.table.steps.add_permits(100);
    let done = site.jobs.watch(NAME, |_| ()).await.expect("it ends well");
    assert_eq!(done.events, TARGET - 4, "it went on from where it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_goes_on_where_the_first_one_died() {
    is_taken_up(&Site::new(None).await).await;
}

async fn is_given_up(site: &Site) {
    let _worker = site.worker().await;
    site.start().await;
    site.until(|it| is_at(it, 0)).await;
    site.jobs.cancel(NAME).await.expect("it is given up");
    assert!(site.table.given_up.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_given_up_clears_up_what_it_built() {
    let site = Site::new(None).await;
    let none = site.jobs.cancel(NAME).await;
    assert_eq!(none, Err(JobError::Absent(NAME.to_owned())));
    is_given_up(&site).await;
    assert_eq!(site.table.cursor(), 0);
    let ended = site.jobs.ended(NAME).await;
    assert_eq!(ended, Err(JobError::Cancelled(NAME.to_owned())));
    let again = site.jobs.cancel(NAME).await;
    assert_eq!(again, Err(JobError::Absent(NAME.to_owned())));
}

fn differs() -> RebuildFailed {
    RebuildFailed {
        code: "rebuild_differs".to_owned(),
        message: "1 row differs".to_owned(),
        try_again: false,
        examples: vec![("live".to_owned(), serde_json::json!({"report": "forged"}))],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rebuild_refuses_is_told_and_not_tried_again() {
    let site = Site::new(Some(differs())).await;
    let _worker = site.worker().await;
    site.start().await;
    let ended = site.jobs.watch(NAME, |_| ()).await;
    let no = differs();
    let expected = JobError::Failed {
        code: no.code,
        message: no.message,
        examples: no.examples,
    };
    assert_eq!(ended, Err(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_may_pass_is_tried_again_and_shown_meanwhile() {
    let away = RebuildFailed {
        code: "projector_database".to_owned(),
        message: "the database is away".to_owned(),
        try_again: true,
        examples: Vec::new(),
    };
    let site = Site::new(Some(away)).await;
    let _worker = site.worker().await;
    site.start().await;
    let job = site.until(|it| it.attempt > 1).await;
    assert_eq!(job.last_failure.as_deref(), Some("the database is away"));
    site.jobs.cancel(NAME).await.expect("it is given up");
}

/// `cargo test -p annal-flow --test rebuilds -- --ignored record_histories`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a tool: writes tests/histories"]
async fn record_histories() {
    let site = Site::new(None).await;
    ends_well(&site).await;
    keep(&site, "rebuild_ended").await;
    let site = Site::new(None).await;
    is_taken_up(&site).await;
    keep(&site, "rebuild_taken_up_by_another_worker").await;
    let site = Site::new(None).await;
    is_given_up(&site).await;
    keep(&site, "rebuild_given_up").await;
    let site = Site::new(Some(differs())).await;
    let _worker = site.worker().await;
    site.start().await;
    let refused = site.jobs.watch(NAME, |_| ()).await;
    assert!(refused.is_err());
    keep(&site, "rebuild_refused").await;
}

async fn keep(site: &Site, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let history = site.jobs.history(NAME).await.expect("a history");
    std::fs::write(folder.join(format!("{name}.json")), history).expect("written");
}
