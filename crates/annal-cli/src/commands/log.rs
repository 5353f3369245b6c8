//! The log itself: verified, signed, proved, exported. docs/proofs.md says what the answers are.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use annal_core::{EventId, Position};
use annal_log::{Head, Scope, Since, Verified};
use annal_verify::{Checkpoint, SigningKey, create_key, read_public_key, read_signing_key};
use futures::{StreamExt, pin_mut};

use crate::args::{CheckpointArgs, LogCommand, LogExportArgs, ProveArgs, SiteArgs, VerifyArgs};
use crate::error::CliError;
use crate::output::Output;
use crate::site::Site;

pub(crate) async fn run(
    args: &SiteArgs,
    command: &LogCommand,
    output: Output,
) -> Result<(), CliError> {
    if let LogCommand::Key { file } = command {
        return make_key(file, output);
    }
    let site = Site::to_log(args, output).await?;
    match command {
        LogCommand::Head => head(&site, output).await?,
        LogCommand::Verify(args) => verify(&site, args, output).await?,
        LogCommand::Checkpoint(args) => checkpoint(&site, args, output).await?,
        LogCommand::Prove(args) => prove(&site, args, output).await?,
        LogCommand::Export(args) => export(&site, args).await?,
        LogCommand::Key { .. } => {}
    }
    site.close().await
}

async fn head(site: &Site, output: Output) -> Result<(), CliError> {
    let head = site.log.head().await?;
    let ledger = site.log.ledger();
    let hash = hex::encode(head.hash);
    let answer = serde_json::json!({"ledger": ledger, "position": head.position, "hash": hash});
    output.answer(&answer, |_| {
        format!("{ledger} stands at {} {hash}", head.position)
    });
    Ok(())
}

async fn verify(site: &Site, args: &VerifyArgs, output: Output) -> Result<(), CliError> {
    let since = match (&args.since, &args.key, args.after) {
        (Some(file), Some(key), _) => {
            let checkpoint = read_checkpoint(file)?;
            let key = read_public_key(key).map_err(usage)?;
            checkpoint.verify(&key).map_err(usage)?;
            after(&checkpoint)
        }
        (_, _, Some(position)) => Since::Position(position),
        _ => Since::Beginning,
    };
    let default = Scope::default();
    let scope = Scope {
        since,
        until: args.until,
        jobs: args.jobs.unwrap_or(default.jobs),
    };
    let verified = verify_scope(site, scope, output).await?;
    let fault = verified.fault.as_ref().map(ToString::to_string);
    let (position, checked) = (verified.head.position, verified.checked);
    let answer = serde_json::json!({
        "ledger": site.log.ledger(), "position": position, "checked": checked,
        "intact": fault.is_none(), "fault": fault,
    });
    output.answer(&answer, |_| match &fault {
        None => format!("{checked} events of {position}, every hash is right"),
        Some(fault) => format!("NOT INTACT: {fault}"),
    });
    not_intact(&verified)
}

/// With a word to the person about every tenth part.
async fn verify_scope(site: &Site, scope: Scope, output: Output) -> Result<Verified, CliError> {
    let mut told = 0;
    let verified = site.log.verify_with(scope, |progress| {
        let tenth = progress.checked * 10 / progress.of.max(1);
        if tenth > told && progress.of > 100_000 {
            told = tenth;
            output.aside(&format!("{} of {} events", progress.checked, progress.of));
        }
    });
    Ok(verified.await?)
}

fn not_intact(verified: &Verified) -> Result<(), CliError> {
    match &verified.fault {
        None => Ok(()),
        Some(fault) => Err(CliError::NotIntact(fault.to_string())),
    }
}

fn make_key(file: &Path, output: Output) -> Result<(), CliError> {
    let key = create_key(file, rand::random()).map_err(usage)?;
    let public = hex::encode(key.verifying_key().to_bytes());
    let answer = serde_json::json!({"file": file, "public_key": public});
    output.answer(&answer, |_| {
        format!(
            "{public}\nThis is the public key; give it to whoever checks. The private one is in {}: keep it where nobody who can write to the database can read it.",
            file.display()
        )
    });
    Ok(())
}

/// Signs nothing that it has not verified.
async fn checkpoint(site: &Site, args: &CheckpointArgs, output: Output) -> Result<(), CliError> {
    let key: SigningKey = read_signing_key(&args.key).map_err(usage)?;
    let last = args.since.as_deref().map(read_checkpoint).transpose()?;
    if let Some(last) = &last {
        last.verify(&key.verifying_key()).map_err(usage)?;
    }
    let scope = Scope {
        since: last.as_ref().map_or(Since::Beginning, after),
        ..Scope::default()
    };
    not_intact(&verify_scope(site, scope, output).await?)?;
    let signed = site.log.checkpoint(last.as_ref(), &key).await?;
    output.answer(&signed, Checkpoint::to_json);
    Ok(())
}

async fn prove(site: &Site, args: &ProveArgs, output: Output) -> Result<(), CliError> {
    if let Some([older, newer]) = args.consistency.as_deref() {
        let (older, newer) = (read_checkpoint(older)?, read_checkpoint(newer)?);
        let proof = site.log.prove_consistency(&older, &newer).await?;
        output.answer(&proof, annal_verify::ConsistencyProof::to_json);
        return Ok(());
    }
    let (Some(event), Some(file)) = (&args.event, &args.checkpoint) else {
        return Err(CliError::Usage("name an event and a checkpoint".to_owned()));
    };
    let checkpoint = read_checkpoint(file)?;
    let position = match event.parse::<u64>() {
        Ok(position) => Position(position),
        Err(_) => position_of(site, event).await?,
    };
    let proof = site.log.prove_inclusion(position, &checkpoint).await?;
    output.answer(&proof, annal_verify::InclusionProof::to_json);
    Ok(())
}

async fn position_of(site: &Site, event: &str) -> Result<Position, CliError> {
    let unknown = || CliError::NotFound(format!("there is no event '{event}' in this ledger"));
    let id = event.parse().map(EventId).map_err(|_| unknown())?;
    site.log.position_of(id).await?.ok_or_else(unknown)
}

async fn export(site: &Site, args: &LogExportArgs) -> Result<(), CliError> {
    let path = args.out.as_deref();
    let name = path.map_or_else(
        || "standard output".to_owned(),
        |it| it.display().to_string(),
    );
    let failed = |source| CliError::Unwritten {
        path: name.clone(),
        source,
    };
    let mut to: Box<dyn Write> = match path {
        Some(path) => Box::new(BufWriter::new(File::create(path).map_err(failed)?)),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    let lines = site.log.export(args.after, args.until);
    pin_mut!(lines);
    while let Some(line) = lines.next().await {
        writeln!(to, "{}", line?).map_err(failed)?;
    }
    to.flush().map_err(failed)
}

fn after(checkpoint: &Checkpoint) -> Since {
    Since::Checkpoint(Head {
        position: Position(checkpoint.size),
        hash: checkpoint.head,
    })
}

fn read_checkpoint(file: impl AsRef<Path>) -> Result<Checkpoint, CliError> {
    let file = file.as_ref();
    let text = fs::read_to_string(file).map_err(|source| CliError::File {
        path: file.display().to_string(),
        source,
    })?;
    Checkpoint::from_json(&text).map_err(usage)
}

fn usage(error: impl std::error::Error) -> CliError {
    CliError::Usage(error.to_string())
}
