//! The folder that holds the files' bytes while the server runs.
//!
//! Each server makes one of its own, with a marker that stays locked as long as the server lives. A folder
//! whose marker can be locked was left behind by a server that was killed, and the next one that starts in
//! the same place removes it. Only names of this server's own making are ever deleted.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::token;

const PREFIX: &str = "natsbridge-fileserver-";
const MARKER: &str = "marker";
const MARKER_TEXT: &[u8] = b"natsbridge fileserver\n";
const PARTIAL: &str = ".part";

/// A folder of this server's own. It is removed when dropped.
pub(super) struct Folder {
    path: PathBuf,
    /// Open for its lock alone, which the system releases however this process ends.
    _marker: File,
}

impl Folder {
    /// Makes a folder inside `base`, which is created where it does not exist, after removing what dead
    /// servers left there.
    ///
    /// # Errors
    /// `base` can't be written to.
    pub(super) fn create(base: &Path) -> io::Result<Self> {
        fs::create_dir_all(base)?;
        remove_leftovers(base);
        let path = base.join(format!("{PREFIX}{}", token::random(token::ID_LENGTH)?));
        create_private(&path)?;
        let mut marker = OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(path.join(MARKER))?;
        match marker.try_lock() {
            Ok(()) => {}
            // Without locks nothing tells a dead server from a living one, so nothing is removed either.
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
            Err(e) => return Err(e.into()),
        }
        // Written after the lock is held: a server that starts now takes an empty marker for no marker.
        marker.write_all(MARKER_TEXT)?;
        Ok(Self {
            path,
            _marker: marker,
        })
    }

    /// Where the bytes of a whole file are.
    pub(super) fn whole(&self, id: &str) -> PathBuf {
        self.path.join(id)
    }

    /// Where the bytes of a file are while they arrive.
    pub(super) fn partial(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}{PARTIAL}"))
    }

    /// Removes a file, whole or partial, if it is there.
    pub(super) fn discard(&self, id: &str) {
        // A file that stays behind is removed with the folder.
        let _ = fs::remove_file(self.whole(id));
        let _ = fs::remove_file(self.partial(id));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove_leftovers(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if id.is_some_and(token::is_id) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_if_dead(&entry.path());
        }
    }
}

fn remove_if_dead(path: &Path) {
    let marker = path.join(MARKER);
    if !fs::symlink_metadata(&marker).is_ok_and(|m| m.is_file()) {
        return;
    }
    let Ok(file) = OpenOptions::new().read(true).write(true).open(&marker) else {
        return;
    };
    let mut text = Vec::new();
    let is_ours = file.try_lock().is_ok()
        && (&file).take(64).read_to_end(&mut text).is_ok()
        && text == MARKER_TEXT;
    if is_ours {
        remove(path);
    }
}

/// Removes the files of this server's making, then the folder if nothing else is in it.
fn remove(path: &Path) {
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if token::is_id(name.strip_suffix(PARTIAL).unwrap_or(&name)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
    let _ = fs::remove_file(path.join(MARKER));
    let _ = fs::remove_dir(path);
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef";

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).expect("readable");
        let mut names: Vec<_> = entries
            .map(|e| e.expect("entry").file_name().into_string().expect("utf-8"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_dropped_folder_takes_only_its_own_files_along() {
        let base = tempfile::tempdir().expect("temp dir");
        let folder = Folder::create(base.path()).expect("folder");
        fs::write(folder.whole(ID), "x").expect("write");
        fs::write(folder.partial(ID), "x").expect("write");
        let path = folder.path.clone();
        assert_eq!(names(&path), [ID, "0123456789abcdef.part", MARKER]);
        drop(folder);
        assert!(names(base.path()).is_empty());

        let folder = Folder::create(base.path()).expect("folder");
        let path = folder.path.clone();
        fs::write(path.join("notes.txt"), "a user's").expect("write");
        drop(folder);
        assert_eq!(names(&path), ["notes.txt"]);
    }

    #[test]
    fn leftovers_of_the_dead_go_and_everything_else_stays() {
        let base = tempfile::tempdir().expect("temp dir");
        let dead = base.path().join(format!("{PREFIX}{ID}"));
        fs::create_dir(&dead).expect("folder");
        fs::write(dead.join(MARKER), MARKER_TEXT).expect("write");
        fs::write(dead.join("fedcba9876543210"), "x").expect("write");
        for (name, marker) in [
            (
                "natsbridge-fileserver-0000000000000000",
                Some("a user's text"),
            ),
            ("natsbridge-fileserver-1111111111111111", Some("")),
            ("natsbridge-fileserver-2222222222222222", None),
            (
                "natsbridge-fileserver-other",
                Some("natsbridge fileserver\n"),
            ),
            ("0123456789abcdef", Some("natsbridge fileserver\n")),
        ] {
            let path = base.path().join(name);
            fs::create_dir(&path).expect("folder");
            fs::write(path.join("fedcba9876543210"), "x").expect("write");
            if let Some(text) = marker {
                fs::write(path.join(MARKER), text).expect("write");
            }
        }
        let living = Folder::create(base.path()).expect("folder");
        assert!(!dead.exists());
        let second = Folder::create(base.path()).expect("folder");
        assert!(living.path.join(MARKER).exists());
        assert_eq!(names(base.path()).len(), 7);
        drop((living, second));
        assert_eq!(names(base.path()).len(), 5);
    }
}
