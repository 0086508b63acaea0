//! A message is as long as the server takes now, its headers counted (W5).

use std::time::Duration;

use natsbridge::wire::{ErrorCode, Transport};
use natsbridge::{Part, smartsend};

use super::nats_server::NatsServer;
use super::{bridge, next, promptly};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_does_not_take_goes_by_link() {
    let server = NatsServer::with("max_payload: 4096");
    let bridge = bridge(&server).await;
    assert_eq!(bridge.max_payload(), 4096);
    let mut subscription = promptly(bridge.subscribe("l"))
        .await
        .expect("a subscription");
    let mut direct = 0;
    // Around the limit every length is tried, so that headers which were not counted would show as a refused message.
    for size in (2_000..3_000).step_by(7) {
        let message = smartsend("l", [Part::binary("b", vec![1; size])]);
        let publish = bridge.publish(message).header("X-Long", "h".repeat(200));
        promptly(publish).await.expect("published");
        let message = next(&mut subscription).await;
        assert_eq!(message.received.bytes("b").expect("bytes").len(), size);
        direct += usize::from(message.received.payloads[0].transport == Transport::Direct);
    }
    assert!(direct > 10 && direct < 130, "{direct} direct");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_last_byte_may_be_used() {
    let server = NatsServer::with("max_payload: 4096");
    let bridge = bridge(&server).await;
    let mut subscription = promptly(bridge.subscribe("l"))
        .await
        .expect("a subscription");
    let long =
        |length: usize| smartsend("l", [Part::text("n", "x")]).sender_name("n".repeat(length));
    promptly(bridge.publish(long(0))).await.expect("published");
    let message = next(&mut subscription).await;
    let headers = "NATS/1.0\r\nNats-Msg-Id: \r\n\r\n".len() + 36;
    let length = serde_json::to_string(&message.received.envelope)
        .expect("JSON")
        .len();
    let receiver = 1_024;
    let more = 4096 - headers - length - receiver;
    let fill = |more: usize| {
        let metadata = serde_json::json!({"m": "x".repeat(more - 6)});
        let metadata = metadata.as_object().expect("an object").clone();
        long(0)
            .receiver_name("r".repeat(receiver))
            .metadata(metadata)
    };
    promptly(bridge.publish(fill(more)))
        .await
        .expect("the last byte");
    next(&mut subscription).await;
    let error = promptly(bridge.publish(fill(more + 1)))
        .await
        .expect_err("one too many");
    assert_eq!(error.code(), ErrorCode::PayloadTooLarge);
    // An argument may only lower it.
    let lowered = fill(more).max_message_bytes(4_000);
    assert_eq!(
        promptly(bridge.publish(lowered))
            .await
            .expect_err("lowered")
            .code(),
        ErrorCode::PayloadTooLarge
    );
    let raised = fill(more + 1).max_message_bytes(1 << 20);
    assert_eq!(
        promptly(bridge.publish(raised))
            .await
            .expect_err("raised")
            .code(),
        ErrorCode::PayloadTooLarge
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_follows_the_server() {
    let mut server = NatsServer::with("max_payload: 8388608");
    let bridge = bridge(&server).await;
    let mut subscription = promptly(bridge.subscribe("l"))
        .await
        .expect("a subscription");
    let message =
        || smartsend("l", [Part::binary("b", vec![1; 2_000_000])]).size_threshold(u64::MAX);
    promptly(bridge.publish(message()))
        .await
        .expect("published");
    let transport = |message: natsbridge::Message| message.received.payloads[0].transport;
    assert_eq!(transport(next(&mut subscription).await), Transport::Direct);

    server.kill();
    server.configure("max_payload: 65536");
    server.run();
    let began = std::time::Instant::now();
    while bridge.max_payload() != 65_536 {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    promptly(bridge.publish(message()))
        .await
        .expect("published");
    assert_eq!(transport(next(&mut subscription).await), Transport::Link);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_fits_itself_to_a_server_that_takes_less() {
    let mut server = NatsServer::with("max_payload: 8388608");
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let memory = natsbridge::Memory::new();
    let message = smartsend("l", [Part::binary("b", vec![1; 2_000_000])])
        .size_threshold(u64::MAX)
        .fileserver_upload_handler(memory.clone());
    let deliver = sender
        .deliver(message)
        .ack_wait(Duration::from_millis(300))
        .deadline(Duration::from_secs(15));
    let sending = tokio::spawn(async move { promptly(deliver).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.kill();
    server.configure("max_payload: 65536");
    server.run();
    let subscribe = receiver
        .subscribe("l")
        .receiving(move |message| message.fileserver_download_handler(memory.clone()));
    let mut subscription = promptly(subscribe).await.expect("a subscription");
    let message = next(&mut subscription).await;
    assert_eq!(message.received.payloads[0].transport, Transport::Link);
    assert_eq!(message.received.bytes("b").expect("bytes").len(), 2_000_000);
    promptly(message.ack()).await.expect("an ACK");
    let delivered = sending.await.expect("a task").expect("an acknowledgement");
    assert_eq!(
        delivered.envelope.payloads[0].id,
        message.received.envelope.payloads[0].id
    );
}
