//! A subscriber that does not keep up is told what it lost, and a delivery loses nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use natsbridge::{Bridge, Event, Part, smartsend};

use super::nats_server::NatsServer;
use super::{bridge, next, promptly};

/// A bridge that adds up what it is told to have lost.
async fn counting(server: &NatsServer) -> (Bridge, Arc<AtomicU64>) {
    let lost = Arc::new(AtomicU64::new(0));
    let sum = Arc::clone(&lost);
    let connect = Bridge::connect(server.url()).on_event(move |event| {
        if let Event::SlowConsumer { subject, lost } = event {
            assert_eq!(subject, "slow");
            sum.fetch_add(*lost, Ordering::Relaxed);
        }
    });
    (promptly(connect).await.expect("a connection"), lost)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_is_handled_or_counted_as_lost() {
    let server = NatsServer::start();
    let (receiver, lost) = counting(&server).await;
    let sender = bridge(&server).await;
    let mut slow = promptly(receiver.subscribe("slow").capacity(10))
        .await
        .expect("a subscription");
    const SENT: u64 = 2_000;
    for _ in 0..SENT {
        let message = smartsend("slow", [Part::text("t", "x")]);
        promptly(sender.publish(message)).await.expect("published");
    }
    promptly(sender.flush()).await.expect("a round trip");
    promptly(receiver.flush()).await.expect("a round trip");
    // The last loss is told a moment later.
    tokio::time::sleep(Duration::from_millis(600)).await;
    slow.drain();
    let mut handled = 0;
    while let Some(item) = promptly(slow.next()).await {
        item.expect("a good message");
        handled += 1;
    }
    let lost = lost.load(Ordering::Relaxed);
    assert_eq!(handled + lost, SENT, "{handled} handled, {lost} lost");
    assert!((10..100).contains(&handled), "{handled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_bounded_too() {
    let server = NatsServer::start();
    let (receiver, lost) = counting(&server).await;
    let sender = bridge(&server).await;
    let subscribe = receiver.subscribe("slow").capacity_bytes(1 << 20);
    let mut slow = promptly(subscribe).await.expect("a subscription");
    for _ in 0..50 {
        let message = smartsend("slow", [Part::binary("b", vec![1; 150_000])]);
        promptly(sender.publish(message)).await.expect("published");
    }
    promptly(sender.flush()).await.expect("a round trip");
    tokio::time::sleep(Duration::from_millis(600)).await;
    slow.drain();
    let mut handled = 0;
    while promptly(slow.next()).await.is_some() {
        handled += 1;
    }
    assert_eq!(handled, 5, "five of 200,000 bytes fit into 1 MiB");
    assert_eq!(lost.load(Ordering::Relaxed), 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_loses_nothing() {
    let server = NatsServer::start();
    let (receiver, lost) = counting(&server).await;
    let sender = bridge(&server).await;
    let mut slow = promptly(receiver.subscribe("slow").capacity(4))
        .await
        .expect("a subscription");
    const SENT: usize = 60;
    let deliveries = (0..SENT).map(|number| {
        let message = smartsend("slow", [Part::text("n", number.to_string())]);
        let deliver = sender
            .deliver(message)
            .ack_wait(Duration::from_millis(150))
            .max_ack_wait(Duration::from_millis(300))
            .deadline(Duration::from_secs(20));
        tokio::spawn(async move { promptly(deliver).await })
    });
    let deliveries: Vec<_> = deliveries.collect();
    let mut handled = std::collections::BTreeSet::new();
    while handled.len() < SENT {
        let message = next(&mut slow).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        let number = message.received.text("n").expect("a text").to_owned();
        assert!(handled.insert(number), "handled twice");
        promptly(message.ack()).await.expect("an ACK");
    }
    for delivery in deliveries {
        delivery.await.expect("a task").expect("an acknowledgement");
    }
    assert!(
        lost.load(Ordering::Relaxed) > 0,
        "the subscriber was not slow enough to show anything"
    );
}
