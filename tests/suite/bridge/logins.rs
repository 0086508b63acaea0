//! Who a bridge is, in all the ways that NATS knows; and that nobody else hears of it.

use natsbridge::wire::ErrorCode;
use natsbridge::{Bridge, Connect};
use nkeys::KeyPair;
use serde_json::json;

use super::nats_server::NatsServer;
use super::promptly;

async fn enters(connect: Connect) {
    let bridge = promptly(connect).await.expect("a connection");
    promptly(bridge.flush()).await.expect("a round trip");
    let shown = format!("{bridge:?} {}", bridge.broker_url());
    assert!(!shown.contains("hunter2"), "{shown}");
}

async fn is_turned_away(connect: Connect) {
    let shown = format!("{connect:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let error = promptly(connect).await.expect_err("a wrong login");
    assert_eq!(error.code(), ErrorCode::NatsConnectionFailed, "{error}");
    assert!(!error.is_retryable());
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_passwords() {
    let server = NatsServer::with("authorization: {user: \"u@x\", password: \"hunter2/1\"}");
    let host = format!("127.0.0.1:{}", server.port());
    enters(Bridge::connect(format!("nats://u%40x:hunter2%2F1@{host}"))).await;
    enters(Bridge::connect(server.url()).user_and_password("u@x", "hunter2/1")).await;
    enters(Bridge::connect(format!("nats://a:b@{host}")).user_and_password("u@x", "hunter2/1"))
        .await;
    is_turned_away(Bridge::connect(format!("nats://u:hunter2@{host}"))).await;
    is_turned_away(Bridge::connect(server.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens() {
    let server = NatsServer::with("authorization: {token: \"hunter2\"}");
    let host = format!("127.0.0.1:{}", server.port());
    enters(Bridge::connect(format!("nats://hunter2@{host}"))).await;
    enters(Bridge::connect(server.url()).token("hunter2")).await;
    is_turned_away(Bridge::connect(server.url()).token("hunter2-too")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nkeys() {
    let (known, unknown) = (KeyPair::new_user(), KeyPair::new_user());
    let server = NatsServer::with(&format!(
        "authorization: {{users: [{{nkey: {}}}]}}",
        known.public_key()
    ));
    let seed = |key: &KeyPair| key.seed().expect("a seed");
    enters(Bridge::connect(server.url()).nkey(seed(&known))).await;
    is_turned_away(Bridge::connect(server.url()).nkey(seed(&unknown))).await;
    is_turned_away(Bridge::connect(server.url()).nkey("hunter2")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_files() {
    let (operator, account, user) = (
        KeyPair::new_operator(),
        KeyPair::new_account(),
        KeyPair::new_user(),
    );
    let operator_jwt = jwt(
        &operator,
        &operator,
        &json!({"type": "operator", "version": 2}),
    );
    let account_jwt = jwt(
        &operator,
        &account,
        &json!({
            "type": "account", "version": 2,
            "limits": {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "conn": -1, "leaf": -1},
        }),
    );
    let user_jwt = jwt(
        &account,
        &user,
        &json!({"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1}),
    );
    let server = NatsServer::with(&format!(
        "authorization: {{timeout: 20}}\noperator: {operator_jwt}\nresolver: MEMORY\nresolver_preload: {{{}: {account_jwt}}}",
        account.public_key()
    ));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("user.creds");
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        user.seed().expect("a seed")
    );
    std::fs::write(&path, text).expect("a file");
    enters(Bridge::connect(server.url()).credentials_file(&path)).await;

    std::fs::write(&path, "hunter2").expect("a file");
    let error = promptly(Bridge::connect(server.url()).credentials_file(&path))
        .await
        .expect_err("no credentials");
    assert_eq!(error.code(), ErrorCode::InvalidEnvelope);
    assert!(error.to_string().contains("user.creds"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
}

/// A token of NATS's own kind, signed by `issuer` for `subject`.
fn jwt(issuer: &KeyPair, subject: &KeyPair, claims: &serde_json::Value) -> String {
    use base64::Engine;
    let encoded = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let header = encoded(
        json!({"typ": "JWT", "alg": "ed25519-nkey"})
            .to_string()
            .as_bytes(),
    );
    let body = json!({
        "jti": "x", "iat": 1_700_000_000, "iss": issuer.public_key(), "name": "test",
        "sub": subject.public_key(), "nats": claims,
    });
    let signed = format!("{header}.{}", encoded(body.to_string().as_bytes()));
    let signature = issuer.sign(signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", encoded(&signature))
}
