//! What is uploaded for a message is there for every sending, and gone where the message went nowhere (W8.5).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use natsbridge::wire::ErrorCode;
use natsbridge::{
    Bridge, HandlerError, Memory, Part, SmartSend, Upload, UploadHandler, Uploaded, smartsend,
};

use super::nats_server::NatsServer;
use super::{next, promptly};
use crate::faults::answer::Answer;
use crate::faults::server::Server;

const ACK_WAIT: Duration = Duration::from_millis(200);

fn large(subject: &str) -> SmartSend {
    smartsend(subject, [Part::binary("large", vec![7; 600_000])])
}

async fn bridge(server: &NatsServer, files: &Server) -> Bridge {
    let connect = Bridge::connect(server.url()).fileserver_url(files.url());
    promptly(connect).await.expect("a connection")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_keeps_its_uploads_for_its_deadline_and_longer() {
    let (server, files) = (NatsServer::start(), Server::start().await);
    let bridge = bridge(&server, &files).await;
    for (remove, left) in [(false, 1), (true, 1)] {
        let mut subscription = promptly(bridge.subscribe("u"))
            .await
            .expect("a subscription");
        let handling = tokio::spawn(async move {
            // Dropped once, so that the link is followed twice.
            drop(next(&mut subscription).await);
            let message = next(&mut subscription).await;
            assert_eq!(
                message.received.bytes("large").expect("bytes").len(),
                600_000
            );
            promptly(message.ack()).await.expect("an ACK");
        });
        let deliver = bridge
            .deliver(large("u"))
            .ack_wait(ACK_WAIT)
            .deadline(Duration::from_secs(30))
            .remove_when_acknowledged(remove);
        promptly(deliver).await.expect("an acknowledgement");
        handling.await.expect("a receiver");
        assert_eq!(files.files(), left, "removed: {remove}");
    }
    let created: Vec<_> = files
        .seen()
        .into_iter()
        .filter(|seen| seen.line == "POST /upload")
        .collect();
    assert_eq!(created.len(), 2, "one upload for each delivery");
    for created in created {
        assert!(created.json()["ttl"].as_u64().expect("a TTL") >= 30 + 30);
        assert!(created.json().get("OneShot").is_none());
    }
    assert_eq!(files.count("DELETE /upload/"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn published_files_are_for_one_shot() {
    let (server, files) = (NatsServer::start(), Server::start().await);
    let bridge = bridge(&server, &files).await;
    let mut subscription = promptly(bridge.subscribe("u"))
        .await
        .expect("a subscription");
    promptly(bridge.publish(large("u")))
        .await
        .expect("published");
    next(&mut subscription).await;
    assert_eq!(files.seen()[0].json()["OneShot"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_uploaded_for_a_message_that_could_not_be_sent_is_removed() {
    let (server, files) = (NatsServer::start(), Server::start().await);
    let bridge = bridge(&server, &files).await;
    promptly(bridge.drain()).await.expect("a drained bridge");
    let error = promptly(bridge.publish(large("u")))
        .await
        .expect_err("a closed bridge");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed);
    assert_eq!(files.count("POST /file/"), 1);
    assert_eq!(files.count("DELETE /upload/"), 1);
    assert_eq!(files.files(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_there_nothing_stays() {
    let (server, files) = (NatsServer::start(), Server::start().await);
    let bridge = bridge(&server, &files).await;
    let deliver = bridge
        .deliver(large("u"))
        .ack_wait(ACK_WAIT)
        .deadline(Duration::from_secs(1));
    let error = promptly(deliver).await.expect_err("nobody");
    assert_eq!(error.found(), Some("no responders"));
    assert_eq!(files.files(), 0);
    let error = promptly(bridge.request(large("u")))
        .await
        .expect_err("nobody");
    assert_eq!(error.found(), Some("no responders"));
    assert_eq!(files.files(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_leads_nowhere_now_is_tried_with_the_next_sending() {
    let (server, files) = (NatsServer::start(), Server::start().await);
    let bridge = bridge(&server, &files).await;
    files.script("GET /file/", [Answer::status(404)]);
    let subscription = promptly(bridge.subscribe("u"))
        .await
        .expect("a subscription");
    let failing = tokio::spawn(subscription.collect::<Vec<_>>());
    let deliver = bridge
        .deliver(large("u"))
        .ack_wait(ACK_WAIT)
        .deadline(Duration::from_secs(1));
    let error = promptly(deliver).await.expect_err("a refusal");
    let report = error.refusal().expect("the receiver's error");
    assert_eq!(report.error.code, ErrorCode::DownloadFailed);
    assert!(error.is_retryable());
    promptly(bridge.drain()).await.expect("a drained bridge");
    let failures = promptly(failing).await.expect("a task");
    assert!(failures.len() >= 2, "{}", failures.len());
    for item in failures {
        assert_eq!(
            item.expect_err("an error").code(),
            ErrorCode::DownloadFailed
        );
    }
}

/// Files that are gone once they were fetched, as far as the bridge knows.
struct OneShot {
    memory: Memory,
    uploads: Arc<AtomicUsize>,
}

impl UploadHandler for OneShot {
    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, HandlerError> {
        self.uploads.fetch_add(1, Ordering::Relaxed);
        UploadHandler::upload(&self.memory, upload).await
    }

    fn is_oneshot(&self) -> bool {
        true
    }

    async fn remove(&self, uploaded: &Uploaded) -> Result<(), HandlerError> {
        UploadHandler::remove(&self.memory, uploaded).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_fetched_once_is_uploaded_for_each_sending() {
    let server = NatsServer::start();
    let (memory, uploads) = (Memory::new(), Arc::new(AtomicUsize::new(0)));
    let bridge =
        promptly(Bridge::connect(server.url()).fileserver_download_handler(memory.clone()));
    let bridge = bridge.await.expect("a connection");
    let mut subscription = promptly(bridge.subscribe("u"))
        .await
        .expect("a subscription");
    let message = large("u").fileserver_upload_handler(OneShot {
        memory: memory.clone(),
        uploads: Arc::clone(&uploads),
    });
    let deliver = bridge
        .deliver(message)
        .ack_wait(ACK_WAIT)
        .deadline(Duration::from_secs(10));
    let sending = tokio::spawn(async move { promptly(deliver).await });
    let mut links = Vec::new();
    for _ in 0..2 {
        let message = next(&mut subscription).await;
        let payload = &message.received.envelope.payloads[0];
        links.push((
            payload.id,
            payload.data.clone(),
            message.received.envelope.msg_id,
        ));
    }
    promptly(next(&mut subscription).await.ack())
        .await
        .expect("an ACK");
    let delivered = sending.await.expect("a task").expect("an acknowledgement");
    assert_eq!(links[0].0, links[1].0, "the same payload");
    assert_ne!(links[0].1, links[1].1, "another link");
    assert_eq!(links[0].2, links[1].2, "the same message");
    assert_eq!(uploads.load(Ordering::Relaxed), 3);
    assert_eq!(delivered.sendings, 3);
    assert_eq!(memory.len(), 1, "the files of earlier sendings are removed");
}
