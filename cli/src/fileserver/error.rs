//! Why a request is refused, and how that is said.

use std::io;

use http::StatusCode;

/// A request that is not carried out: a status and Plik's plain-text reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The status of the answer: 4xx, or 500 where this server is at fault.
    pub(super) status: StatusCode,
    /// The body of the answer, without its final line feed. It names no secret.
    pub(super) message: String,
}

impl Refusal {
    /// 400: the request is malformed or beyond a limit.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401: the upload has a password. The answer asks a browser for it.
    pub(super) fn unauthorized(reason: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            format!("please provide valid credentials to access this upload : {reason}"),
        )
    }

    /// 403: the caller may not do that.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404: there is no such upload or file, or no longer.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 404 for an upload that is unknown.
    pub(super) fn no_upload(id: &str) -> Self {
        Self::not_found(format!("upload {id} not found"))
    }

    /// 404 for an upload whose time is over.
    pub(super) fn expired(id: &str) -> Self {
        Self::not_found(format!("upload {id} has expired"))
    }

    /// 500: what went wrong inside is not told to the client.
    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal server error")
    }

    /// 500 for a body that breaks off or stands still: Plik blames itself, and clients try again.
    pub(super) fn cut_short() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unable to read data from request body : unexpected end",
        )
    }

    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(_: io::Error) -> Self {
        Self::internal()
    }
}

/// A number of bytes the way Plik's messages say it: `5 B`, `1.0 MB`, `10 GB`.
pub(super) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes} B");
    }
    let (mut scale, mut unit) = (1_u64, 0_usize);
    while bytes / scale >= 1000 {
        scale *= 1000;
        unit += 1;
    }
    // In tenths and half up, in integers: a float would round 18.4 EB on its own terms.
    let tenths = (u128::from(bytes) * 20 / u128::from(scale)).div_ceil(2);
    let name = UNITS.get(unit).copied().unwrap_or("EB");
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", (tenths + 5) / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_plik_writes_them() {
        for (bytes, text) in [
            (0, "0 B"),
            (9, "9 B"),
            (10, "10 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_550, "1.6 kB"),
            (82_854_982, "83 MB"),
            (1_000_001, "1.0 MB"),
            (10_000_000_000, "10 GB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(human_size(bytes), text);
        }
    }

    #[test]
    fn an_inner_error_tells_the_client_nothing() {
        let refusal = Refusal::from(io::Error::other("/secret/path is full"));
        assert_eq!(refusal.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(refusal.message, "internal server error");
    }
}
