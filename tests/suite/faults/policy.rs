//! Where links may lead (W6.5): judged before anything is fetched, whoever fetches it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{
    Digest, Download, DownloadHandler, ErrorKind, Fetch, Folder, HandlerError, Memory, Origin,
    Plik, Sink,
};

use super::server::Server;
use super::{linking, message, receive, verdict};

const REFUSED: (ErrorCode, Phase, Option<usize>) =
    (ErrorCode::UrlNotAllowed, Phase::Validate, Some(0));

/// Names origins, fetches `abc` from anywhere, and counts.
#[derive(Clone)]
struct Counting {
    origins: Vec<Origin>,
    fetched: Arc<AtomicUsize>,
}

impl Counting {
    fn new(origins: &[&str]) -> Self {
        Counting {
            origins: origins.iter().map(|url| origin(url)).collect(),
            fetched: Arc::default(),
        }
    }
}

impl DownloadHandler for Counting {
    fn origins(&self, _: &str) -> Vec<Origin> {
        self.origins.clone()
    }

    async fn download(&self, _: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        sink.start(None)?;
        sink.write(b"abc")
    }
}

fn origin(url: &str) -> Origin {
    url.parse().expect("an origin")
}

#[tokio::test]
async fn only_the_file_server_is_asked_by_default() {
    let (server, other) = (Server::start().await, Server::start().await);
    other.put("/f", b"abc");
    let error = receive(&server, linking(&other, "/f?hunter2", b"abc"))
        .await
        .expect_err("another server");
    assert_eq!(verdict(&error), REFUSED);
    assert_eq!(
        (error.kind(), error.pointer()),
        (ErrorKind::Policy, Some("/payloads/0/data"))
    );
    assert!(!error.is_retryable());
    assert!(
        error.message().contains(&other.url()) && error.message().contains("allowed_origins"),
        "{error}"
    );
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    assert_eq!(other.lines(), [""; 0]);
    // The same link, allowed.
    let call = receive(&server, linking(&other, "/f", b"abc")).allowed_origins([other.origin()]);
    assert_eq!(
        call.await
            .expect("an allowed link")
            .bytes("part 0")
            .expect("bytes"),
        &b"abc"[..]
    );
    // The argument stands in the place of what is there without it.
    server.put("/f", b"abc");
    let call = receive(&server, linking(&server, "/f", b"abc")).allowed_origins([other.origin()]);
    assert_eq!(
        verdict(&call.await.expect_err("no longer allowed")),
        REFUSED
    );
    let call = receive(&server, linking(&server, "/f", b"abc")).allowed_origins([]);
    assert_eq!(
        verdict(&call.await.expect_err("nothing is allowed")),
        REFUSED
    );
    assert_eq!(server.lines(), [""; 0]);
}

#[tokio::test]
async fn nothing_is_fetched_where_one_link_is_not_allowed() {
    let (server, other) = (Server::start().await, Server::start().await);
    let digest = Some(Digest::of(b"abc"));
    let links = [
        (server.link("/f"), 3, digest),
        (server.link("/g"), 3, digest),
        (other.link("/f"), 3, digest),
    ];
    let error = receive(&server, message(&links))
        .await
        .expect_err("the third link");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UrlNotAllowed, Phase::Validate, Some(2))
    );
    assert_eq!(server.lines(), [""; 0]);
    assert_eq!(other.lines(), [""; 0]);
}

#[tokio::test]
async fn an_origin_is_scheme_host_and_port() {
    let server = Server::start().await;
    let allowed = [
        "http://files.example",
        "https://files.example:8443",
        "http://[::1]:8080",
    ]
    .map(origin);
    let cases = [
        ("http://files.example/f", true),
        ("http://files.example:80/f", true),
        ("HTTP://FILES.example/f", true),
        ("https://files.example:8443/f?x=1", true),
        ("http://[0:0::1]:8080/f", true),
        ("https://files.example/f", false),
        ("http://files.example:8443/f", false),
        ("http://files.example:8080/f", false),
        ("http://a.files.example/f", false),
        ("http://files.example.evil.example/f", false),
        ("http://files/f", false),
        ("http://evil.example/http://files.example/f", false),
        ("http://evil.example/?http://files.example", false),
        ("http://127.0.0.1:8080/f", false),
    ];
    for (url, is_allowed) in cases {
        let handler = Counting::new(&[]);
        let json = message(&[(url.to_owned(), 3, Some(Digest::of(b"abc")))]);
        let call = receive(&server, json)
            .fileserver_download_handler(handler.clone())
            .allowed_origins(allowed.clone());
        match call.await {
            Ok(received) => assert_eq!(
                received.bytes("part 0").expect("bytes"),
                &b"abc"[..],
                "{url}"
            ),
            Err(error) => assert_eq!(verdict(&error), REFUSED, "{url}: {error}"),
        }
        assert_eq!(
            handler.fetched.load(Ordering::SeqCst),
            usize::from(is_allowed),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_handler_of_ones_own_is_asked_for_what_it_names() {
    let server = Server::start().await;
    let json = || {
        message(&[(
            "http://files.example/f".to_owned(),
            3,
            Some(Digest::of(b"abc")),
        )])
    };
    for (handler, fetched) in [
        (
            Counting::new(&["http://other.example", "http://files.example"]),
            1,
        ),
        (Counting::new(&["http://other.example"]), 0),
    ] {
        let received = receive(&server, json())
            .fileserver_download_handler(handler.clone())
            .await;
        assert_eq!(received.is_ok(), fetched == 1, "{received:?}");
        assert_eq!(handler.fetched.load(Ordering::SeqCst), fetched);
    }
    // Beside its own: nothing. The file server is not its business.
    let handler = Counting::new(&["http://files.example"]);
    let call = receive(&server, linking(&server, "/f", b"abc"))
        .fileserver_download_handler(handler.clone());
    assert_eq!(verdict(&call.await.expect_err("not named")), REFUSED);
    assert_eq!(handler.fetched.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_shipped_handlers_name_their_own() {
    let server = Server::start().await;
    server.put("/f", b"abc");
    let json = || linking(&server, "/f", b"abc");
    let fetch = Fetch::new([server.origin()]);
    receive(&server, json())
        .fileserver_download_handler(fetch)
        .await
        .expect("named");
    let plik = Plik::oneshot().server(server.origin());
    receive(&server, json())
        .fileserver_download_handler(plik)
        .await
        .expect("named");
    // W6.5: for Plik, the file server is what counts where nothing else is said.
    receive(&server, json())
        .fileserver_download_handler(Plik::oneshot())
        .await
        .expect("the file server itself");
    let before = server.lines().len();
    let other = Plik::oneshot().server(origin("http://other.example"));
    let error = receive(&server, json())
        .fileserver_download_handler(other)
        .await
        .expect_err("not named");
    assert_eq!(verdict(&error), REFUSED);
    let folder = Folder::new(std::env::temp_dir(), "http://files.example/inbox");
    let error = receive(&server, json())
        .fileserver_download_handler(folder)
        .await
        .expect_err("not the folder's");
    assert_eq!(verdict(&error), REFUSED);
    let error = receive(&server, json())
        .fileserver_download_handler(Memory::new())
        .await
        .expect_err("not memory's");
    assert_eq!(verdict(&error), REFUSED);
    assert_eq!(server.lines().len(), before);
}
