//! Connections that break: the server's side is killed, or the network between is cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use annal_core::Position;
use annal_log::{AppendError, Log, LogError};
use futures::{StreamExt, pin_mut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::support::{Fresh, adding, fill, main_ledger, stream};

/// What lies between client and server.
#[derive(Clone, Default)]
struct Weather {
    /// Nothing gets through.
    down: bool,
    /// The answer to the message with this text is lost, and the connection with it.
    swallow: Option<String>,
}

/// A way to the server that a test can cut.
struct Cuttable {
    url: String,
    weather: watch::Sender<Weather>,
    swallowed: Arc<AtomicUsize>,
}

impl Cuttable {
    async fn before(fresh: &Fresh) -> Self {
        let mut url = Url::parse(&fresh.url).unwrap();
        let host = url.host_str().unwrap().to_owned();
        let port = url.port().unwrap_or(5432);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        let weather = watch::Sender::new(Weather::default());
        let swallowed = Arc::new(AtomicUsize::new(0));
        let cuttable = Self {
            url: url.into(),
            weather: weather.clone(),
            swallowed: swallowed.clone(),
        };
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect((host.as_str(), port)).await.unwrap();
                tokio::spawn(carry(client, server, weather.clone(), swallowed.clone()));
            }
        });
        cuttable
    }

    async fn log(&self) -> Log {
        Log::connect(&self.url, main_ledger()).await.unwrap()
    }

    fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

/// Carries bytes both ways until the weather cuts the connection.
async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    weather: watch::Sender<Weather>,
    swallowed: Arc<AtomicUsize>,
) {
    let mut changes = weather.subscribe();
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut doomed = false;
    loop {
        tokio::select! {
            // What was sent after the cut must not be taken for what came before it.
            biased;
            () = async { changes.wait_for(|weather| weather.down).await.map(drop).unwrap_or_default() } => return,
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let text = String::from_utf8_lossy(&asked[..length]).into_owned();
                weather.send_if_modified(|weather| {
                    doomed |= weather.swallow.take_if(|wanted| text.contains(wanted.as_str())).is_some();
                    false
                });
                if server.write_all(&asked[..length]).await.is_err() { return }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if doomed {
                    swallowed.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if client.write_all(&answered[..length]).await.is_err() { return }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_is_lost_is_not_written_twice() {
    let fresh = Fresh::migrated().await;
    let way = Cuttable::before(&fresh).await;
    let log = way.log().await;
    fill(&log, &stream("a"), 2).await;
    let mut append = adding(&stream("a"), 2, 3);
    // Ids travel as bytes; this can be found on its way.
    append.metadata.reason = Some(append.command_id.to_string());
    way.set(Weather {
        swallow: append.metadata.reason.clone(),
        down: false,
    });

    let receipt = log.append(append.clone()).await.unwrap();

    assert_eq!(way.swallowed.load(Ordering::SeqCst), 1);
    assert_eq!((receipt.first, receipt.last), (Position(3), Position(5)));
    assert_eq!(receipt.reply, append.reply);
    assert_eq!(log.head().await.unwrap().position, Position(5));
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_said_so_and_ends_with_the_outage() {
    let fresh = Fresh::migrated().await;
    let way = Cuttable::before(&fresh).await;
    let (log, beyond) = (way.log().await, fresh.log().await);
    let followed = log.follow(Position(0)).await;
    pin_mut!(followed);
    fill(&log, &stream("a"), 1).await;
    assert_eq!(
        followed.next().await.unwrap().unwrap().position,
        Position(1)
    );
    let append = adding(&stream("a"), 1, 1);
    way.set(Weather {
        down: true,
        swallow: None,
    });

    let error = log.append(append.clone()).await.unwrap_err();

    let AppendError::Log(LogError::Unreachable { attempts, .. }) = &error else {
        panic!("{error}")
    };
    assert_eq!(*attempts, 5);
    assert!(
        error
            .to_string()
            .contains("a command sent again under its id is carried out once"),
        "{error}"
    );
    assert_eq!(beyond.head().await.unwrap().position, Position(1));
    way.set(Weather::default());
    let receipt = log.append(append).await.unwrap();
    assert_eq!((receipt.first, receipt.repeated), (Position(2), false));
    assert_eq!(
        followed.next().await.unwrap().unwrap().position,
        Position(2)
    );
}

/// A connection that breaks in the middle of a race costs nobody an event, and nobody gets two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_survive_their_backends_being_killed() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let (enough, told) = tokio::sync::watch::channel(false);
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (log, told) = (log.clone(), told.clone());
            tokio::spawn(async move {
                let mut written = 0;
                while !*told.borrow() {
                    let append = adding(&stream(writer), written, 1);
                    log.append(append).await.unwrap();
                    written += 1;
                }
                written
            })
        })
        .collect();
    let admin = fresh.admin().await;
    let mut killed = 0;
    // However quick appends are, they go on until some were caught; and a writer that failed ends the test.
    while killed < 10 && !writers.iter().any(JoinHandle::is_finished) {
        let now: i64 = sqlx::query_scalar(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'annal' AND state = 'active' \
               AND query LIKE '%annal.append%'",
        )
        .fetch_one(&admin)
        .await
        .unwrap();
        if now > 0 {
            killed += now;
            // Each append is tried five times only, so one gets through before the next blow.
            let before = log.head().await.unwrap().position;
            log.wait_for(before, Duration::from_secs(30)).await.unwrap();
        }
    }
    enough.send_replace(true);
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }

    assert!(killed >= 10, "{killed}");
    assert_eq!(log.head().await.unwrap().position, Position(written));
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_said_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgres://nobody@127.0.0.1:{port}/none");

    let error = Log::connect(&url, main_ledger()).await.unwrap_err();

    assert_eq!(error.code(), "log_unreachable");
    assert!(error.is_transient());
    assert!(
        error.to_string().contains("check that PostgreSQL is up"),
        "{error}"
    );
}
