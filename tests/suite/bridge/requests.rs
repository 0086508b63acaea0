//! One question, one answer; and who is to blame where none comes.

use std::time::{Duration, Instant};

use natsbridge::wire::ErrorCode;
use natsbridge::{ErrorKind, Part, Refusal, smartsend};

use super::nats_server::NatsServer;
use super::{bridge, next, promptly};

const SHORT: Duration = Duration::from_millis(400);

#[tokio::test(flavor = "multi_thread")]
async fn a_request_gets_the_reply() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let mut service = promptly(bridge.queue_subscribe("upper", "g"))
        .await
        .expect("a subscription");
    let serving = tokio::spawn(async move {
        for _ in 0..20 {
            let question = next(&mut service).await;
            let text = question.received.text("t").expect("a text").to_uppercase();
            let large = vec![1; 600_000];
            let payloads = [Part::text("t", text), Part::binary("large", large)];
            promptly(question.reply(payloads)).await.expect("a reply");
        }
    });
    let questions = (0..20).map(|number| {
        let bridge = bridge.clone();
        async move {
            let message = smartsend("upper", [Part::text("t", format!("n{number}"))]);
            let answer = promptly(bridge.request(message)).await.expect("an answer");
            assert_eq!(
                answer.received.text("t").expect("a text"),
                format!("N{number}")
            );
            assert_eq!(
                answer.received.bytes("large").expect("bytes").len(),
                600_000
            );
        }
    });
    futures_util::future::join_all(questions).await;
    serving.await.expect("a service");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_and_nobody_answering_are_told_apart() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let message = || smartsend("s", [Part::text("t", "x")]);
    let began = Instant::now();
    let error = promptly(bridge.request(message()))
        .await
        .expect_err("nobody");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "the server tells at once"
    );
    assert_eq!(error.code(), ErrorCode::NotAcknowledged);
    assert_eq!(error.found(), Some("no responders"));
    assert_eq!(error.kind(), ErrorKind::Broker);

    let _silent = promptly(bridge.subscribe("s"))
        .await
        .expect("a subscription");
    let began = Instant::now();
    let error = promptly(bridge.request(message()).timeout(SHORT))
        .await
        .expect_err("silence");
    assert!(began.elapsed() >= SHORT);
    assert_eq!(error.found(), Some("no answer"));
    assert!(error.is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_the_error() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let mut service = promptly(bridge.subscribe("s"))
        .await
        .expect("a subscription");
    let serving = tokio::spawn(async move {
        let question = next(&mut service).await;
        promptly(question.nack(Refusal::new("not today")))
            .await
            .expect("a NACK");
    });
    let message = smartsend("s", [Part::text("t", "x")]);
    let error = promptly(bridge.request(message))
        .await
        .expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Receiver);
    let report = error.refusal().expect("the receiver's error");
    assert_eq!(report.error.message, "not today");
    assert_eq!(report.error.code, ErrorCode::NotAcknowledged);
    assert!(error.to_string().contains("not today"), "{error}");
    serving.await.expect("a service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_works_on_makes_the_sender_wait() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let mut service = promptly(bridge.subscribe("s"))
        .await
        .expect("a subscription");
    let serving = tokio::spawn(async move {
        let question = next(&mut service).await;
        for _ in 0..4 {
            tokio::time::sleep(SHORT / 2).await;
            promptly(question.in_progress()).await.expect("a status");
        }
        tokio::time::sleep(SHORT / 2).await;
        promptly(question.reply([Part::text("t", "done")]))
            .await
            .expect("a reply");
    });
    let message = smartsend("s", [Part::text("t", "x")]);
    let began = Instant::now();
    let answer = promptly(bridge.request(message).timeout(SHORT))
        .await
        .expect("an answer");
    assert_eq!(answer.received.text("t").expect("a text"), "done");
    assert!(began.elapsed() > SHORT * 2);
    serving.await.expect("a service");
}
