//! TLS with certificates on both sides, made for the test.

use std::fs;
use std::path::Path;

use natsbridge::wire::ErrorCode;
use natsbridge::{Bridge, Connect, Part, smartsend};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use super::nats_server::NatsServer;
use super::{next, promptly};

/// Writes `authority.pem`, and for the server and its client a certificate each with its key.
pub(crate) fn certificates(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("a certificate");
    write("authority.pem", &authority.pem());
    let issuer = Issuer::new(params, key);
    for (name, purpose) in [
        ("server", ExtendedKeyUsagePurpose::ServerAuth),
        ("client", ExtendedKeyUsagePurpose::ClientAuth),
    ] {
        let key = KeyPair::generate().expect("a key");
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let mut params = CertificateParams::new(names).expect("parameters");
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        write(&format!("{name}.pem"), &certificate.pem());
        write(&format!("{name}-key.pem"), &key.serialize_pem());
    }
}

const TLS: &str = "tls: {cert_file: \"DIR/server.pem\", key_file: \"DIR/server-key.pem\", ca_file: \"DIR/authority.pem\", verify: true}";

async fn is_turned_away(connect: Connect) -> natsbridge::Error {
    let error = promptly(connect).await.expect_err("no connection");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed, "{error}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_show_a_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    certificates(folder.path());
    let at = |name: &str| folder.path().join(name);
    let served = tempfile::tempdir().expect("a folder");
    for name in ["server.pem", "server-key.pem", "authority.pem"] {
        fs::copy(at(name), served.path().join(name)).expect("a copy");
    }
    let server = NatsServer::within(served, TLS);
    let secure = server.url().replace("nats://", "tls://");
    let trusting = || Bridge::connect(server.url()).root_certificates(at("authority.pem"));
    let known = || trusting().client_certificate(at("client.pem"), at("client-key.pem"));

    let bridge = promptly(known()).await.expect("a connection");
    let mut subscription = promptly(bridge.subscribe("t"))
        .await
        .expect("a subscription");
    promptly(bridge.publish(smartsend("t", [Part::text("a", "b")])))
        .await
        .expect("published");
    let message = next(&mut subscription).await;
    assert_eq!(message.received.text("a").expect("a text"), "b");

    // No certificate of its own; an authority that did not sign; an address that the certificate does not name.
    is_turned_away(trusting()).await;
    is_turned_away(Bridge::connect(secure)).await;
    let other = tempfile::tempdir().expect("a folder");
    certificates(other.path());
    is_turned_away(known().root_certificates(other.path().join("authority.pem"))).await;
    let error = promptly(known().root_certificates(at("client-key.pem")))
        .await
        .expect_err("no certificate");
    assert_eq!(error.code(), ErrorCode::InvalidEnvelope);
    assert!(error.to_string().contains("client-key.pem"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_tls_is_wanted() {
    let server = NatsServer::start();
    is_turned_away(Bridge::connect(server.url()).require_tls(true)).await;
    is_turned_away(Bridge::connect(server.url().replace("nats://", "tls://"))).await;
}
