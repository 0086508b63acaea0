//! A process that a trial has started: it ends with the trial, whatever ends that.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::failure::Failure;

/// A child process. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
}

impl Process {
    /// Starts a command; the name is for messages.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Result<Self, Failure> {
        match command.spawn() {
            Ok(child) => Ok(Process { name, child }),
            Err(error) => Err(Failure::Unavailable(format!(
                "{name} ({}) does not start: {error}",
                command.get_program().display()
            ))),
        }
    }

    /// Starts this very program with these arguments. Its standard input stays open as long as this process lives, see
    /// [`parent_is_gone`].
    pub(crate) fn start_own(name: &'static str, arguments: &[&str]) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        Process::start(name, command.args(arguments).stdin(Stdio::piped()))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the process prints, where that was asked for.
    pub(crate) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// SIGTERM, so that it can tidy up, and SIGKILL if it has not ended soon.
    pub(crate) fn stop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(3);
        let asked = std::process::Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let until = Instant::now() + PATIENCE;
        while asked.is_ok() && Instant::now() < until {
            match self.has_ended() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        }
        // That it has ended already is as good.
        let _ = self.kill();
    }

    pub(crate) fn has_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn end(&mut self, patience: Duration) -> Result<ExitStatus, Failure> {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.has_ended()? {
                return Ok(status);
            }
            if Instant::now() > until {
                let message = format!("{} has not ended within {patience:?}", self.name);
                return Err(Failure::Unavailable(message));
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Closes its standard input, which asks it to end, and waits.
    pub(crate) async fn dismiss(&mut self, patience: Duration) -> Result<ExitStatus, Failure> {
        drop(self.child.stdin.take());
        self.end(patience).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // That it has ended already is as good.
        let _ = self.kill();
    }
}

/// Ends once the process that has started this one closes the pipe to it, or dies.
pub(crate) async fn parent_is_gone() {
    let (gone, told) = oneshot::channel();
    // A thread of its own, which does not hold up the end of this process.
    std::thread::spawn(move || {
        let mut ignored = Vec::new();
        let _ = io::stdin().read_to_end(&mut ignored);
        let _ = gone.send(());
    });
    let _ = told.await;
}
