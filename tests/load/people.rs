//! Who is in the crowd: accounts with tokens, made without the detour of a process each.

use annal_server::{Access, Accounts, Changer, NewAccount, Scope};
use chrono::TimeDelta;

/// Somebody with a token.
pub(crate) struct Somebody {
    pub(crate) person: String,
    pub(crate) token: String,
}

/// The crowd.
pub(crate) struct Crowd {
    pub(crate) readers: Vec<Somebody>,
    pub(crate) deciders: Vec<Somebody>,
}

pub(crate) fn with_tokens(database: &str, readers: usize, deciders: usize) -> Crowd {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let accounts = Accounts::connect(database).await.unwrap();
        let mut crowd = Crowd {
            readers: Vec::new(),
            deciders: Vec::new(),
        };
        for number in 0..readers {
            let person = format!("reader{number}");
            crowd
                .readers
                .push(somebody(&accounts, person, Access::Auditor, Scope::Read).await);
        }
        for number in 0..deciders {
            let person = format!("decider{number}");
            crowd
                .deciders
                .push(somebody(&accounts, person, Access::Member, Scope::Act).await);
        }
        crowd
    })
}

async fn somebody(accounts: &Accounts, person: String, access: Access, scope: Scope) -> Somebody {
    let id: annal_core::PersonId = person.parse().unwrap();
    let by = Changer::of_this_process();
    let new = NewAccount {
        person: id.clone(),
        name: person.clone(),
        password: None,
        access: vec![("main".parse().unwrap(), access)],
    };
    accounts.add(&new, &by).await.unwrap();
    let made = accounts
        .make_token(&id, "load", scope, TimeDelta::days(1), &by)
        .await
        .unwrap();
    Somebody {
        person,
        token: made.text,
    }
}
