//! Connections to a file server are used again, by whoever may use them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use natsbridge::{Digest, Draft, Part, SmartReceive, new_id, now, smartreceive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SIZE: usize = 500_000;

/// A server that keeps connections, and counts them.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
        let answer: Arc<[u8]> = [answer.as_bytes(), &vec![7; SIZE]].concat().into();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while let Ok(1..) = stream.read_buf(&mut request).await {
                        if request.ends_with(b"\r\n\r\n") {
                            request.clear();
                            // A client may be gone before it has read all.
                            let _ = stream.write_all(&answer).await;
                        }
                    }
                });
            }
        });
        Server {
            address,
            connections,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn receive(&self, host: &str) -> SmartReceive {
        let part = Part::external("p", SIZE as u64, "binary");
        let draft = Draft::new("a.b", [part]);
        let mut outgoing = draft.encode(now(), &mut new_id).expect("a draft");
        let url = format!("http://{host}:{}/x", self.address.port());
        let digest = Some(Digest::of(&[7; SIZE]));
        outgoing.link(0, &url, digest).expect("a link");
        let origin = url.parse().expect("an origin");
        smartreceive(outgoing.finish().expect("a message").1).allowed_origins([origin])
    }
}

#[tokio::test]
async fn downloads_one_after_the_other_use_one_connection() {
    let server = Server::start().await;
    let began = std::time::Instant::now();
    for _ in 0..20 {
        server.receive("127.0.0.1").await.expect("a message");
    }
    println!("20 downloads of {SIZE} bytes: {:?}", began.elapsed());
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_receiver_in_open_mode_uses_no_connection_that_was_not_checked_for_it() {
    let server = Server::start().await;
    server.receive("localhost").await.expect("listed");
    assert_eq!(server.connections(), 1);
    let open = || {
        server
            .receive("localhost")
            .allowed_origins([])
            .any_public_origin()
    };
    open().await.expect_err("out of reach");
    assert_eq!(server.connections(), 1);
    let loopback = ["127.0.0.0/8", "::1"].map(|network| network.parse().expect("a network"));
    for _ in 0..2 {
        open().allowed_networks(loopback).await.expect("allowed");
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn a_runtime_that_ends_takes_its_connections_along() {
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let server = Server::start().await;
            for _ in 0..3 {
                server.receive("127.0.0.1").await.expect("a message");
            }
            assert_eq!(server.connections(), 1);
        });
    }
}
