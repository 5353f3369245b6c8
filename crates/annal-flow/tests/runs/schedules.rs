//! A dictionary of several schedules: its reference names the one that is meant, as `FILE#SCHEDULE`.

use annal_core::run::event::Opening;
use annal_core::{Command, CommandId, Phase, RunId};
use annal_data::generate::generate;
use annal_data::{Dataset, Dictionary};
use uuid::Uuid;

use crate::support::{Bank, Setup, accepted, example, has_draft};

const FILE: &str = "fr_y14m_dictionary.csv";

/// The command that opens a run on generated accounts of schedule D.1, by the schedule that is named.
async fn opening(bank: &Bank, named: &str) -> Command<Opening> {
    let dictionary = example(FILE);
    let parsed = Dictionary::parse(FILE, &dictionary, Some("D.1")).expect("a dictionary");
    let accounts = generate(&parsed, 7, 40).csv;
    let rows = Dataset::parse("accounts.csv", &accounts, &parsed).expect("data");
    let lines = annal_data::sampling::lines_of_business(&rows);
    let mut opening = bank.opening().await;
    let data = bank.log.put_file("accounts.csv", &accounts).await;
    let file = bank
        .log
        .put_file(&format!("{FILE}#{named}"), &dictionary)
        .await;
    opening.body.data = data.expect("kept");
    opening.body.dictionary = file.expect("kept");
    opening.body.lines_of_business = lines.into_iter().collect();
    opening
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tests_the_schedule_that_its_dictionary_is_named_with() {
    let bank = Bank::found(Setup::default()).await;
    let _worker = bank.worker().await;
    let right = opening(&bank, "D.1").await;
    accepted(bank.client.start_run(&right).await.expect("an answer"));
    bank.until(has_draft(Phase::Planning)).await;
    assert_eq!(bank.items(Phase::Planning).await.len(), 118);

    // The same two files by another schedule are something else, also for a worker that has just read them.
    let mut wrong = opening(&bank, "C.1").await;
    wrong.id = CommandId(Uuid::new_v4());
    wrong.body.run = RunId(Uuid::new_v4());
    let run = wrong.body.run;
    accepted(bank.client.start_run(&wrong).await.expect("an answer"));
    let mut look = tokio::time::interval(std::time::Duration::from_millis(50));
    let why = loop {
        look.tick().await;
        let stuck = bank.client.stuck(run).await.expect("an answer");
        if let Some(why) = stuck.get(&Phase::Planning) {
            break why.clone();
        }
    };
    assert!(why.contains("accounts.csv"), "{why}");
}
