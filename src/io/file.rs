//! Payloads in files: what is in them is checked in bounded memory where the type allows it.

use std::io;
use std::path::Path;

use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::wire::PayloadType;

/// Whether a payload of this type need not be in memory as a whole to be judged.
pub(super) fn streams(payload_type: PayloadType) -> bool {
    !matches!(
        payload_type,
        PayloadType::Dictionary | PayloadType::Jsontable | PayloadType::Arrowtable
    )
}

/// Reads the file through.
///
/// # Errors
///
/// The inner one tells the byte at which a text is no UTF-8.
pub(super) async fn check_utf8(path: &Path) -> io::Result<Result<(), u64>> {
    const PIECE: usize = 256 * 1024;
    let mut file = File::open(path).await?;
    let mut piece = vec![0; PIECE];
    // Bytes of a character that an earlier piece broke off stand at the front.
    let (mut kept, mut before) = (0, 0_u64);
    loop {
        let read = file.read(&mut piece[kept..]).await?;
        let filled = kept + read;
        let valid = match std::str::from_utf8(&piece[..filled]) {
            Ok(_) => filled,
            Err(error) if error.error_len().is_some() || read == 0 => {
                return Ok(Err(before + error.valid_up_to() as u64));
            }
            Err(error) => error.valid_up_to(),
        };
        if read == 0 {
            return Ok(Ok(()));
        }
        piece.copy_within(valid..filled, 0);
        kept = filled - valid;
        before += valid as u64;
    }
}

/// A file of no lasting name in that folder, which is gone once it is dropped. Its later name has the permissions that any new
/// file has: a web server may have to read it.
pub(super) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".natsbridge-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// The whole file.
pub(super) async fn read(path: &Path) -> io::Result<Bytes> {
    tokio::fs::read(path).await.map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    async fn judged(bytes: &[u8]) -> Result<(), u64> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("written");
        check_utf8(file.path()).await.expect("readable")
    }

    #[tokio::test]
    async fn characters_across_pieces_are_whole() {
        for shift in 0..4 {
            let text = format!("{}{}", "a".repeat(shift), "😀".repeat(200_000));
            assert_eq!(judged(text.as_bytes()).await, Ok(()));
            let mut cut = text.into_bytes();
            cut.pop();
            assert_eq!(judged(&cut).await, Err(cut.len() as u64 - 3));
        }
        assert_eq!(judged(b"").await, Ok(()));
        assert_eq!(judged(b"ab\xffc").await, Err(2));
    }
}
