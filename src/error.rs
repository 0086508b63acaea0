//! The one error type: a code and a phase of the wire (W7), the place, and whose fault it is.

use std::error::Error as StdError;
use std::fmt;

use serde_json::Map;

use crate::check::Violation;
use crate::wire::{
    Envelope, ErrorBody, ErrorCode, ErrorDetails, ErrorReport, Phase, Timestamp, WriteJson,
};

/// Whose fault an error is, and so who can mend it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller passed an argument that cannot be sent, or the environment holds a value that cannot be read.
    Argument,
    /// The NATS server could not be reached, or nobody answered.
    Broker,
    /// The file server refused, failed, or could not be reached.
    FileServer,
    /// A local file could not be read or written.
    LocalFile,
    /// The message that was received is not what the wire says.
    Message,
    /// The message asks for something that this receiver does not allow.
    Policy,
    /// The receiver refused the message.
    Receiver,
}

/// What went wrong, in which phase and where.
///
/// It displays as its code and a sentence. [`Error::report`] gives the JSON that goes to programs and into a NACK.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    code: ErrorCode,
    phase: Phase,
    message: String,
    pointer: Option<String>,
    dataname: Option<String>,
    expected: Option<String>,
    found: Option<String>,
    retryable: bool,
    refusal: Option<Box<ErrorReport>>,
    context: Context,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The code that the wire has for it.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The step at which it was found.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// What went wrong, as a sentence without the code.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The place in the envelope as a JSON pointer (RFC 6901), where there is one.
    pub fn pointer(&self) -> Option<&str> {
        self.0.pointer.as_deref()
    }

    /// The `dataname` of the payload concerned, where there is one.
    pub fn dataname(&self) -> Option<&str> {
        self.0.dataname.as_deref()
    }

    /// What should have been there.
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What was there.
    pub fn found(&self) -> Option<&str> {
        self.0.found.as_deref()
    }

    /// The `correlation_id` of the message, as far as it could be read; else empty.
    pub fn correlation_id(&self) -> &str {
        &self.0.context.correlation_id
    }

    /// The `msg_id` of the message, as far as it could be read; else empty.
    pub fn msg_id(&self) -> &str {
        &self.0.context.msg_id
    }

    /// Whether the same call may succeed later with nothing changed: a server was down or too slow.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// The receiver's own error, where it refused the message (W8.2).
    pub fn refusal(&self) -> Option<&ErrorReport> {
        self.0.refusal.as_deref()
    }

    /// The error as the wire has it (W7.2).
    pub fn report(&self, timestamp: Timestamp) -> ErrorReport {
        let inner = &self.0;
        ErrorReport {
            correlation_id: inner.context.correlation_id.clone(),
            msg_id: inner.context.msg_id.clone(),
            timestamp,
            send_to: inner.context.send_to.clone(),
            error: ErrorBody {
                code: inner.code,
                message: inner.message.clone(),
                details: ErrorDetails {
                    phase: Some(inner.phase),
                    pointer: inner.pointer.clone(),
                    dataname: inner.dataname.clone(),
                    expected: inner.expected.clone(),
                    found: inner.found.clone(),
                    extra: Map::new(),
                },
                extra: Map::new(),
            },
            extra: Map::new(),
        }
    }

    pub(crate) fn new(
        kind: ErrorKind,
        code: ErrorCode,
        phase: Phase,
        message: impl Into<String>,
    ) -> Self {
        Error(Box::new(Inner {
            kind,
            code,
            phase,
            message: message.into(),
            pointer: None,
            dataname: None,
            expected: None,
            found: None,
            retryable: false,
            refusal: None,
            context: Context::default(),
            source: None,
        }))
    }

    /// An argument that breaks the schema or a rule.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Error::new(
            ErrorKind::Argument,
            ErrorCode::InvalidEnvelope,
            Phase::Validate,
            message,
        )
    }

    /// What the generated check or a rule of the wire found first.
    pub(crate) fn violation(kind: ErrorKind, violation: &Violation) -> Self {
        let kind = match violation.code() {
            ErrorCode::UrlNotAllowed => ErrorKind::Policy,
            _ => kind,
        };
        Error::new(
            kind,
            violation.code(),
            Phase::Validate,
            violation.to_string(),
        )
        .at(violation.pointer())
        .expecting(violation.expected())
        .finding(violation.found())
    }

    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = Some(pointer.into());
        self
    }

    pub(crate) fn of(mut self, dataname: impl Into<String>) -> Self {
        self.0.dataname = Some(dataname.into());
        self
    }

    /// Names payload `index` as the place, by its pointer and its `dataname`.
    pub(crate) fn of_payload(self, index: usize, dataname: &str, member: &str) -> Self {
        let slash = if member.is_empty() { "" } else { "/" };
        self.at(format!("/payloads/{index}{slash}{member}"))
            .of(dataname)
    }

    pub(crate) fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    pub(crate) fn finding(mut self, found: impl Into<String>) -> Self {
        self.0.found = Some(found.into());
        self
    }

    #[cfg(feature = "http")]
    pub(crate) fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    #[cfg(feature = "nats")]
    pub(crate) fn refused_with(mut self, report: Option<Box<ErrorReport>>) -> Self {
        self.0.refusal = report;
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn within(mut self, context: &Context) -> Self {
        self.0.context = context.clone();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

/// The JSON of a report in canonical form.
impl ErrorReport {
    /// The report as JSON text.
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

/// What an error says about the message that it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    pub(crate) correlation_id: String,
    pub(crate) msg_id: String,
    pub(crate) send_to: String,
}

impl From<&Envelope> for Context {
    fn from(envelope: &Envelope) -> Self {
        Context {
            correlation_id: envelope.correlation_id.to_string(),
            msg_id: envelope.msg_id.to_string(),
            send_to: envelope.send_to.to_string(),
        }
    }
}
