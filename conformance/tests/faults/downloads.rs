//! Each step of a download, byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use natsbridge_conformance::faults::{Call, End as Ended, Faults, content};

use super::client::{Answer, End, ask, connect, get};

fn start() -> Faults {
    Faults::start(0).expect("a server")
}

/// One attempt at 100 bytes.
fn meet(faults: &Faults, step: &str) -> Answer {
    get(&format!("{}/t/get/{step}/100", faults.url()))
}

#[test]
fn a_file_without_a_fault_is_whole() {
    let faults = start();
    let answer = meet(&faults, "ok");
    assert_eq!((answer.status(), answer.end), (200, End::Closed));
    assert_eq!(answer.body(), content(100));
    assert_eq!(answer.header("Content-Length").as_deref(), Some("100"));
    assert_eq!(content(300)[254..260], [254, 255, 1, 0, 3, 2]);
}

#[test]
fn steps_follow_each_other_and_the_last_one_stays() {
    let faults = start();
    let statuses: Vec<u16> = (0..4)
        .map(|_| meet(&faults, "503,404,ok").status())
        .collect();
    assert_eq!(statuses, [503, 404, 200, 200]);
    // Another path begins anew, and so does another token.
    assert_eq!(
        get(&format!("{}/t/get/503,404,ok/101", faults.url())).status(),
        503
    );
    assert_eq!(
        get(&format!("{}/u/get/503,404,ok/100", faults.url())).status(),
        503
    );
}

#[test]
fn connections_break_and_end_where_they_should() {
    let faults = start();
    for (step, status, bytes, end) in [
        ("reset", 0, 0, End::Reset),
        ("reset@60", 200, 60, End::Reset),
        ("short@60", 200, 60, End::Closed),
        ("short@60;plain", 200, 60, End::Closed),
        ("close", 0, 0, End::Closed),
        ("half-head", 200, 0, End::Closed),
        ("stuck-head", 200, 0, End::Silent),
        ("hang", 0, 0, End::Silent),
        ("hang@60", 200, 60, End::Silent),
        ("length=7", 200, 0, End::Silent),
    ] {
        let answer = meet(&faults, step);
        assert_eq!((answer.status(), answer.end), (status, end), "{step}");
        assert_eq!(answer.body(), &content(100)[..bytes], "{step}");
    }
}

#[test]
fn bodies_are_other_than_they_should_be() {
    let faults = start();
    let good = content(100);
    let mut flipped = good.clone();
    flipped[5] ^= 1;
    assert_eq!(meet(&faults, "flip@5").body(), flipped);
    let more = [good.clone(), vec![b'+'; 3]].concat();
    for (step, length) in [
        ("extra=3", Some("103")),
        ("beyond=3", Some("100")),
        ("extra=3;plain", None),
    ] {
        let answer = meet(&faults, step);
        assert_eq!(answer.body(), more, "{step}");
        assert_eq!(answer.header("Content-Length").as_deref(), length, "{step}");
    }
    let chunks = [b"67\r\n", &more[..], b"\r\n0\r\n\r\n"].concat();
    assert_eq!(meet(&faults, "extra=3;chunked").body(), chunks);
    let half = [b"32\r\n", &good[..50], b"\r\n"].concat();
    assert_eq!(meet(&faults, "short@50;chunked").body(), half);
    assert_eq!(
        meet(&faults, "length=7")
            .header("Content-Length")
            .as_deref(),
        Some("7")
    );
}

#[test]
fn statuses_and_headers_are_as_the_step_says() {
    let faults = start();
    for (step, status, bytes) in [
        ("206", 206, 100),
        ("201", 201, 100),
        ("204", 204, 0),
        ("304", 304, 0),
        ("404", 404, 18),
    ] {
        let answer = meet(&faults, step);
        assert_eq!(
            (answer.status(), answer.body().len()),
            (status, bytes),
            "{step}"
        );
    }
    assert_eq!(
        meet(&faults, "429;retry-after=7")
            .header("Retry-After")
            .as_deref(),
        Some("7")
    );
    let date = meet(&faults, "429;retry-after=date+60")
        .header("Retry-After")
        .expect("a date");
    let date = httpdate::parse_http_date(&date).expect("a date of HTTP");
    let left = date
        .duration_since(std::time::SystemTime::now())
        .expect("a later date");
    assert!(
        left > Duration::from_secs(50) && left <= Duration::from_secs(60),
        "{left:?}"
    );
    assert_eq!(
        meet(&faults, "ok;encoding=identity")
            .header("Content-Encoding")
            .as_deref(),
        Some("identity")
    );
    let interim = meet(&faults, "ok;interim=103");
    assert!(
        interim
            .bytes
            .starts_with(b"HTTP/1.1 103 Interim\r\n\r\nHTTP/1.1 200 ")
    );
}

#[test]
fn redirects_lead_where_they_should() {
    let faults = start();
    for (to, place) in [
        ("same", format!("{}/t/get/ok/100", faults.url())),
        ("other", format!("{}/t/get/ok/100", faults.other_url())),
        ("loop", format!("{}/t/get/302;to=loop/100", faults.url())),
    ] {
        let answer = meet(&faults, &format!("302;to={to}"));
        assert_eq!(
            (answer.status(), answer.header("Location")),
            (302, Some(place)),
            "{to}"
        );
    }
    assert_eq!(
        get(&format!("{}/t/get/ok/100", faults.other_url())).body(),
        content(100)
    );
}

#[test]
fn codings_are_what_they_say() {
    let faults = start();
    let answer = meet(&faults, "gzip");
    assert_eq!(answer.header("Content-Encoding").as_deref(), Some("gzip"));
    let mut plain = Vec::new();
    MultiGzDecoder::new(answer.body())
        .read_to_end(&mut plain)
        .expect("a gzip");
    assert_eq!(plain, content(100));
    let bomb = meet(&faults, "bomb");
    assert!(bomb.body().len() < 1 << 20);
    let mut zeros = MultiGzDecoder::new(bomb.body());
    let mut first = vec![1; 4 << 20];
    zeros.read_exact(&mut first).expect("a lot of zeros");
    assert!(first.iter().all(|byte| *byte == 0));
}

#[test]
fn slow_answers_are_slow_and_whole() {
    let faults = start();
    for step in ["drip=30;pieces=5", "slow-head=30;pieces=5", "ok;wait=150"] {
        let answer = meet(&faults, step);
        assert!(
            answer.took >= Duration::from_millis(149),
            "{step}: {:?}",
            answer.took
        );
        assert_eq!(answer.body(), content(100), "{step}");
    }
}

#[test]
fn a_body_without_an_end_stops_with_its_client() {
    let faults = start();
    let mut stream = connect(&faults.url());
    stream
        .write_all(b"GET /t/get/pour;chunked/100 HTTP/1.1\r\n\r\n")
        .expect("a request");
    let mut some = [0; 1000];
    stream.read_exact(&mut some).expect("a little of it");
    drop(stream);
    let entry = settled(&faults, "t");
    assert_eq!(entry.end, Ended::Client);
    assert!(entry.sent < 16 << 20, "{}", entry.sent);
}

#[test]
fn connections_do_not_come_about_where_they_should_not() {
    let faults = start();
    let address = |url: String| {
        url.trim_start_matches("http://")
            .parse()
            .expect("an address")
    };
    let (full, nobody) = (address(faults.full_url()), address(faults.nobody_url()));
    for _ in 0..3 {
        let start = Instant::now();
        let error =
            TcpStream::connect_timeout(&full, Duration::from_millis(300)).expect_err("no answer");
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(299));
        let error = TcpStream::connect(nobody).expect_err("nobody");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    }
}

#[test]
fn the_log_tells_what_was_seen_and_no_secret() {
    let faults = start();
    let url = format!("{}/t/get/503,ok/100?sig=hunter2", faults.url());
    ask(
        &url,
        "GET",
        "Authorization: Basic hunter2\r\nUser-Agent: x\r\n",
        b"abc",
    );
    get(&url);
    let log = faults.log("t");
    let [first, second] = &log.requests[..] else {
        panic!("two requests: {log:?}");
    };
    assert_eq!(
        (first.call, first.attempt, first.step.as_str()),
        (Call::Get, 1, "503")
    );
    assert_eq!(
        (first.path.as_str(), first.has_query, first.received),
        ("/get/503,ok/100", true, 3)
    );
    assert_eq!(first.headers["accept-encoding"], "identity");
    assert_eq!(first.headers["user-agent"], "x");
    assert_eq!(first.secrets, ["authorization"]);
    assert_eq!(
        (second.attempt, second.status, second.sent, second.end),
        (2, Some(200), 100, Ended::Whole)
    );
    assert!(
        second.at > first.at
            && second.answered >= Some(second.at)
            && second.ended >= second.answered
    );
    let text = get(&format!("{}/t/log", faults.url())).text();
    assert!(
        text.contains("\"step\": \"503\"") && !text.contains("hunter2"),
        "{text}"
    );
    assert!(faults.log("u").requests.is_empty());
    faults.forget("t");
    assert!(faults.log("t").requests.is_empty());
}

#[test]
fn what_is_wrong_with_a_url_is_said_and_noted() {
    let faults = start();
    let answer = meet(&faults, "okay");
    assert_eq!(
        (answer.status(), answer.text().contains("okay")),
        (400, true)
    );
    assert!(faults.log("t").requests[0].misuse.is_some());
    assert!(get(&format!("{}/", faults.url())).text().contains("STEPS"));
}

/// The last entry of a log, once its connection has ended.
fn settled(faults: &Faults, token: &str) -> natsbridge_conformance::faults::Entry {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let last = faults.log(token).requests.pop().expect("a request");
        if last.end != Ended::Open || Instant::now() > until {
            return last;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
