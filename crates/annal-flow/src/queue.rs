//! Whether anybody takes work from a task queue.

use std::time::{Duration, SystemTime};

use temporalio_client::Client;
use temporalio_client::tonic::{Request, Status};
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::{PollerInfo, TaskQueue};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeTaskQueueRequest, DescribeTaskQueueResponse,
};

/// A poll lasts a minute; who has not polled for longer is gone, whatever the server thinks.
const WORKER_GONE_AFTER: Duration = Duration::from_secs(75);
/// Work that lies for so long, without a poll meanwhile, lies there because nobody waits for it.
const LEFT_LYING: Duration = Duration::from_secs(10);

/// Whether a worker takes workflow tasks from a queue.
pub(crate) async fn is_polled(client: &Client, queue: &str) -> Result<bool, Status> {
    let queue = describe(client, queue).await?;
    let polled = |time| {
        let mut pollers = queue.pollers.iter();
        pollers.any(|poller| polled_within(poller, time))
    };
    // A poll that is open would have taken what lies there.
    let left_lying = queue.stats.and_then(|it| it.approximate_backlog_age);
    let left_lying = left_lying.and_then(|age| Duration::try_from(age).ok());
    let left_lying = left_lying.is_some_and(|age| age >= LEFT_LYING);
    Ok(polled(LEFT_LYING) || (polled(WORKER_GONE_AFTER) && !left_lying))
}

async fn describe(client: &Client, queue: &str) -> Result<DescribeTaskQueueResponse, Status> {
    let request = DescribeTaskQueueRequest {
        namespace: client.options().namespace.clone(),
        task_queue: Some(TaskQueue {
            name: queue.to_owned(),
            ..TaskQueue::default()
        }),
        task_queue_type: TaskQueueType::Workflow as i32,
        report_stats: true,
        ..DescribeTaskQueueRequest::default()
    };
    let mut service = client.connection().workflow_service();
    let answer = service.describe_task_queue(Request::new(request)).await?;
    Ok(answer.into_inner())
}

fn polled_within(poller: &PollerInfo, time: Duration) -> bool {
    let seen = poller
        .last_access_time
        .and_then(|time| SystemTime::try_from(time).ok());
    let ago = seen.and_then(|seen| seen.elapsed().ok());
    ago.is_none_or(|ago| ago < time)
}
