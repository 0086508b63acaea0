//! Our file server against the real Plik: the same requests to both, the same answers from both.
//!
//! `NATSBRIDGE_TEST_PLIK` names the real one's program. Where it is missing ours is still held to the
//! statuses written here, all of which were seen on Plik 1.3.8.

#[path = "plik_compat/access.rs"]
mod access;
#[path = "plik_compat/forms.rs"]
mod forms;
#[path = "plik_compat/peer.rs"]
pub(crate) mod peer;
#[path = "plik_compat/script.rs"]
mod script;
#[path = "plik_compat/uploads.rs"]
mod uploads;

use reqwest::Method;

use self::peer::{Peer, Setup};
use self::script::{Script, Upload};

const FILE: &str = "name=\"file\"; filename=\"hello.txt\"";

/// Runs a scenario on both servers and compares what they answered.
async fn compare(setup: Setup, scenario: impl AsyncFn(&mut Script<'_>)) {
    let ours = Peer::ours(setup).await;
    let mut script = Script::new(&ours);
    scenario(&mut script).await;
    let Some(plik) = Peer::plik(setup).await else {
        return;
    };
    let mut reference = Script::new(&plik);
    scenario(&mut reference).await;
    assert!(!script.steps.is_empty());
    assert_eq!(script.steps.len(), reference.steps.len());
    for (ours, plik) in script.steps.iter().zip(&reference.steps) {
        assert!(
            ours == plik,
            "{}\nours: {ours:#?}\nplik: {plik:#?}",
            ours.label
        );
    }
}

/// Adds a file named `hello.txt` and gives its path.
async fn add(script: &mut Script<'_>, upload: &Upload, content: &[u8]) -> String {
    let request = script.add(upload, FILE, content);
    let file = script.step("add a file", 200, request).await;
    format!("/file/{}/{}/hello.txt", upload.id, file.member("id"))
}

#[tokio::test]
async fn the_server_tells_about_itself() {
    compare(Setup::Open, async |s| {
        for path in ["/config", "/version", "/health"] {
            s.step(path, 200, s.get(path)).await;
            s.step(path, 405, s.request(Method::HEAD, path)).await;
            s.step(path, 405, s.post(path, "")).await;
        }
        for path in [
            "/nope",
            "/upload/",
            "/file",
            "/file/a/b",
            "/file/a/b/c/d",
            "/config/x",
        ] {
            s.step(path, 404, s.get(path)).await;
        }
        for path in ["/", "/upload"] {
            s.step(path, 405, s.request(Method::DELETE, path)).await;
            s.step(path, 405, s.request(Method::PUT, path)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn odd_paths_lead_nowhere() {
    compare(Setup::Open, async |s| {
        for (path, status) in [
            ("/file//x/../../upload?a=b", 301),
            ("/file/a/%2e%2e/b", 301),
            ("/file/../../../etc/passwd", 301),
            ("/file/a//b%20c%3F?q=1", 301),
            ("//", 301),
            ("/./upload", 301),
            ("/file/./", 301),
            ("/file/a/b/c%2fd", 404),
            ("/file/a/b/%00", 404),
            ("/file/a/b/%ff", 404),
            ("/%75pload/abc", 404),
            ("http://elsewhere/health", 200),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: curl\r\nConnection: close\r\n\r\n");
            s.raw(path, status, request.as_bytes()).await;
        }
        let strange = b"BREW /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        s.raw("a strange method", 405, strange).await;
        let request = b"POST /upload/../upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
        s.raw("a post to a path that climbs", 301, request).await;
    })
    .await;
}
