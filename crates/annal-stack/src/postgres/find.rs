//! Which PostgreSQL to use: one that is installed, one that was put into the cache before, or a new install.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::install;
use crate::StackError;
use crate::account::{Account, run_as};
use crate::progress::Progress;
use crate::settings::Surroundings;

const OLDEST: u32 = 14;

/// A usable PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binaries {
    /// Has `postgres` and `initdb`.
    pub(crate) folder: PathBuf,
    pub(crate) major: u32,
    /// Such as `15.14`.
    pub(crate) version: String,
}

/// A PostgreSQL of the major version that wrote the data, or the best one when there is no data yet.
pub(super) fn or_install(
    surroundings: &Surroundings,
    wanted: Option<u32>,
    data: &Path,
    account: Option<&Account>,
    progress: &Progress,
) -> Result<Binaries, StackError> {
    let mut tried = Vec::new();
    if let Some(found) = installed(surroundings, wanted, account, &mut tried) {
        return Ok(found);
    }
    match install::from_maven(surroundings, wanted, account, progress, &mut tried)? {
        Some(installed) => Ok(installed),
        None => Err(match wanted {
            Some(major) => StackError::OtherPostgres {
                data: data.to_path_buf(),
                major,
                tried,
            },
            None => StackError::NoPostgres { tried },
        }),
    }
}

/// The first on the path that serves, else the newest in the packages' folders.
fn installed(
    surroundings: &Surroundings,
    wanted: Option<u32>,
    account: Option<&Account>,
    tried: &mut Vec<String>,
) -> Option<Binaries> {
    let serves =
        |found: &Binaries| found.major >= OLDEST && wanted.is_none_or(|major| major == found.major);
    let version_text =
        wanted.map_or_else(|| format!("{OLDEST} or newer"), |major| major.to_string());
    if let Some(found) = surroundings
        .path
        .iter()
        .filter_map(|folder| inspect(folder, account))
        .find(serves)
    {
        return Some(found);
    }
    tried.push(format!(
        "`postgres` and `initdb` of version {version_text} on PATH: none"
    ));
    let folders = surroundings
        .postgres_folders
        .iter()
        .flat_map(|pattern| expand(pattern));
    let newest = folders
        .filter_map(|folder| inspect(&folder, account))
        .filter(serves)
        .max_by_key(|found| found.major);
    if newest.is_none() {
        tried.push(format!(
            "version {version_text} in {}: none",
            surroundings.postgres_folders.join(", ")
        ));
    }
    newest
}

/// The PostgreSQL in `folder`, if it runs under `account`.
pub(super) fn inspect(folder: &Path, account: Option<&Account>) -> Option<Binaries> {
    // A distribution's `postgres` on the path is often a link; `initdb` finds its files beside the real one.
    let folder = folder
        .join("postgres")
        .canonicalize()
        .ok()?
        .parent()?
        .to_path_buf();
    if !folder.join("initdb").is_file() {
        return None;
    }
    let mut command = Command::new(folder.join("postgres"));
    let output = run_as(command.arg("--version").stdin(Stdio::null()), account)
        .output()
        .ok()?;
    let (major, version) = parse_version(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries {
        folder,
        major,
        version,
    })
}

/// From a line such as `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn parse_version(line: &str) -> Option<(u32, String)> {
    let version = line
        .split_once("(PostgreSQL)")?
        .1
        .split_whitespace()
        .next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, version.to_owned()))
}

/// The folders that a path with at most one `*` in each part names.
fn expand(pattern: &str) -> Vec<PathBuf> {
    pattern.split('/').filter(|part| !part.is_empty()).fold(
        vec![PathBuf::from("/")],
        |folders, part| {
            let Some((before, after)) = part.split_once('*') else {
                return folders
                    .into_iter()
                    .map(|folder| folder.join(part))
                    .collect();
            };
            let names = folders
                .iter()
                .filter_map(|folder| fs::read_dir(folder).ok())
                .flatten()
                .flatten();
            let matching = names.filter(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.len() >= before.len() + after.len()
                    && name.starts_with(before)
                    && name.ends_with(after)
            });
            matching.map(|entry| entry.path()).collect()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_distributions_print_them() {
        let version = |line| parse_version(line).map(|(major, _)| major);
        assert_eq!(
            version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(version("something else 3.1"), None);
    }

    #[test]
    fn a_star_stands_for_every_folder_of_that_shape() {
        let root = tempfile::tempdir().unwrap();
        for name in ["pgsql-14/bin", "pgsql-16/bin", "other/bin"] {
            fs::create_dir_all(root.path().join(name)).unwrap();
        }
        let mut found = expand(&format!("{}/pgsql-*/bin", root.path().display()));
        found.sort();
        assert_eq!(
            found,
            [
                root.path().join("pgsql-14/bin"),
                root.path().join("pgsql-16/bin")
            ]
        );
    }
}
