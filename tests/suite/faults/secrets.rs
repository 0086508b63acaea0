//! No token, user-info or query string in any error or anything that is printed for debugging (W6.10).

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use natsbridge::{
    Download, DownloadHandler, Draft, Error, Fetch, Folder, HandlerError, Origin, Part, Plik,
    Retry, Sink, Upload, UploadHandler, Uploaded, fetch_with_backoff, now, plik_oneshot_upload,
    smartreceive, smartsend,
};

use super::answer::{Answer, Step};
use super::server::Server;
use super::{DELAY, linking, message, receive, sample, send};
use crate::log::SECRET;

/// Everything that can be printed of an error.
fn printed(error: &Error) -> String {
    let mut text = format!(
        "{error}\n{error:?}\n{error:#?}\n{}",
        error.report(now()).to_json()
    );
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!("\n{error}\n{error:?}"));
        source = error.source();
    }
    text
}

#[track_caller]
fn is_clean(text: &str) {
    // For `tests/secrets`, which looks through whatever is printed.
    println!("{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn errors_of_downloads_hold_no_query() {
    let server = Server::start().await;
    let wrong = Answer::with(200, &[("Content-Encoding", "gzip")], b"abc");
    let answers = [
        Answer::status(500),
        Answer::status(404),
        Answer::with(302, &[("Location", &server.link("/?token=hunter2"))], b""),
        Answer::reset(),
        Answer::cut(b"abc", 1, &[Step::Reset]),
        Answer::silence(),
        Answer::body(b"abcd"),
        Answer::body(b"abd"),
        Answer::chunked(b"abcd"),
        Answer::of([Step::Send(b"no HTTP\r\n\r\n".to_vec())]),
        wrong,
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        let path = format!("/f/{at}?token=a,{SECRET}@b");
        server.script(&format!("GET /f/{at}?"), [answer]);
        let call = receive(&server, linking(&server, &path, b"abc")).max_retries(2);
        let error = call
            .read_timeout(Duration::from_millis(200))
            .await
            .expect_err("a fault");
        assert!(error.message().contains(&format!("/f/{at}")), "{error}");
        is_clean(&printed(&error));
        if at < 5 {
            let call = fetch_with_backoff(server.link(&path)).max_retries(1);
            is_clean(&format!("{call:?}"));
            is_clean(&printed(&call.await.expect_err("a fault")));
        }
    }
    let nobody = format!("http://127.0.0.1:1/?token={SECRET}");
    let error = fetch_with_backoff(&nobody)
        .base_delay(DELAY)
        .await
        .expect_err("nobody there");
    is_clean(&printed(&error));
    let error = receive(&server, message(&[(nobody, 3, None)]))
        .await
        .expect_err("not allowed");
    is_clean(&printed(&error));
}

#[tokio::test]
async fn errors_of_messages_hold_no_user_info() {
    let server = Server::start().await;
    let json = linking(&server, "/f", b"abc");
    let url = server.link("/f");
    for wrong in [
        format!("http://me:{SECRET}@127.0.0.1/f"),
        format!("http://{SECRET}@127.0.0.1/f"),
        format!("http://127.0.0.1/f?token={SECRET}#fragment"),
        format!("http://127.1/f?token={SECRET}"),
        format!("ftp://me:{SECRET}@127.0.0.1/f?{SECRET}"),
        format!("//me:{SECRET}@127.0.0.1/f"),
        format!("http:\\\\\\\\me:{SECRET}@127.0.0.1/f"),
    ] {
        let json = json.replace(&url, &wrong);
        let error = receive(&server, json).await.expect_err("no link");
        is_clean(&printed(&error));
        is_clean(&printed(
            &fetch_with_backoff(&wrong).await.expect_err("no link"),
        ));
    }
    let broker = json.replace(
        "nats://localhost:4222",
        &format!("nats://me:{SECRET}@localhost:4222"),
    );
    assert_ne!(broker, json, "the default of broker_url");
    is_clean(&printed(
        &receive(&server, broker).await.expect_err("user-info"),
    ));
}

#[tokio::test]
async fn errors_of_uploads_hold_no_token() {
    let plik = || {
        Plik::kept(Duration::from_secs(60))
            .token(SECRET)
            .password("me", SECRET)
    };
    is_clean(&format!("{:?}", plik()));
    let created = format!("{{\"id\": \"U1\", \"uploadToken\": \"{SECRET}\"}}");
    let faults: [fn() -> Answer; 6] = [
        || Answer::status(500),
        || Answer::status(403),
        || Answer::reset(),
        || Answer::silence(),
        || Answer::with(307, &[("Location", "http://me:hunter2@127.0.0.1/")], b""),
        || Answer::body(b"no JSON: hunter2"),
    ];
    for fault in faults {
        for step in ["POST /upload", "POST /file/"] {
            let server = Server::start().await;
            server.script(step, [fault()]);
            server.script("POST /upload", [Answer::body(created.as_bytes())]);
            let call = send(&server, [Part::binary("f", b"abc")])
                .fileserver_upload_handler(plik())
                .fallback(false);
            let error = call
                .read_timeout(Duration::from_millis(200))
                .max_retries(2)
                .await
                .expect_err("a fault");
            is_clean(&printed(&error));
        }
    }
    for url in [
        format!("http://me:{SECRET}@127.0.0.1:1"),
        format!("http://127.0.0.1:1/?token={SECRET}"),
        format!("ftp://me:{SECRET}@127.0.0.1:1"),
        format!("http://127.0.0.1:1/#{SECRET}"),
    ] {
        let part = Part::binary("f", b"abc");
        let call = smartsend("a.b", [part])
            .fileserver_url(&url)
            .size_threshold(1)
            .base_delay(DELAY)
            .fallback(false);
        is_clean(&format!("{call:?}"));
        is_clean(&printed(&call.await.expect_err("nobody there")));
        is_clean(&printed(
            &plik_oneshot_upload(&url, "f", b"abc".to_vec())
                .await
                .expect_err("nobody there"),
        ));
        let call = smartreceive(b"{}".to_vec()).fileserver_url(&url);
        is_clean(&format!("{call:?}"));
        is_clean(&printed(&call.await.expect_err("no message")));
    }
}

#[tokio::test]
async fn a_refused_broker_url_is_told_without_its_user_info() {
    for broker in [
        format!("nats://me:{SECRET}@localhost:4222,http://x"),
        format!("http://me:{SECRET}@localhost"),
    ] {
        let call = smartsend("a.b", [Part::text("t", "x")]).broker_url(&broker);
        is_clean(&format!("{call:?}"));
        is_clean(&printed(&call.await.expect_err("no NATS server")));
        is_clean(&format!(
            "{:?}",
            Draft::new("a.b", [Part::text("t", "x")]).broker_url(&broker)
        ));
    }
    let broker = format!("nats://me:{SECRET}@localhost:4222");
    let (envelope, json) = smartsend("a.b", [Part::text("t", "x")])
        .broker_url(broker)
        .await
        .expect("a message");
    assert_eq!(envelope.broker_url, "nats://localhost:4222");
    is_clean(&json);
}

/// Prints whatever a handler is given.
#[derive(Clone, Default)]
struct Printing(Arc<Mutex<String>>);

impl UploadHandler for Printing {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let uploaded = Uploaded::new(200, format!("http://files.example/f?token={SECRET}"));
        self.0
            .lock()
            .expect("a lock")
            .push_str(&format!("{upload:?}\n{uploaded:?}\n"));
        Ok(uploaded)
    }
}

impl DownloadHandler for Printing {
    fn origins(&self, _: &str) -> Vec<Origin> {
        "http://files.example".parse().into_iter().collect()
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        self.0
            .lock()
            .expect("a lock")
            .push_str(&format!("{download:?}\n{sink:?}\n"));
        sink.start(None)?;
        sink.write(&sample(10))
    }
}

/// Returns a URL that no receiver would take.
struct Revealing(&'static str);

impl UploadHandler for Revealing {
    async fn upload(&self, _: Upload<'_>) -> Result<Uploaded, HandlerError> {
        Ok(Uploaded::new(200, self.0))
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_sent_is_told_without_its_secrets() {
    for url in [
        "http://me:hunter2@a/f",
        "http://a/f?hunter2#f",
        "ftp://hunter2@a/f",
        "http://127.1/f?hunter2",
    ] {
        let call = smartsend("a.b", [Part::binary("f", b"abc")])
            .size_threshold(1)
            .fallback(false);
        let error = call
            .fileserver_upload_handler(Revealing(url))
            .await
            .expect_err("no link");
        is_clean(&printed(&error));
    }
}

#[tokio::test]
async fn what_handlers_see_can_be_printed() {
    let handler = Printing::default();
    let url = format!("http://files.example/upload?token={SECRET}");
    let parts = [Part::binary("f", sample(10))];
    let call = smartsend("a.b", parts)
        .fileserver_url(url)
        .size_threshold(1)
        .fileserver_upload_handler(handler.clone());
    let (_, json) = call
        .retry(Retry {
            max_retries: 1,
            ..Retry::default()
        })
        .await
        .expect("a message");
    assert!(json.contains(SECRET), "the link itself is whole");
    smartreceive(json)
        .fileserver_download_handler(handler.clone())
        .await
        .expect("a message");
    let text = handler.0.lock().expect("a lock").clone();
    assert_eq!(text.lines().count(), 4, "{text}");
    is_clean(&text);
    let folder = Folder::new(
        std::env::temp_dir(),
        format!("http://me:{SECRET}@files.example/?{SECRET}"),
    );
    is_clean(&format!(
        "{folder:?} {:?}",
        Fetch::new(["http://files.example".parse().expect("an origin")])
    ));
}

#[tokio::test]
async fn a_password_goes_only_to_the_servers_it_is_for() {
    let (server, other) = (Server::start().await, Server::start().await);
    for server in [&server, &other] {
        server.put("/f", b"abc");
    }
    let handler = Plik::oneshot()
        .server(server.origin())
        .password("me", SECRET);
    let json = message(&[(server.link("/f"), 3, None), (other.link("/f"), 3, None)]);
    let call = receive(&server, json).fileserver_download_handler(handler);
    call.allowed_origins([server.origin(), other.origin()])
        .await
        .expect("both");
    assert!(server.seen()[0].header("authorization").is_some());
    assert_eq!(other.seen()[0].header("authorization"), None);
}
