//! A NATS client without any of the bridge, for what a bridge would never send.

use async_nats::{Client, HeaderMap, Subscriber};
use futures_util::StreamExt;
use natsbridge::{Draft, Received, new_id, now, smartreceive};

use super::nats_server::NatsServer;
use super::promptly;

pub(crate) struct Peer {
    pub(crate) client: Client,
}

impl Peer {
    pub(crate) async fn connect(server: &NatsServer) -> Self {
        let client = async_nats::connect(server.url()).await;
        Peer {
            client: client.expect("a connection"),
        }
    }

    /// A subscription that is in place.
    pub(crate) async fn subscribe(&self, subject: &str) -> Subscriber {
        let subscriber = self.client.subscribe(subject.to_owned()).await;
        let subscriber = subscriber.expect("a subscription");
        self.round_trip().await;
        subscriber
    }

    pub(crate) async fn publish(
        &self,
        subject: &str,
        reply: Option<&str>,
        bytes: impl Into<Vec<u8>>,
    ) {
        let (subject, bytes) = (subject.to_owned(), bytes.into().into());
        let published = match reply {
            None => self.client.publish(subject, bytes).await,
            Some(reply) => {
                let reply = reply.to_owned();
                self.client.publish_with_reply(subject, reply, bytes).await
            }
        };
        published.expect("published");
        self.round_trip().await;
    }

    /// With headers; what was sent before is at the server when it returns.
    pub(crate) async fn publish_with(&self, subject: &str, headers: HeaderMap, bytes: Vec<u8>) {
        let subject = subject.to_owned();
        let published = self
            .client
            .publish_with_headers(subject, headers, bytes.into())
            .await;
        published.expect("published");
        self.round_trip().await;
    }

    async fn round_trip(&self) {
        let inbox = self.client.new_inbox();
        let mut subscriber = self
            .client
            .subscribe(inbox.clone())
            .await
            .expect("an inbox");
        self.client
            .publish(inbox, "".into())
            .await
            .expect("published");
        promptly(subscriber.next()).await.expect("an echo");
    }
}

/// The next message as it came.
pub(crate) async fn raw(subscriber: &mut Subscriber) -> async_nats::Message {
    promptly(subscriber.next()).await.expect("a message")
}

/// The next message, read.
pub(crate) async fn read(subscriber: &mut Subscriber) -> Received {
    let message = raw(subscriber).await;
    smartreceive(message.payload)
        .await
        .expect("a valid message")
}

/// The text of a message that was made without a bridge.
pub(crate) fn text(draft: Draft) -> Vec<u8> {
    let outgoing = draft.encode(now(), &mut new_id).expect("a message");
    outgoing.finish_bytes().expect("its text").1
}
