//! Links to any public address, and to networks that are allowed: what is refused, when, and what is connected to.

use std::time::Duration;

use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{
    Decoder, Digest, Download, DownloadHandler, Draft, ErrorKind, HandlerError, Network, Origin,
    Part, Plik, Sink, SmartReceive, new_id, now, smartreceive,
};

use super::faults::answer::Answer;
use super::faults::server::Server;

const CONTENT: &[u8] = b"what is there";

fn message(url: &str) -> String {
    let part = Part::external("p", CONTENT.len() as u64, "binary");
    let draft = Draft::new("a.b", [part]);
    let mut outgoing = draft.encode(now(), &mut new_id).expect("a draft");
    let digest = Some(Digest::of(CONTENT));
    outgoing.link(0, url, digest).expect("a link");
    outgoing.finish().expect("a message").1
}

/// A receiver whose own file server is another, and that is quick to give up.
fn receive(url: &str) -> SmartReceive {
    smartreceive(message(url))
        .fileserver_url("http://files.example")
        .base_delay(Duration::from_millis(5))
        .connect_timeout(Duration::from_millis(500))
}

fn networks<const N: usize>(networks: [&str; N]) -> [Network; N] {
    networks.map(|network| network.parse().expect("a network"))
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_before_anything_is_fetched() {
    let server = Server::start().await;
    for host in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::a00:1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[2002:a00:1::1]",
        "[fc00::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
    ] {
        let port = server.origin().port();
        let url = format!("http://{host}:{port}/x?token=hunter2");
        let error = receive(&url).any_public_origin().await.expect_err(host);
        assert_eq!(error.code(), ErrorCode::UrlNotAllowed, "{host}");
        assert_eq!(error.phase(), Phase::Validate, "{host}");
        assert_eq!(error.kind(), ErrorKind::Policy);
        assert!(!error.is_retryable());
        assert_eq!(error.pointer(), Some("/payloads/0/data"));
        let origin = url.parse::<Origin>().expect("an origin").to_string();
        assert_eq!(error.found(), Some(origin.as_str()));
        assert_eq!(
            error.expected(),
            Some(
                "a link to any public address (any_public_origin), one of allowed_networks (none), or one of \
                 allowed_origins (http://files.example)"
            )
        );
    }
    assert!(server.lines().is_empty(), "{:?}", server.lines());
}

#[test]
fn the_decoder_alone_judges_addresses_and_leaves_names_to_whoever_fetches() {
    let open = Decoder::new().any_public_origin();
    for host in ["8.8.8.8", "[2606:4700::1111]", "localhost", "files.example"] {
        let text = message(&format!("https://{host}/x"));
        assert!(open.decode(&text).is_ok(), "{host}");
        let error = Decoder::new().decode(&text).expect_err(host);
        assert_eq!(error.code(), ErrorCode::UrlNotAllowed, "{host}");
    }
    let inner = Decoder::new().allowed_networks(networks(["10.0.0.0/8", "fd00::/8"]));
    for (host, allowed) in [
        ("10.1.2.3", true),
        ("[fd00::1]", true),
        ("11.0.0.1", false),
        ("8.8.8.8", false),
        ("[::ffff:10.0.0.1]", false),
    ] {
        let text = message(&format!("https://{host}/x"));
        assert_eq!(inner.decode(&text).is_ok(), allowed, "{host}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_unless_its_network_is_allowed() {
    let server = Server::start().await;
    server.put("/x", CONTENT);
    let url = format!(
        "http://localhost:{}/x?token=hunter2",
        server.origin().port()
    );
    for call in [
        receive(&url).any_public_origin(),
        receive(&url).allowed_networks(networks(["10.0.0.0/8"])),
    ] {
        let error = call.await.expect_err("not allowed");
        assert_eq!(error.code(), ErrorCode::UrlNotAllowed, "{error}");
        assert_eq!(error.phase(), Phase::Fetch);
        assert_eq!(error.kind(), ErrorKind::Policy);
        assert!(!error.is_retryable());
        let text = error.to_string();
        let origin = url.parse::<Origin>().expect("an origin").to_string();
        assert!(text.contains(&origin), "{text}");
        assert!(text.contains("allowed_networks"), "{text}");
        for hidden in ["hunter2", "127.0.0.1", "::1", "attempts"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
    assert!(server.lines().is_empty(), "{:?}", server.lines());
    let loopback = networks(["127.0.0.0/8", "::1"]);
    let received = receive(&url)
        .any_public_origin()
        .allowed_networks(loopback)
        .await
        .expect("allowed");
    assert_eq!(received.bytes("p").expect("bytes"), CONTENT);
    assert_eq!(server.count("GET /x"), 1);
}

#[tokio::test]
async fn an_address_whose_network_is_allowed_is_fetched_from() {
    let server = Server::start().await;
    server.put("/x", CONTENT);
    let call = receive(&server.link("/x")).allowed_networks(networks(["127.0.0.1"]));
    let received = call.await.expect("allowed");
    assert_eq!(received.bytes("p").expect("bytes"), CONTENT);
}

#[tokio::test]
async fn an_origin_that_is_listed_needs_no_address() {
    let server = Server::start().await;
    server.put("/x", CONTENT);
    let url = format!("http://localhost:{}/x", server.origin().port());
    let received = receive(&url)
        .any_public_origin()
        .allowed_origins([url.parse().expect("an origin")])
        .await
        .expect("listed");
    assert_eq!(received.bytes("p").expect("bytes"), CONTENT);
}

#[tokio::test]
async fn a_redirect_leads_nowhere_in_open_mode_either() {
    let server = Server::start().await;
    server.put("/x", CONTENT);
    let away = Answer::with(302, &[("Location", "http://169.254.169.254/")], b"");
    server.script("GET /away", [away]);
    let call = receive(&server.link("/away")).allowed_networks(networks(["127.0.0.0/8"]));
    let error = call.await.expect_err("a redirect");
    assert_eq!(error.code(), ErrorCode::DownloadFailed);
}

/// A handler that connects wherever the link leads.
struct Careless;

/// One that checks.
struct Careful(std::net::IpAddr);

impl DownloadHandler for Careless {
    fn origins(&self, _: &str) -> Vec<Origin> {
        Vec::new()
    }

    async fn download(&self, _: Download<'_>, _: &mut Sink) -> Result<(), HandlerError> {
        panic!("it must not be called");
    }
}

impl DownloadHandler for Careful {
    fn origins(&self, _: &str) -> Vec<Origin> {
        Vec::new()
    }

    fn checks_addresses(&self) -> bool {
        true
    }

    async fn download(&self, download: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        if !download.may_connect(self.0) {
            return Err(HandlerError::new("not there"));
        }
        sink.start(None)?;
        sink.write(CONTENT)
    }
}

#[tokio::test]
async fn handlers_of_ones_own_have_to_check_addresses() {
    let url = "http://files.elsewhere/x";
    let call = receive(url).any_public_origin();
    let error = call
        .clone()
        .fileserver_download_handler(Careless)
        .await
        .expect_err("careless");
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("checks_addresses"), "{error}");
    let careful = |address: &str| Careful(address.parse().expect("an address"));
    let public = call.clone().fileserver_download_handler(careful("8.8.8.8"));
    public.await.expect("a public address");
    let private = call.fileserver_download_handler(careful("10.0.0.1"));
    private.await.expect_err("a private address");
    assert!(DownloadHandler::checks_addresses(&Plik::oneshot()));
}
