//! The bridge over a real nats-server: what arrives, what is acknowledged, and what becomes of it when servers go away
//! (W5 and W8).

mod connections;
mod deliveries;
mod limits;
mod logins;
mod messages;
mod nats_server;
mod peer;
mod repeats;
mod requests;
mod slow;
mod tls;
mod uploads;

use std::future::IntoFuture;
use std::time::Duration;

use natsbridge::{Bridge, Memory, Message, Subscription};

use nats_server::NatsServer;

/// Longer than anything here takes, and shorter than any time-out that nobody has shortened.
const PROMPTLY: Duration = Duration::from_secs(20);

/// Awaits a call that would go on for ever, or nearly so, if it went wrong.
async fn promptly<T>(call: impl IntoFuture<Output = T>) -> T {
    let call = tokio::time::timeout(PROMPTLY, call.into_future());
    call.await.expect("the call takes too long")
}

/// A bridge that needs no file server.
async fn bridge(server: &NatsServer) -> Bridge {
    let memory = Memory::new();
    let connect = Bridge::connect(server.url())
        .fileserver_upload_handler(memory.clone())
        .fileserver_download_handler(memory);
    promptly(connect).await.expect("a connection")
}

/// The next message, which is a good one.
async fn next(subscription: &mut Subscription) -> Message {
    let next = promptly(subscription.next()).await;
    next.expect("a message").expect("a good message")
}

/// Whether nothing comes for a moment.
async fn is_quiet(subscription: &mut Subscription) -> bool {
    let moment = Duration::from_millis(300);
    tokio::time::timeout(moment, subscription.next())
        .await
        .is_err()
}
