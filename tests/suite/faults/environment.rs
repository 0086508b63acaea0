//! What the environment says, and what beats it (W5.3, W6.6). Since the environment belongs to the process, each case runs in a
//! process of its own: this test program once more, at the test `child`.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use natsbridge::wire::Checksum;
use natsbridge::{Decoder, Draft, Error, Part, new_id, now, smartreceive, smartsend};
use serde_json::{Value, json};

use super::sample;
use super::server::Server;

/// Tells the child what to do; a JSON object.
const TASK: &str = "NATSBRIDGE_TEST_TASK";

/// Stands before what the child has to say.
const MARK: &str = "result of the child: ";

/// What may stand in the environment of whoever runs the tests.
const UNSET: [&str; 13] = [
    "NATS_URL",
    "FILESERVER_URL",
    "SIZE_THRESHOLD",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
    TASK,
];

/// Runs a task in a process of its own with these variables, and gives what came of it.
async fn run<V: Into<OsString> + Clone>(task: Value, variables: &[(&str, V)]) -> Value {
    let test = format!("{}::child", module_path!());
    let test = test
        .split_once("::")
        .expect("a module of the test program")
        .1
        .to_owned();
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", &test, "--ignored", "--nocapture"]);
    for name in UNSET {
        command.env_remove(name);
    }
    command.env(TASK, task.to_string());
    command.envs(
        variables
            .iter()
            .map(|(name, value)| (name, value.clone().into())),
    );
    let output = tokio::task::spawn_blocking(move || command.output().expect("a child"))
        .await
        .expect("a child");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = text.lines().find_map(|line| line.split_once(MARK));
    let (_, result) =
        result.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(result).expect("a result")
}

#[tokio::test]
#[ignore = "the other tests here start it"]
async fn child() {
    let Ok(task) = env::var(TASK) else { return };
    let task: Value = serde_json::from_str(&task).expect("a task");
    let result = match task["do"].as_str() {
        Some("send") => sent(&task).await,
        Some("receive") => received(&task).await,
        _ => pure(),
    };
    let result = result.unwrap_or_else(
        |error| json!({"code": error.code().to_string(), "error": format!("{error:?}")}),
    );
    println!("\n{MARK}{result}");
}

/// Payloads of 1,999 and 2,000 bytes.
async fn sent(task: &Value) -> Result<Value, Error> {
    let mut call = smartsend(
        "a.b",
        [
            Part::binary("f", sample(1999)),
            Part::binary("f", sample(2000)),
        ],
    )
    .max_retries(1);
    if let Some(url) = task["fileserver_url"].as_str() {
        call = call.fileserver_url(url);
    }
    if let Some(url) = task["broker_url"].as_str() {
        call = call.broker_url(url);
    }
    if let Some(threshold) = task["size_threshold"].as_u64() {
        call = call.size_threshold(threshold);
    }
    let (envelope, json) = call.await?;
    let transports: Vec<String> = envelope
        .payloads
        .iter()
        .map(|payload| payload.transport.to_string())
        .collect();
    Ok(json!({"transports": transports, "broker_url": envelope.broker_url, "json": json}))
}

async fn received(task: &Value) -> Result<Value, Error> {
    let mut call =
        smartreceive(task["json"].as_str().expect("a message").to_owned()).max_retries(1);
    if let Some(url) = task["fileserver_url"].as_str() {
        call = call.fileserver_url(url);
    }
    Ok(json!({"payloads": call.await?.payloads.len()}))
}

/// Encodes and decodes without a look at the environment.
fn pure() -> Result<Value, Error> {
    let draft = Draft::new("a.b", [Part::binary("f", sample(2000))]).checksum(Checksum::None);
    let (envelope, json) = draft.encode(now(), &mut new_id)?.finish()?;
    Decoder::new().decode(json)?.finish([])?;
    Ok(json!({"broker_url": envelope.broker_url}))
}

#[tokio::test]
async fn the_environment_stands_in_for_arguments() {
    let server = Server::start().await;
    let variables = [
        ("FILESERVER_URL", server.url()),
        ("SIZE_THRESHOLD", "2000".to_owned()),
        (
            "NATS_URL",
            "nats://me:hunter2@from-the-environment:1".to_owned(),
        ),
    ];
    let result = run(json!({"do": "send"}), &variables).await;
    assert_eq!(result["transports"], json!(["direct", "link"]), "{result}");
    assert_eq!(result["broker_url"], "nats://from-the-environment:1");
    let result = run(json!({"do": "receive", "json": result["json"]}), &variables).await;
    assert_eq!(result["payloads"], 2, "{result}");
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn arguments_beat_the_environment() {
    let (server, other) = (Server::start().await, Server::start().await);
    let variables = [
        ("FILESERVER_URL", other.url()),
        ("SIZE_THRESHOLD", "1".to_owned()),
        ("NATS_URL", "nats://other:1".to_owned()),
    ];
    let task = json!({"do": "send", "fileserver_url": server.url(), "size_threshold": 2000, "broker_url": "nats://mine:2"});
    let result = run(task, &variables).await;
    assert_eq!(result["transports"], json!(["direct", "link"]), "{result}");
    assert_eq!(result["broker_url"], "nats://mine:2");
    let task = json!({"do": "receive", "fileserver_url": server.url(), "json": result["json"]});
    assert_eq!(run(task, &variables).await["payloads"], 2);
    assert_eq!(server.lines().len(), 3);
    let refused = run(json!({"do": "receive", "json": result["json"]}), &variables).await;
    assert_eq!(refused["code"], "URL_NOT_ALLOWED", "{refused}");
    assert_eq!(other.lines(), [""; 0]);
}

#[tokio::test]
async fn without_either_there_are_defaults() {
    for variables in [
        &[][..],
        &[
            ("FILESERVER_URL", ""),
            ("SIZE_THRESHOLD", ""),
            ("NATS_URL", ""),
        ],
    ] {
        let result = run(json!({"do": "send"}), variables).await;
        assert_eq!(
            result["transports"],
            json!(["direct", "direct"]),
            "{result}"
        );
        assert_eq!(result["broker_url"], "nats://localhost:4222");
        let json = super::message(&[("http://elsewhere.invalid/f".to_owned(), 3, None)]);
        let refused = run(json!({"do": "receive", "json": json}), variables).await;
        assert_eq!(refused["code"], "URL_NOT_ALLOWED", "{refused}");
        assert!(
            refused["error"]
                .as_str()
                .is_some_and(|text| text.contains("(http://localhost:8080)")),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_that_names_the_variable() {
    let cases = [
        (
            "SIZE_THRESHOLD",
            &[
                "many",
                "-1",
                "1.5",
                "1e3",
                " 5",
                "5 ",
                "0x10",
                "99999999999999999999",
            ][..],
        ),
        (
            "FILESERVER_URL",
            &[
                "localhost:8080",
                "ftp://a",
                "http://",
                "http://me:hunter2@a",
                "http://a/?hunter2#x",
                "/",
            ],
        ),
        (
            "NATS_URL",
            &[
                "http://me:hunter2@a",
                "localhost",
                "nats://",
                "nats://a,,nats://b",
                " nats://a",
            ],
        ),
    ];
    let names_it = |result: &Value, name: &str| {
        let error = result["error"].as_str().unwrap_or_default();
        assert_eq!(result["code"], "INVALID_ENVELOPE", "{name}: {result}");
        assert!(
            error.contains(name) && !error.contains("hunter2"),
            "{name}: {result}"
        );
    };
    for (name, values) in cases {
        for value in values {
            names_it(&run(json!({"do": "send"}), &[(name, *value)]).await, name);
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt;
            names_it(
                &run(
                    json!({"do": "send"}),
                    &[(name, OsString::from_vec(vec![b'a', 0xff]))],
                )
                .await,
                name,
            );
        }
    }
    let json = super::message(&[("http://elsewhere.invalid/f".to_owned(), 3, None)]);
    names_it(
        &run(
            json!({"do": "receive", "json": json}),
            &[("FILESERVER_URL", "a")],
        )
        .await,
        "FILESERVER_URL",
    );
}

#[tokio::test]
async fn encode_and_decode_read_no_environment() {
    let variables = [
        ("FILESERVER_URL", "a"),
        ("SIZE_THRESHOLD", "many"),
        ("NATS_URL", "nats://other:1"),
    ];
    let result = run(json!({"do": "encode"}), &variables).await;
    assert_eq!(result, json!({"broker_url": "nats://localhost:4222"}));
}

#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    let (server, proxy) = (Server::start().await, Server::start().await);
    let names = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let mut variables: Vec<(&str, String)> =
        names.iter().map(|name| (*name, proxy.url())).collect();
    variables.extend([
        ("FILESERVER_URL", server.url()),
        ("SIZE_THRESHOLD", "2000".to_owned()),
    ]);
    let result = run(json!({"do": "send"}), &variables).await;
    assert_eq!(result["transports"], json!(["direct", "link"]), "{result}");
    let result = run(json!({"do": "receive", "json": result["json"]}), &variables).await;
    assert_eq!(result["payloads"], 2, "{result}");
    assert_eq!((server.lines().len(), proxy.lines().len()), (3, 0));
}
