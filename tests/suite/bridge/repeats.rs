//! A repeat is answered and not handled again, by one receiver and within a queue group (W8.3).

use std::time::Duration;

use natsbridge::wire::MsgPurpose;
use natsbridge::{Draft, Part, Refusal};

use super::nats_server::NatsServer;
use super::peer::{Peer, read, text};
use super::{bridge, is_quiet, next, promptly};

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_handled_a_repeat_gets_a_status_and_later_the_ack_again() {
    let server = NatsServer::start();
    let (bridge, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut answers = peer.subscribe("answers").await;
    let mut subscription = promptly(bridge.subscribe("r"))
        .await
        .expect("a subscription");
    let bytes = text(Draft::new("r", [Part::text("a", "b")]));

    peer.publish("r", Some("answers"), bytes.clone()).await;
    let message = next(&mut subscription).await;
    peer.publish("r", Some("answers"), bytes.clone()).await;
    let status = read(&mut answers).await.envelope;
    assert_eq!(status.msg_purpose, MsgPurpose::UpdateStatus);
    assert_eq!(
        status.reply_to_msg_id.0,
        Some(message.received.envelope.msg_id)
    );
    assert_eq!(
        status.correlation_id,
        message.received.envelope.correlation_id
    );

    promptly(message.ack()).await.expect("an ACK");
    assert_eq!(
        read(&mut answers).await.envelope.msg_purpose,
        MsgPurpose::Ack
    );
    drop(message);
    peer.publish("r", Some("answers"), bytes).await;
    assert_eq!(
        read(&mut answers).await.envelope.msg_purpose,
        MsgPurpose::Ack
    );
    assert!(is_quiet(&mut subscription).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_dropped_is_as_good_as_new() {
    let server = NatsServer::start();
    let (bridge, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut subscription = promptly(bridge.subscribe("r"))
        .await
        .expect("a subscription");
    let bytes = text(Draft::new("r", [Part::text("a", "b")]));
    for _ in 0..3 {
        peer.publish("r", Some("answers"), bytes.clone()).await;
        drop(next(&mut subscription).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_repeated_but_one_for_now_is_not() {
    let server = NatsServer::start();
    let (bridge, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut answers = peer.subscribe("answers").await;
    let mut subscription = promptly(bridge.subscribe("r"))
        .await
        .expect("a subscription");
    let bytes = text(Draft::new("r", [Part::text("a", "b")]));
    peer.publish("r", Some("answers"), bytes.clone()).await;
    let message = next(&mut subscription).await;
    promptly(message.nack(Refusal::new("later").retryable(true)))
        .await
        .expect("a NACK");
    assert_eq!(
        read(&mut answers).await.envelope.msg_purpose,
        MsgPurpose::Nack
    );
    peer.publish("r", Some("answers"), bytes.clone()).await;
    // The first one, dropped only now, does not let a third in.
    let again = next(&mut subscription).await;
    drop(message);
    peer.publish("r", Some("answers"), bytes.clone()).await;
    assert_eq!(
        read(&mut answers).await.envelope.msg_purpose,
        MsgPurpose::UpdateStatus
    );
    promptly(again.nack("never")).await.expect("a NACK");
    assert_eq!(
        read(&mut answers).await.envelope.msg_purpose,
        MsgPurpose::Nack
    );
    peer.publish("r", Some("answers"), bytes).await;
    let refused = read(&mut answers).await;
    let report: natsbridge::wire::ErrorReport = refused.dictionary("error").expect("the error");
    assert_eq!(report.error.message, "never");
    assert!(is_quiet(&mut subscription).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_group_in_one_process_remembers_together_and_others_for_themselves() {
    let server = NatsServer::start();
    let (bridge, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut one = promptly(bridge.queue_subscribe("r", "g"))
        .await
        .expect("a subscription");
    let mut other = promptly(bridge.queue_subscribe("r", "g"))
        .await
        .expect("a subscription");
    let mut apart = promptly(bridge.subscribe("r"))
        .await
        .expect("a subscription");
    let bytes = text(Draft::new("r", [Part::text("a", "b")]));
    for _ in 0..20 {
        peer.publish("r", Some("answers"), bytes.clone()).await;
    }
    let handled = tokio::select! {
        message = next(&mut one) => message,
        message = next(&mut other) => message,
    };
    promptly(handled.ack()).await.expect("an ACK");
    promptly(next(&mut apart).await.ack())
        .await
        .expect("an ACK");
    for subscription in [&mut one, &mut other, &mut apart] {
        assert!(is_quiet(subscription).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_wants_no_answer_is_never_a_repeat() {
    let server = NatsServer::start();
    let (bridge, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut subscription = promptly(bridge.subscribe("r"))
        .await
        .expect("a subscription");
    let bytes = text(Draft::new("r", [Part::text("a", "b")]));
    for _ in 0..3 {
        peer.publish("r", None, bytes.clone()).await;
        promptly(next(&mut subscription).await.ack())
            .await
            .expect("nothing to send");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_not_answered() {
    let server = NatsServer::start();
    let (bridge, peer) = (bridge(&server).await, Peer::connect(&server).await);
    let mut answers = peer.subscribe("answers").await;
    let mut subscription = promptly(bridge.subscribe("r"))
        .await
        .expect("a subscription");
    let no_parts: [Part; 0] = [];
    for purpose in ["ACK", "NACK"] {
        let bytes = text(
            Draft::new("r", no_parts.clone())
                .msg_purpose(purpose)
                .reply_to("answers"),
        );
        for _ in 0..2 {
            peer.publish("r", Some("answers"), bytes.clone()).await;
            promptly(next(&mut subscription).await.ack())
                .await
                .expect("nothing to send");
        }
    }
    let quiet = tokio::time::timeout(Duration::from_millis(300), read(&mut answers)).await;
    assert!(quiet.is_err());
}
