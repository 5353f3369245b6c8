//! A server on the filled database, with runs that are open and people who look.

use annal_bench::{ORDINARY, sampled};
use annal_core::{LedgerId, PersonId, Position};
use annal_measure::Failure;
use annal_server::{Access, Accounts, Changer, Limits, NewAccount, NewPassword, ServerSettings};
use reqwest::{Client, Response, header, redirect};
use sqlx::{Connection, PgConnection};

use super::routes::{Route, Who, World};
use crate::growth::run_id;
use crate::server::{Filled, Server};

/// Below the large dossiers, far above the runs that the log is filled with; all of team 3.
const OPEN: u64 = (1 << 49) / 17 * 17 + 3;
/// People of a run differ by its number modulo this.
const TEAMS: u64 = 17;
/// On the register of every run that is open; decides there.
const TESTER: &str = "tom-3";
/// On no register; sees all.
const LOOKER: &str = "nora";
const PASSWORD: &str = "correct horse battery staple";

pub(super) struct House {
    server: annal_server::Server,
    client: Client,
    /// The sessions' cookies: of who looks, and of the tester.
    sessions: [String; 2],
    pub(super) head: Position,
    pub(super) world: World,
}

impl House {
    pub(super) async fn open(on: &Server, events: u64, open: u64) -> Result<Self, Failure> {
        let filled = on.filled(events).await?;
        filled.expect_full().await?;
        let head = with_open_runs(&filled, open).await?;
        let accounts = Accounts::connect(&filled.url).await?;
        account(&accounts, LOOKER, &Access::ALL).await?;
        account(&accounts, TESTER, &[Access::Member]).await?;
        let server = serve(on, &filled).await?;
        let client = Client::builder().redirect(redirect::Policy::none());
        let client = client.build()?;
        let address = format!("http://{}", server.address());
        let sessions = [
            session(&client, &address, LOOKER).await?,
            session(&client, &address, TESTER).await?,
        ];
        let world = World::of(&filled.url, events, run_id(OPEN)).await?;
        Ok(Self {
            server,
            client,
            sessions,
            head,
            world,
        })
    }

    pub(super) async fn get(&self, route: &Route) -> Result<Response, Failure> {
        let cookie = match route.who {
            Who::Looks => &self.sessions[0],
            Who::Decides => &self.sessions[1],
        };
        let place = format!("http://{}{}", self.server.address(), route.path);
        let request = self.client.get(place).header(header::COOKIE, cookie);
        Ok(request.send().await?)
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        drop(self.client);
        Ok(self.server.stop().await?)
    }
}

/// Opens what is missing, up to where samples wait for the tester.
async fn with_open_runs(filled: &Filled, open: u64) -> Result<Position, Failure> {
    for number in (0..open).map(|it| OPEN + it * TEAMS) {
        let stream = annal_log::StreamId::run(run_id(number));
        let there = filled.log.read_stream(&stream, annal_core::Sequence(0));
        if there.await?.is_empty() {
            sampled(number, ORDINARY).hand_over(&filled.log).await?;
        }
    }
    let head = filled.log.head().await?.position;
    filled.projector.catch_up(head).await?;
    let mut session = PgConnection::connect(&filled.url).await?;
    sqlx::raw_sql("ANALYZE").execute(&mut session).await?;
    Ok(head)
}

async fn account(accounts: &Accounts, id: &str, access: &[Access]) -> Result<(), Failure> {
    let person: PersonId = id.parse()?;
    if accounts.exists(&person).await? {
        return Ok(());
    }
    let ledger: LedgerId = "main".parse()?;
    let new = NewAccount {
        person,
        name: id.to_owned(),
        password: Some(NewPassword {
            text: PASSWORD.to_owned(),
            one_time: false,
        }),
        access: access.iter().map(|it| (ledger.clone(), *it)).collect(),
    };
    Ok(accounts.add(&new, &Changer::of_this_process()).await?)
}

async fn serve(on: &Server, filled: &Filled) -> Result<annal_server::Server, Failure> {
    let temporal = on.temporal()?;
    let place = (temporal.target.as_str(), temporal.namespace.as_str());
    let often = std::num::NonZeroU32::MAX;
    let settings = ServerSettings {
        // Who is measured comes more often than a person.
        limits: Limits {
            address_per_second: often,
            person_per_second: often,
            ..Limits::default()
        },
        ..ServerSettings::of(&filled.url, place, vec!["main".parse()?])
    };
    Ok(annal_server::Server::start(settings).await?)
}

/// Signs in and gives the session's cookie.
async fn session(client: &Client, address: &str, person: &str) -> Result<String, Failure> {
    let form = format!("person={person}&password={}", PASSWORD.replace(' ', "+"));
    let request = client
        .post(format!("{address}/sign-in"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    let answer = request.send().await?;
    let cookie = answer.headers().get(header::SET_COOKIE);
    let cookie = cookie.ok_or_else(|| format!("{person} is not let in: {}", answer.status()))?;
    let cookie = cookie.to_str()?.split(';').next();
    Ok(cookie.unwrap_or_default().to_owned())
}
