//! What a store says when it fails, without what it must not say.

use std::error::Error as _;
use std::future::Future;
use std::io;

use object_store::Error;

use crate::io::handler::{HandlerError, Timeouts};

/// Awaits a call of a store.
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
pub(super) async fn call<T>(
    timeouts: Timeouts,
    call: impl Future<Output = object_store::Result<T>>,
) -> Result<T, HandlerError> {
    super::transport::watched(timeouts, call).await
}

/// Awaits a call of a store.
#[cfg(not(any(feature = "azure", feature = "gcs", feature = "s3")))]
pub(super) async fn call<T>(
    _: Timeouts,
    call: impl Future<Output = object_store::Result<T>>,
) -> Result<T, HandlerError> {
    call.await.map_err(of)
}

/// An error of a store whose requests were not watched. Whether another attempt may succeed is known of few.
pub(super) fn of(error: Error) -> HandlerError {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(found) = found.downcast_ref::<io::Error>() {
            let kind = HandlerError::from(io::Error::from(found.kind()));
            return HandlerError {
                message: shown(&error),
                ..kind
            };
        }
        cause = found.source();
    }
    let retryable = matches!(error, Error::Generic { .. } | Error::JoinError { .. });
    HandlerError::new(shown(&error)).retryable(retryable)
}

/// The text of an error up to what a server has answered, which repeats keys and what was signed with them, and with no query
/// of a URL.
pub(super) fn shown(error: &Error) -> String {
    let text = error.to_string();
    let own = text.split(['<', '{']).next().unwrap_or_default();
    let words = own.split(' ').map(|word| match word.split_once('?') {
        Some((url, _)) if url.contains("://") => format!("{url}?…"),
        _ => word.to_owned(),
    });
    let words: Vec<String> = words.collect();
    words.join(" ").trim_end_matches([' ', ':', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        let source = text.to_owned().into();
        Error::Generic {
            store: "S3",
            source,
        }
    }

    #[test]
    fn no_answer_and_no_query_is_shown() {
        for (text, expected) in [
            ("plain", "Generic S3 error: plain"),
            (
                "GET http://a/b?X-Amz-Signature=abc in 1 s - 403: <Error><AWSAccessKeyId>K</AWSAccessKeyId>",
                "Generic S3 error: GET http://a/b?… in 1 s - 403",
            ),
            (
                "https://a/?sig=abc: {\"error\": \"token\"}",
                "Generic S3 error: https://a/?…",
            ),
        ] {
            assert_eq!(shown(&generic(text)), expected);
        }
    }

    #[test]
    fn a_file_is_told_from_a_server() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let source = Box::new(full);
        let error = of(Error::Generic {
            store: "local",
            source,
        });
        assert_eq!(error.cause, crate::io::handler::Cause::LocalFile);
        assert!(!error.is_retryable());
        assert!(of(generic("broken")).is_retryable());
        let path = "a".to_owned();
        let source = "no".into();
        assert!(!of(Error::PermissionDenied { path, source }).is_retryable());
    }
}
