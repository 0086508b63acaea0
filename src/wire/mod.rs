//! The messages as they stand on the wire: [`Envelope`], [`Payload`] and [`ErrorReport`], generated from `schema/v1`, and the
//! types of their members.

mod data;
mod id;
mod size;
mod subject;
mod timestamp;
mod write;

pub use crate::generated::{
    Checksum, Encoding, Envelope, ErrorBody, ErrorCode, ErrorDetails, ErrorReport, MsgPurpose,
    Payload, PayloadType, Phase, Transport,
};
pub use data::Data;
pub use id::{InvalidUuid, Uuid, UuidOrEmpty};
pub use size::{InvalidSize, Size};
pub use subject::{InvalidSubject, Subject, SubjectOrEmpty};
pub use timestamp::{InvalidTimestamp, Timestamp};

pub(crate) use write::WriteJson;
