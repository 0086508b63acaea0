//! Processes that the runner has started: each in a group of its own, which ends with the runner, whatever ends that.

use std::collections::BTreeSet;
use std::io;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// The ids of all groups that are running.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static STOPPED: AtomicBool = AtomicBool::new(false);

/// A child process and those that it starts itself. Dropped, they are killed.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    reaped: bool,
}

impl Child {
    /// Starts the command in a process group of its own.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Held while it starts, so that a signal finds it in the list or comes before it.
        let mut running = running();
        if is_stopped() {
            return Err(io::Error::other("the run was stopped"));
        }
        let process = command.spawn()?;
        running.insert(process.id());
        Ok(Child {
            process,
            reaped: false,
        })
    }

    pub(crate) fn stdin(&mut self) -> Option<ChildStdin> {
        self.process.stdin.take()
    }

    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.process.stdout.take()
    }

    pub(crate) fn stderr(&mut self) -> Option<ChildStderr> {
        self.process.stderr.take()
    }

    /// How it ended, if it does so in time; what it has started itself and left behind is killed.
    pub(crate) fn end(&mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            if self.reaped || self.has_ended() {
                return self.kill();
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM, so that it can tidy up; dropped, it is killed.
    pub(crate) fn ask_to_end(&self) {
        signal(self.process.id(), Ending::Terminate);
    }

    /// SIGKILL for the whole group, and waits for the child's end.
    pub(crate) fn kill(&mut self) -> Option<ExitStatus> {
        if !self.reaped {
            // The id is the group's as long as the child has not been waited for, even if it has ended.
            let mut running = running();
            signal(self.process.id(), Ending::Kill);
            running.remove(&self.process.id());
            drop(running);
            // Where there are no groups, the child alone; that it has ended already is as good.
            let _ = self.process.kill();
            self.reaped = true;
        }
        self.process.wait().ok()
    }
}

impl Child {
    /// Whether it has ended; it is left to be waited for.
    #[cfg(unix)]
    fn has_ended(&self) -> bool {
        use rustix::io::Errno;
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let child = i32::try_from(self.process.id());
        let Some(child) = child.ok().and_then(Pid::from_raw) else {
            return true;
        };
        let ended = waitid(WaitId::Pid(child), options);
        !matches!(ended, Ok(None) | Err(Errno::INTR))
    }

    #[cfg(not(unix))]
    fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a signal has asked the runner to end.
pub(crate) fn is_stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// From now on Ctrl-C, SIGTERM and SIGHUP kill every child; whoever waits for one sees [`is_stopped`]. A second signal ends the
/// runner at once.
pub(crate) fn end_all_on_signal() -> Result<(), Failure> {
    let end = || {
        let again = STOPPED.swap(true, Ordering::SeqCst);
        for id in running().iter() {
            signal(*id, Ending::Kill);
        }
        if again {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(end).map_err(|error| Failure::Broken(error.to_string()))
}

fn running() -> std::sync::MutexGuard<'static, BTreeSet<u32>> {
    RUNNING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

enum Ending {
    Kill,
    Terminate,
}

#[cfg(unix)]
fn signal(id: u32, ending: Ending) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = match ending {
        Ending::Kill => Signal::KILL,
        Ending::Terminate => Signal::TERM,
    };
    if let Some(group) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // A group that has ended already is as good.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(not(unix))]
fn signal(_: u32, _: Ending) {}
