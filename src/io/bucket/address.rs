//! The names of objects: our own, so that none has to be escaped, and none leads anywhere else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use object_store::path::Path;

use crate::digest::Digest;
use crate::error::Error;
use crate::wire::Uuid;

/// How a bucket names its objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Naming {
    /// Empty, or ending in a slash.
    prefix: String,
    /// Present where the digest of the bytes is the name.
    pub(super) by_content: Option<InFlight>,
}

impl Naming {
    pub(super) fn set_prefix(&mut self, prefix: &str) -> Result<(), Error> {
        let prefix = prefix.trim_matches('/');
        let literal = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !matches!(part, "" | "." | "..") && part.bytes().all(known)
        };
        if !prefix.is_empty() && !prefix.split('/').all(literal) {
            let expected = "letters, digits, - _ and . in parts between slashes";
            let message = format!("the prefix of an object's name is {expected}, found {prefix:?}");
            return Err(Error::argument(message).expecting(expected).finding(prefix));
        }
        self.prefix = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(())
    }

    pub(super) fn path(&self, name: &str) -> Path {
        Path::from(format!("{}{name}", self.prefix))
    }

    /// The object of this path, if it is one that this bucket may have made.
    pub(super) fn own(&self, path: &str) -> Option<Path> {
        let name = path.strip_prefix(&self.prefix)?;
        let literal = match self.by_content {
            Some(_) => name.parse::<Digest>().ok()?.to_string(),
            None => name.parse::<Uuid>().ok()?.to_string(),
        };
        (literal == name).then(|| self.path(name))
    }
}

/// The digests that are being uploaded now, each with the lock of those who want to.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<Mutex<Turns>>);

type Turns = HashMap<Digest, Weak<tokio::sync::Mutex<()>>>;

impl InFlight {
    pub(super) fn turn(&self, digest: Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(&digest).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(digest, Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_ours_or_none() {
        let id = "0b0f6b2e-5a0c-4c3e-9d57-5b1f5f6a7c11";
        let mut naming = Naming::default();
        assert_eq!(naming.own(id), Some(Path::from(id)));
        naming.set_prefix("/in/box/").expect("a prefix");
        let path = format!("in/box/{id}");
        assert_eq!(naming.path(id).as_ref(), path);
        assert_eq!(naming.own(&path), Some(Path::from(path.as_str())));
        for other in [
            id,
            "in/box/",
            "in/box/name",
            &format!("in/box//{id}"),
            &format!("in/box/../{id}"),
            &format!("in/box/{}", id.to_uppercase()),
            &format!("in/box/{id}?x"),
        ] {
            assert_eq!(naming.own(other), None, "{other}");
        }
        naming.by_content = Some(InFlight::default());
        assert_eq!(naming.own(&path), None);
        let digest = Digest::of(b"abc").to_string();
        assert!(naming.own(&format!("in/box/{digest}")).is_some());
        let upper = digest.to_uppercase();
        assert!(naming.own(&format!("in/box/{upper}")).is_none());
    }

    #[test]
    fn a_prefix_needs_no_escaping() {
        for wrong in ["a b", "a//b", "..", "a/../b", "ä", "a?b", "a%20"] {
            let error = Naming::default().set_prefix(wrong).expect_err(wrong);
            assert!(error.message().contains("prefix"), "{error}");
        }
        for right in ["", "/", "a", "a/b-c_d.e"] {
            Naming::default().set_prefix(right).expect(right);
        }
    }

    #[test]
    fn one_lock_for_the_same_bytes_while_someone_holds_it() {
        let in_flight = InFlight::default();
        let first = in_flight.turn(Digest::of(b"a"));
        assert!(Arc::ptr_eq(
            &first,
            &in_flight.clone().turn(Digest::of(b"a"))
        ));
        assert!(!Arc::ptr_eq(&first, &in_flight.turn(Digest::of(b"b"))));
        drop(first);
        in_flight.turn(Digest::of(b"c"));
        assert_eq!(in_flight.0.lock().expect("a lock").len(), 1);
    }
}
