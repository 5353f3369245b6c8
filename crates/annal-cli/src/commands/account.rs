//! Who may sign in to the server.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use annal_core::people::Person;
use annal_core::{PersonId, Role};
use annal_server::{
    Access, AccountError, Accounts, Changer, NewAccount, NewPassword, random_password,
};
use serde_json::json;

use crate::args::{AccountCommand, AddAccountArgs, PasswordArgs, SiteArgs, TokenArgs};
use crate::error::CliError;
use crate::input::{Input, read};
use crate::output::{Output, listing};
use crate::site::Site;

/// Who administers where there was nobody yet.
const FIRST: &str = "admin";

pub(crate) async fn run(
    args: &SiteArgs,
    command: &AccountCommand,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_log(args, output).await?;
    let accounts = Accounts::connect(site.database_url()).await?;
    let by = Changer::of_this_process();
    let ledger = &args.ledger;
    match command {
        AccountCommand::Add(add) => added(args, &accounts, add, &by, output).await?,
        AccountCommand::People { file } => {
            let path = file.display().to_string();
            let people = Input::people(&path, &String::from_utf8_lossy(&read(file)?))?;
            match for_people(&site, &people).await? {
                Some(made) => made.tell(output),
                None => done(output, "accounts", "they all have accounts already"),
            }
        }
        AccountCommand::List => {
            let rows = json!({ "rows": accounts.list().await? });
            output.answer(&rows, |rows| {
                listing(
                    rows,
                    &[
                        "person",
                        "name",
                        "access",
                        "password",
                        "subjects",
                        "disabled_at",
                    ],
                )
            });
        }
        AccountCommand::Password(set) => password(&accounts, set, &by, output).await?,
        AccountCommand::Disable(of) => {
            accounts.disable(&of.person, &by).await?;
            done(output, of.person.as_str(), "is let in no more");
        }
        AccountCommand::Enable(of) => {
            accounts.enable(&of.person, &by).await?;
            done(output, of.person.as_str(), "is let in again");
        }
        AccountCommand::Give(give) => {
            for access in &give.access {
                accounts.give(&give.of.person, ledger, *access, &by).await?;
            }
            done(output, give.of.person.as_str(), "has that access now");
        }
        AccountCommand::Take(take) => {
            for access in &take.access {
                accounts.take(&take.of.person, ledger, *access, &by).await?;
            }
            done(output, take.of.person.as_str(), "has that access no more");
        }
        AccountCommand::Link(link) => {
            let (issuer, subject) = (&link.issuer, &link.subject);
            accounts.link(&link.of.person, issuer, subject, &by).await?;
            done(output, link.of.person.as_str(), "is who that subject is");
        }
        AccountCommand::Unlink(link) => {
            let (issuer, subject) = (&link.issuer, &link.subject);
            accounts
                .unlink(&link.of.person, issuer, subject, &by)
                .await?;
            done(
                output,
                link.of.person.as_str(),
                "is not that subject any more",
            );
        }
        AccountCommand::SignOut(of) => {
            accounts.sign_out(&of.person, &by).await?;
            done(output, of.person.as_str(), "is signed out everywhere");
        }
        AccountCommand::Token(token) => make_token(&accounts, token, &by, output).await?,
        AccountCommand::Tokens { person } => {
            let rows = json!({ "rows": accounts.tokens(person.as_ref()).await? });
            output.answer(&rows, |rows| {
                let fields = [
                    "token",
                    "person",
                    "name",
                    "scope",
                    "expires_at",
                    "used_at",
                    "revoked_at",
                ];
                listing(rows, &fields)
            });
        }
        AccountCommand::Revoke { token } => {
            accounts.revoke_token(*token, &by).await?;
            done(output, &token.to_string(), "is of no use any more");
        }
    }
    site.close().await
}

fn done(output: Output, what: &str, how: &str) {
    output.answer(&json!({ "of": what, "done": how }), |_| {
        format!("{what}: {how}")
    });
}

async fn added(
    args: &SiteArgs,
    accounts: &Accounts,
    add: &AddAccountArgs,
    by: &Changer,
    output: Output,
) -> Result<(), CliError> {
    let (password, shown) = match (add.no_password, add.password_stdin) {
        (true, _) => (None, None),
        (false, typed) => {
            let (password, shown) = chosen(typed)?;
            (Some(password), shown)
        }
    };
    let person = &add.of.person;
    let access = add.access.iter().map(|it| (args.ledger.clone(), *it));
    let new = NewAccount {
        person: person.clone(),
        name: add.name.clone(),
        password,
        access: access.collect(),
    };
    accounts.add(&new, by).await?;
    tell_password(output, person, shown.as_deref());
    Ok(())
}

async fn password(
    accounts: &Accounts,
    set: &PasswordArgs,
    by: &Changer,
    output: Output,
) -> Result<(), CliError> {
    let (password, shown) = chosen(set.password_stdin)?;
    accounts.set_password(&set.of.person, &password, by).await?;
    tell_password(output, &set.of.person, shown.as_deref());
    Ok(())
}

/// The password that was typed, or one that is made, and then shown.
fn chosen(typed: bool) -> Result<(NewPassword, Option<String>), CliError> {
    if typed {
        let mut text = String::new();
        let read = std::io::stdin().read_line(&mut text);
        read.map_err(|source| CliError::File {
            path: "standard input".to_owned(),
            source,
        })?;
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        let password = NewPassword {
            text,
            one_time: false,
        };
        return Ok((password, None));
    }
    let text = random_password();
    let password = NewPassword {
        text: text.clone(),
        one_time: true,
    };
    Ok((password, Some(text)))
}

fn tell_password(output: Output, person: &PersonId, shown: Option<&str>) {
    let answer = json!({ "person": person, "one_time_password": shown });
    output.answer(&answer, |_| match shown {
        Some(password) => format!(
            "{person} can sign in with the password {password}\nIt is shown this once, and changed at the first sign-in."
        ),
        None => format!("{person} can sign in"),
    });
}

async fn make_token(
    accounts: &Accounts,
    args: &TokenArgs,
    by: &Changer,
    output: Output,
) -> Result<(), CliError> {
    let person = &args.of.person;
    let made = accounts
        .make_token(person, &args.name, args.scope, args.expires, by)
        .await?;
    let answer = json!({
        "token": made.token, "person": person, "name": args.name, "scope": args.scope,
        "expires_at": made.expires_at, "secret": made.text,
    });
    output.answer(&answer, |_| {
        format!(
            "{}\nIt is shown this once. It works as {person} until {}; `annal account revoke {}` ends it.",
            made.text,
            made.expires_at.format("%Y-%m-%d %H:%M"),
            made.token
        )
    });
    Ok(())
}

/// Accounts that were made for people of a run.
pub(crate) struct Made {
    people: Vec<PersonId>,
    file: PathBuf,
}

impl Made {
    fn tell(&self, output: Output) {
        let answer = json!({ "people": self.people, "passwords": self.file });
        output.answer(&answer, |_| self.line());
    }

    /// For people, beside what a command answers.
    pub(crate) fn line(&self) -> String {
        let people: Vec<&str> = self.people.iter().map(PersonId::as_str).collect();
        format!(
            "{} can sign in; their passwords are in {}",
            people.join(", "),
            self.file.display()
        )
    }
}

/// Makes an account for each who has none, with a password of its own that goes into a file of the home folder.
pub(crate) async fn for_people(site: &Site, people: &[Person]) -> Result<Option<Made>, CliError> {
    let accounts = Accounts::connect(site.database_url()).await?;
    let by = Changer::of_this_process();
    let file = site.home().join("passwords.txt");
    let mut made = Vec::new();
    for person in people {
        let text = random_password();
        let password = NewPassword {
            text: text.clone(),
            one_time: false,
        };
        let ledger = site.log.ledger();
        let new = NewAccount {
            person: person.id.clone(),
            name: person.name.to_string(),
            password: Some(password),
            access: vec![(ledger.clone(), access(person))],
        };
        // Kept before it is set: a password that nobody knows is worse than a line about one that was not taken.
        match accounts.exists(&person.id).await? {
            true => continue,
            false => keep(&file, &person.id, &text)?,
        }
        match accounts.add(&new, &by).await {
            Ok(()) => made.push(person.id.clone()),
            Err(AccountError::Taken(_)) => {}
            Err(no) => return Err(no.into()),
        }
    }
    Ok(match made.is_empty() {
        true => None,
        false => Some(Made { people: made, file }),
    })
}

/// Auditors and admins of a run are that in the ledger; everybody else is a member.
fn access(person: &Person) -> Access {
    match () {
        () if person.roles.contains(&Role::Admin) => Access::Admin,
        () if person.roles.contains(&Role::Auditor) => Access::Auditor,
        () => Access::Member,
    }
}

fn keep(file: &std::path::Path, person: &PersonId, password: &str) -> Result<(), CliError> {
    let mut options = std::fs::OpenOptions::new();
    let open = options.create(true).append(true).mode(0o600).open(file);
    let kept = open.and_then(|mut file| writeln!(file, "{person}  {password}"));
    kept.map_err(|source| CliError::Unwritten {
        path: file.display().to_string(),
        source,
    })
}

/// Where nobody has an account yet, makes one that administers, and gives its password to be shown once.
pub(crate) async fn first_admin(site: &Site) -> Result<Option<String>, CliError> {
    let accounts = Accounts::connect(site.database_url()).await?;
    if !accounts.is_empty().await? {
        return Ok(None);
    }
    let text = random_password();
    let person: PersonId = FIRST
        .parse()
        .map_err(|_| CliError::BrokeOff("the first account"))?;
    let new = NewAccount {
        person: person.clone(),
        name: "Administrator".to_owned(),
        password: Some(NewPassword {
            text: text.clone(),
            one_time: true,
        }),
        access: vec![(site.log.ledger().clone(), Access::Admin)],
    };
    match accounts.add(&new, &Changer::of_this_process()).await {
        Ok(()) => Ok(Some(format!(
            "Nobody has an account yet: sign in as {FIRST} with the password {text}\nIt is shown this once, and changed at the first sign-in. `annal account add` makes others."
        ))),
        // Another command was faster.
        Err(AccountError::Taken(_)) => Ok(None),
        Err(no) => Err(no.into()),
    }
}
