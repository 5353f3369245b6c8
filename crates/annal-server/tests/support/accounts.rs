//! Accounts of the tests' people, made in one way.

use annal_core::LedgerId;
use annal_server::{Access, Accounts, Changer, NewAccount, NewPassword};

/// The password of whoever has no other one.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A member of the main ledger with the usual password. A test changes of it what it is about.
pub(crate) fn member(id: &str) -> NewAccount {
    NewAccount {
        person: id.parse().expect("an id"),
        name: id.to_uppercase(),
        password: Some(password(PASSWORD)),
        access: vec![(main_ledger(), Access::Member)],
    }
}

/// A password that somebody chose for themselves.
pub(crate) fn password(text: &str) -> NewPassword {
    NewPassword {
        text: text.to_owned(),
        one_time: false,
    }
}

/// Makes accounts as whoever runs the server does.
pub(crate) async fn join(accounts: &Accounts, new: &NewAccount) {
    let made = accounts.add(new, &operator()).await;
    made.expect("an account");
}

pub(crate) fn operator() -> Changer {
    Changer::Operator("tests".to_owned())
}

pub(crate) fn main_ledger() -> LedgerId {
    "main".parse().expect("an id")
}
