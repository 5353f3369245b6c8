//! The user that PostgreSQL runs as. It refuses to run as root, so root hands it to an ordinary user.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// An ordinary user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// The user to run PostgreSQL as: `None` when this process may do it itself.
    pub(crate) fn for_postgres() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(Self::among(&users).unwrap_or(Self {
            name: "nobody".into(),
            uid: 65534,
            gid: 65534,
        }))
    }

    fn among(users: &str) -> Option<Self> {
        ["postgres", "_postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                let fields: Vec<&str> = users
                    .lines()
                    .map(|line| line.split(':').collect::<Vec<_>>())
                    .find(|fields| fields[0] == name)?;
                let account = Self {
                    name: name.into(),
                    uid: fields.get(2)?.parse().ok()?,
                    gid: fields.get(3)?.parse().ok()?,
                };
                (account.uid != 0).then_some(account)
            })
    }

    /// Whether this user can go into `folder`. Tried for real: permissions, access lists and mount options all have a say.
    pub(crate) fn can_enter(&self, folder: &Path) -> bool {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "cd \"$1\"", "cd"])
            .arg(folder)
            .current_dir("/");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
            .uid(self.uid)
            .gid(self.gid)
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// Makes `command` run as `account`, or as this user when there is none.
pub(crate) fn run_as<'a>(command: &'a mut Command, account: Option<&Account>) -> &'a mut Command {
    // The folder that the caller stands in may be closed to the other user.
    command.current_dir("/");
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_preferred_and_root_is_never_taken() {
        let users = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\npostgres:x:101:104::/:/bin/bash\n";
        assert_eq!(
            Account::among(users),
            Some(Account {
                name: "postgres".into(),
                uid: 101,
                gid: 104
            })
        );
        assert_eq!(
            Account::among("postgres:x:0:0::/:/bin/sh\nnobody:x:7:8::/:/bin/false\n")
                .map(|account| account.uid),
            Some(7)
        );
        assert_eq!(Account::among("broken\n"), None);
    }
}
