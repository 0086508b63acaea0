//! What a download handler of one's own is held against (W6.7).

use natsbridge::wire::{ErrorCode, Phase};
use natsbridge::{Digest, Download, DownloadHandler, HandlerError, Origin, Sink, smartreceive};

use super::{message, verdict};

/// A handler that writes what it was made with, in two pieces.
#[derive(Clone)]
struct Writing {
    bytes: &'static [u8],
    announced: Option<u64>,
    starts: bool,
    heeds: bool,
}

impl DownloadHandler for Writing {
    fn origins(&self, _: &str) -> Vec<Origin> {
        "http://files.example".parse().into_iter().collect()
    }

    async fn download(&self, _: Download<'_>, sink: &mut Sink) -> Result<(), HandlerError> {
        if self.starts {
            let _ = sink.write(b"of an earlier attempt");
            sink.start(self.announced)?;
        }
        let (one, other) = self.bytes.split_at(self.bytes.len() / 2);
        for piece in [one, other] {
            let written = sink.write(piece);
            if self.heeds {
                written?;
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn bytes_of_a_handler_of_ones_own_are_held_against_the_message() {
    let right = Writing {
        bytes: b"abc",
        announced: None,
        starts: true,
        heeds: true,
    };
    let dir = tempfile::tempdir().expect("a folder");
    let receive = |handler: Writing| {
        let json = message(&[(
            "http://files.example/f".to_owned(),
            3,
            Some(Digest::of(b"abc")),
        )]);
        smartreceive(json).fileserver_download_handler(handler)
    };
    for starts in [true, false] {
        for heeds in [true, false] {
            let right = Writing {
                starts,
                heeds,
                ..right
            };
            receive(right.clone()).await.expect("the right bytes");
            for (bytes, code) in [
                (&b"ab"[..], ErrorCode::SizeMismatch),
                (b"", ErrorCode::SizeMismatch),
                (b"abcd", ErrorCode::SizeMismatch),
                (b"abcdefghijk", ErrorCode::SizeMismatch),
                (b"abd", ErrorCode::ChecksumMismatch),
            ] {
                let wrong = Writing {
                    bytes,
                    ..right.clone()
                };
                let error = receive(wrong.clone()).await.expect_err("wrong bytes");
                assert_eq!(
                    verdict(&error),
                    (code, Phase::Fetch, Some(0)),
                    "{bytes:?}: {error}"
                );
                let error = receive(wrong)
                    .into_dir(dir.path())
                    .await
                    .expect_err("wrong bytes");
                assert_eq!(
                    verdict(&error),
                    (code, Phase::Fetch, Some(0)),
                    "{bytes:?}: {error}"
                );
                assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
            }
        }
    }
    let announced = Writing {
        announced: Some(4),
        ..right.clone()
    };
    assert_eq!(
        receive(announced).await.expect_err("another length").code(),
        ErrorCode::SizeMismatch
    );
    receive(Writing {
        announced: Some(3),
        ..right
    })
    .await
    .expect("the right length");
}
