//! A real nats-server for a test.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Once;

use natsbridge_cli::nats_server::{NatsServer, PROGRAM};
use tokio::runtime;

/// A running server. Dropped, it is stopped.
pub(super) struct Broker(NatsServer);

impl Broker {
    /// Starts one with these arguments; `None`, said loudly, where there is none.
    ///
    /// # Panics
    /// In CI, if it is missing; anywhere, if it is there and does not start.
    pub(super) fn start(arguments: &[&str]) -> Option<Self> {
        let program = program()?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let server = runtime
            .expect("a runtime")
            .block_on(NatsServer::start(&program, arguments));
        Some(Broker(server.unwrap_or_else(|error| {
            panic!("{} does not start: {error}", program.display())
        })))
    }

    pub(super) fn url(&self) -> &str {
        self.0.url()
    }

    /// Publishes bytes that need not be a message.
    pub(super) fn publish(&self, subject: &str, bytes: &[u8]) {
        let address = self.url().strip_prefix("nats://").expect("a URL");
        let mut stream = TcpStream::connect(address).expect("a connection");
        let mut request = format!(
            "CONNECT {{\"verbose\":false}}\r\nPUB {subject} {}\r\n",
            bytes.len()
        );
        request.push_str(std::str::from_utf8(bytes).expect("UTF-8"));
        request.push_str("\r\nPING\r\n");
        stream.write_all(request.as_bytes()).expect("written");
        let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
        while !answer.ends_with(b"PONG\r\n") {
            let length = stream.read(&mut buffer).expect("an answer");
            assert!(length > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&buffer[..length]);
        }
    }
}

/// The server's program: that of NATSBRIDGE_TEST_NATS_SERVER, else the one on PATH.
pub(super) fn program() -> Option<PathBuf> {
    let given = env::var_os("NATSBRIDGE_TEST_NATS_SERVER").filter(|path| !path.is_empty());
    let program = given.unwrap_or_else(|| OsString::from(PROGRAM));
    let on_path = || {
        let folders = env::var_os("PATH").unwrap_or_default();
        let mut programs = env::split_paths(&folders).map(|folder| folder.join(&program));
        programs.find(|program| program.is_file())
    };
    let found = Some(PathBuf::from(&program))
        .filter(|program| program.is_absolute())
        .or_else(on_path);
    if found.is_none() {
        report_missing();
    }
    found
}

/// Past the test harness, which keeps back what passing tests print.
fn report_missing() {
    static ONCE: Once = Once::new();
    let text = "!! not available: nats-server (neither NATSBRIDGE_TEST_NATS_SERVER nor PATH has one): send, receive and probe were not tested";
    ONCE.call_once(|| {
        let _ = writeln!(io::stderr(), "{text}");
    });
    let is_ci = env::var("CI").is_ok_and(|ci| ci.eq_ignore_ascii_case("true"));
    assert!(!is_ci, "CI must have nats-server");
}

#[test]
fn a_program_that_is_not_there_is_not_found() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let error = runtime
        .expect("a runtime")
        .block_on(NatsServer::start("no-such-nats-server", [""; 0]))
        .expect_err("nothing to start");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn one_that_ends_at_once_says_why() {
    if program().is_none() {
        return;
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let error = runtime
        .expect("a runtime")
        .block_on(NatsServer::start(
            program().expect("a program"),
            ["--config", "no such file"],
        ))
        .expect_err("no configuration");
    assert!(error.to_string().starts_with("it ended"), "{error}");
}
