//! A message is sent until a receiver has acknowledged it, and both sides say what the wire says (W8.1, W8.2).

use std::time::{Duration, Instant};

use natsbridge::wire::{ErrorCode, MsgPurpose};
use natsbridge::{Bridge, Deliver, ErrorKind, Part, Refusal, ack, nack, new_id, now, smartsend};

use super::nats_server::NatsServer;
use super::peer::{Peer, raw, text};
use super::{bridge, is_quiet, next, promptly};

/// In place of 5 s.
const ACK_WAIT: Duration = Duration::from_millis(200);

fn deliver(bridge: &Bridge, deadline_ms: u64) -> Deliver {
    let message = smartsend("d", [Part::text("t", "x")]).sender_name("sender");
    bridge
        .deliver(message)
        .ack_wait(ACK_WAIT)
        .deadline(Duration::from_millis(deadline_ms))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_message_is_sent_once() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    let handling = tokio::spawn(async move {
        let message = next(&mut subscription).await;
        promptly(message.ack()).await.expect("an ACK");
        assert!(is_quiet(&mut subscription).await);
    });
    let delivered = promptly(deliver(&sender, 5_000))
        .await
        .expect("an acknowledgement");
    assert_eq!(delivered.sendings, 1);
    let (message, answer) = (&delivered.envelope, &delivered.answer);
    assert_eq!(answer.msg_purpose, MsgPurpose::Ack);
    assert_eq!(answer.correlation_id, message.correlation_id);
    assert_eq!(answer.reply_to_msg_id.0, Some(message.msg_id));
    assert_eq!(answer.receiver_name, "sender");
    assert_eq!(answer.receiver_id.0, Some(sender.sender_id()));
    assert_eq!(answer.sender_id, receiver.sender_id());
    assert_eq!(answer.payloads, []);
    assert_eq!(answer.send_to.as_str(), message.reply_to.as_str());
    handling.await.expect("a receiver");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_is_the_reply_subject_and_the_reply_to_that_was_left_empty() {
    let server = NatsServer::start();
    let (sender, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut raws = peer.subscribe("d").await;
    for reply_to in ["", "somewhere.else"] {
        let message = smartsend("d", [Part::text("t", "x")]).reply_to(reply_to);
        let deliver = sender.deliver(message).deadline(Duration::from_secs(5));
        let sending = tokio::spawn(async move { promptly(deliver).await });
        let message = raw(&mut raws).await;
        let inbox = message.reply.clone().expect("a reply subject");
        let received = natsbridge::smartreceive(message.payload.clone())
            .await
            .expect("a message");
        let expected = if reply_to.is_empty() {
            inbox.as_str()
        } else {
            reply_to
        };
        assert_eq!(received.envelope.reply_to.as_str(), expected);
        // The NATS reply subject counts before `reply_to`.
        let answer = text(ack(&received.envelope).send_to(inbox.as_str()));
        peer.publish(&inbox, None, answer).await;
        sending.await.expect("a task").expect("an acknowledgement");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_sent_again_with_growing_waits_and_the_same_id() {
    let server = NatsServer::start();
    let (sender, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut raws = peer.subscribe("d").await;
    let sending = tokio::spawn(async move { promptly(deliver(&sender, 10_000)).await });
    let mut times = Vec::new();
    let mut texts = Vec::new();
    let mut last = None;
    for _ in 0..4 {
        let message = raw(&mut raws).await;
        times.push(Instant::now());
        texts.push(message.payload.clone());
        last = Some(message);
    }
    assert!(
        texts.iter().all(|text| *text == texts[0]),
        "every sending has the same bytes"
    );
    let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (gap, nominal) in gaps.iter().zip([200, 400, 800]) {
        let nominal = Duration::from_millis(nominal);
        assert!(
            *gap >= nominal - Duration::from_millis(40) && *gap < nominal + Duration::from_secs(1),
            "{gaps:?}"
        );
    }
    let last = last.expect("a message");
    let received = natsbridge::smartreceive(last.payload)
        .await
        .expect("a message");
    peer.publish(
        &last.reply.expect("an inbox"),
        None,
        text(ack(&received.envelope).send_to("x")),
    )
    .await;
    let delivered = sending.await.expect("a task").expect("an acknowledgement");
    assert_eq!(delivered.sendings, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_end_it_is_told_whether_anybody_was_there() {
    let server = NatsServer::start();
    let sender = bridge(&server).await;
    let error = promptly(deliver(&sender, 700)).await.expect_err("nobody");
    assert_eq!(error.code(), ErrorCode::NotAcknowledged);
    assert_eq!(error.found(), Some("no responders"));
    assert_eq!(error.kind(), ErrorKind::Broker);
    assert!(error.is_retryable());

    let silent = Peer::connect(&server).await;
    let _raws = silent.subscribe("d").await;
    let began = Instant::now();
    let error = promptly(deliver(&sender, 700)).await.expect_err("silence");
    assert_eq!(error.found(), Some("no answer"));
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(700) && took < Duration::from_secs(4),
        "{took:?}"
    );
    assert!(!error.msg_id().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_comes_later_gets_it() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let sending = tokio::spawn(async move { promptly(deliver(&sender, 10_000)).await });
    tokio::time::sleep(ACK_WAIT * 2).await;
    let mut subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    promptly(next(&mut subscription).await.ack())
        .await
        .expect("an ACK");
    let delivered = sending.await.expect("a task").expect("an acknowledgement");
    assert!(delivered.sendings > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_ends_it_and_one_for_now_does_not() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    let handling = tokio::spawn(async move {
        let busy = next(&mut subscription).await;
        promptly(busy.nack(Refusal::new("busy").retryable(true)))
            .await
            .expect("a NACK");
        let again = next(&mut subscription).await;
        assert_eq!(
            again.received.envelope.msg_id,
            busy.received.envelope.msg_id
        );
        promptly(again.ack()).await.expect("an ACK");
        let other = next(&mut subscription).await;
        promptly(other.nack("wrong")).await.expect("a NACK");
        assert!(is_quiet(&mut subscription).await);
    });
    let delivered = promptly(deliver(&sender, 5_000))
        .await
        .expect("an acknowledgement");
    assert_eq!(delivered.sendings, 2);
    let error = promptly(deliver(&sender, 5_000))
        .await
        .expect_err("a refusal");
    assert_eq!(error.code(), ErrorCode::NotAcknowledged);
    assert_eq!(error.kind(), ErrorKind::Receiver);
    assert_eq!(error.refusal().expect("its error").error.message, "wrong");
    assert!(!error.is_retryable());
    handling.await.expect("a receiver");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_receiver_cannot_read_is_refused_by_itself() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let strict = receiver
        .subscribe("d")
        .receiving(|message| message.max_payloads(0));
    let mut subscription = promptly(strict).await.expect("a subscription");
    let error = promptly(deliver(&sender, 5_000))
        .await
        .expect_err("a refusal");
    let report = error.refusal().expect("its error");
    assert_eq!(report.error.code, ErrorCode::InvalidEnvelope);
    assert_eq!(report.msg_id, error.msg_id());
    let item = promptly(subscription.next()).await.expect("an item");
    assert_eq!(
        item.expect_err("an error").code(),
        ErrorCode::InvalidEnvelope
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_without_a_bridge_can_answer() {
    let server = NatsServer::start();
    let (sender, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut raws = peer.subscribe("d").await;
    let sending = tokio::spawn(async move { promptly(deliver(&sender, 5_000)).await });
    let message = raw(&mut raws).await;
    let received = natsbridge::smartreceive(message.payload)
        .await
        .expect("a message");
    // Answers to other messages change nothing.
    let other = natsbridge::wire::Envelope {
        msg_id: new_id(),
        ..received.envelope.clone()
    };
    peer.publish(
        &received.envelope.reply_to.to_string(),
        None,
        text(ack(&other)),
    )
    .await;
    peer.publish(&received.envelope.reply_to.to_string(), None, "{}")
        .await;
    let report = natsbridge::Decoder::new()
        .decode("{")
        .expect_err("an error")
        .report(now());
    let refusal = text(nack(&received.envelope, &report));
    peer.publish(&received.envelope.reply_to.to_string(), None, refusal)
        .await;
    let error = sending.await.expect("a task").expect_err("a refusal");
    assert_eq!(error.refusal(), Some(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_where_the_server_was_killed() {
    let mut server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    let sending = tokio::spawn(async move { promptly(deliver(&sender, 15_000)).await });
    // It came, and is lost with its receiver's memory of it.
    drop(next(&mut subscription).await);
    server.kill();
    tokio::time::sleep(ACK_WAIT * 2).await;
    server.run();
    promptly(next(&mut subscription).await.ack())
        .await
        .expect("an ACK");
    sending.await.expect("a task").expect("an acknowledgement");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_an_answer_links_to_is_fetched() {
    let server = NatsServer::start();
    let files = crate::faults::server::Server::start().await;
    let connect = Bridge::connect(server.url()).fileserver_url(files.url());
    let sender = promptly(connect).await.expect("a connection");
    let receiver = bridge(&server).await;
    let mut subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    let sending = tokio::spawn(async move { promptly(deliver(&sender, 5_000)).await });
    let message = next(&mut subscription).await;
    files.put("/file/x", &[7; 10]);
    let link = Part::external("large", 10, "binary");
    let mut outgoing = natsbridge::reply(&message.received.envelope, [link])
        .checksum(natsbridge::wire::Checksum::None)
        .encode(now(), &mut new_id)
        .expect("a reply");
    outgoing
        .link(0, &files.link("/file/x"), None)
        .expect("a link");
    let (envelope, bytes) = outgoing.finish_bytes().expect("its text");
    Peer::connect(&server)
        .await
        .publish(&envelope.send_to, None, bytes)
        .await;
    promptly(message.ack()).await.expect("an ACK");
    sending.await.expect("a task").expect("an acknowledgement");
    assert_eq!(files.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reason_is_cut_to_what_the_server_takes() {
    let server = NatsServer::with("max_payload: 4096");
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    let handling = tokio::spawn(async move {
        let message = next(&mut subscription).await;
        promptly(message.nack("ä".repeat(500_000)))
            .await
            .expect("a NACK");
    });
    let error = promptly(deliver(&sender, 5_000))
        .await
        .expect_err("a refusal");
    let reason = &error.refusal().expect("its error").error.message;
    assert!(
        reason.starts_with("ää") && reason.ends_with('…'),
        "{reason}"
    );
    handling.await.expect("a receiver");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_heard_of_is_not_called_unheard() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    let sending = tokio::spawn(async move { promptly(deliver(&sender, 1_000)).await });
    tokio::time::sleep(ACK_WAIT + ACK_WAIT / 2).await;
    // From now on the server says that nobody is there.
    drop(subscription);
    let error = sending
        .await
        .expect("a task")
        .expect_err("no acknowledgement");
    assert_eq!(error.found(), Some("no answer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_of_nothing_is_refused() {
    let server = NatsServer::start();
    let sender = bridge(&server).await;
    let error = promptly(deliver(&sender, 5_000).ack_wait(Duration::ZERO))
        .await
        .expect_err("no pause");
    assert_eq!(error.code(), ErrorCode::InvalidEnvelope);
    assert!(error.to_string().contains("ack_wait"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_says_one_thing_of_a_message() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("d"))
        .await
        .expect("a subscription");
    let sending = tokio::spawn(async move { promptly(deliver(&sender, 5_000)).await });
    let message = next(&mut subscription).await;
    promptly(message.ack()).await.expect("an ACK");
    promptly(message.ack()).await.expect("the same again");
    promptly(message.nack("after all"))
        .await
        .expect_err("something else");
    sending.await.expect("a task").expect("an acknowledgement");
}
