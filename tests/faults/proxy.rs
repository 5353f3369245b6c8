//! A way to the server on which answers get lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::writer::ENGINE;

/// How many answers are still to be lost, and how many were.
#[derive(Clone, Default)]
pub(crate) struct Losses {
    wanted: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
}

impl Losses {
    /// The answer to the next append is lost, and its connection with it.
    pub(crate) fn lose_one(&self) {
        self.wanted.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }

    fn take_one(&self) -> bool {
        let one_less = |wanted: usize| wanted.checked_sub(1);
        self.wanted
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
    }
}

/// Starts it; the address is the server's with another port.
pub(crate) async fn before(server: &str) -> (String, Losses) {
    let mut url = Url::parse(server).unwrap();
    let target = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port()))
        .unwrap();
    let losses = Losses::default();
    let shared = losses.clone();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            // While the server is down, the client's connection ends at once.
            if let Ok(server) = TcpStream::connect((target.0.as_str(), target.1)).await {
                tokio::spawn(carry(client, server, shared.clone()));
            }
        }
    });
    (url.into(), losses)
}

async fn carry(mut client: TcpStream, mut server: TcpStream, losses: Losses) {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut appending = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                // A part of every append's arguments.
                appending |= contains(&asked[..length], ENGINE.as_bytes());
                if server.write_all(&asked[..length]).await.is_err() { return }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                // `ReadyForQuery`, idle: the transaction has ended, so what is lost is the answer alone.
                let ready = answered[..length].ends_with(&[b'Z', 0, 0, 0, 5, b'I']);
                if appending && ready {
                    if losses.take_one() {
                        losses.lost.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    appending = false;
                }
                if client.write_all(&answered[..length]).await.is_err() { return }
            }
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}
