//! People's names: who is there, sealing, erasing. docs/erasure.md says what is promised.

use std::collections::BTreeMap;

use annal_core::envelope::Metadata;
use annal_core::rejection::RejectionCode;
use annal_core::run::ReportRun;
use annal_core::{Actor, CommandId, PersonId, PrintedName, Rejection, Role, RunId, Sequence};
use annal_log::{
    Append, AppendError, Erased, EventData, KeyState, Log, LogError, MasterKey, MasterKeys,
    StreamAppend, StreamId, content_hash, decode, erase_person, rotate_master_key, seal_names,
    unseal_names,
};
use annal_server::{Accounts, Changer};
use chrono::Utc;
use serde::Serialize;
use uuid::Uuid;

use crate::args::{EraseArgs, PersonCommand, RotateKeyArgs, SealArgs, SiteArgs};
use crate::error::CliError;
use crate::output::{Output, listing};
use crate::site::Site;

/// Others may act on a run while it is looked through; then it is looked through again.
const TRIES: usize = 20;

pub(crate) async fn run(
    args: &SiteArgs,
    command: &PersonCommand,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_log(args, output).await?;
    let done = match command {
        PersonCommand::List => list(&site, output).await,
        PersonCommand::Erase(args) => erase(&site, args, output).await,
        PersonCommand::Seal(args) => seal(&site, args, output).await,
        PersonCommand::RotateKey(args) => rotate_key(&site, args, output).await,
    };
    site.close().await?;
    done
}

/// A person as the ledger's runs know them.
#[derive(Debug, Serialize)]
struct PersonRow {
    person: PersonId,
    name: PrintedName,
    runs: usize,
    /// `sealed`, `erased`, or `in_clear`: written as it is, at least in part.
    kept: &'static str,
}

async fn list(site: &Site, output: Output) -> Result<(), CliError> {
    let runs = Runs::load(&site.log).await?;
    let mut people: BTreeMap<PersonId, (PrintedName, Vec<RunId>)> = BTreeMap::new();
    for (id, it) in &runs.0 {
        for person in it.run.people() {
            let known = people.entry(person.id.clone());
            let (name, on) = known.or_insert_with(|| (person.name.clone(), Vec::new()));
            name.clone_from(&person.name);
            on.push(*id);
        }
    }
    let keys = site.log.person_keys().await?;
    let erased = |person: &PersonId| {
        let mut keys = keys.iter();
        keys.any(|key| key.person == *person && matches!(key.state, KeyState::Erased { .. }))
    };
    let mut rows = Vec::new();
    for (person, (name, on)) in people {
        let kept = match site.log.name_in_clear(&person, &on).await? {
            Some(_) => "in_clear",
            None if erased(&person) => "erased",
            None => "sealed",
        };
        let runs = on.len();
        rows.push(PersonRow {
            person,
            name,
            runs,
            kept,
        });
    }
    let answer = serde_json::json!({"ledger": site.log.ledger(), "sealing": site.log.seals_names(), "rows": rows});
    output.answer(&answer, |it| {
        listing(it, &["person", "name", "runs", "kept"])
    });
    Ok(())
}

async fn seal(site: &Site, args: &SealArgs, output: Output) -> Result<(), CliError> {
    let (url, ledger) = (site.database_url(), site.log.ledger());
    let masters = MasterKeys::from_environment().map_err(LogError::from)?;
    match args.off {
        true => unseal_names(url, ledger).await?,
        false => seal_names(url, ledger, &masters).await?,
    }
    let wrapped = !args.off && !masters.is_empty();
    let answer = serde_json::json!({"ledger": ledger, "sealing": !args.off, "master_key": wrapped});
    output.answer(&answer, |_| {
        let says = match (args.off, wrapped) {
            (true, _) => "names are written as they are from now on; what is sealed stays so",
            (false, true) => "names are sealed from now on, under keys that the master key wraps",
            (false, false) => {
                "names are sealed from now on; the keys lie in the database as they are, so a backup of it undoes an erasure (ANNAL_MASTER_KEY_FILE names a master key to wrap them)"
            }
        };
        format!("ledger {ledger}: {says}.\nStart workers and servers again: those that run go on as before.")
    });
    Ok(())
}

async fn rotate_key(site: &Site, args: &RotateKeyArgs, output: Output) -> Result<(), CliError> {
    let (url, ledger) = (site.database_url(), site.log.ledger());
    let old = MasterKeys::from_environment().map_err(LogError::from)?;
    let new = MasterKey::read(&args.new).map_err(LogError::from)?;
    let rotated = rotate_master_key(url, ledger, &old, &new).await?;
    if let Err(no) = &rotated.wiped {
        output.aside(&format!(
            "WARNING: the keys are wrapped anew, but what the old master key opens may lie in the table's file still: {no}. Give the command again, or let the tables' owner run VACUUM (FULL) annal.person_keys while nothing else is connected."
        ));
    }
    let was = rotated.was.map(|mark| mark.to_string());
    let now = new.mark().to_string();
    let answer = serde_json::json!({
        "ledger": ledger, "keys": rotated.keys, "was": was, "now": now, "wiped": rotated.wiped.is_ok(),
    });
    output.answer(&answer, |_| {
        let keys = match rotated.keys {
            1 => "the key of one person is".to_owned(),
            many => format!("the keys of {many} persons are"),
        };
        let was = was.as_ref().map_or_else(
            || "before, they lay as they are".to_owned(),
            |was| format!("before, with {was}"),
        );
        format!(
            "ledger {ledger}: {keys} wrapped with master key {now} ({was}).\nLet ANNAL_MASTER_KEY_FILE name {} from now on, and start again what runs with the old one alone: it opens no name any more. Backups from before open with the old one. docs/erasure.md says what to do.",
            args.new.display()
        )
    });
    Ok(())
}

async fn erase(site: &Site, args: &EraseArgs, output: Output) -> Result<(), CliError> {
    let command_id = args.command_id.unwrap_or_else(|| CommandId(Uuid::now_v7()));
    for _ in 0..TRIES {
        let once = match erase_once(site, args, command_id).await {
            Err(CliError::Rejected(no)) if no.code == RejectionCode::PersonErased => {
                // A process that died in between left the account.
                erase_account(site, args).await?;
                return Err(CliError::Rejected(no));
            }
            once => once?,
        };
        if let Some(erased) = once {
            let account = erase_account(site, args).await?;
            let words = site.log.commands_with_words(&args.person).await?;
            tell(site, args, (&erased, account, words), output);
            return Ok(());
        }
    }
    Err(CliError::Usage(format!(
        "the runs of {} are changed by others faster than it can be recorded; try again",
        args.person
    )))
}

/// None where others were quicker, and nothing happened.
async fn erase_once(
    site: &Site,
    args: &EraseArgs,
    command_id: CommandId,
) -> Result<Option<Erased>, CliError> {
    let (log, person) = (&site.log, &args.person);
    if let Some((receipt, content)) = log.receipt(command_id).await?
        && content == asked(args)?
    {
        // The command was carried out before: its answer again, whatever happened since.
        return Ok(Some(Erased {
            receipt,
            dropped: false,
            wiped: Ok(()),
        }));
    }
    let runs = Runs::load(log).await?;
    let on = runs.with(person);
    if on.is_empty() {
        return Err(CliError::NotFound(format!(
            "nobody on a run of ledger {} is called {person}; `annal person list` shows everybody",
            log.ledger()
        )));
    }
    let append = runs.erasing(args, command_id)?;
    if !args.although_in_clear {
        refuse_in_clear(log, person, &on).await?;
    }
    match erase_person(site.database_url(), log, person, append).await {
        Ok(erased) => Ok(Some(erased)),
        Err(AppendError::Conflict { .. }) => Ok(None),
        Err(AppendError::Reused { command_id }) => Err(CliError::Rejected(Rejection::new(
            RejectionCode::CommandReused,
            format!("the command id {command_id} was used for other content"),
        ))),
        Err(AppendError::Log(no)) => Err(no.into()),
    }
}

/// The name that the person's account has, and the way to sign in. Tells whether there was one.
async fn erase_account(site: &Site, args: &EraseArgs) -> Result<bool, CliError> {
    let accounts = Accounts::connect(site.database_url()).await?;
    let by = Changer::Admin(args.admin.clone());
    Ok(accounts.erase_name(&args.person, &by).await?)
}

fn tell(
    site: &Site,
    args: &EraseArgs,
    (erased, account, words): (&Erased, bool, u64),
    output: Output,
) {
    if let Err(no) = &erased.wiped {
        output.aside(&format!(
            "WARNING: the key is dropped, but its bytes may lie in the table's file still: {no}. Let the tables' owner run VACUUM (FULL) annal.person_keys while nothing else is connected."
        ));
    }
    let receipt = &erased.receipt;
    let answer = serde_json::json!({
        "ledger": site.log.ledger(), "person": args.person, "runs": receipt.last.0 + 1 - receipt.first.0,
        "key_dropped": erased.dropped, "account": account, "commands_with_words": words, "first": receipt.first, "last": receipt.last, "repeated": receipt.repeated,
    });
    output.answer(&answer, |_| {
        let key = match (erased.dropped, receipt.repeated) {
            (true, _) => "the key is gone",
            (false, true) => "by this command, before",
            (false, false) => "no name was sealed, so there was no key to drop",
        };
        let account = match account {
            true => " The account has no name any more, and lets nobody in.",
            false => "",
        };
        let words = match words {
            0 => String::new(),
            _ => format!(
                "\nWhat they wrote stays: reasons and requests of {words} {}, which `annal timeline --person {}` lists.",
                if words == 1 { "command" } else { "commands" },
                args.person
            ),
        };
        format!(
            "the name of {} is erased ({key}); recorded at positions {} to {}, one for each run.{account}{words}\nWhat may still hold it: backups from before, and Temporal's histories until their retention is over. docs/erasure.md says what to do.",
            args.person, receipt.first, receipt.last
        )
    });
}

async fn refuse_in_clear(log: &Log, person: &PersonId, on: &[RunId]) -> Result<(), CliError> {
    let Some(position) = log.name_in_clear(person, on).await? else {
        return Ok(());
    };
    Err(CliError::Rejected(Rejection::new(
        RejectionCode::Incomplete,
        format!(
            "the name of {person} was written as it is, first at position {position}, before names were sealed on this ledger; an event is never changed, so it stays there. --although-in-clear erases the rest"
        ),
    )))
}

/// The ledger's runs, each as it stands.
struct Runs(BTreeMap<RunId, Standing>);

struct Standing {
    run: ReportRun,
    sequence: Sequence,
}

impl Runs {
    async fn load(log: &Log) -> Result<Self, LogError> {
        let mut runs = BTreeMap::new();
        for id in log.runs().await? {
            let mut standing = Standing {
                run: ReportRun::default(),
                sequence: Sequence(0),
            };
            for event in &log.read_stream(&StreamId::run(id), Sequence(0)).await? {
                standing.run.evolve(&decode(event)?);
                standing.sequence = event.sequence;
            }
            runs.insert(id, standing);
        }
        Ok(Self(runs))
    }

    fn with(&self, person: &PersonId) -> Vec<RunId> {
        let on = self
            .0
            .iter()
            .filter(|(_, it)| it.run.person(person).is_some());
        on.map(|(id, _)| *id).collect()
    }

    /// The admin as one of the runs knows them.
    fn admin(&self, person: &PersonId) -> Result<Actor, Rejection> {
        let mut refused = None;
        for it in self.0.values() {
            match it.run.authorise(person, Role::Admin, None) {
                Ok(actor) => return Ok(actor),
                // One who is there without the role says more than one who is not there.
                Err(no) if no.code == RejectionCode::UnknownPerson => {
                    refused.get_or_insert(no);
                }
                Err(no) => refused = Some(no),
            }
        }
        Err(refused.unwrap_or_else(|| {
            Rejection::new(
                RejectionCode::UnknownPerson,
                format!("{person} is on no run"),
            )
        }))
    }

    /// What is recorded, on each run where the person still has a name.
    fn erasing(&self, args: &EraseArgs, command_id: CommandId) -> Result<Append, CliError> {
        let actor = self.admin(&args.admin).map_err(CliError::Rejected)?;
        let mut streams = Vec::new();
        for (id, it) in &self.0 {
            if let Some(event) = it
                .run
                .erase(&args.person, &actor, &args.reason)
                .map_err(CliError::Rejected)?
            {
                streams.push(StreamAppend {
                    stream: StreamId::run(*id),
                    expected: it.sequence,
                    events: vec![EventData::encode(&event)?],
                });
            }
        }
        if streams.is_empty() {
            return Err(CliError::Rejected(Rejection::new(
                RejectionCode::PersonErased,
                format!("the name of {} is erased already", args.person),
            )));
        }
        Ok(Append {
            command_id,
            content_hash: asked(args)?,
            metadata: Metadata {
                command_id,
                correlation_id: command_id.0,
                causation_id: None,
                actor,
                reason: Some(args.reason.trim().to_owned()),
                effective_at: Utc::now(),
                provenance: None,
                engine: concat!("annal-cli ", env!("CARGO_PKG_VERSION")).to_owned(),
            },
            streams,
            reply: serde_json::json!({"erased": args.person}),
        })
    }
}

/// What makes two erasures the same.
fn asked(args: &EraseArgs) -> Result<[u8; 32], LogError> {
    content_hash(&(
        "erase_person",
        &args.person,
        &args.admin,
        args.reason.trim(),
    ))
}
