//! What the library tells of its work: spans, events and metrics, by name, field and value, and nothing that is a secret.

mod listener;
#[cfg(feature = "metrics")]
mod metrics;

use std::collections::BTreeSet;
use std::time::Duration;

use natsbridge::{
    Download, DownloadHandler, HandlerError, Memory, Origin, Part, Plik, Sink, Upload,
    UploadHandler, Uploaded, smartreceive, smartsend,
};
use serde_json::json;
use tracing::Level;

use super::faults::answer::Answer;
use super::faults::server::Server;
use super::log::SECRET;
use listener::{Listener, Told};

/// The fields of NFR-401.
const FIELDS: [&str; 7] = [
    "correlation_id",
    "msg_id",
    "timestamp",
    "sender_name",
    "receiver_name",
    "payload_type",
    "transport",
];

const CORRELATION_ID: &str = "3f2b8c1e-6d4a-4f0e-9a57-1c2d3e4f5a6b";
const MSG_ID: &str = "9d1e7a40-52c3-4b8f-8e6d-0a1b2c3d4e5f";
const DELAY: Duration = Duration::from_millis(5);

/// Those of the message, without the fields of `told` that are its own.
fn of_message(told: &Told) -> bool {
    told.field("correlation_id") == CORRELATION_ID
        && told.field("msg_id") == MSG_ID
        && told.field("sender_name") == "s\nx"
        && told.field("receiver_name") == "r"
}

fn message(parts: impl IntoIterator<Item = Part>) -> natsbridge::SmartSend {
    smartsend("/chat/user/v1/message", parts)
        .correlation_id(CORRELATION_ID)
        .msg_id(MSG_ID)
        .sender_name("s\nx")
        .receiver_name("r")
        .base_delay(DELAY)
}

#[tokio::test]
async fn a_message_is_told_of_as_in_the_walkthrough() {
    let listener = Listener::start();
    let parts = [
        Part::text("msg", "Hello World"),
        Part::dictionary("o'\u{1b}", &json!({})),
    ];
    let (envelope, json) = message(parts).await.expect("a message");
    let bytes = json.len();
    smartreceive(json).await.expect("a message");

    let spans = listener.spans();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["smartsend", "smartreceive"]);
    for span in &spans {
        assert_eq!(span.level, Level::INFO);
        assert_eq!(span.target, "natsbridge");
        assert_eq!(span.names(), BTreeSet::from(FIELDS));
        assert!(of_message(span), "{span:?}");
        assert_eq!(span.field("timestamp"), envelope.timestamp.to_string());
        assert_eq!(span.field("payload_type"), "text,dictionary");
        assert_eq!(span.field("transport"), "direct");
    }

    let events = listener.events();
    let sentences: Vec<_> = events
        .iter()
        .map(|event| format!("{} {} {}", event.span, event.level, event.message))
        .collect();
    let made = format!(
        "smartsend INFO Made message of {bytes} bytes with 2 payloads for subject: /chat/user/v1/message"
    );
    assert_eq!(
        sentences,
        [
            "smartsend INFO Starting smartsend for subject: /chat/user/v1/message",
            "smartsend DEBUG Serialized payload 'msg' (type: text) size: 11 bytes",
            "smartsend DEBUG Using direct transport for 11 bytes",
            r"smartsend DEBUG Serialized payload 'o\'\u{1b}' (type: dictionary) size: 2 bytes",
            "smartsend DEBUG Using direct transport for 2 bytes",
            &made,
            "smartreceive INFO Starting smartreceive for subject: /chat/user/v1/message",
            "smartreceive DEBUG Deserialized payload 'msg' (type: text, direct) size: 11 bytes",
            r"smartreceive DEBUG Deserialized payload 'o\'\u{1b}' (type: dictionary, direct) size: 2 bytes",
            " INFO Received message with 2 payloads on subject: /chat/user/v1/message",
        ]
    );
    for event in &events {
        assert_eq!(event.target, "natsbridge");
        assert!(of_message(event), "{event:?}");
        assert_eq!(event.field("timestamp"), envelope.timestamp.to_string());
        let mut names = event.names();
        if event.message.starts_with("Starting smartsend") {
            assert!(names.insert("transport"), "it is not chosen yet: {event:?}");
        }
        assert_eq!(names, BTreeSet::from(FIELDS), "{event:?}");
    }
    assert_eq!(events[1].field("payload_type"), "text");
    assert_eq!(events[3].field("payload_type"), "dictionary");
    assert_eq!(events[5].field("payload_type"), "text,dictionary");
}

#[tokio::test]
async fn transfers_are_told_of_with_their_attempts_and_without_secrets() {
    let listener = Listener::start();
    let server = Server::start().await;
    server.script("POST /upload", [Answer::status(503), Answer::usual()]);
    let parts = [Part::binary("big", vec![7; 3000]), Part::text("small", "x")];
    let plik = Plik::kept(Duration::from_secs(60))
        .token(SECRET)
        .password("me", SECRET);
    let call = message(parts)
        .fileserver_url(server.url())
        .fileserver_upload_handler(plik)
        .broker_url(format!("nats://me:{SECRET}@localhost:4222"))
        .size_threshold(1000);
    let (_, json) = call.await.expect("a message");
    let sent: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let link = sent["payloads"][0]["data"].as_str().expect("a link");
    let path = link.strip_prefix(&server.url()).expect("a path");
    server.script(
        &format!("GET {path}"),
        [Answer::status(500), Answer::body(&[7; 3000])],
    );
    let secret = json.replace(link, &format!("{link}?token={SECRET}"));
    let call = smartreceive(secret).fileserver_url(server.url());
    call.base_delay(DELAY).await.expect("a message");

    let events = listener.events();
    let of_big: Vec<_> = events
        .iter()
        .filter(|event| event.message.contains("'big'"))
        .collect();
    let origin = server.url();
    let expected = [
        "DEBUG Serialized payload 'big' (type: binary) size: 3000 bytes".to_owned(),
        "DEBUG Uploading payload 'big' size: 3000 bytes".to_owned(),
        "WARN Upload of payload 'big' failed in attempt 1 of 5, next in 5 ms: the file server answered 503 Service Unavailable".to_owned(),
        "DEBUG Uploaded payload 'big' size: 3000 bytes in".to_owned(),
        format!("DEBUG Downloading payload 'big' size: 3000 bytes from {origin}"),
        "WARN Download of payload 'big' failed in attempt 1 of 5, next in 5 ms: the file server answered 500 Internal Server Error".to_owned(),
        "DEBUG Downloaded payload 'big' size: 3000 bytes in".to_owned(),
        "DEBUG Deserialized payload 'big' (type: binary, by link) size: 3000 bytes".to_owned(),
    ];
    for (event, expected) in of_big.iter().zip(&expected) {
        let text = format!("{} {}", event.level, event.message);
        assert!(text.starts_with(expected), "{text}\nnot\n{expected}");
        assert!(of_message(event), "{event:?}");
        assert_eq!(event.names(), BTreeSet::from(FIELDS), "{event:?}");
        assert_eq!(event.field("payload_type"), "binary");
        assert_eq!(event.field("transport"), "link");
    }
    assert_eq!(of_big.len(), expected.len(), "{of_big:#?}");
    assert!(
        !events.iter().any(|event| event.level == Level::ERROR),
        "an error goes to the caller"
    );
    for span in listener.spans() {
        assert_eq!(span.field("transport"), "link,direct");
    }
    let all = format!("{:?}{events:?}", listener.spans());
    assert!(!all.contains(SECRET), "{all}");
    assert!(
        !all.contains(path),
        "a link's path is a key to the file: {all}"
    );
}

#[tokio::test]
async fn a_failed_upload_that_goes_direct_is_a_warning() {
    let listener = Listener::start();
    let server = Server::start().await;
    server.script("POST /upload", [Answer::status(500)]);
    let call = message([Part::binary("big", vec![7; 3000])]);
    let call = call.fileserver_url(server.url()).size_threshold(1000);
    call.max_retries(2).await.expect("a message");
    let warnings = listener.warnings();
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
    assert!(warnings[1].contains("failed for good after 2 of 2 attempts"));
    assert!(
        warnings[2].starts_with("Payload 'big' could not be uploaded and goes direct: "),
        "{warnings:#?}"
    );
    assert_eq!(listener.spans()[0].field("transport"), "direct");
}

/// Says that it uploaded to `url`, once or for good.
#[derive(Clone)]
struct Fixed {
    url: &'static str,
    oneshot: bool,
}

impl UploadHandler for Fixed {
    async fn upload(&self, _: Upload<'_>) -> Result<Uploaded, HandlerError> {
        Ok(Uploaded::new(200, self.url))
    }

    fn is_oneshot(&self) -> bool {
        self.oneshot
    }
}

async fn warnings_of(url: &'static str, broker_url: &str, oneshot: bool, to: &str) -> Vec<String> {
    let listener = Listener::start();
    let parts = [0, 1].map(|at| Part::binary(format!("p{at}"), vec![1; 100]));
    smartsend("a.b", parts)
        .size_threshold(1)
        .broker_url(broker_url)
        .receiver_name(to)
        .fileserver_upload_handler(Fixed { url, oneshot })
        .await
        .expect("a message");
    listener.warnings()
}

#[tokio::test]
async fn a_link_that_no_receiver_elsewhere_can_follow_is_a_warning_once_a_message() {
    for url in [
        "http://localhost:8080/x?token=hunter2",
        "http://127.0.0.1/x",
        "http://[::1]:8080/x",
    ] {
        let warnings = warnings_of(url, "nats://a:4222,tls://b", false, "r").await;
        let origin = url.parse::<Origin>().expect("an origin");
        let expected = format!(
            "The link of payload 'p0' leads to {origin}, which only this machine reaches, and the broker is elsewhere"
        );
        assert_eq!(warnings, [expected]);
    }
    let silent = [
        ("http://localhost:8080/x", "nats://localhost:4222"),
        ("http://localhost:8080/x", "nats://a,nats://127.0.0.2:4222"),
        ("http://localhost:8080/x", ""),
        ("http://files.example/x", "nats://a:4222"),
    ];
    for (url, broker_url) in silent {
        let warnings = warnings_of(url, broker_url, false, "r").await;
        assert!(warnings.is_empty(), "{url} {broker_url}: {warnings:?}");
    }
}

#[tokio::test]
async fn a_oneshot_link_in_a_broadcast_is_a_warning() {
    let url = "http://files.example/x";
    let broker = "nats://a";
    let warnings = warnings_of(url, broker, true, "").await;
    assert_eq!(
        warnings,
        [
            "Payload 'p0' can be fetched only once, and the message names no receiver: one of several gets it"
        ]
    );
    assert!(warnings_of(url, broker, true, "r").await.is_empty());
    assert!(warnings_of(url, broker, false, "").await.is_empty());
    assert!(UploadHandler::is_oneshot(&Plik::oneshot()));
    assert!(!UploadHandler::is_oneshot(&Plik::kept(DELAY)));
    assert!(!UploadHandler::is_oneshot(&Memory::new()));
}

struct Nothing;

impl DownloadHandler for Nothing {
    fn origins(&self, _: &str) -> Vec<Origin> {
        "http://files.example".parse().into_iter().collect()
    }

    async fn download(&self, _: Download<'_>, _: &mut Sink) -> Result<(), HandlerError> {
        Err(HandlerError::new("nothing there"))
    }
}

#[tokio::test]
async fn what_fails_is_told_to_the_caller_and_to_nobody_else() {
    let (_, json) = smartsend("a.b", [Part::binary("p", vec![1])])
        .size_threshold(1)
        .fileserver_upload_handler(Fixed {
            url: "http://files.example/x",
            oneshot: false,
        })
        .await
        .expect("a message");
    let listener = Listener::start();
    smartsend("a b", [("p", "x", "text")])
        .await
        .expect_err("no subject");
    smartreceive(json)
        .fileserver_download_handler(Nothing)
        .await
        .expect_err("nothing there");
    smartreceive("{").await.expect_err("no JSON");
    let levels: Vec<_> = listener.events().iter().map(|told| told.level).collect();
    assert_eq!(levels, [Level::INFO, Level::INFO, Level::DEBUG]);
}
