//! Checks what an event log gave out: exports, checkpoints and proofs. Needs no engine and no database.
//!
//! Ends with 0 when everything holds, 1 when something is wrong with what was checked, 2 when it could not be checked.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annal_verify::{
    Checkpoint, ConsistencyProof, InclusionProof, Report, VerifyingKey, read_public_key,
    verify_export,
};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "annal-verify",
    version,
    about = "Checks exports, checkpoints and proofs of an event log, offline"
)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check a whole export, and that it is what checkpoints vouch for
    Export {
        /// The export: JSON lines
        file: PathBuf,
        /// The signer's public key, known from elsewhere than the log
        #[arg(long, requires = "checkpoint")]
        key: Option<PathBuf>,
        /// A checkpoint; may be given several times
        #[arg(long, requires = "key")]
        checkpoint: Vec<PathBuf>,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a checkpoint's signature
    Checkpoint {
        /// The checkpoint
        file: PathBuf,
        /// The signer's public key
        #[arg(long)]
        key: PathBuf,
    },
    /// Check the proof that one event is in the log
    Inclusion {
        /// The proof
        file: PathBuf,
        /// The signer's public key
        #[arg(long)]
        key: PathBuf,
    },
    /// Check the proof that the log only grew from one checkpoint to another
    Consistency {
        /// The proof
        file: PathBuf,
        /// The signer's public key
        #[arg(long)]
        key: PathBuf,
    },
}

/// What is wrong: with what was checked, or with the checking.
enum Wrong {
    Found(String),
    Unusable(String),
}

fn main() -> ExitCode {
    let outcome = check(Arguments::parse().what);
    let (code, told) = match outcome {
        Ok(told) => (0, told),
        Err(Wrong::Found(told)) => (1, told),
        Err(Wrong::Unusable(told)) => (2, told),
    };
    let written = if code == 0 {
        writeln!(io::stdout().lock(), "{told}")
    } else {
        writeln!(io::stderr().lock(), "{told}")
    };
    match written {
        Ok(()) => ExitCode::from(code),
        Err(_) => ExitCode::from(2),
    }
}

fn check(what: What) -> Result<String, Wrong> {
    match what {
        What::Export {
            file,
            key,
            checkpoint,
            json,
        } => export(&file, key.as_deref(), &checkpoint, json),
        What::Checkpoint { file, key } => {
            let checkpoint = read_checkpoint(&file)?;
            checkpoint.verify(&public_key(&key)?).map_err(found)?;
            Ok(format!(
                "holds: checkpoint of {} events of the ledger '{}', signed at {}",
                checkpoint.size, checkpoint.ledger, checkpoint.at
            ))
        }
        What::Inclusion { file, key } => {
            let proof = InclusionProof::from_json(&read(&file)?).map_err(found)?;
            proof.verify(&public_key(&key)?).map_err(found)?;
            Ok(format!(
                "holds: the event at position {} of the ledger '{}' is one of the {} that were signed for at {}\n{}",
                proof.event.position,
                proof.event.ledger,
                proof.checkpoint.size,
                proof.checkpoint.at,
                serde_json::to_string_pretty(&proof.event).unwrap_or_default()
            ))
        }
        What::Consistency { file, key } => {
            let proof = ConsistencyProof::from_json(&read(&file)?).map_err(found)?;
            proof.verify(&public_key(&key)?).map_err(found)?;
            Ok(format!(
                "holds: the {} events of {} are the first of the {} of {}, unchanged",
                proof.older.size, proof.older.at, proof.newer.size, proof.newer.at
            ))
        }
    }
}

fn export(
    file: &Path,
    key: Option<&Path>,
    checkpoints: &[PathBuf],
    json: bool,
) -> Result<String, Wrong> {
    let key = key.map(public_key).transpose()?;
    let checkpoints: Vec<Checkpoint> = checkpoints
        .iter()
        .map(|path| read_checkpoint(path))
        .collect::<Result<_, _>>()?;
    let lines = File::open(file).map_err(|error| unreadable(file, &error))?;
    let report =
        verify_export(BufReader::new(lines), &checkpoints, key.as_ref()).map_err(|error| {
            Wrong::Unusable(format!("{}: {error} [{}]", file.display(), error.code()))
        })?;
    let told = if json {
        serde_json::to_string_pretty(&report).unwrap_or_default()
    } else {
        tell(&report)
    };
    match report.fault {
        None => Ok(told),
        Some(_) => Err(Wrong::Found(told)),
    }
}

fn tell(report: &Report) -> String {
    let mut told = match &report.fault {
        Some(fault) => format!("wrong: {fault}"),
        None => format!(
            "holds: {} events of the ledger '{}', positions {} to {}",
            report.last - report.after,
            report.ledger,
            report.after + 1,
            report.last
        ),
    };
    if report.vouched < report.last {
        told += &format!(
            "\nnote: no checkpoint vouches for the positions after {}; they fit together, but whoever owns the database \
             could have written them anew or cut off what came later",
            report.vouched.max(report.after)
        );
    }
    if report.after > 0 && report.vouched == 0 {
        told += &format!(
            "\nnote: this is a part of the log, and what stands before position {} was taken on trust",
            report.after + 1
        );
    }
    for size in &report.not_compared {
        told +=
            &format!("\nnote: the checkpoint of {size} events lies before this part of the log");
    }
    told
}

fn public_key(path: &Path) -> Result<VerifyingKey, Wrong> {
    read_public_key(path).map_err(|error| Wrong::Unusable(format!("{error} [{}]", error.code())))
}

fn read_checkpoint(path: &Path) -> Result<Checkpoint, Wrong> {
    Checkpoint::from_json(&read(path)?)
        .map_err(|error| Wrong::Unusable(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<String, Wrong> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Wrong {
    Wrong::Unusable(format!("{} cannot be read: {error}", path.display()))
}

fn found(error: impl std::error::Error) -> Wrong {
    Wrong::Found(format!("wrong: {error}"))
}
