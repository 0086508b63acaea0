//! What the scripted server does with a request, step by step.

use std::time::Duration;

/// One answer. The connection ends behind its last step.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(super) Vec<Step>);

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Reads so many bytes of the request's body, or what there is.
    Take(usize),
    /// Reads the rest of the body, at most so many bytes at a time with a pause before each.
    Sip(usize, Duration),
    /// Writes bytes.
    Send(Vec<u8>),
    /// Writes bytes, so many at a time with a pause behind each.
    Drip(Vec<u8>, usize, Duration),
    /// Writes the same bytes until the client has gone, or has taken 64 MiB.
    Pour(Vec<u8>),
    Pause(Duration),
    /// Waits until the client has gone.
    Hold,
    /// Ends the connection as a crashed process would.
    Reset,
    /// What a file server does that has no fault.
    Usual,
}

impl Answer {
    pub(crate) fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        Answer(steps.into_iter().collect())
    }

    /// What a file server answers that has no fault.
    pub(crate) fn usual() -> Self {
        Answer::of([Step::Usual])
    }

    /// No body, and nothing else of note.
    pub(crate) fn status(status: u16) -> Self {
        Answer::with(status, &[], b"")
    }

    /// A whole answer with the right length.
    pub(crate) fn with(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let length = body.len().to_string();
        let mut all = vec![("Content-Length", length.as_str())];
        all.extend_from_slice(headers);
        Answer::of([
            Step::Take(usize::MAX),
            Step::Send([head(status, &all), body.to_vec()].concat()),
        ])
    }

    /// 200 and a body.
    pub(crate) fn body(body: &[u8]) -> Self {
        Answer::with(200, &[], body)
    }

    /// 200 and a body in chunks, whose length nobody announces.
    pub(crate) fn chunked(body: &[u8]) -> Self {
        let chunks: Vec<u8> = body.chunks(1000).flat_map(chunk).collect();
        let head = head(200, &[("Transfer-Encoding", "chunked")]);
        Answer::of([
            Step::Take(usize::MAX),
            Step::Send([head, chunks, chunk(b"")].concat()),
        ])
    }

    /// Only the first `at` bytes of the body that is announced, then what `end` says.
    pub(crate) fn cut(body: &[u8], at: usize, end: &[Step]) -> Self {
        let length = body.len().to_string();
        let head = head(200, &[("Content-Length", &length)]);
        let steps = [
            Step::Take(usize::MAX),
            Step::Send([head, body[..at].to_vec()].concat()),
        ];
        Answer::of(steps.into_iter().chain(end.iter().cloned()))
    }

    /// The request is read, and nothing ever comes.
    pub(crate) fn silence() -> Self {
        Answer::of([Step::Take(usize::MAX), Step::Hold])
    }

    /// The request is read, and the connection breaks.
    pub(crate) fn reset() -> Self {
        Answer::of([Step::Take(usize::MAX), Step::Reset])
    }

    /// The same after a pause.
    pub(crate) fn after(self, pause: Duration) -> Self {
        Answer([vec![Step::Pause(pause)], self.0].concat())
    }
}

/// Status line and headers.
pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

/// One chunk of a chunked body; the empty one ends it.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
