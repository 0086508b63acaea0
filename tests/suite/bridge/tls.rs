//! TLS with certificates on both sides, made for the test.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use natsbridge::wire::{ErrorCode, Transport};
use natsbridge::{Bridge, Connect, Part, smartsend};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::nats_server::NatsServer;
use super::{next, promptly};
use crate::faults::server::Server;

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

/// Where the child finds its servers.
const TASK: [&str; 3] = [
    "NATSBRIDGE_TEST_TLS_NATS",
    "NATSBRIDGE_TEST_TLS_FILES",
    "NATSBRIDGE_TEST_TLS_FOLDER",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_of_a_delivery_goes_through_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    certificates(folder.path());
    let served = tempfile::tempdir().expect("a folder");
    for name in ["server.pem", "server-key.pem", "authority.pem"] {
        fs::copy(folder.path().join(name), served.path().join(name)).expect("a copy");
    }
    let server = NatsServer::within(served, TLS);
    let files = Server::start().await;
    let port = secured(&files, folder.path()).await;
    let child = |authority: &str| {
        let test = format!(
            "{}::child",
            module_path!().split_once("::").expect("a module").1
        );
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(["--exact", &test, "--ignored", "--nocapture"]);
        let values = [
            server.url().replace("nats://", "tls://"),
            format!("https://localhost:{port}"),
            folder.path().display().to_string(),
        ];
        command.envs(TASK.into_iter().zip(values));
        // The system's roots, as rustls's verifier for this platform finds them.
        command
            .env("SSL_CERT_FILE", folder.path().join(authority))
            .env_remove("SSL_CERT_DIR");
        let output = tokio::task::spawn_blocking(move || command.output().expect("a child"));
        async move {
            let output = promptly(output).await.expect("a task");
            format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )
        }
    };
    let trusted = child("authority.pem").await;
    assert!(trusted.contains("600000 bytes by link"), "{trusted}");
    assert_eq!(files.count("POST /file/"), 1);
    assert_eq!(files.count("GET /file/"), 1);
    // A file server whose certificate nobody vouches for gets not one request.
    let other = tempfile::tempdir().expect("a folder");
    certificates(other.path());
    fs::copy(
        other.path().join("authority.pem"),
        folder.path().join("other.pem"),
    )
    .expect("a copy");
    let distrusted = child("other.pem").await;
    assert!(distrusted.contains("UPLOAD_FAILED"), "{distrusted}");
    assert_eq!(files.count("POST /"), 2, "{distrusted}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other test here starts it"]
async fn child() {
    let [Ok(nats), Ok(files), Ok(folder)] = TASK.map(env::var) else {
        return;
    };
    let at = |name: &str| Path::new(&folder).join(name);
    let connect = Bridge::connect(nats)
        .root_certificates(at("authority.pem"))
        .client_certificate(at("client.pem"), at("client-key.pem"))
        .fileserver_url(files);
    let bridge = promptly(connect).await.expect("a connection");
    let mut subscription = promptly(bridge.subscribe("t"))
        .await
        .expect("a subscription");
    let receiving = tokio::spawn(async move {
        let message = next(&mut subscription).await;
        promptly(message.ack()).await.expect("an ACK");
        message.received.payloads[0].transport
    });
    let message = smartsend("t", [Part::binary("large", vec![7; 600_000])])
        .fallback(false)
        .max_retries(1);
    match promptly(bridge.deliver(message)).await {
        Err(error) => println!("{error}"),
        Ok(delivered) => {
            assert_eq!(receiving.await.expect("a task"), Transport::Link);
            println!(
                "{} bytes by link",
                delivered.envelope.payloads[0].size.get()
            );
        }
    }
}

/// A port before the file server that speaks TLS alone.
async fn secured(files: &Server, folder: &Path) -> u16 {
    let chain = CertificateDer::pem_file_iter(folder.join("server.pem"))
        .and_then(Iterator::collect)
        .expect("certificates");
    let key = PrivateKeyDer::from_pem_file(folder.join("server-key.pem")).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let plain = files.url().replace("http://", "");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else {
                    return;
                };
                let mut inside = TcpStream::connect(plain).await.expect("the file server");
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    port
}
