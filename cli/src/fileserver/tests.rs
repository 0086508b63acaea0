//! A running server against raw connections: what it leaves on disk, and what it does when it is hurt.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{Config, Fileserver};

const WAIT: Duration = Duration::from_secs(10);

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn text(&self, member: &str) -> String {
        self.json()[member].as_str().expect(member).to_owned()
    }
}

async fn send(server: &Fileserver, request: &[u8]) -> Answer {
    send_to(server.local_addr(), request.to_vec()).await
}

async fn send_to(address: SocketAddr, request: Vec<u8>) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("connect");
    // A server that refuses early may close before everything is written.
    let _ = stream.write_all(&request).await;
    let mut bytes = Vec::new();
    let _ = timeout(WAIT, stream.read_to_end(&mut bytes))
        .await
        .expect("an answer in time");
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a head");
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).expect("ASCII");
    let status = head
        .get(9..12)
        .and_then(|s| s.parse().ok())
        .expect("a status");
    Answer { status, head, body }
}

fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: curl\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--B--\r\n"].concat()
}

struct Created {
    id: String,
    token: String,
}

async fn create(server: &Fileserver, json: &str) -> Created {
    let answer = send(server, &request("POST", "/upload", "", json.as_bytes())).await;
    assert_eq!(answer.status, 200);
    Created {
        id: answer.text("id"),
        token: answer.text("uploadToken"),
    }
}

impl Created {
    fn headers(&self) -> String {
        format!(
            "X-UploadToken: {}\r\nContent-Type: multipart/form-data; boundary=B\r\n",
            self.token
        )
    }

    async fn add(&self, server: &Fileserver, content: &[u8]) -> Answer {
        let path = format!("/file/{}", self.id);
        send(
            server,
            &request("POST", &path, &self.headers(), &form("f", content)),
        )
        .await
    }
}

/// All files under `dir`, but for the markers.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("readable").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else if name != "marker" {
            found.push(name);
        }
    }
    found
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < WAIT, "{what}");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn start(config: Config) -> (Fileserver, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("temp dir");
    let config = Config {
        dir: Some(dir.path().to_owned()),
        ..config
    };
    (Fileserver::start(config).await.expect("server"), dir)
}

#[tokio::test]
async fn a_one_shot_file_leaves_the_disk_when_its_download_starts() {
    let (server, dir) = start(Config::default()).await;
    let upload = create(&server, r#"{"oneShot":true}"#).await;
    let content = vec![7_u8; 3_000_000];
    let id = upload.add(&server, &content).await.text("id");
    assert_eq!(files(dir.path()), std::slice::from_ref(&id));
    let path = format!("/file/{}/{id}/f", upload.id);
    let head = send(&server, &request("HEAD", &path, "", b"")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert!(
        head.head.contains("content-length: 3000000\r\n"),
        "{}",
        head.head
    );
    let download = send(&server, &request("GET", &path, "", b"")).await;
    assert_eq!(download.status, 200);
    assert!(download.body == content);
    assert!(files(dir.path()).is_empty());
    assert_eq!(
        send(&server, &request("GET", &path, "", b"")).await.status,
        404
    );
    server.shutdown().await;
}

#[tokio::test]
async fn only_one_of_many_downloads_of_a_one_shot_file_gets_it() {
    let (server, _dir) = start(Config::default()).await;
    let upload = create(&server, r#"{"oneShot":true}"#).await;
    let id = upload.add(&server, b"once").await.text("id");
    let get = request("GET", &format!("/file/{}/{id}/f", upload.id), "", b"");
    let mut downloads = JoinSet::new();
    for _ in 0..16 {
        downloads.spawn(send_to(server.local_addr(), get.clone()));
    }
    let answers = downloads.join_all().await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    let mut expected = vec![404; 15];
    expected.insert(0, 200);
    assert_eq!(statuses, expected);
    server.shutdown().await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing_and_can_be_made_again() {
    let (server, dir) = start(Config::default()).await;
    let upload = create(&server, "{}").await;
    let whole = request(
        "POST",
        &format!("/file/{}", upload.id),
        &upload.headers(),
        &form("f", &[1; 500_000]),
    );
    let mut stream = TcpStream::connect(server.local_addr())
        .await
        .expect("connect");
    stream
        .write_all(whole.get(..400_000).expect("a part"))
        .await
        .expect("sent");
    until("nothing arrived", || {
        files(dir.path()).iter().any(|name| name.ends_with(".part"))
    })
    .await;
    drop(stream);
    until("something stayed", || files(dir.path()).is_empty()).await;
    let view = send(
        &server,
        &request("GET", &format!("/upload/{}", upload.id), "", b""),
    )
    .await;
    assert_eq!(view.json()["files"][0]["status"], "deleted");
    assert_eq!(upload.add(&server, b"again").await.status, 200);
    assert_eq!(files(dir.path()).len(), 1);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_that_break_off_at_any_moment_leave_no_parts() {
    let (server, dir) = start(Config::default()).await;
    let upload = create(&server, "{}").await;
    let path = format!("/file/{}", upload.id);
    let whole = request("POST", &path, &upload.headers(), &form("f", b"x"));
    let head = whole.len() - form("f", b"x").len();
    for round in 0..900 {
        let mut stream = TcpStream::connect(server.local_addr())
            .await
            .expect("connect");
        // Every other one is sent in full, and its sender gone before the answer.
        let cut = if round % 2 == 0 {
            whole.len()
        } else {
            head + round % (whole.len() - head - 10)
        };
        stream
            .write_all(whole.get(..cut).expect("a part"))
            .await
            .expect("sent");
    }
    // What is still on its way to the disk gets there in this time.
    sleep(Duration::from_millis(500)).await;
    let view = send(
        &server,
        &request("GET", &format!("/upload/{}", upload.id), "", b""),
    )
    .await;
    let stored = view.json()["files"]
        .as_array()
        .expect("files")
        .iter()
        .filter(|f| f["status"] == "uploaded")
        .count();
    let names = files(dir.path());
    assert_eq!(
        names.iter().filter(|name| name.ends_with(".part")).count(),
        0
    );
    assert_eq!(names.len(), stored);
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_is_done_sending_still_gets_its_answer() {
    let (server, _dir) = start(Config::default()).await;
    let mut stream = TcpStream::connect(server.local_addr())
        .await
        .expect("connect");
    stream
        .write_all(&request("POST", "/upload", "", b"{}"))
        .await
        .expect("sent");
    stream.shutdown().await.expect("half closed");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_words_and_removed() {
    let (server, dir) = start(Config {
        max_file_size: Some(1_000),
        ..Config::default()
    })
    .await;
    let upload = create(&server, "{}").await;
    assert_eq!(upload.add(&server, &[0; 1_000]).await.status, 200);
    let refused = upload.add(&server, &[0; 1_001]).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body, b"file too big (limit is set to 1.0 kB)\n");
    // Far more than the server is willing to read: the answer still has to arrive.
    let refused = upload.add(&server, &vec![0; 8_000_000]).await;
    assert_eq!(refused.status, 400);
    assert!(refused.head.contains("connection: close\r\n"));
    assert_eq!(files(dir.path()).len(), 1);
    server.shutdown().await;
}

#[tokio::test]
async fn expired_uploads_go_from_the_disk_by_themselves() {
    let (server, dir) = start(Config {
        default_ttl: Some(Duration::from_secs(1)),
        ..Config::default()
    })
    .await;
    let upload = create(&server, "{}").await;
    let kept = create(&server, r#"{"ttl":100}"#).await;
    let id = upload.add(&server, b"x").await.text("id");
    let kept_id = kept.add(&server, b"x").await.text("id");
    until("an expired file stayed", || {
        files(dir.path()) == [kept_id.clone()]
    })
    .await;
    let gone = send(
        &server,
        &request("GET", &format!("/file/{}/{id}/f", upload.id), "", b""),
    )
    .await;
    assert_eq!(gone.status, 404);
    server.shutdown().await;
}

#[tokio::test]
async fn a_stop_cuts_off_what_hangs_and_cleans_up_but_for_the_users_files() {
    let (server, dir) = start(Config::default()).await;
    fs::write(dir.path().join("notes.txt"), "a user's").expect("write");
    let upload = create(&server, "{}").await;
    upload.add(&server, b"x").await;
    let whole = request(
        "POST",
        &format!("/file/{}", upload.id),
        &upload.headers(),
        &form("f", &[1; 500_000]),
    );
    let mut stream = TcpStream::connect(server.local_addr())
        .await
        .expect("connect");
    stream
        .write_all(whole.get(..400_000).expect("a part"))
        .await
        .expect("sent");
    until("nothing arrived", || files(dir.path()).len() == 3).await;
    let address = server.local_addr();
    let start = Instant::now();
    server.shutdown().await;
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(files(dir.path()), ["notes.txt"]);
    assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_dropped_server_cleans_up_too() {
    let (server, dir) = start(Config::default()).await;
    let upload = create(&server, "{}").await;
    upload.add(&server, b"x").await;
    drop(server);
    until("something stayed", || {
        fs::read_dir(dir.path()).expect("readable").count() == 0
    })
    .await;
}

#[tokio::test]
async fn a_stop_lets_a_download_end() {
    let (server, _dir) = start(Config::default()).await;
    let upload = create(&server, "{}").await;
    let content = vec![3_u8; 20_000_000];
    let id = upload.add(&server, &content).await.text("id");
    let mut stream = TcpStream::connect(server.local_addr())
        .await
        .expect("connect");
    let get = request("GET", &format!("/file/{}/{id}/f", upload.id), "", b"");
    stream.write_all(&get).await.expect("sent");
    let mut first = vec![0_u8; 1_000];
    stream.read_exact(&mut first).await.expect("a beginning");
    let stop = tokio::spawn(server.shutdown());
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("the rest");
    assert!(rest.ends_with(&content[..content.len() - 1_000]));
    stop.await.expect("stopped");
}

#[tokio::test]
async fn hostile_heads_get_a_status() {
    let (server, _dir) = start(Config::default()).await;
    let name = "a".repeat(70_000);
    let header = format!("X: {}\r\n", "a".repeat(2_000_000));
    let many: String = (0..2_000).map(|n| format!("X{n}: a\r\n")).collect();
    for (bytes, status) in [
        (request("GET", "/nope", "", b""), 404),
        (request("GET", "/file/../../etc/passwd", "", b""), 301),
        (
            request("GET", "/file/a/b/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "", b""),
            301,
        ),
        (request("GET", "/file/a/b/%00", "", b""), 404),
        (request("GET", "/file/a/b/%ff", "", b""), 404),
        (request("GET", "/file/a/b/%zz", "", b""), 400),
        (request("GET", &format!("/file/a/b/{name}"), "", b""), 414),
        (request("GET", "/health", &header, b""), 431),
        (request("GET", "/health", &many, b""), 431),
        (request("BREW", "/upload", "", b""), 405),
        (request("PUT", "/upload", "", b""), 405),
        (request("POST", "/upload", "", &[b' '; 1_048_577]), 400),
        (request("POST", "/upload", "", &b"[".repeat(100_000)), 400),
        (b"\x16\x03\x01junk\r\n\r\n".to_vec(), 400),
        (
            b"GET /health HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_vec(),
            400,
        ),
    ] {
        let start = String::from_utf8_lossy(bytes.get(..60).unwrap_or(&bytes)).into_owned();
        assert_eq!(send(&server, &bytes).await.status, status, "{start}");
    }
    assert_eq!(
        send(&server, &request("GET", "/health", "", b""))
            .await
            .body,
        b"ok\n"
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_name_is_a_text_and_never_a_path() {
    let (server, dir) = start(Config::default()).await;
    let upload = create(&server, "{}").await;
    let headers = upload.headers();
    for (encoded, in_url) in [
        ("a%00b%7F", "a%00b%7F"),
        ("..%2F..%2Fevil", "evil"),
        ("%2Fetc%2Fpasswd", "passwd"),
        ("..", ""),
    ] {
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=file; filename*=utf-8''{encoded}\r\n\r\nx\r\n--B--"
        );
        let answer = send(
            &server,
            &request(
                "POST",
                &format!("/file/{}", upload.id),
                &headers,
                body.as_bytes(),
            ),
        )
        .await;
        assert_eq!(answer.status, 200, "{encoded}");
        if !in_url.is_empty() {
            let path = format!("/file/{}/{}/{in_url}", upload.id, answer.text("id"));
            assert_eq!(
                send(&server, &request("GET", &path, "", b"")).await.body,
                b"x",
                "{encoded}"
            );
        }
    }
    assert!(
        files(dir.path())
            .iter()
            .all(|name| super::token::is_id(name))
    );
    assert_eq!(files(dir.path()).len(), 4);
    server.shutdown().await;
}

#[tokio::test]
async fn contradicting_configurations_are_refused_and_secrets_not_printed() {
    for config in [
        Config {
            default_ttl: Some(Duration::from_secs(10)),
            max_ttl: Some(Duration::from_secs(9)),
            ..Config::default()
        },
        Config {
            default_ttl: None,
            ..Config::default()
        },
        Config {
            max_ttl: Some(Duration::from_millis(10)),
            ..Config::default()
        },
        Config {
            download_domain: Some("files.example".to_owned()),
            ..Config::default()
        },
        Config {
            download_domain: Some("http://user:secret@files.example".to_owned()),
            ..Config::default()
        },
    ] {
        let error = Fileserver::start(config).await.expect_err("refused");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(!error.to_string().contains("secret"));
    }
    let config = Config {
        user_tokens: vec!["secret".to_owned()],
        ..Config::default()
    };
    assert!(!format!("{config:?}").contains("secret"));
}

#[tokio::test]
async fn two_servers_share_a_directory() {
    let (first, dir) = start(Config::default()).await;
    let upload = create(&first, "{}").await;
    upload.add(&first, b"x").await;
    let config = Config {
        dir: Some(dir.path().to_owned()),
        ..Config::default()
    };
    let second = Fileserver::start(config).await.expect("server");
    assert_eq!(files(dir.path()).len(), 1);
    second.shutdown().await;
    assert_eq!(files(dir.path()).len(), 1);
    first.shutdown().await;
    assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
}
