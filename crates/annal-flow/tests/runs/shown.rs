//! What Temporal itself shows of a run.

use annal_core::Phase;
use annal_core::item::Verdict;
use futures::StreamExt;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, Url, WorkflowDescribeOptions,
    WorkflowListOptions,
};
use temporalio_common::UntypedWorkflow;

use crate::support::{Bank, Setup, has_draft};

async fn temporal(bank: &Bank) -> Client {
    let url = Url::parse(&format!("http://{}", bank.temporal.target)).expect("an address");
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await;
    let options = ClientOptions::new(bank.temporal.namespace.clone()).build();
    Client::new(connection.expect("a server"), options).expect("a client")
}

/// What the memo of a run says under a key, if it has it.
pub(crate) async fn memo(bank: &Bank, key: &str) -> Option<Vec<String>> {
    let id = annal_flow::workflow_id(bank.log.ledger(), bank.run);
    let client = temporal(bank).await;
    let handle = client.get_workflow_handle::<UntypedWorkflow>(&id);
    let described = handle.describe(WorkflowDescribeOptions::default()).await;
    let memo = described.expect("described").memo();
    memo.get(key).expect("readable")
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_waiting_work_are_in_memo_and_search_attributes() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    bank.until(|it| !has_draft(Phase::Planning)(it)).await;
    let client = temporal(&bank).await;
    let id = annal_flow::workflow_id(bank.log.ledger(), bank.run);
    for (key, shown) in [
        ("status", "open"),
        ("phases", "planning"),
        ("versions", "planning@1 pending_approval"),
        ("awaiting", "report_owner planning"),
    ] {
        assert_eq!(memo(&bank, key).await, Some(vec![shown.to_owned()]));
    }

    // The search index follows after a moment.
    let query = "AnnalStatus = 'open' AND AnnalAwaiting = 'report_owner planning'";
    let mut look = tokio::time::interval(std::time::Duration::from_millis(100));
    loop {
        look.tick().await;
        let mut found = client.list_workflows(query, WorkflowListOptions::default());
        if let Some(found) = found.next().await {
            assert_eq!(found.expect("found").id(), id);
            break;
        }
    }
}
