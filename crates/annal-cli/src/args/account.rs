//! Commands about who may sign in to the server.

use std::path::PathBuf;

use annal_core::PersonId;
use annal_server::{Access, Scope};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account. Without a password given, one is made and shown once; the person chooses their own at sign-in.
    Add(AddAccountArgs),
    /// Make an account for each of a run's people, with passwords in a file that only you can read.
    People {
        /// The people: a JSON list of {"id", "name", "roles"}.
        #[arg(value_name = "JSON")]
        file: PathBuf,
    },
    /// Who has an account, and what they may do where.
    List,
    /// Set a person's password; all their sessions end.
    Password(PasswordArgs),
    /// Let a person in no more. What they did stays, and their id is never given to anybody else.
    Disable(OfPerson),
    /// Let a person in again.
    Enable(OfPerson),
    /// Let a person do something in the ledger of --ledger.
    Give(AccessArgs),
    /// Take back what a person may do in the ledger of --ledger.
    Take(AccessArgs),
    /// Say who a subject of an OpenID Connect issuer is.
    Link(LinkArgs),
    /// The subject is nobody any more.
    Unlink(LinkArgs),
    /// End all sessions of a person.
    SignOut(OfPerson),
    /// Make a token for a machine that works in a person's name. It is shown once.
    Token(TokenArgs),
    /// List tokens.
    Tokens {
        /// Whose; all, if not given.
        #[arg(value_name = "PERSON")]
        person: Option<PersonId>,
    },
    /// Revoke a token.
    Revoke {
        /// Its id, as `annal account tokens` lists it.
        #[arg(value_name = "TOKEN-ID")]
        token: Uuid,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OfPerson {
    /// The person's id.
    #[arg(value_name = "PERSON")]
    pub(crate) person: PersonId,
}

#[derive(Debug, Args)]
pub(crate) struct AddAccountArgs {
    #[command(flatten)]
    pub(crate) of: OfPerson,
    /// Their name, as it is printed beside a signature.
    #[arg(long)]
    pub(crate) name: String,
    /// Read the password from the first line of standard input.
    #[arg(long, conflicts_with = "no_password")]
    pub(crate) password_stdin: bool,
    /// They sign in with an OpenID Connect issuer alone; see `annal account link`.
    #[arg(long)]
    pub(crate) no_password: bool,
    /// What they may do in the ledger of --ledger: member, auditor or admin.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "member",
        value_name = "ACCESS,…"
    )]
    pub(crate) access: Vec<Access>,
}

#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    #[command(flatten)]
    pub(crate) of: OfPerson,
    /// Read it from the first line of standard input; else one is made, shown once, and changed at the next sign-in.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AccessArgs {
    #[command(flatten)]
    pub(crate) of: OfPerson,
    /// member, auditor or admin.
    #[arg(long, value_delimiter = ',', required = true, value_name = "ACCESS,…")]
    pub(crate) access: Vec<Access>,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) of: OfPerson,
    /// The issuer's address, exactly as the server is told it.
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: String,
    /// The issuer's name for the person: the claim `sub`.
    #[arg(long)]
    pub(crate) subject: String,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) of: OfPerson,
    /// What it is for.
    #[arg(long)]
    pub(crate) name: String,
    /// What it may be used for: read, or act as the person may. No token signs.
    #[arg(long, default_value = "read")]
    pub(crate) scope: Scope,
    /// How long it is good: a number and h, d or w, for instance 90d.
    #[arg(long, default_value = "90d", value_parser = lasting, value_name = "TIME")]
    pub(crate) expires: TimeDelta,
}

/// A year, and the day on which the next one is made.
const LONGEST: TimeDelta = TimeDelta::days(366);

fn lasting(text: &str) -> Result<TimeDelta, String> {
    let no = || format!("'{text}' is no time; write a number and h, d or w, for instance 90d");
    let (at, unit) = text.char_indices().last().ok_or_else(no)?;
    let number: u32 = text[..at].parse().map_err(|_| no())?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 24 * 7,
        _ => return Err(no()),
    };
    match TimeDelta::try_hours(i64::from(number) * hours) {
        Some(time) if time > TimeDelta::zero() && time <= LONGEST => Ok(time),
        _ => Err(format!("{text} is not between an hour and a year")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lasts_between_an_hour_and_a_year() {
        assert_eq!(lasting("90d"), Ok(TimeDelta::days(90)));
        assert_eq!(lasting("1h"), Ok(TimeDelta::hours(1)));
        assert_eq!(lasting("52w"), Ok(TimeDelta::weeks(52)));
        for bad in [
            "",
            "d",
            "90",
            "90m",
            "-1d",
            "0d",
            "367d",
            "9999999999h",
            "1ü",
        ] {
            assert!(lasting(bad).is_err(), "{bad} was taken");
        }
    }
}
