//! What is published arrives, with all its headers; what cannot be read is an error and does not end the stream.

use futures_util::StreamExt;
use natsbridge::wire::{ErrorCode, MsgPurpose, Transport};
use natsbridge::{Draft, ErrorKind, Part, smartsend};
use serde_json::json;

use super::nats_server::NatsServer;
use super::peer::{Peer, raw, read, text};
use super::{bridge, is_quiet, next, promptly};

#[tokio::test(flavor = "multi_thread")]
async fn payloads_arrive_as_they_were_sent_direct_and_by_link() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let mut subscription = promptly(bridge.subscribe("chat.*"))
        .await
        .expect("a subscription");
    let large = vec![7; 600_000];
    let payloads = [
        Part::text("msg", "Hello 😀"),
        Part::dictionary("options", &json!({"n": 9007199254740993_u64})),
        Part::binary("large", large.clone()),
    ];
    let message = smartsend("chat.room", payloads)
        .sender_name("docs")
        .metadata(
            json!({"k": [1, 1.5]})
                .as_object()
                .expect("an object")
                .clone(),
        );
    let envelope = promptly(bridge.publish(message)).await.expect("published");

    let message = next(&mut subscription).await;
    assert_eq!(message.received.envelope, envelope);
    assert_eq!(message.subject, "chat.room");
    assert_eq!(message.received.text("msg").expect("a text"), "Hello 😀");
    let options: serde_json::Value = message
        .received
        .dictionary("options")
        .expect("a dictionary");
    assert_eq!(options, json!({"n": 9007199254740993_u64}));
    assert_eq!(message.received.bytes("large").expect("bytes"), &large);
    let transports: Vec<_> = message
        .received
        .payloads
        .iter()
        .map(|it| it.transport)
        .collect();
    assert_eq!(
        transports,
        [Transport::Direct, Transport::Direct, Transport::Link]
    );
    assert_eq!(message.answer_to(), None);
    assert_eq!(envelope.sender_id, bridge.sender_id());
    assert_eq!(envelope.broker_url, server.url());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_is_lost_and_the_id_is_one() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let peer = Peer::connect(&server).await;
    let mut raws = peer.subscribe("h").await;
    let mut subscription = promptly(bridge.subscribe("h"))
        .await
        .expect("a subscription");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let publish = bridge
        .publish(smartsend("h", [Part::text("a", "b")]))
        .header("traceparent", parent)
        .header("tracestate", "vendor=1")
        .header("X-Many", "one")
        .header("X-Many", "two");
    let envelope = promptly(publish).await.expect("published");

    for headers in [
        raw(&mut raws).await.headers.expect("headers"),
        next(&mut subscription).await.headers,
    ] {
        let values = |name: &str| -> Vec<String> {
            headers
                .get_all(name)
                .map(|value| value.to_string())
                .collect()
        };
        assert_eq!(values("Nats-Msg-Id"), [envelope.msg_id.to_string()]);
        assert_eq!(values("traceparent"), [parent]);
        assert_eq!(values("tracestate"), ["vendor=1"]);
        assert_eq!(values("X-Many"), ["one", "two"]);
        assert_eq!(headers.len(), 4, "{headers:?}");
    }

    // Of a client that knows nothing of the bridge, as well.
    let mut headers = async_nats::HeaderMap::new();
    headers.append("Odd", "1");
    headers.append("Odd", "2");
    let bytes = text(Draft::new("h", [Part::text("a", "b")]));
    peer.publish_with("h", headers.clone(), bytes).await;
    assert_eq!(next(&mut subscription).await.headers, headers);

    let refused = bridge
        .publish(smartsend("h", [Part::text("a", "b")]))
        .header("Nats-Msg-Id", "x");
    let error = promptly(refused).await.expect_err("a reserved header");
    assert_eq!(error.code(), ErrorCode::InvalidEnvelope);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_is_an_error_and_the_next_one_comes() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let peer = Peer::connect(&server).await;
    let mut answers = peer.subscribe("answers").await;
    let mut subscription = promptly(bridge.subscribe("s"))
        .await
        .expect("a subscription");
    let good = || text(Draft::new("s", [Part::text("a", "b")]));
    let unnamed = "{\"msg_id\":";
    let mut wrong = String::from_utf8(good()).expect("UTF-8");
    wrong = wrong.replace("\"base64\"", "\"none\"");

    peer.publish("s", None, unnamed).await;
    peer.publish("s", Some("answers"), unnamed).await;
    peer.publish("s", Some("answers"), wrong.as_bytes()).await;
    peer.publish("s", None, "").await;
    peer.publish("s", None, good()).await;

    for _ in 0..4 {
        let error = promptly(subscription.next())
            .await
            .expect("an item")
            .expect_err("an error");
        assert_eq!(error.code(), ErrorCode::InvalidEnvelope);
        assert_eq!(error.kind(), ErrorKind::Message);
    }
    next(&mut subscription).await;

    // Both that came with a reply subject are refused, in whichever order: one names no message.
    let mut refusals = [read(&mut answers).await, read(&mut answers).await];
    refusals.sort_by_key(|refusal| refusal.envelope.reply_to_msg_id.0.is_some());
    let [unread, invalid] = refusals;
    assert_eq!(unread.envelope.msg_purpose, MsgPurpose::Nack);
    assert_eq!(unread.envelope.reply_to_msg_id.0, None);
    let report: natsbridge::wire::ErrorReport = unread.dictionary("error").expect("the error");
    assert_eq!(report.error.code, ErrorCode::InvalidEnvelope);
    assert_eq!(report.msg_id, "");
    let report: natsbridge::wire::ErrorReport = invalid.dictionary("error").expect("the error");
    let id = invalid.envelope.reply_to_msg_id.0.expect("an id");
    assert_eq!(report.msg_id, id.to_string());
    assert!(wrong.contains(&report.msg_id));
    assert_eq!(
        report.error.details.pointer.as_deref(),
        Some("/payloads/0/encoding")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_content_is_an_error_too() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let peer = Peer::connect(&server).await;
    let mut subscription = promptly(bridge.subscribe("s"))
        .await
        .expect("a subscription");
    let good = String::from_utf8(text(Draft::new("s", [Part::text("a", "bcd")]))).expect("UTF-8");
    let cut = good.replace("\"YmNk\"", "\"YmN\"");
    assert_ne!(good, cut);
    let elsewhere = good
        .replace("\"YmNk\"", "\"http://elsewhere.example/x\"")
        .replace("\"direct\"", "\"link\"")
        .replace("\"base64\"", "\"none\"");
    peer.publish("s", None, cut).await;
    peer.publish("s", None, elsewhere).await;
    peer.publish("s", None, good).await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        let error = promptly(subscription.next())
            .await
            .expect("an item")
            .expect_err("an error");
        codes.push(error.code());
    }
    assert_eq!(
        codes,
        [ErrorCode::DeserializationError, ErrorCode::UrlNotAllowed]
    );
    next(&mut subscription).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_stays_though_links_take_longer() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let mut subscription = promptly(bridge.subscribe("o"))
        .await
        .expect("a subscription");
    for number in 0..40 {
        let size = if number % 3 == 0 { 500_000 } else { 10 };
        let payload = Part::binary(number.to_string(), vec![0; size]);
        promptly(bridge.publish(smartsend("o", [payload])))
            .await
            .expect("published");
    }
    for number in 0..40 {
        let message = next(&mut subscription).await;
        assert_eq!(message.received.payloads[0].dataname, number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_group_shares_and_others_get_all() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let one = promptly(bridge.queue_subscribe("q", "g"))
        .await
        .expect("a subscription");
    let other = promptly(bridge.queue_subscribe("q", "g"))
        .await
        .expect("a subscription");
    let mut all = promptly(bridge.subscribe(">"))
        .await
        .expect("a subscription");
    for number in 0..60 {
        let message = smartsend("q", [Part::text("n", number.to_string())]);
        promptly(bridge.publish(message)).await.expect("published");
    }
    promptly(bridge.flush()).await.expect("a round trip");
    one.drain();
    other.drain();
    let shares = [one.collect::<Vec<_>>(), other.collect::<Vec<_>>()];
    let [one, other] = promptly(futures_util::future::join_all(shares))
        .await
        .try_into()
        .expect("two");
    assert_eq!(one.len() + other.len(), 60);
    assert!(
        !one.is_empty() && !other.is_empty(),
        "{} and {}",
        one.len(),
        other.len()
    );
    for number in 0..60 {
        let message = next(&mut all).await;
        assert_eq!(
            message.received.text("n").expect("a text"),
            number.to_string()
        );
    }
    assert!(is_quiet(&mut all).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_carries_the_exchange_on() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let mut questions = promptly(bridge.subscribe("questions"))
        .await
        .expect("a subscription");
    let mut answers = promptly(bridge.subscribe("answers"))
        .await
        .expect("a subscription");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let question = smartsend("questions", [Part::text("q", "?")])
        .reply_to("answers")
        .sender_name("asker");
    let question = bridge
        .publish(question)
        .header("traceparent", parent)
        .header("X-Own", "1");
    let asked = promptly(question).await.expect("published");

    let question = next(&mut questions).await;
    assert_eq!(question.answer_to(), Some("answers"));
    promptly(question.reply([Part::text("a", "!")]))
        .await
        .expect("a reply");
    let answer = next(&mut answers).await;
    let envelope = &answer.received.envelope;
    assert_eq!(envelope.correlation_id, asked.correlation_id);
    assert_eq!(envelope.reply_to_msg_id.0, Some(asked.msg_id));
    assert_eq!(envelope.receiver_name, "asker");
    assert_eq!(envelope.receiver_id.0, Some(asked.sender_id));
    assert_eq!(envelope.send_to.as_str(), "answers");
    assert_eq!(
        answer.headers.get("traceparent").map(|it| it.as_str()),
        Some(parent)
    );
    assert_eq!(answer.headers.get("X-Own"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn subjects_that_cannot_be_subscribed_to_are_named() {
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    for subject in ["", "a b", "a..b"] {
        let error = promptly(bridge.subscribe(subject))
            .await
            .expect_err(subject);
        assert_eq!(
            error.code(),
            ErrorCode::InvalidEnvelope,
            "{subject:?}: {error}"
        );
    }
}
