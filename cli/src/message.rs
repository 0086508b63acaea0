//! Messages that are read from files or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// The longest message that a reader takes unless told otherwise: the library's own bound.
pub(crate) const MAX_BYTES: u64 = 64 << 20;

/// What stands for standard input.
const INPUT: &str = "-";

/// The bytes of a message. What is longer than `max_bytes` is cut one byte behind, where a reader finds it too long.
///
/// # Errors
///
/// Wrong usage where there is no such file or it cannot be read.
pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut take = |from: &mut dyn Read| {
        from.take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)
    };
    let read = match is_input(path) {
        true => take(&mut io::stdin().lock()),
        false => File::open(path).and_then(|mut file| take(&mut file)),
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::Usage(format!(
            "{} cannot be read: {error}",
            path.display()
        ))),
    }
}

pub(crate) fn is_input(path: &Path) -> bool {
    path.as_os_str() == INPUT
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use natsbridge::Decoder;

    use super::*;

    #[test]
    fn the_bound_is_the_library_s_own() {
        let long = vec![b' '; MAX_BYTES as usize + 1];
        let error = Decoder::new().decode(&long).expect_err("too long");
        assert_eq!(error.code().to_string(), "PAYLOAD_TOO_LARGE");
        assert_eq!(
            error.expected(),
            Some(format!("at most {MAX_BYTES} bytes").as_str())
        );
    }

    #[test]
    fn a_longer_message_is_still_too_long() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(b"12345").expect("written");
        let length = |max_bytes| read(file.path(), max_bytes).expect("a message").len();
        assert_eq!(
            (length(3), length(4), length(5), length(u64::MAX)),
            (4, 5, 5, 5)
        );
        assert!(matches!(
            read(Path::new("/no/such/file"), 1),
            Err(Failure::Usage(_))
        ));
    }
}
