//! A bucket of S3 whose server fails as it is told: what is tried again, how often, and how long that takes (W6.1, W6.2).

use std::time::{Duration, Instant};

use natsbridge::object_store::aws::AmazonS3Builder;
use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{Bucket, Error, Part, SmartSend};

use super::super::answer::{Answer, Step, head};
use super::super::{at_least, promptly, send};
use super::{Server, links, sample, verdict};

const SECRET: &str = "hunter2";

fn builder(server: &Server) -> AmazonS3Builder {
    AmazonS3Builder::new()
        .with_endpoint(server.url())
        .with_allow_http(true)
        .with_bucket_name("payloads")
        .with_access_key_id("AKIATEST")
        .with_secret_access_key(SECRET)
}

fn bucket(server: &Server) -> Bucket {
    let bucket = Bucket::s3(builder(server)).expect("a bucket");
    bucket.part_size(5 << 20).expect("a part size")
}

fn sending(server: &Server, size: usize) -> SmartSend {
    send(server, [Part::binary("f", sample(size))])
        .fileserver_upload_handler(bucket(server))
        .fallback(false)
}

async fn failing(call: SmartSend) -> Error {
    let error = promptly(call).await.expect_err("it cannot be uploaded");
    assert_eq!(
        verdict(&error),
        (ErrorCode::UploadFailed, Phase::Upload, Some(0)),
        "{error}"
    );
    error
}

fn stored() -> Answer {
    Answer::with(200, &[("ETag", "\"e\"")], b"")
}

fn refusal(status: u16, code: &str) -> Answer {
    let body = format!(
        "<Error><Code>{code}</Code><AWSAccessKeyId>AKIATEST</AWSAccessKeyId><StringToSign>{SECRET}</StringToSign></Error>"
    );
    Answer::with(
        status,
        &[("Content-Type", "application/xml")],
        body.as_bytes(),
    )
}

#[tokio::test]
async fn small_objects_are_tried_again_with_growing_delays() {
    let server = Server::start().await;
    let answers = [
        refusal(503, "SlowDown"),
        Answer::reset(),
        refusal(500, "InternalError"),
        stored(),
    ];
    server.script("PUT /payloads/", answers);
    let (_, json) = promptly(sending(&server, 1000)).await.expect("a message");
    assert_eq!(server.count("PUT /payloads/"), 4);
    assert!(
        at_least(&server.gaps("PUT "), &[20, 40, 80]),
        "{:?}",
        server.gaps("PUT ")
    );
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.body == sample(1000)));
    // One name, so that what an attempt has left is overwritten by the next.
    assert!(seen.iter().all(|one| one.line == seen[0].line));
    let path = seen[0].line.trim_start_matches("PUT ");
    assert!(links(&json)[0].starts_with(&format!("{}?X-Amz-", server.link(path))));
}

#[tokio::test]
async fn what_cannot_be_mended_is_not_tried_again() {
    for (status, code, shown) in [
        (
            403,
            "SignatureDoesNotMatch",
            "403 Forbidden (SignatureDoesNotMatch): the credentials",
        ),
        (
            404,
            "NoSuchBucket",
            "404 Not Found (NoSuchBucket): there is no such bucket",
        ),
        (
            301,
            "PermanentRedirect",
            "301 Moved Permanently (PermanentRedirect): redirects",
        ),
        (400, "Not a code", "400 Bad Request"),
    ] {
        let server = Server::start().await;
        server.script("PUT /payloads/", [refusal(status, code)]);
        server.script("POST /payloads/", [refusal(status, code)]);
        for size in [1000, 6 << 20] {
            let error = failing(sending(&server, size)).await;
            assert!(error.message().contains(shown), "{error}");
            assert!(!error.is_retryable());
            let text = format!("{error:?}");
            assert!(
                !text.contains(SECRET) && !text.contains("AKIATEST"),
                "{text}"
            );
        }
        assert_eq!(server.lines().len(), 2, "{:?}", server.lines());
    }
}

#[tokio::test]
async fn the_last_attempt_counts_them_all() {
    let server = Server::start().await;
    server.script("PUT /payloads/", [refusal(503, "SlowDown")]);
    server.script("DELETE /payloads/", [Answer::status(204)]);
    let error = failing(sending(&server, 1000).max_retries(3)).await;
    assert!(
        error
            .message()
            .contains("503 Service Unavailable (SlowDown) (after 3 attempts)"),
        "{error}"
    );
    assert!(error.is_retryable());
    assert_eq!(server.count("PUT "), 3);
    // It may be there all the same.
    assert_eq!(server.count("DELETE "), 1);
}

#[tokio::test]
async fn a_silent_store_is_given_up_in_time() {
    let server = Server::start().await;
    server.script("PUT /payloads/", [Answer::silence(), stored()]);
    let began = Instant::now();
    let read_timeout = Duration::from_millis(300);
    promptly(sending(&server, 1000).read_timeout(read_timeout))
        .await
        .expect("a message");
    assert!(began.elapsed() >= read_timeout);
    assert_eq!(server.count("PUT "), 2);
}

#[tokio::test]
async fn a_slow_store_is_waited_for_while_bytes_go_out() {
    const SIZE: usize = 24 << 20;
    let server = Server::narrow().await;
    let sips = Step::Sip(256 << 10, Duration::from_millis(10));
    let stored = stored().0;
    let stored = stored
        .into_iter()
        .filter(|step| !matches!(step, Step::Take(_)));
    server.script(
        "PUT /payloads/",
        [Answer::of([sips].into_iter().chain(stored))],
    );
    let whole = bucket(&server).part_size(SIZE as u64).expect("a part size");
    let began = Instant::now();
    // Shorter than all of it takes, and longer than what lies in buffers does.
    let read_timeout = Duration::from_millis(700);
    let call = sending(&server, SIZE).fileserver_upload_handler(whole);
    promptly(call.read_timeout(read_timeout))
        .await
        .expect("a message");
    assert!(began.elapsed() > read_timeout, "{:?}", began.elapsed());
    assert_eq!(server.count("PUT "), 1);
}

#[tokio::test]
async fn retry_after_is_heeded() {
    let server = Server::start().await;
    let later = Answer::with(429, &[("Retry-After", "1")], b"");
    server.script("PUT /payloads/", [later, stored()]);
    promptly(sending(&server, 1000)).await.expect("a message");
    assert!(
        at_least(&server.gaps("PUT "), &[1000]),
        "{:?}",
        server.gaps("PUT ")
    );
}

/// Answers to what opens and completes an upload in parts.
fn opens(server: &Server) {
    let opened =
        b"<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>";
    let completed =
        b"<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>";
    server.script("DELETE /payloads/", [Answer::status(204)]);
    // Completing has an id and opening none, in the query of one path.
    server.script(
        "POST /payloads/",
        [Answer::body(opened), Answer::body(completed)],
    );
}

#[tokio::test]
async fn a_part_is_tried_again_by_itself() {
    let server = Server::start().await;
    opens(&server);
    let answers = [
        stored(),
        refusal(503, "SlowDown"),
        Answer::reset(),
        stored(),
    ];
    server.script("PUT /payloads/", answers);
    promptly(sending(&server, 6 << 20))
        .await
        .expect("a message");
    let lines = server.lines();
    assert_eq!(
        server.count("POST "),
        2,
        "opened and completed once: {lines:?}"
    );
    assert_eq!(server.count("PUT "), 4, "{lines:?}");
    assert_eq!(server.count("DELETE "), 0, "{lines:?}");
}

#[tokio::test]
async fn parts_that_fail_for_good_are_removed() {
    let server = Server::start().await;
    opens(&server);
    server.script("PUT /payloads/", [stored(), refusal(503, "SlowDown")]);
    let error = failing(sending(&server, 6 << 20).max_retries(3)).await;
    assert!(error.message().contains("(after 3 attempts)"), "{error}");
    // Two parts, the second of them three times.
    assert_eq!(server.count("PUT "), 4, "{:?}", server.lines());
    let removed: Vec<String> = server
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("DELETE "))
        .collect();
    assert_eq!(removed.len(), 2, "{removed:?}");
    assert!(
        removed[0].ends_with("uploadId=U") && !removed[1].contains('?'),
        "{removed:?}"
    );
}

/// The paths of the objects that were asked to be removed, once there are that many or too much time has passed.
async fn removed(server: &Server, number: usize) -> Vec<String> {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let lines = server.lines().into_iter();
        let paths: Vec<String> = lines
            .filter_map(|line| Some(line.strip_prefix("DELETE ")?.to_owned()))
            .filter(|path| !path.contains('?'))
            .collect();
        if paths.len() >= number || Instant::now() > end {
            return paths;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Where the first request with that method went.
fn path(server: &Server, method: &str) -> String {
    let lines = server.lines();
    let target = lines.iter().find_map(|line| line.strip_prefix(method));
    let path = target.and_then(|target| target.trim().split('?').next());
    path.expect("a request").to_owned()
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_no_object() {
    let server = Server::start().await;
    // It has all the bytes, and its answer comes too late.
    server.script("PUT /payloads/", [Answer::silence()]);
    server.script("DELETE /payloads/", [Answer::status(204)]);
    failing(sending(&server, 1000).deadline(Duration::from_millis(300))).await;
    let object = path(&server, "PUT ");
    // At once, and when the store has come to rest.
    assert_eq!(removed(&server, 2).await, [object.clone(), object]);
    assert_eq!(server.count("PUT "), 1);
}

#[tokio::test]
async fn parts_that_are_cut_off_while_they_are_put_together_leave_no_object() {
    let server = Server::start().await;
    let opened =
        b"<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>";
    server.script("PUT /payloads/", [stored()]);
    server.script("POST /payloads/", [Answer::body(opened), Answer::silence()]);
    server.script("DELETE /payloads/", [Answer::status(204)]);
    failing(sending(&server, 6 << 20).deadline(Duration::from_secs(3))).await;
    assert_eq!(server.count("POST "), 2, "{:?}", server.lines());
    let object = path(&server, "POST ");
    assert_eq!(removed(&server, 2).await, [object.clone(), object]);
}

#[tokio::test]
async fn what_others_may_link_to_stays_although_an_upload_of_it_is_cut_off() {
    let server = Server::start().await;
    server.script("HEAD /payloads/", [Answer::status(404)]);
    server.script("PUT /payloads/", [Answer::silence()]);
    server.script("DELETE /payloads/", [Answer::status(204)]);
    let call = sending(&server, 1000)
        .fileserver_upload_handler(bucket(&server).content_addressed())
        .deadline(Duration::from_millis(300));
    failing(call).await;
    assert_eq!(server.count("PUT "), 1);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(server.count("DELETE "), 0, "{:?}", server.lines());
}

#[tokio::test]
async fn what_is_there_in_the_right_size_is_not_sent_again() {
    let there = |size: usize| {
        let length = size.to_string();
        let modified = ("Last-Modified", "Sun, 22 Nov 2026 00:00:00 GMT");
        let headers = [
            ("Content-Length", length.as_str()),
            modified,
            ("ETag", "\"e\""),
        ];
        Answer::of([Step::Send(head(200, &headers))])
    };
    let missing = || Answer::status(404);
    for (answers, heads, puts) in [
        (vec![there(1000)], 2, 0),
        (vec![there(999)], 2, 2),
        (vec![missing()], 2, 2),
        // The second payload of the same bytes asks when the first is there.
        (vec![missing(), there(1000)], 2, 1),
        (vec![Answer::status(503), there(1000)], 3, 0),
    ] {
        let server = Server::start().await;
        server.script("HEAD /payloads/", answers);
        server.script("PUT /payloads/", [stored()]);
        let parts = ["a", "b"].map(|name| Part::binary(name, sample(1000)));
        let call = send(&server, parts)
            .fileserver_upload_handler(bucket(&server).content_addressed())
            .fallback(false);
        let (_, json) = promptly(call).await.expect("a message");
        assert_eq!(links(&json).len(), 2);
        assert_eq!(server.count("PUT "), puts, "{:?}", server.lines());
        assert_eq!(server.count("HEAD "), heads, "{:?}", server.lines());
    }
}

#[tokio::test]
async fn what_a_store_cannot_be_set_up_with_is_said_at_once() {
    let server = Server::start().await;
    let error = Bucket::s3(AmazonS3Builder::new()).expect_err("no bucket");
    assert!(error.message().contains("bucket name"), "{error}");
    let proxied = builder(&server).with_proxy_url("http://u:hunter2@127.0.0.1:1");
    let error = Bucket::s3(proxied).expect_err("a proxy");
    assert!(error.message().contains("a proxy"), "{error}");
    assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
    let plain = Bucket::s3(builder(&server).with_allow_http(false)).expect("a bucket");
    let call = sending(&server, 1000).fileserver_upload_handler(plain);
    let error = failing(call).await;
    assert!(error.message().contains("has to allow that"), "{error}");
    assert_eq!(server.lines().len(), 0);
}

#[tokio::test]
async fn a_link_that_is_too_long_is_none() {
    let server = Server::start().await;
    server.script("PUT /payloads/", [stored()]);
    server.script("DELETE /payloads/", [Answer::status(204)]);
    let long = builder(&server).with_token("t".repeat(2000));
    let bucket = Bucket::s3(long).expect("a bucket");
    let error = failing(sending(&server, 1000).fileserver_upload_handler(bucket)).await;
    assert!(
        error.message().contains("longer than 2,048 bytes"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("tttt"), "{error:?}");
    assert_eq!(server.count("DELETE "), 1, "nobody will ever fetch it");
}

#[cfg(feature = "azure")]
#[tokio::test]
async fn a_container_of_azure_is_a_bucket_too() {
    use natsbridge::DownloadHandler;
    use natsbridge::object_store::azure::MicrosoftAzureBuilder;

    let server = Server::start().await;
    let key = "aHVudGVyMmh1bnRlcjI=";
    let container = MicrosoftAzureBuilder::new()
        .with_endpoint(server.url())
        .with_allow_http(true)
        .with_account("account")
        .with_access_key(key)
        .with_container_name("payloads");
    let bucket = Bucket::azure(container).expect("a bucket");
    assert_eq!(bucket.origins(""), [server.origin()]);
    assert!(!format!("{bucket:?}").contains(key), "{bucket:?}");
    let answers = [
        refusal(503, "ServerBusy"),
        Answer::with(201, &[("ETag", "\"e\"")], b""),
    ];
    server.script("PUT /payloads/", answers);
    let call = sending(&server, 1000).fileserver_upload_handler(bucket.clone());
    let (_, json) = promptly(call).await.expect("a message");
    assert_eq!(server.count("PUT "), 2);
    let link = links(&json).remove(0);
    assert!(
        link.starts_with(&server.link("/payloads/")) && link.contains("sig="),
        "{link}"
    );
    // The scripted server serves what is put there; the link is what a receiver fetches.
    let path = link.trim_start_matches(&server.url()).split('?').next();
    server.put(path.expect("a path"), &sample(1000));
    let receiving = natsbridge::smartreceive(json).fileserver_download_handler(bucket);
    promptly(receiving).await.expect("what was uploaded");
}

#[cfg(feature = "gcs")]
#[test]
fn a_bucket_of_google_needs_no_provider_of_the_process() {
    use natsbridge::DownloadHandler;
    use natsbridge::object_store::gcp::GoogleCloudStorageBuilder;
    use serde_json::json;

    let key = json!({
        "gcs_base_url": "https://storage.googleapis.com", "disable_oauth": true,
        "client_email": "", "private_key": "", "private_key_id": SECRET,
    });
    let builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name("payloads")
        .with_service_account_key(key.to_string());
    let bucket = Bucket::google(builder).expect("a bucket");
    let origin = "https://storage.googleapis.com".parse();
    assert_eq!(bucket.origins(""), [origin.expect("an origin")]);
    assert!(!format!("{bucket:?}").contains(SECRET), "{bucket:?}");
    let error = Bucket::google(GoogleCloudStorageBuilder::new()).expect_err("no bucket");
    assert!(error.message().contains("bucket name"), "{error}");
}
