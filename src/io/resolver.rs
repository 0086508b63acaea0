//! Names to addresses, where a receiver lets links lead to public addresses (W6.5).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::handler::{Cause, HandlerError};
use super::observe;
use crate::link::Origin;
use crate::reach::Reach;

/// Finds the addresses of a name, and hands them on only if all of them are within reach: a name that leads to a public and to a
/// private address is one of an inner network, or made to lead there. The connection goes to what was handed on, since the client
/// asks nobody else.
pub(super) struct Resolver {
    reach: Reach,
    look_up: LookUp,
}

/// What asks the system, or a test's own.
type LookUp = Arc<dyn Fn(String) -> Found + Send + Sync>;
type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

impl Resolver {
    pub(super) fn new(reach: Reach) -> Self {
        Resolver {
            reach,
            look_up: Arc::new(|name| {
                // The client puts the port of the URL in place of 0.
                Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
            }),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach.clone();
        let found = (self.look_up)(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = found.await?;
            let refused = addresses.iter().find(|found| !reach.allows(found.ip()));
            if let Some(refused) = refused {
                observe::out_of_reach(name.as_str(), refused.ip());
                return Err(out_of_reach(&reach).into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// Refuses an origin that is an address out of reach, of which no resolver is asked.
pub(super) fn check_literal(origin: &Origin, reach: &Reach) -> Result<(), HandlerError> {
    match origin.address() {
        Some(address) if !reach.allows(address) => Err(out_of_reach(reach)),
        _ => Ok(()),
    }
}

/// Without the address, since the error may go back to whoever wrote the link and would tell what is behind our names.
fn out_of_reach(reach: &Reach) -> HandlerError {
    let message = format!("its host has an address that is not {reach}");
    HandlerError::of(Cause::Policy, message)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A resolver that gives each of these answers once, and counts.
    fn scripted(
        networks: &[&str],
        answers: impl IntoIterator<Item = Vec<SocketAddr>>,
    ) -> (Resolver, Arc<Mutex<Vec<Vec<SocketAddr>>>>) {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        let left = Arc::new(Mutex::new(answers));
        let reach = Reach {
            public: true,
            networks: networks
                .iter()
                .map(|text| text.parse().expect(text))
                .collect(),
        };
        let answers = Arc::clone(&left);
        let look_up: LookUp = Arc::new(move |name| {
            assert_eq!(name, "files.example");
            let answer = answers.lock().expect("no panic").pop().expect("an answer");
            Box::pin(async move { Ok(answer) })
        });
        (Resolver { reach, look_up }, left)
    }

    fn client(resolver: Resolver) -> reqwest::Client {
        let connect_timeout = std::time::Duration::from_secs(5);
        super::super::client::build(connect_timeout, Some(resolver)).expect("a client")
    }

    /// A server on loopback that says where it is and ends each connection, or keeps it.
    async fn server(keeps: bool) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while let Ok(1..) = stream.read(&mut buffer).await {
                        let end = if keeps { "" } else { "Connection: close\r\n" };
                        let answer = format!("HTTP/1.1 200 OK\r\n{end}Content-Length: 2\r\n\r\nhi");
                        stream.write_all(answer.as_bytes()).await.expect("a client");
                        if !keeps {
                            return;
                        }
                    }
                });
            }
        });
        address
    }

    fn at(address: impl Into<IpAddr>) -> SocketAddr {
        (address, 0).into()
    }

    #[tokio::test]
    async fn each_connection_goes_to_what_was_checked_for_it() {
        let address = server(false).await;
        let loopback = vec![at(address.ip())];
        // A name that leads elsewhere the second time.
        let private = vec![at([10, 0, 0, 1])];
        let (resolver, left) = scripted(&["127.0.0.0/8"], [loopback, private]);
        let client = client(resolver);
        let url = format!("http://files.example:{}/", address.port());
        let answer = client.get(&url).send().await.expect("an answer");
        assert_eq!(answer.remote_addr(), Some(address));
        assert_eq!(answer.text().await.expect("a body"), "hi");
        assert_eq!(left.lock().expect("no panic").len(), 1, "asked once");
        let error = client.get(&url).send().await.expect_err("out of reach");
        let error = HandlerError::from(error);
        assert_eq!(error.cause, Cause::Policy, "{error:?}");
        assert!(!error.is_retryable());
        assert!(!error.to_string().contains("10.0.0.1"), "{error}");
        assert!(left.lock().expect("no panic").is_empty(), "asked once more");
    }

    #[tokio::test]
    async fn a_connection_that_is_used_again_needs_no_second_answer() {
        let address = server(true).await;
        let (resolver, left) = scripted(&["127.0.0.0/8"], [vec![at(address.ip())]]);
        let client = client(resolver);
        let url = format!("http://files.example:{}/", address.port());
        for _ in 0..3 {
            let answer = client.get(&url).send().await.expect("an answer");
            assert_eq!(answer.text().await.expect("a body"), "hi");
        }
        assert!(left.lock().expect("no panic").is_empty());
    }

    #[tokio::test]
    async fn one_address_out_of_reach_is_enough() {
        let address = server(false).await;
        for other in ["10.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254"] {
            let other = at(other.parse::<IpAddr>().expect(other));
            for answer in [[at(address.ip()), other], [other, at(address.ip())]] {
                let (resolver, _) = scripted(&["127.0.0.0/8"], [answer.to_vec()]);
                let url = format!("http://files.example:{}/", address.port());
                let error = client(resolver).get(url).send().await.expect_err("refused");
                assert_eq!(HandlerError::from(error).cause, Cause::Policy);
            }
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_found_may_be_found_later() {
        let resolver = Resolver {
            reach: Reach::default(),
            look_up: Arc::new(|_| Box::pin(async { Err(io::Error::other("no such name")) })),
        };
        let call = client(resolver).get("http://files.example/").send();
        let error = HandlerError::from(call.await.expect_err("no such name"));
        assert_eq!(error.cause, Cause::Server);
        assert!(
            error.is_retryable() && error.to_string().contains("no such name"),
            "{error}"
        );
    }
}
