//! `demo` shows that what is sent arrives.

use crate::broker::Broker;
use crate::plik_compat::peer::{Peer, Setup};
use crate::program::{Server, command, finish};

fn rows(printed: &str) -> Vec<Vec<&str>> {
    let table = printed.lines().skip(3).take_while(|line| !line.is_empty());
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

/// The line that says which way the message took.
fn way(printed: &str) -> &str {
    let line = printed.lines().nth(1).expect("a second line");
    line.strip_prefix("NATS server: ").expect("the way")
}

#[test]
fn it_needs_nothing_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = finish(
        command(["demo"])
            .env("TMPDIR", folder.path())
            .env("PATH", folder.path())
            .current_dir(folder.path()),
        b"",
    )
    .ok();
    assert!(
        printed.starts_with("file server: embedded, at http://127.0.0.1:"),
        "{printed}"
    );
    assert_eq!(
        way(&printed),
        "none (NATS_URL is not set, and no nats-server is on PATH); the message stays in this process"
    );
    assert_equal(&printed);
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0
    );
}

#[test]
fn it_goes_over_the_nats_server_of_the_environment() {
    let Some(broker) = Broker::start(&["--user", "me", "--pass", "hunter2"]) else {
        return;
    };
    let url = broker.url();
    let with_login = url.replace("://", "://me:hunter2@");
    let printed = finish(command(["demo"]).env("NATS_URL", with_login), b"").ok();
    assert_eq!(way(&printed), format!("{url}, from NATS_URL"));
    assert!(printed.contains("delivered and acknowledged"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
    assert_equal(&printed);

    let run = finish(command(["demo"]).env("NATS_URL", "nats://127.0.0.1:1"), b"");
    assert_eq!(run.code, 3, "{}", run.err);
}

#[cfg(unix)]
mod on_path {
    use std::fs;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::{assert_equal, way};
    use crate::broker;
    use crate::program::{command, finish, start};

    /// Puts a nats-server into a folder for PATH that writes down its process before it becomes the real one.
    fn put(program: &Path, folder: &Path) {
        let script = folder.join("nats-server");
        let text = format!(
            "#!/bin/sh\necho $$ > '{}/pid'\nexec '{}' \"$@\"\n",
            folder.display(),
            program.display()
        );
        fs::write(&script, text).expect("a script");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn is_running(folder: &Path) -> bool {
        let pid = fs::read_to_string(folder.join("pid")).expect("it was started");
        let kill = Command::new("kill")
            .args(["-0", pid.trim()])
            .stderr(Stdio::null())
            .status();
        kill.expect("kill").success()
    }

    #[test]
    fn it_starts_a_nats_server_that_is_on_path_and_stops_it() {
        let Some(program) = broker::program() else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        put(&program, folder.path());
        let scratch = tempfile::tempdir().expect("a folder");
        let printed = finish(
            command(["demo"])
                .env("PATH", folder.path())
                .env("TMPDIR", scratch.path()),
            b"",
        )
        .ok();
        let address = way(&printed)
            .strip_prefix("started for this run, at nats://")
            .expect("its URL");
        assert_equal(&printed);
        assert!(TcpStream::connect(address).is_err(), "{address} answers");
        assert!(!is_running(folder.path()));
        assert_eq!(fs::read_dir(scratch.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn it_stops_it_after_a_signal_and_a_failure_as_well() {
        let Some(program) = broker::program() else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        put(&program, folder.path());
        // A file server that never answers holds the demonstration up.
        let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", silent.local_addr().expect("an address"));
        let mut demo = command(["demo"]);
        demo.env("PATH", folder.path()).env("FILESERVER_URL", url);
        let mut child = start(&mut demo);
        let _request = silent.accept().expect("an upload begins");
        assert!(is_running(folder.path()));
        let kill = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a status") {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(130));
        assert!(!is_running(folder.path()));

        let run = finish(
            command(["demo"])
                .env("PATH", folder.path())
                .env("FILESERVER_URL", "http://127.0.0.1:1"),
            b"",
        );
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(!is_running(folder.path()));
    }

    #[test]
    fn one_that_does_not_start_is_no_hindrance() {
        let folder = tempfile::tempdir().expect("a folder");
        put(Path::new("/bin/false"), folder.path());
        let printed = finish(command(["demo"]).env("PATH", folder.path()), b"").ok();
        assert!(
            way(&printed).contains("does not start: it ended (exit status: 1)"),
            "{printed}"
        );
        assert_equal(&printed);
    }
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
