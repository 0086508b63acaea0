//! The library's transfers, by one suite, on our own file server (the program, as a process) and on the real Plik.
//!
//! `NATSBRIDGE_TEST_PLIK` names the latter's program; where it is missing, ours alone is used, and that is said.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use natsbridge::wire::{ErrorCode, Phase, Transport};
use natsbridge::{
    Error, HandlerError, Origin, Part, Plik, SmartReceive, SmartSend, Source, Upload,
    UploadHandler, Uploaded, fetch_with_backoff, plik_oneshot_upload, smartreceive, smartsend,
};
use reqwest::{Client, Method, StatusCode, redirect};
use serde_json::{Value as Json, json};

use crate::plik_compat::peer::{DOWNLOAD_DOMAIN, Peer, Setup};
use crate::program::Server;

/// The largest file that both servers take, in bytes.
const MAX_FILE_SIZE: usize = 4_000_000;

/// A file server, stopped when dropped.
struct Place {
    url: String,
    user_token: String,
    _running: Running,
}

enum Running {
    Ours(#[expect(dead_code, reason = "held until it is dropped")] Server),
    Plik(#[expect(dead_code, reason = "likewise")] Peer),
}

impl Place {
    fn ours(setup: Setup) -> Self {
        let size = MAX_FILE_SIZE.to_string();
        let mut arguments = vec!["--max-file-size", &size];
        match setup {
            Setup::Open => {}
            Setup::UsersOnly => arguments.extend(["--user-token", "another,hunter2-token"]),
            Setup::DownloadDomain => arguments.extend(["--download-domain", DOWNLOAD_DOMAIN]),
        }
        let server = Server::start(&arguments);
        Place {
            url: server.url.clone(),
            user_token: "hunter2-token".to_owned(),
            _running: Running::Ours(server),
        }
    }

    async fn plik(setup: Setup) -> Option<Self> {
        let peer = Peer::plik_with(setup, MAX_FILE_SIZE).await?;
        Some(Place {
            url: peer.url.clone(),
            user_token: peer.user_token.clone(),
            _running: Running::Plik(peer),
        })
    }

    fn origin(&self) -> Origin {
        self.url.parse().expect("an origin")
    }

    /// Sends by link whatever can be.
    fn send(
        &self,
        handler: impl UploadHandler,
        parts: impl IntoIterator<Item = Part>,
    ) -> SmartSend {
        let call = smartsend("a.b", parts)
            .fileserver_url(&self.url)
            .size_threshold(1);
        call.fileserver_upload_handler(handler).fallback(false)
    }

    fn receive(&self, json: &str) -> SmartReceive {
        smartreceive(json.to_owned()).fileserver_url(&self.url)
    }

    /// A request as any client would make it.
    async fn request(&self, method: Method, url: &str) -> reqwest::Response {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client");
        let request = client
            .request(method, url)
            .header("User-Agent", "plik_client/test");
        request.send().await.expect("an answer")
    }

    async fn head(&self, url: &str) -> StatusCode {
        self.request(Method::HEAD, url).await.status()
    }
}

/// Runs a scenario on our server, and on the real one if there is one.
async fn on_each(setup: Setup, scenario: impl AsyncFn(&Place)) {
    // The library compiles reqwest without a TLS provider; that there is one already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    scenario(&Place::ours(setup)).await;
    if let Some(place) = Place::plik(setup).await {
        scenario(&place).await;
    }
}

fn sample(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8)
        .collect()
}

/// The URLs of a message's links.
fn links(json: &str) -> Vec<String> {
    let json: Json = serde_json::from_str(json).expect("a message");
    let payloads = json["payloads"].as_array().expect("payloads");
    let links = payloads
        .iter()
        .filter(|payload| payload["transport"] == "link");
    links
        .map(|payload| payload["data"].as_str().expect("a URL").to_owned())
        .collect()
}

/// What Plik's API says of the upload that a file is in.
async fn upload_of(place: &Place, link: &str) -> Json {
    let id = link.split('/').nth(4).expect("an upload's id");
    let answer = place
        .request(Method::GET, &format!("{}/upload/{id}", place.url))
        .await;
    serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
}

#[track_caller]
fn is_failed(error: &Error, code: ErrorCode, words: &str) {
    let phase = if code == ErrorCode::UploadFailed {
        Phase::Upload
    } else {
        Phase::Fetch
    };
    assert_eq!((error.code(), error.phase()), (code, phase), "{error}");
    assert!(error.message().contains(words), "{error}");
}

#[tokio::test]
async fn a_one_shot_file_is_fetched_once() {
    on_each(Setup::Open, async |place| {
        let bytes = sample(2_000_000);
        let (envelope, json) = place
            .send(Plik::oneshot(), [Part::binary("f", bytes.clone())])
            .await
            .expect("a message");
        assert_eq!(envelope.payloads[0].transport, Transport::Link);
        let links = links(&json);
        assert!(
            links[0].starts_with(&format!("{}/file/", place.url)),
            "{links:?}"
        );
        assert_eq!(upload_of(place, &links[0]).await["oneShot"], true);
        let head = place.request(Method::HEAD, &links[0]).await;
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers()["content-length"], "2000000");
        let received = place.receive(&json).await.expect("the first download");
        assert_eq!(received.bytes("f").expect("bytes"), &bytes);
        let start = Instant::now();
        let error = place
            .receive(&json)
            .base_delay(Duration::from_secs(2))
            .await
            .expect_err("a second download");
        is_failed(&error, ErrorCode::DownloadFailed, "gone");
        assert!(
            error.message().contains("404") && error.message().contains("one-shot"),
            "{error}"
        );
        assert!(!error.is_retryable());
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "it is tried again in vain"
        );
        assert_eq!(place.head(&links[0]).await, 404);
    })
    .await;
}

#[tokio::test]
async fn a_kept_file_is_fetched_until_its_time_is_up() {
    on_each(Setup::Open, async |place| {
        let parts = || [Part::binary("f", sample(2_000_000))];
        let (_, json) = place
            .send(Plik::kept(Duration::from_secs(90)), parts())
            .await
            .expect("a message");
        for _ in 0..3 {
            let received = place.receive(&json).await.expect("a download");
            assert_eq!(received.bytes("f").expect("bytes"), &sample(2_000_000));
        }
        let upload = upload_of(place, &links(&json)[0]).await;
        assert_eq!(upload["ttl"], 90);
        assert_ne!(upload["oneShot"], true);
        assert_ne!(
            upload["removable"], true,
            "whoever has the link could remove it"
        );
        let (_, json) = place
            .send(Plik::kept(Duration::from_secs(1)), parts())
            .await
            .expect("a message");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let error = place.receive(&json).await.expect_err("its time is up");
        is_failed(&error, ErrorCode::DownloadFailed, "gone");
    })
    .await;
}

#[tokio::test]
async fn users_are_known_by_their_tokens() {
    on_each(Setup::UsersOnly, async |place| {
        let part = || [Part::binary("f", sample(1000))];
        let stranger = Plik::oneshot().token("ee2ab5b1-3b46-4b0c-8c4e-4b7a5b8c0d11");
        for (handler, word) in [(Plik::oneshot(), "400"), (stranger, "token")] {
            let error = place.send(handler, part()).await.expect_err("no user");
            is_failed(&error, ErrorCode::UploadFailed, word);
            assert!(!error.is_retryable());
        }
        let (_, json) = place
            .send(Plik::oneshot().token(&place.user_token), part())
            .await
            .expect("a message");
        // Receivers need none.
        let received = place.receive(&json).await.expect("a download");
        assert_eq!(received.bytes("f").expect("bytes"), &sample(1000));
    })
    .await;
}

#[tokio::test]
async fn a_password_protects_an_upload() {
    on_each(Setup::Open, async |place| {
        let protected = Plik::kept(Duration::from_secs(60)).password("me", "p:ä\"hunter2");
        let (_, json) = place
            .send(protected, [Part::binary("f", sample(1000))])
            .await
            .expect("a message");
        let handler = || Plik::oneshot().server(place.origin());
        for wrong in [
            handler(),
            handler().password("me", "p:a\"hunter2"),
            handler().password("you", "p:ä\"hunter2"),
        ] {
            let call = place.receive(&json).fileserver_download_handler(wrong);
            let error = call.await.expect_err("a wrong password");
            is_failed(&error, ErrorCode::DownloadFailed, "password");
            assert!(!error.is_retryable());
        }
        let call = place
            .receive(&json)
            .fileserver_download_handler(handler().password("me", "p:ä\"hunter2"));
        let received = call.await.expect("the right password");
        assert_eq!(received.bytes("f").expect("bytes"), &sample(1000));
    })
    .await;
}

#[tokio::test]
async fn a_file_goes_and_comes_as_a_file() {
    on_each(Setup::Open, async |place| {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("from");
        fs::write(&path, sample(3_000_000)).expect("a file");
        let into = dir.path().join("into");
        fs::create_dir(&into).expect("a folder");
        let (envelope, json) = place
            .send(Plik::oneshot(), [Part::binary("f", path)])
            .await
            .expect("a message");
        assert_eq!(envelope.payloads[0].size.get(), 3_000_000);
        place.receive(&json).into_dir(&into).await.expect("a file");
        assert_eq!(
            fs::read(into.join("payload-0.bin")).expect("a file"),
            sample(3_000_000)
        );
        assert_eq!(fs::read_dir(&into).expect("a folder").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn many_payloads_travel_side_by_side() {
    on_each(Setup::Open, async |place| {
        let mut parts: Vec<Part> = (1..=12)
            .map(|at| Part::binary(format!("part {at}"), sample(at * 100_000)))
            .collect();
        parts.push(Part::text("text", "é😀\u{0}"));
        parts.push(Part::dictionary(
            "dictionary",
            &json!({"n": 9007199254740993_u64}),
        ));
        parts.push(Part::jsontable("rows", &[json!({"a": 1}), json!({})]));
        parts.push(Part::binary("none", b""));
        let (envelope, json) = place.send(Plik::oneshot(), parts).await.expect("a message");
        let linked = envelope
            .payloads
            .iter()
            .filter(|payload| payload.transport == Transport::Link)
            .count();
        assert_eq!((linked, links(&json).len()), (15, 15));
        let received = place.receive(&json).await.expect("all payloads");
        for (at, payload) in (1..=12).zip(&received.payloads) {
            assert_eq!(
                payload.data.as_bytes().expect("bytes"),
                &sample(at * 100_000)
            );
        }
        assert_eq!(received.text("text").expect("a text"), "é😀\u{0}");
        assert_eq!(
            received.dictionary::<Json>("dictionary").expect("it"),
            json!({"n": 9007199254740993_u64})
        );
        assert_eq!(
            received.jsontable::<Json>("rows").expect("rows"),
            [json!({"a": 1}), json!({})]
        );
        assert_eq!(received.bytes("none").expect("bytes"), &b""[..]);
    })
    .await;
}

/// Plik, and where it uploaded to.
#[derive(Clone)]
struct Watched {
    plik: Plik,
    uploaded: Arc<Mutex<Vec<Uploaded>>>,
}

impl UploadHandler for Watched {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        let uploaded = self.plik.upload(upload).await?;
        self.uploaded.lock().expect("a lock").push(uploaded.clone());
        Ok(uploaded)
    }

    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        self.plik.remove(uploaded).await
    }
}

#[tokio::test]
async fn what_is_too_large_fails_and_the_rest_is_removed() {
    on_each(Setup::Open, async |place| {
        let watched = Watched {
            plik: Plik::kept(Duration::from_secs(60)),
            uploaded: Arc::default(),
        };
        let parts = [1000, MAX_FILE_SIZE + 1, MAX_FILE_SIZE, 20_000_000]
            .map(|size| Part::binary("f", sample(size)));
        let error = place
            .send(watched.clone(), parts)
            .fallback(true)
            .await
            .expect_err("a file that is too large");
        is_failed(&error, ErrorCode::UploadFailed, "400");
        assert_eq!(error.pointer(), Some("/payloads/1"));
        let uploaded = watched.uploaded.lock().expect("a lock").clone();
        assert_eq!(uploaded.len(), 2);
        for uploaded in uploaded {
            assert_eq!(place.head(&uploaded.url).await, 404, "{}", uploaded.url);
        }
    })
    .await;
}

#[tokio::test]
async fn an_upload_can_be_removed() {
    on_each(Setup::Open, async |place| {
        for plik in [
            Plik::oneshot(),
            Plik::kept(Duration::from_secs(60)),
            Plik::kept(Duration::from_secs(60)).password("a", "b"),
        ] {
            let watched = Watched {
                plik: plik.clone(),
                uploaded: Arc::default(),
            };
            let (_, json) = place
                .send(watched.clone(), [Part::binary("f", sample(1000))])
                .await
                .expect("a message");
            let uploaded = watched.uploaded.lock().expect("a lock").remove(0);
            assert_eq!(uploaded.url, links(&json)[0]);
            plik.remove(&uploaded).await.expect("removed");
            let handler = plik.clone().server(place.origin());
            let error = place
                .receive(&json)
                .fileserver_download_handler(handler)
                .await
                .expect_err("removed");
            is_failed(&error, ErrorCode::DownloadFailed, "gone");
            plik.remove(&uploaded)
                .await
                .expect_err("there is nothing to remove");
        }
    })
    .await;
}

#[tokio::test]
async fn links_follow_the_download_domain() {
    on_each(Setup::DownloadDomain, async |place| {
        let (_, json) = place
            .send(Plik::oneshot(), [Part::binary("f", sample(1000))])
            .await
            .expect("a message");
        assert!(
            links(&json)[0].starts_with(&format!("{DOWNLOAD_DOMAIN}/file/")),
            "{json}"
        );
        let error = place.receive(&json).await.expect_err("another origin");
        assert_eq!(error.code(), ErrorCode::UrlNotAllowed, "{error}");
    })
    .await;
}

#[tokio::test]
async fn the_functions_of_the_contract_work_by_themselves() {
    on_each(Setup::Open, async |place| {
        let uploaded = plik_oneshot_upload(&place.url, "f", sample(1000))
            .await
            .expect("an upload");
        assert_eq!(uploaded.status, 200);
        assert!(
            uploaded.url.contains(&uploaded.uploadid) && uploaded.url.contains(&uploaded.fileid),
            "{uploaded:?}"
        );
        let bytes = fetch_with_backoff(&uploaded.url)
            .size(1000)
            .await
            .expect("a download");
        assert_eq!(bytes, sample(1000));
        let error = fetch_with_backoff(&uploaded.url)
            .await
            .expect_err("a second download");
        is_failed(&error, ErrorCode::DownloadFailed, "gone");
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), sample(2000)).expect("written");
        let uploaded = plik_oneshot_upload(&place.url, "f", Source::file(file.path(), 2000))
            .await
            .expect("an upload");
        assert_eq!(
            fetch_with_backoff(&uploaded.url).await.expect("a download"),
            sample(2000)
        );
    })
    .await;
}
