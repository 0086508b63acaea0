//! The folder that received messages go to: one sub-folder each, under a number, with the payloads as files.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use natsbridge::wire::{Payload, PayloadType};
use natsbridge::{Received, SmartReceive, Value};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::failure::Failure;

/// A folder of messages. A message's sub-folder appears with all its payloads at once.
pub(crate) struct Spool {
    folder: PathBuf,
    /// The number of the last message.
    last: u64,
    staging: Staging,
}

/// Where messages wait that are still being fetched: the path of a [`Scratch`].
#[derive(Clone)]
pub(crate) struct Staging {
    folder: Arc<Path>,
    next: Arc<AtomicU64>,
}

/// The folder behind a [`Staging`]. The tasks that fetch hold no part of it, since nobody knows when they end.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// Removes it with what is left in it.
    pub(crate) async fn remove(self) {
        const ATTEMPTS: u32 = 40;
        const PAUSE: Duration = Duration::from_millis(25);
        let path = self.0.keep();
        for _ in 0..ATTEMPTS {
            // A task that has just been told to end may be making its file, and then the folder is not empty after all.
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => sleep(PAUSE).await,
                _ => break,
            }
        }
    }
}

impl Spool {
    /// Opens a folder, which is made if it is not there. Numbers go on behind those that are in it. The scratch is to be removed at the end.
    ///
    /// # Errors
    ///
    /// Wrong usage where it cannot be written.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Scratch), Failure> {
        let open = || {
            fs::create_dir_all(folder)?;
            let last = last_number(folder)?;
            // Within the folder, since a rename does not leave a file system.
            let staging = tempfile::Builder::new()
                .prefix(".natsbridge-")
                .tempdir_in(folder)?;
            Ok((last, staging))
        };
        let (last, staging) = open().map_err(|error: io::Error| {
            let folder = folder.display();
            Failure::Usage(format!("the folder {folder} cannot be used: {error}"))
        })?;
        let spool = Spool {
            folder: folder.to_owned(),
            last,
            staging: Staging {
                folder: staging.path().into(),
                next: Arc::default(),
            },
        };
        Ok((spool, Scratch(staging)))
    }

    /// Where its messages are to be received.
    pub(crate) fn staging(&self) -> Staging {
        self.staging.clone()
    }

    /// Gives a message, whose files are in the staging, its number and its sub-folder.
    pub(crate) fn keep(&mut self, received: &mut Received) -> Result<u64, Failure> {
        self.moved(received).map_err(|error| {
            let folder = self.folder.display();
            Failure::Local(format!("a message cannot be kept in {folder}: {error}"))
        })
    }

    fn moved(&mut self, received: &mut Received) -> io::Result<u64> {
        let staged = received
            .payloads
            .iter()
            .find_map(|payload| match &payload.data {
                Value::File(path) => path.parent().map(Path::to_owned),
                _ => None,
            });
        let folder = loop {
            self.last += 1;
            let folder = self.folder.join(format!("{:06}", self.last));
            let made = match &staged {
                _ if folder.exists() => continue,
                Some(staged) => fs::rename(staged, &folder),
                None => fs::create_dir(&folder),
            };
            match made {
                Ok(()) => break folder,
                // Another process was faster.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty
                    ) => {}
                Err(error) => return Err(error),
            }
        };
        for payload in &mut received.payloads {
            if let Value::File(path) = &mut payload.data
                && let Some(name) = path.file_name()
            {
                *path = folder.join(name);
            }
        }
        Ok(self.last)
    }
}

impl Staging {
    /// Lets the payloads of a message go into files of a folder of its own.
    pub(crate) fn receive(&self, message: SmartReceive) -> SmartReceive {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = Waiting {
            path: self.folder.join(number.to_string()),
            made: OnceLock::new(),
        };
        message
            .into_files(move |index, payload| Some(folder.path().join(file_name(index, payload))))
    }
}

/// The folder of one message. What is not moved away by the end is empty, and goes.
struct Waiting {
    path: PathBuf,
    made: OnceLock<()>,
}

impl Waiting {
    fn path(&self) -> &Path {
        // Only now is it known that the message is valid. A folder that is not there fails its first file.
        self.made.get_or_init(|| drop(fs::create_dir(&self.path)));
        &self.path
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.made.get().is_some() {
            // It stays where files are in it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// The name that `decode --out-dir` would give it; the sender's name for it is not used.
fn file_name(index: usize, payload: &Payload) -> String {
    let extension = match payload.payload_type {
        PayloadType::Text => "txt",
        PayloadType::Dictionary | PayloadType::Jsontable => "json",
        PayloadType::Arrowtable => "arrows",
        _ => "bin",
    };
    format!("payload-{index}.{extension}")
}

fn last_number(folder: &Path) -> io::Result<u64> {
    let mut last = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_scratch_goes_although_tasks_know_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (spool, scratch) = Spool::open(folder.path()).expect("a spool");
        let staging = spool.staging();
        fs::create_dir(staging.folder.join("0")).expect("a folder");
        scratch.remove().await;
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        drop(staging);
    }

    #[test]
    fn numbers_go_on_behind_those_that_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["000007", "12", "notes", "-3"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        assert_eq!(last_number(folder.path()).expect("a number"), 12);
    }
}
