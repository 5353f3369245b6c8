//! The server's databases: made once, with a login of their own, and brought to the schema that the server wants.

use std::process::{Command, Stdio};

use url::Url;

use super::Programs;
use crate::StackError;
use crate::postgres::{query, run, with_database};
use crate::service::without_settings;

/// The login that owns the databases and can do nothing else.
pub(super) const LOGIN: &str = "temporal";
/// The driver by Temporal's name.
pub(super) const DRIVER: &str = "postgres12";
/// A database and the name of its schema.
pub(super) const STORES: [(&str, &str); 2] = [
    ("temporal", "postgresql/v12/temporal"),
    ("temporal_visibility", "postgresql/v12/visibility"),
];

/// Brings the databases on the server of `url` to where `programs` wants them.
pub(super) fn ensure(programs: &Programs, url: &str, password: &str) -> Result<(), StackError> {
    let maintenance = with_database(url, "postgres");
    let there = |sql: String| query(&maintenance, &sql).map_err(failed("ask for the databases"));
    let one = format!("SELECT count(*)::int4 FROM pg_roles WHERE rolname = '{LOGIN}'");
    if there(one)? == 0 {
        execute(&maintenance, &format!("CREATE ROLE {LOGIN} LOGIN"))?;
    }
    // Letters and digits only: it was made from random bytes.
    execute(
        &maintenance,
        &format!("ALTER ROLE {LOGIN} PASSWORD '{password}'"),
    )?;
    for (database, schema) in STORES {
        let one = format!("SELECT count(*)::int4 FROM pg_database WHERE datname = '{database}'");
        if there(one)? == 0 {
            execute(
                &maintenance,
                &format!("CREATE DATABASE {database} OWNER {LOGIN}"),
            )?;
        }
        let tool = Tool {
            programs,
            url,
            password,
            database,
        };
        let own = with_database(url, database);
        let versioned = "SELECT count(*)::int4 FROM pg_tables WHERE tablename = 'schema_version'";
        if query(&own, versioned).map_err(failed("ask for the schema"))? == 0 {
            tool.run(&["setup-schema", "--version", "0.0"])?;
        }
        tool.run(&["update-schema", "--schema-name", schema])?;
    }
    Ok(())
}

fn execute(url: &str, statement: &str) -> Result<(), StackError> {
    run(url, statement).map_err(|source| StackError::Database {
        doing: "make Temporal's login and databases",
        source,
    })
}

fn failed(doing: &'static str) -> impl Fn(String) -> StackError {
    move |reason| StackError::Program {
        program: doing.to_owned(),
        reason,
    }
}

/// `temporal-sql-tool` on one database.
struct Tool<'a> {
    programs: &'a Programs,
    url: &'a str,
    password: &'a str,
    database: &'a str,
}

impl Tool<'_> {
    fn run(&self, words: &[&str]) -> Result<(), StackError> {
        let failed = |reason: String| StackError::Program {
            program: format!(
                "temporal-sql-tool --database {} {}",
                self.database, words[0]
            ),
            reason,
        };
        let (host, port) = place(self.url).ok_or_else(|| failed("no address".to_owned()))?;
        let mut command = Command::new(&self.programs.sql_tool);
        command
            .args(["--plugin", DRIVER, "--user", LOGIN])
            .args(["--endpoint", &host, "--port", &port.to_string()])
            .args(["--database", self.database])
            .args(words);
        without_settings(&mut command);
        let output = command
            .env("SQL_PASSWORD", self.password)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        Err(failed(format!("{}\n{said}", output.status)))
    }
}

/// Host and port of a database's address.
pub(super) fn place(url: &str) -> Option<(String, u16)> {
    let url = Url::parse(url).ok()?;
    Some((url.host_str()?.to_owned(), url.port().unwrap_or(5432)))
}
