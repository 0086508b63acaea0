//! The command `receive` as a process that runs beside a test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command};
use std::sync::mpsc::{Receiver as Channel, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::program::{Run, command, parse, start};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process that has subscribed. Dropped, it is killed.
pub(super) struct Receiver {
    child: Child,
    /// Its lines on standard error, as they come.
    err: Channel<String>,
    out: Option<JoinHandle<String>>,
}

impl Receiver {
    /// Starts `receive` with these arguments and waits until it has subscribed.
    pub(super) fn start(url: &str, arguments: &[&str]) -> Self {
        let mut receive = command(["receive", "--server", url].iter().chain(arguments));
        let receiver = Receiver::watch(start(&mut receive));
        receiver.wait_for("natsbridge: subscribed to ");
        receiver
    }

    /// Takes over a process.
    pub(super) fn watch(mut child: Child) -> Self {
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut stdout: ChildStdout = child.stdout.take().expect("a pipe");
        let (lines, err) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        let out = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).expect("UTF-8");
            text
        });
        Receiver {
            child,
            err,
            out: Some(out),
        }
    }

    /// Waits for a line on standard error that begins like this.
    pub(super) fn wait_for(&self, beginning: &str) -> String {
        let mut seen = Vec::new();
        let began = Instant::now();
        while let Ok(line) = self
            .err
            .recv_timeout(PATIENCE.saturating_sub(began.elapsed()))
        {
            if line.starts_with(beginning) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line begins with {beginning:?}: {seen:#?}");
    }

    pub(super) fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
    }

    /// Waits until it has ended.
    pub(super) fn finish(mut self) -> Run {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        };
        let out = self.out.take().expect("not finished before");
        Run {
            code: status.code().expect("an exit code"),
            out: out.join().expect("its output"),
            err: self.err.iter().map(|line| line + "\n").collect(),
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // By its own handle; that it has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Run {
    /// Its standard output as lines of JSON.
    pub(super) fn lines(&self) -> Vec<Json> {
        self.out.lines().map(parse).collect()
    }
}
