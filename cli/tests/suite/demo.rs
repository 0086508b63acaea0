//! `demo` shows that what is sent arrives.

use crate::plik_compat::peer::{Peer, Setup};
use crate::program::{Server, command, finish};

fn rows(printed: &str) -> Vec<Vec<&str>> {
    let table = printed.lines().skip(2).take_while(|line| !line.is_empty());
    table
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect()
}

fn assert_equal(printed: &str) {
    let rows = rows(printed);
    assert_eq!(
        rows[0],
        [
            "name",
            "type",
            "transport",
            "encoding",
            "bytes",
            "SHA-256 equal",
            "ms"
        ]
    );
    let columns: Vec<[&str; 6]> = rows[1..]
        .iter()
        .map(|row| <[&str; 7]>::try_from(row.as_slice()).expect("7 cells"))
        .map(
            |[name, payload_type, transport, encoding, bytes, equal, _]| {
                [name, payload_type, transport, encoding, bytes, equal]
            },
        )
        .collect();
    let [greeting, station, gauges, chart, recording] = columns[..] else {
        panic!("{printed}")
    };
    assert_eq!(
        greeting,
        ["greeting", "text", "direct", "base64", "73", "yes"]
    );
    assert_eq!(station[..4], ["station", "dictionary", "direct", "base64"]);
    assert_eq!(gauges[..4], ["gauges", "arrowtable", "direct", "base64"]);
    assert_eq!(chart[..4], ["chart", "image", "direct", "base64"]);
    assert_eq!(
        recording,
        ["recording", "binary", "link", "none", "2000000", "yes"]
    );
    assert!(columns.iter().all(|row| row[5] == "yes"), "{printed}");
}

#[test]
fn it_needs_nothing_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = finish(
        command(["demo"])
            .env("TMPDIR", folder.path())
            .current_dir(folder.path()),
        b"",
    )
    .ok();
    assert!(
        printed.starts_with("file server: embedded, at http://127.0.0.1:"),
        "{printed}"
    );
    assert_equal(&printed);
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0
    );
}

fn assert_uses(url: &str) {
    let printed = finish(command(["demo"]).env("FILESERVER_URL", url), b"").ok();
    let first = format!("file server: {url}, from FILESERVER_URL\n");
    assert!(printed.starts_with(&first), "{printed}");
    assert_equal(&printed);
}

#[test]
fn it_uses_the_file_server_of_the_environment_and_says_so() {
    assert_uses(&Server::start(&[]).url);
}

#[tokio::test]
async fn it_uses_the_real_plik_as_well() {
    // Whoever starts Plik asks it whether it is up, by a client without a TLS provider of its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Some(plik) = Peer::plik_with(Setup::Open, 10_000_000).await {
        assert_uses(&plik.url);
    }
}

#[test]
fn without_that_file_server_it_fails() {
    let run = finish(
        command(["demo"]).env("FILESERVER_URL", "http://127.0.0.1:1"),
        b"",
    );
    assert_eq!(run.code, 3, "{}", run.err);
    let error = finish(command(["demo"]).env("FILESERVER_URL", "not a URL"), b"").error(1);
    assert!(
        error["error"]["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("FILESERVER_URL ")),
        "{error}"
    );
}
