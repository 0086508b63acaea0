//! Plik's interface, with and without faults.

use std::io::Write;
use std::time::Duration;

use natsbridge_conformance::faults::{Call, End as Ended, Faults, Token, content, sha256};
use serde_json::Value;

use super::client::{Answer, End, ask, connect, get, read};

fn start() -> Faults {
    Faults::start(0).expect("a server")
}

fn create(base: &str) -> Answer {
    ask(
        &format!("{base}/upload"),
        "POST",
        "",
        b"{\"OneShot\":true,\"ttl\":60}",
    )
}

fn add(base: &str, id: &str, bytes: &[u8]) -> Answer {
    let (headers, body) = form(id, bytes);
    ask(&format!("{base}/file/{id}"), "POST", &headers, &body)
}

fn form(id: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let headers =
        format!("Content-Type: multipart/form-data; boundary=X\r\nX-UploadToken: hunter2-{id}\r\n");
    let head = b"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
    (headers, [&head[..], bytes, b"\r\n--X--\r\n"].concat())
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(answer.body()).expect("JSON")
}

#[test]
fn a_file_goes_up_and_comes_down_once() {
    let faults = start();
    let base = format!("{}/t/plik", faults.url());
    let created = create(&base);
    assert_eq!(
        created.header("Content-Type").as_deref(),
        Some("text/plain; charset=utf-8")
    );
    let said = json(&created);
    assert_eq!(
        (&said["id"], &said["uploadToken"], &said["files"]),
        (&"U1".into(), &"hunter2-U1".into(), &Value::Null)
    );
    assert_eq!(json(&add(&base, "U1", b"abc"))["id"], "F");
    let url = format!("{base}/file/U1/F/f");
    assert_eq!(get(&url).body(), b"abc");
    // Gone: a page for people, an error for programs.
    assert_eq!(get(&url).status(), 301);
    assert_eq!(
        ask(&url, "GET", "User-Agent: plik_client/1\r\n", b"").status(),
        404
    );
    let log = faults.log("t");
    let (create, add) = (&log.requests[0], &log.requests[1]);
    let wanted = create.wanted.as_ref().expect("a creation");
    assert_eq!(
        (create.call, wanted.one_shot, wanted.ttl),
        (Call::Create, true, 60)
    );
    let file = add.file.as_ref().expect("a file");
    assert_eq!(
        (file.field.as_str(), file.size, file.sha256.as_str()),
        ("file", 3, sha256(b"abc").as_str())
    );
    assert_eq!(
        (add.call, add.upload.as_str(), add.upload_token),
        (Call::Add, "U1", Token::Right)
    );
}

#[test]
fn chunks_and_a_question_before_the_body_are_understood() {
    let faults = start();
    let base = format!("{}/t/plik", faults.url());
    create(&base);
    let (headers, body) = form("U1", b"abc");
    let mut stream = connect(&base);
    let head = format!(
        "POST /t/plik/file/U1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).expect("a head");
    for piece in body.chunks(50) {
        stream
            .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
            .expect("a size");
        stream
            .write_all(&[piece, b"\r\n"].concat())
            .expect("a chunk");
    }
    stream.write_all(b"0\r\n\r\n").expect("an end");
    let answer = read(stream);
    assert!(
        answer
            .bytes
            .starts_with(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"),
        "{:?}",
        answer.text()
    );
    assert_eq!(
        faults.log("t").requests[1]
            .file
            .as_ref()
            .map(|file| file.size),
        Some(3)
    );
}

#[test]
fn removal_needs_the_token() {
    let faults = start();
    let base = format!("{}/t/plik", faults.url());
    create(&base);
    add(&base, "U1", b"abc");
    let url = format!("{base}/upload/U1");
    assert_eq!(ask(&url, "DELETE", "", b"").status(), 403);
    assert_eq!(
        ask(&url, "DELETE", "X-UploadToken: other\r\n", b"").status(),
        403
    );
    assert_eq!(
        ask(&url, "DELETE", "X-UploadToken: hunter2-U1\r\n", b"").status(),
        200
    );
    assert_eq!(
        ask(&url, "DELETE", "X-UploadToken: hunter2-U1\r\n", b"").status(),
        403
    );
    assert_eq!(get(&format!("{base}/file/U1/F/f")).status(), 301);
    let tokens: Vec<Token> = faults
        .log("t")
        .requests
        .iter()
        .map(|entry| entry.upload_token)
        .collect();
    assert_eq!(tokens[2..5], [Token::Absent, Token::Wrong, Token::Right]);
    let text = serde_json::to_string(&faults.log("t")).expect("JSON");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn faults_come_by_request_and_by_size() {
    let faults = start();
    let base = format!("{}/t/plik/503,ok/3:403,ok+5:500", faults.url());
    assert_eq!((create(&base).status(), create(&base).status()), (503, 200));
    assert_eq!(add(&base, "U1", b"abcd").status(), 200);
    assert_eq!(
        (
            add(&base, "U1", b"abc").status(),
            add(&base, "U1", b"abc").status()
        ),
        (403, 200)
    );
    assert_eq!(add(&base, "U1", b"abcde").status(), 500);
    let steps: Vec<String> = faults
        .log("t")
        .requests
        .iter()
        .map(|entry| entry.step.clone())
        .collect();
    assert_eq!(steps, ["503", "ok", "ok", "403", "ok", "500"]);
}

#[test]
fn answers_are_not_pliks() {
    let faults = start();
    let url = |steps: &str| {
        format!(
            "{}/{}/plik/{steps}",
            faults.url(),
            steps.replace(['@', ';', '='], "-")
        )
    };
    assert!(create(&url("html")).text().starts_with("<!DOCTYPE"));
    assert!(json(&create(&url("no-id"))).get("id").is_none());
    assert!(create(&url("long")).body().len() > 2 << 20);
    assert_eq!(
        create(&url("ok;json")).header("Content-Type").as_deref(),
        Some("application/json")
    );
    assert_eq!(create(&url("short@9")).body().len(), 9);
    let elsewhere = json(&create(&url("ok;elsewhere")));
    let expected = format!("{}/ok-elsewhere/plik/ok;elsewhere", faults.other_url());
    assert_eq!(elsewhere["downloadDomain"], expected);
}

#[test]
fn files_break_off_and_are_refused_early() {
    let faults = start();
    let large = content(3_000_000);
    for (step, status, end, ended) in [
        ("reset@1000", 0, End::Reset, Ended::Cut),
        ("400@1000", 400, End::Closed, Ended::Whole),
        ("hang", 0, End::Silent, Ended::Client),
        ("slow-read=5", 200, End::Closed, Ended::Whole),
    ] {
        let token = step.replace(['@', '='], "-");
        let base = format!("{}/{token}/plik/ok/{step}", faults.url());
        create(&base);
        let answer = add(&base, "U1", &large);
        assert_eq!((answer.status(), answer.end), (status, end), "{step}");
        let until = std::time::Instant::now() + Duration::from_secs(5);
        let entry = loop {
            let entry = faults.log(&token).requests.remove(1);
            if entry.end != Ended::Open || std::time::Instant::now() > until {
                break entry;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(entry.end, ended, "{step}");
        let read_all = !step.contains('@');
        assert_eq!(
            entry.received > 3_000_000,
            read_all,
            "{step}: {}",
            entry.received
        );
    }
}
