//! Who is to be let in where: the specification that the server is held against.

use crate::people::{Credential, Subject};

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Everybody.
    All,
    /// Whoever has signed in.
    SignedIn,
    /// Who has access to the ledger.
    Ledger,
    /// Who stands on the run's register, and who sees all.
    Run,
    /// The ledger's members: who only reads or configures keeps nothing in it.
    Member,
    /// The ledger's auditors and admins.
    Whole,
    /// The ledger's admins.
    Admin,
    /// Who holds this role on the run. Whoever else sees the run is refused by the rules.
    By(&'static str),
}

/// Where it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the ledger to which the bank's people have access.
    Own,
    /// In one that there is, and to which they have none.
    Foreign,
    /// In one that there is not.
    Missing,
}

/// How a request is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// It is let in.
    In,
    /// Whose request it is has to be shown: 401, or the way to sign in for a page.
    SignIn,
    /// As if there were no such thing.
    NothingThere,
    /// They may not.
    Forbidden,
    /// The form is not one of ours.
    Forged,
    /// The rules of the run leave it to somebody else.
    ByTheRules,
}

impl Door {
    /// How whoever knocks is to be answered.
    pub(crate) fn due(self, of: &Subject, place: Place, changes: bool) -> Due {
        // A cookie without the token that only our pages have: not even looked at whose it is.
        if changes && of.credential == Credential::ForgedSession {
            return Due::Forged;
        }
        if self == Self::All {
            return Due::In;
        }
        if !of.is_somebody() {
            return Due::SignIn;
        }
        if changes && of.credential == Credential::ReadToken {
            return Due::Forbidden;
        }
        let allowed = match self {
            Self::All | Self::SignedIn => return Due::In,
            _ if place != Place::Own => return Due::NothingThere,
            Self::Ledger => return Due::In,
            Self::Member => of.is_member(),
            Self::Whole => of.sees_all(),
            Self::Admin => of.administers(),
            Self::Run | Self::By(_) if !of.sees_the_run() => return Due::NothingThere,
            Self::Run => return Due::In,
            Self::By(role) if of.role == role => return Due::In,
            Self::By(_) => return Due::ByTheRules,
        };
        match allowed {
            true => Due::In,
            false => Due::Forbidden,
        }
    }
}
