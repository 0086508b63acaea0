//! The program under test, run as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde::Deserialize;
use serde_json::Value as Json;

/// The command with these arguments, in an environment that says nothing about servers.
pub(super) fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natsbridge"));
    for variable in [
        "FILESERVER_URL",
        "NATSBRIDGE_LOGIN",
        "NATSBRIDGE_PASSWORD",
        "NATSBRIDGE_TOKEN",
        "NATSBRIDGE_USER_TOKENS",
        "NATS_PASSWORD",
        "NATS_TOKEN",
        "NATS_URL",
        "NATS_USER",
        "SIZE_THRESHOLD",
    ] {
        command.env_remove(variable);
    }
    command.args(arguments);
    command
}

/// What a run of the program left behind.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

/// Runs the command with nothing on its standard input.
pub(super) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    finish(&mut command(arguments), b"")
}

/// Runs the command with `input` on its standard input.
pub(super) fn run_with<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    input: impl AsRef<[u8]>,
) -> Run {
    finish(&mut command(arguments), input.as_ref())
}

/// Runs a command to its end.
pub(super) fn finish(command: &mut Command, input: &[u8]) -> Run {
    let mut child = start(command);
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // A program that ends early does not read what it is given.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("the program ends");
    writer.join().expect("the writer ends");
    // For `tests/secrets`, which looks through whatever is printed.
    println!("{}", String::from_utf8_lossy(&stderr));
    Run {
        code: status.code().expect("an exit code"),
        out: String::from_utf8(stdout).expect("UTF-8 on standard output"),
        err: String::from_utf8(stderr).expect("UTF-8 on standard error"),
    }
}

/// Starts a command with pipes on all sides.
pub(super) fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

impl Run {
    /// The output of a run that went well.
    pub(super) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// The JSON of such a run.
    pub(super) fn json(self) -> Json {
        parse(&self.ok())
    }

    /// The one line of JSON on standard error of a run that ended with `code`, and nothing on standard output.
    pub(super) fn error(self, code: i32) -> Json {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        assert_eq!(self.err.trim_end().lines().count(), 1, "{}", self.err);
        parse(&self.err)
    }
}

/// JSON of any depth.
pub(super) fn parse(text: &str) -> Json {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = Json::deserialize(&mut reader).expect("JSON");
    reader.end().expect("nothing behind it");
    value
}

/// The program's own file server on a free port, stopped when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl Server {
    pub(super) fn start(arguments: &[&str]) -> Self {
        let mut child = start(&mut command(
            ["fileserver", "--listen", "127.0.0.1:0"]
                .iter()
                .chain(arguments),
        ));
        let mut url = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut url).expect("a line");
        Server {
            child,
            url: url.trim_end().to_owned(),
        }
    }

    /// The exit code after that signal.
    #[cfg(unix)]
    pub(super) fn stop(mut self, signal: &str) -> Option<i32> {
        let kill = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By its own handle; that it has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
