//! Connections that come, break, come back and end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use natsbridge::wire::ErrorCode;
use natsbridge::{Bridge, ErrorKind, Event, Part, smartsend};

use super::nats_server::NatsServer;
use super::{bridge, next, promptly};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_error_names_it() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    let url = format!("nats://user:hunter2@127.0.0.1:{port}");
    let error = promptly(Bridge::connect(url)).await.expect_err("no server");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed);
    assert_eq!(error.kind(), ErrorKind::Broker);
    assert!(error.is_retryable());
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("nats://{}", listener.local_addr().expect("an address"));
    let began = Instant::now();
    let connect = Bridge::connect(url).connect_timeout(Duration::from_millis(300));
    let error = promptly(connect).await.expect_err("silence");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_server_is_refused_before_anything_is_tried() {
    for url in [
        "",
        "http://a",
        "nats:/a",
        "nats://",
        "nats://a b",
        "a:4222",
        "nats://a,,nats://b",
    ] {
        let error = promptly(Bridge::connect(url)).await.expect_err(url);
        assert_eq!(error.code(), ErrorCode::InvalidEnvelope, "{url}: {error}");
        assert!(error.to_string().contains("broker_url"), "{url}: {error}");
    }
    let server = NatsServer::start();
    let connect = Bridge::connect(server.url()).sender_id("7");
    let error = promptly(connect).await.expect_err("no UUID");
    assert!(error.to_string().contains("sender_id"), "{error}");
    let connect = Bridge::connect(server.url()).fileserver_url("ftp://x");
    let error = promptly(connect).await.expect_err("no URL");
    assert!(error.to_string().contains("fileserver_url"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_server_of_several_that_answers_is_taken() {
    let server = NatsServer::start();
    let url = format!("nats://127.0.0.1:1,{}", server.url());
    let bridge = promptly(Bridge::connect(url)).await.expect("a connection");
    promptly(bridge.flush()).await.expect("a round trip");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_comes_back_with_its_subscriptions() {
    let mut server = NatsServer::start();
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let seen = Arc::clone(&events);
    let connect = Bridge::connect(server.url())
        .name("reconnecting")
        .on_event(move |event| seen.lock().expect("events").push(event.clone()));
    let bridge = promptly(connect).await.expect("a connection");
    let mut subscription = promptly(bridge.subscribe("c"))
        .await
        .expect("a subscription");
    for round in 0..2 {
        assert!(bridge.is_connected());
        server.kill();
        while bridge.is_connected() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.run();
        promptly(async {
            while !bridge.is_connected() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        promptly(bridge.flush()).await.expect("a round trip");
        let message = smartsend("c", [Part::text("t", format!("round {round}"))]);
        promptly(bridge.publish(message)).await.expect("published");
        let message = next(&mut subscription).await;
        assert_eq!(
            message.received.text("t").expect("a text"),
            format!("round {round}")
        );
    }
    let events = events.lock().expect("events").clone();
    let of = |wanted: &Event| events.iter().filter(|event| *event == wanted).count();
    assert_eq!(of(&Event::Connected), 3, "{events:?}");
    assert_eq!(of(&Event::Disconnected), 2, "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_may_be_bounded() {
    let mut server = NatsServer::start();
    let (closed, is_closed) = tokio::sync::oneshot::channel();
    let closed = Mutex::new(Some(closed));
    let connect = Bridge::connect(server.url())
        .max_reconnects(2)
        .reconnect_delay(|_| Duration::from_millis(10))
        .on_event(move |event| {
            if *event == Event::Closed
                && let Some(closed) = closed.lock().expect("a sender").take()
            {
                let _ = closed.send(());
            }
        });
    let bridge = promptly(connect).await.expect("a connection");
    server.kill();
    promptly(is_closed).await.expect("an end");
    let error = promptly(async {
        loop {
            match bridge.publish(smartsend("c", [Part::text("t", "x")])).await {
                Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => return error,
            }
        }
    })
    .await;
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_bridge_has_handled_and_answered_everything() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("c"))
        .await
        .expect("a subscription");
    let deliveries: Vec<_> = (0..20)
        .map(|number| {
            let message = smartsend("c", [Part::text("n", number.to_string())]);
            let deliver = sender.deliver(message).deadline(Duration::from_secs(4));
            tokio::spawn(async move { promptly(deliver).await })
        })
        .collect();
    let first = next(&mut subscription).await;
    let handling = tokio::spawn(async move {
        let mut handled = 1;
        tokio::time::sleep(Duration::from_millis(300)).await;
        promptly(first.ack()).await.expect("an ACK");
        drop(first);
        while let Some(message) = promptly(subscription.next()).await {
            promptly(message.expect("a good message").ack())
                .await
                .expect("an ACK");
            handled += 1;
        }
        handled
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    promptly(receiver.drain())
        .await
        .expect("everything handled");
    assert_eq!(handling.await.expect("a receiver"), 20);
    for delivery in deliveries {
        assert_eq!(
            delivery
                .await
                .expect("a task")
                .expect("an acknowledgement")
                .sendings,
            1
        );
    }
    let error = promptly(receiver.publish(smartsend("c", [Part::text("t", "x")]))).await;
    assert_eq!(
        error.expect_err("closed").code(),
        ErrorCode::NatsConnectionFailed
    );
    let error = promptly(receiver.subscribe("c")).await.expect_err("closed");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_keeps_a_dropped_bridge_connected() {
    let server = NatsServer::with("http: 127.0.0.1:-1");
    let watcher = bridge(&server).await;
    let mut gone = promptly(watcher.subscribe("gone"))
        .await
        .expect("a subscription");
    let bridge = bridge(&server).await;
    let subscription = promptly(bridge.subscribe("c"))
        .await
        .expect("a subscription");
    let delivering = bridge
        .deliver(smartsend("c", [Part::text("t", "x")]))
        .deadline(Duration::from_millis(100));
    promptly(delivering).await.expect_err("not acknowledged");
    drop(subscription);
    drop(bridge);
    // Nobody subscribes any more, which the server tells at once.
    let began = Instant::now();
    loop {
        let request = watcher
            .request(smartsend("c", [Part::text("t", "x")]))
            .timeout(Duration::from_millis(200));
        if promptly(request).await.expect_err("no answer").found() == Some("no responders") {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "the subscription of a dropped bridge is still there"
        );
    }
    assert!(super::is_quiet(&mut gone).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_connection_calls_end_in_their_time() {
    let mut server = NatsServer::start();
    let bridge = bridge(&server).await;
    server.kill();
    let message = || smartsend("c", [Part::text("t", "x")]);
    let short = Duration::from_millis(400);
    let began = Instant::now();
    let error = promptly(bridge.request(message()).timeout(short))
        .await
        .expect_err("no server");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed, "{error}");
    let error = promptly(bridge.deliver(message()).deadline(short))
        .await
        .expect_err("no server");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed, "{error}");
    assert!(error.is_retryable());
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    let began = Instant::now();
    promptly(bridge.drain())
        .await
        .expect_err("what was published last is not there");
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    assert!(!bridge.is_connected());
    promptly(bridge.drain())
        .await
        .expect("nothing is left to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_or_wants_no_answer_does_not_hold_up_the_end() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("c"))
        .await
        .expect("a subscription");
    let message = || smartsend("c", [Part::text("t", "x")]);
    promptly(sender.publish(message()))
        .await
        .expect("published");
    let plain = next(&mut subscription).await;
    let sending = tokio::spawn({
        let deliver = sender.deliver(message());
        async move { promptly(deliver).await }
    });
    let wanted = next(&mut subscription).await;
    promptly(wanted.ack()).await.expect("an ACK");
    sending.await.expect("a task").expect("an acknowledgement");
    let began = Instant::now();
    promptly(receiver.drain())
        .await
        .expect("nothing is under way");
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    drop((plain, wanted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_bridge_lets_its_deliveries_end() {
    let server = NatsServer::start();
    let (sender, receiver) = (bridge(&server).await, bridge(&server).await);
    let mut subscription = promptly(receiver.subscribe("c"))
        .await
        .expect("a subscription");
    let deliver = sender.deliver(smartsend("c", [Part::text("t", "x")]));
    let sending = tokio::spawn(async move { promptly(deliver).await });
    let message = next(&mut subscription).await;
    let draining = tokio::spawn(async move {
        promptly(sender.drain()).await.expect("a drained bridge");
        sender
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    promptly(message.ack()).await.expect("an ACK");
    sending.await.expect("a task").expect("an acknowledgement");
    let sender = draining.await.expect("a task");
    let error = promptly(sender.deliver(smartsend("c", [Part::text("t", "x")]))).await;
    assert_eq!(
        error.expect_err("drained").code(),
        ErrorCode::NatsConnectionFailed
    );
}

/// async-nats gives up a connection over whose headers it stumbles, for good; that must not look like the end of the messages.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_broke_down_is_told_of() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = NatsServer::start();
    let bridge = bridge(&server).await;
    let mut subscription = promptly(bridge.subscribe("c"))
        .await
        .expect("a subscription");
    let mut raw = tokio::net::TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .expect("a connection");
    let headers = "NATS/1.0\r\nX: a\rb\r\n\r\n";
    let publish = format!(
        "HPUB c {} {}\r\n{headers}{{}}\r\n",
        headers.len(),
        headers.len() + 2
    );
    let commands = format!("CONNECT {{\"verbose\":false,\"headers\":true}}\r\n{publish}PING\r\n");
    raw.write_all(commands.as_bytes()).await.expect("written");
    let mut answer = vec![0; 4096];
    let _ = raw.read(&mut answer).await.expect("an answer");
    let item = promptly(subscription.next()).await.expect("an item");
    let error = item.expect_err("an error");
    let is_over = promptly(subscription.next()).await.is_none();
    // Should the client learn to live with it, the message is a bad one and the stream goes on.
    match error.code() {
        ErrorCode::NatsConnectionFailed => assert!(is_over && !bridge.is_connected()),
        code => assert!(code == ErrorCode::InvalidEnvelope && !is_over),
    }
}
