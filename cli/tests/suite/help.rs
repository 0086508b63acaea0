//! What the command says about itself.

use serde_json::Value as Json;

use crate::program::{parse, run};

fn help(arguments: &[&str]) -> String {
    let help = run(arguments.iter().chain(&["--help"])).ok();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn of_all() {
    insta::assert_snapshot!(help(&[]));
}

#[test]
fn of_demo() {
    insta::assert_snapshot!(help(&["demo"]));
}

#[test]
fn of_encode() {
    insta::assert_snapshot!(help(&["encode"]));
}

#[test]
fn of_decode() {
    insta::assert_snapshot!(help(&["decode"]));
}

#[test]
fn of_send() {
    insta::assert_snapshot!(help(&["send"]));
}

#[test]
fn of_receive() {
    insta::assert_snapshot!(help(&["receive"]));
}

#[test]
fn of_probe() {
    insta::assert_snapshot!(help(&["probe"]));
}

#[test]
fn of_validate() {
    insta::assert_snapshot!(help(&["validate"]));
}

#[test]
fn of_schema() {
    insta::assert_snapshot!(help(&["schema"]));
}

#[test]
fn of_fileserver() {
    insta::assert_snapshot!(help(&["fileserver"]));
}

#[test]
fn its_defaults_are_those_of_the_schema() {
    let document = parse(&run(["schema", "platforms"]).ok());
    let (defaults, transfer, desktop) = (
        &document["defaults"],
        &document["transfer"],
        &document["platforms"]["desktop"],
    );
    let text = |value: &Json| value.as_str().expect("a string").to_owned();
    let seconds = |value: &Json| format!("{}s", value.as_u64().expect("a number") / 1000);
    let encode = help(&["encode"]);
    for (option, default) in [
        ("max-retries", transfer["max_retries"].to_string()),
        ("base-delay", format!("{}ms", transfer["base_delay_ms"])),
        ("max-delay", seconds(&transfer["max_delay_ms"])),
        ("connect-timeout", seconds(&transfer["connect_timeout_ms"])),
        ("read-timeout", seconds(&transfer["read_timeout_ms"])),
        (
            "fileserver-url",
            format!(
                "$FILESERVER_URL, else {}",
                text(&defaults["fileserver_url"])
            ),
        ),
        (
            "broker-url",
            format!("$NATS_URL, else {}", text(&defaults["broker_url"])),
        ),
        (
            "size-threshold",
            format!("$SIZE_THRESHOLD, else {}", desktop["size_threshold"]),
        ),
        (
            "max-message-bytes",
            desktop["max_message_bytes"].to_string(),
        ),
        ("max-payloads", desktop["max_payloads"].to_string()),
        ("msg-purpose", text(&defaults["msg_purpose"])),
        ("sender-name", text(&defaults["sender_name"])),
        ("checksum", text(&defaults["checksum"])),
    ] {
        assert_eq!(default_of(&encode, option), default, "--{option}");
    }
    let (nats, delivery) = (&document["nats"], &document["delivery"]);
    let send = help(&["send"]);
    for (option, default) in [
        ("server", default_of(&encode, "broker-url").to_owned()),
        ("ack-wait", seconds(&delivery["ack_wait_ms"])),
        ("timeout", seconds(&nats["request_timeout_ms"])),
    ] {
        assert_eq!(default_of(&send, option), default, "--{option}");
    }
    let deadline = delivery["deadline_ms"].as_u64().expect("a number") / 1000;
    assert!(
        send.contains(&format!(", {deadline} s by default")),
        "{send}"
    );
    for command in ["decode", "receive", "validate"] {
        let help = help(&[command]);
        assert_eq!(
            default_of(&help, "max-message-bytes"),
            desktop["max_received_bytes"].to_string()
        );
        assert_eq!(
            default_of(&help, "max-payloads"),
            desktop["max_payloads"].to_string()
        );
    }
}

/// What stands behind `default:` in the help of an option.
fn default_of<'a>(help: &'a str, option: &str) -> &'a str {
    let (_, from_option) = help
        .split_once(&format!("--{option} "))
        .expect("the option");
    let (_, default) = from_option.split_once("[default: ").expect("a default");
    default.split_once(']').expect("its end").0
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(
        run(["--version"]).ok(),
        format!("natsbridge {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn without_a_command_it_explains_itself() {
    let bare = run([""; 0]);
    assert_eq!((bare.code, bare.out.as_str()), (2, ""));
    assert!(
        bare.err.contains("Usage: natsbridge [OPTIONS] <COMMAND>"),
        "{}",
        bare.err
    );
}
