//! A message whose transports are chosen: what is still to be uploaded, and the JSON text in the end.

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use crate::arguments::Arguments;
use crate::base64;
use crate::content::{self, Serialized, depth};
use crate::digest::Digest;
use crate::draft::Ready;
use crate::error::{Context, Error, ErrorKind};
use crate::generated::{JSON_MAX_DEPTH, PAYLOAD_METADATA_MEMBERS};
use crate::json;
use crate::link::Link;
use crate::wire::{
    Checksum, Data, Encoding, Envelope, ErrorCode, Payload, PayloadType, Phase, Size, Transport,
    WriteJson,
};

/// A message that is ready but for its uploads.
///
/// Upload each of [`Outgoing::uploads`], tell the URL with [`Outgoing::link`], or send it direct after all with
/// [`Outgoing::fall_back`]; then [`Outgoing::finish`].
#[derive(Clone, Debug)]
pub struct Outgoing {
    envelope: Envelope,
    /// For each payload that is linked and has no URL yet, what it is made from.
    pending: Vec<Option<Ready>>,
    checksum: Checksum,
    inline_json: bool,
    max_message_bytes: u64,
}

/// A payload that goes by link and was not uploaded yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingUpload {
    /// Its position among the payloads, from 0.
    pub index: usize,
    /// Its name.
    pub dataname: String,
    /// Its type.
    pub payload_type: PayloadType,
    /// Its number of bytes.
    pub size: u64,
    /// The bytes; none for a part that was made by [`Part::external`](crate::Part::external).
    pub bytes: Option<Bytes>,
}

impl Outgoing {
    pub(crate) fn new(
        envelope: Envelope,
        pending: Vec<Option<Ready>>,
        arguments: &Arguments,
    ) -> Self {
        Outgoing {
            envelope,
            pending,
            checksum: arguments.checksum,
            inline_json: arguments.inline_json,
            max_message_bytes: arguments.message_limit(),
        }
    }

    /// The envelope as far as it is known; `data` of a payload that was not uploaded yet is empty.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// What is still to be uploaded, in list order.
    pub fn uploads(&self) -> Vec<PendingUpload> {
        let pending = self.pending.iter().enumerate();
        let upload = |(index, ready): (usize, &Option<Ready>)| {
            let ready = ready.as_ref()?;
            Some(PendingUpload {
                index,
                dataname: ready.dataname.clone(),
                payload_type: ready.payload_type,
                size: ready.size(),
                bytes: match &ready.content {
                    Serialized::Bytes(bytes) => Some(bytes.clone()),
                    Serialized::External(_) => None,
                },
            })
        };
        pending.filter_map(upload).collect()
    }

    /// Tells where payload `index` was uploaded to. Its digest is taken from `sha256`, else from the bytes if they are here.
    ///
    /// # Errors
    ///
    /// UPLOAD_FAILED where the URL is not one that a receiver would read; INVALID_ENVELOPE where no such upload is pending
    /// or its digest is wanted and neither it nor the bytes are here.
    pub fn link(&mut self, index: usize, url: &str, sha256: Option<Digest>) -> Result<(), Error> {
        let context = self.context();
        let ready = self.pending(index)?.clone();
        let link: Link = url.parse().map_err(|reason| {
            Error::new(
                ErrorKind::FileServer,
                ErrorCode::UploadFailed,
                Phase::Upload,
                format!("the URL of payload {index} cannot be sent: {reason}"),
            )
            .of_payload(index, &ready.dataname, "data")
            .expecting("an absolute http or https URL")
            .finding(crate::link::redact(url))
            .within(&context)
        })?;
        let sha256 = match (&ready.content, sha256) {
            _ if self.checksum == Checksum::None => None,
            (Serialized::Bytes(bytes), None) => Some(Digest::of(bytes)),
            (Serialized::External(_), None) => {
                let message = format!(
                    "payload {index} is linked and needs its sha256, or checksum must be none"
                );
                return Err(Error::argument(message)
                    .of_payload(index, &ready.dataname, "")
                    .within(&context));
            }
            (_, digest) => digest,
        };
        let mut payload = linked_payload(&ready, self.checksum, sha256);
        payload.data = Data::Text(link.as_str().to_owned());
        self.settle(index, payload);
        Ok(())
    }

    /// Sends payload `index` direct, since it could not be uploaded (NFR-202, W6.4). `bytes` are needed for one that
    /// was made by [`Part::external`](crate::Part::external).
    ///
    /// # Errors
    ///
    /// PAYLOAD_TOO_LARGE where the message would exceed `max_message_bytes`; the upload is still pending then.
    pub fn fall_back(&mut self, index: usize, bytes: Option<Bytes>) -> Result<(), Error> {
        let context = self.context();
        let mut ready = self.pending(index)?.clone();
        if let Some(bytes) = bytes {
            content::check(ready.payload_type, &bytes).map_err(|error| {
                Error::argument(error.message)
                    .of_payload(index, &ready.dataname, "data")
                    .within(&context)
            })?;
            ready.content = Serialized::Bytes(bytes);
        }
        if let Serialized::External(_) = ready.content {
            let message =
                format!("payload {index} is not at hand and cannot go direct without its bytes");
            return Err(Error::argument(message)
                .of_payload(index, &ready.dataname, "")
                .within(&context));
        }
        let payload = direct_payload(&ready, self.checksum, self.inline_json);
        let others = self.envelope.payloads.iter().zip(&self.pending).enumerate();
        let others = others.filter(|(other, (_, pending))| *other != index && pending.is_none());
        let others: u64 = others
            .map(|(_, (other, _))| written_length(other) + 1)
            .sum();
        let length = header_length(&self.envelope) + others + written_length(&payload);
        if length > self.max_message_bytes {
            return Err(self
                .too_large(length)
                .of_payload(index, &ready.dataname, ""));
        }
        self.settle(index, payload);
        Ok(())
    }

    /// Whether so many bytes could ride in the message at all.
    #[cfg(feature = "http")]
    pub(crate) fn fits_direct(&self, size: u64) -> Result<(), Error> {
        match base64::encoded_len(size) {
            length if length > self.max_message_bytes => Err(self.too_large(length)),
            _ => Ok(()),
        }
    }

    /// The envelope and its JSON text, which the caller publishes to `send_to`.
    ///
    /// # Errors
    ///
    /// PAYLOAD_TOO_LARGE where the text is longer than `max_message_bytes`; INVALID_ENVELOPE where an upload is pending.
    pub fn finish(self) -> Result<(Envelope, String), Error> {
        let (envelope, text) = self.finish_bytes()?;
        let text = String::from_utf8(text)
            .map_err(|error| Error::argument("the envelope is not UTF-8").caused_by(error))?;
        Ok((envelope, text))
    }

    /// As [`Outgoing::finish`], with the text as bytes.
    ///
    /// # Errors
    ///
    /// As [`Outgoing::finish`].
    pub fn finish_bytes(self) -> Result<(Envelope, Vec<u8>), Error> {
        if let Some(index) = self.pending.iter().position(Option::is_some) {
            let message = format!("payload {index} was neither linked nor sent direct");
            let dataname = self.envelope.payloads[index].dataname.clone();
            return Err(Error::argument(message)
                .of_payload(index, &dataname, "data")
                .within(&self.context()));
        }
        let data = self
            .envelope
            .payloads
            .iter()
            .map(|payload| 512 + payload.dataname.len() + data_length(payload));
        let mut text = Vec::with_capacity(1024 + data.sum::<usize>());
        self.envelope.write_json(&mut text);
        if text.len() as u64 > self.max_message_bytes {
            return Err(self.too_large(text.len() as u64));
        }
        Ok((self.envelope, text))
    }

    pub(crate) fn context(&self) -> Context {
        (&self.envelope).into()
    }

    fn pending(&self, index: usize) -> Result<&Ready, Error> {
        self.pending
            .get(index)
            .and_then(Option::as_ref)
            .ok_or_else(|| {
                Error::argument(format!("payload {index} has no pending upload"))
                    .within(&self.context())
            })
    }

    fn settle(&mut self, index: usize, payload: Payload) {
        self.envelope.payloads[index] = payload;
        self.pending[index] = None;
    }

    fn too_large(&self, length: u64) -> Error {
        let limit = self.max_message_bytes;
        Error::new(
            ErrorKind::Argument,
            ErrorCode::PayloadTooLarge,
            Phase::Limit,
            format!("the message has {length} bytes and may have {limit}"),
        )
        .expecting(format!("at most {limit} bytes"))
        .finding(format!("{length} bytes"))
        .within(&self.context())
    }
}

/// The payload with its bytes in the envelope.
pub(crate) fn direct_payload(ready: &Ready, checksum: Checksum, inline_json: bool) -> Payload {
    direct(ready, checksum, inline_json, Digest::of)
}

/// Bytes of that payload's JSON text. Every digest is as long as any other, so that none is made for it.
pub(crate) fn direct_length(ready: &Ready, checksum: Checksum, inline_json: bool) -> u64 {
    let any = |_: &[u8]| Digest::of(&[]);
    written_length(&direct(ready, checksum, inline_json, any))
}

/// The payload with an empty place for its URL; a digest that is wanted and not known yet is written as zeros, since it
/// is as long.
pub(crate) fn linked_payload(ready: &Ready, checksum: Checksum, sha256: Option<Digest>) -> Payload {
    let sha256 = match checksum {
        Checksum::None => None,
        _ => Some(sha256.map_or_else(|| "0".repeat(64), |digest| digest.to_string())),
    };
    payload(
        ready,
        Transport::Link,
        Encoding::None,
        Data::Text(String::new()),
        ready.size(),
        sha256,
    )
}

/// Bytes of the JSON text of an envelope that has no payloads yet.
pub(crate) fn header_length(envelope: &Envelope) -> u64 {
    let mut header = envelope.clone();
    header.payloads.clear();
    let mut text = Vec::new();
    header.write_json(&mut text);
    text.len() as u64
}

/// Bytes of a payload's JSON text, counted without writing its base64.
pub(crate) fn written_length(payload: &Payload) -> u64 {
    let mut frame = payload.clone();
    let data = match &payload.data {
        Data::Bytes(bytes) => {
            frame.data = Data::Text(String::new());
            base64::encoded_len(bytes.len() as u64)
        }
        _ => 0,
    };
    let mut text = Vec::new();
    frame.write_json(&mut text);
    text.len() as u64 + data
}

fn direct(
    ready: &Ready,
    checksum: Checksum,
    inline_json: bool,
    digest: impl Fn(&[u8]) -> Digest,
) -> Payload {
    let bytes = match &ready.content {
        Serialized::Bytes(bytes) => bytes.clone(),
        Serialized::External(_) => Bytes::new(),
    };
    let inline = if inline_json {
        inline_value(ready.payload_type, &bytes)
    } else {
        None
    };
    let sha256 = match (checksum, &inline) {
        (Checksum::All, None) => Some(digest(&bytes).to_string()),
        _ => None,
    };
    let (encoding, data, size) = match inline {
        Some((value, written)) => (Encoding::Json, Data::Json(value), written),
        None => (Encoding::Base64, Data::Bytes(bytes), ready.size()),
    };
    payload(ready, Transport::Direct, encoding, data, size, sha256)
}

fn payload(
    ready: &Ready,
    transport: Transport,
    encoding: Encoding,
    data: Data,
    size: u64,
    sha256: Option<String>,
) -> Payload {
    let size = Size::try_from(size).unwrap_or_default();
    let mut metadata = Map::new();
    metadata.insert(PAYLOAD_METADATA_MEMBERS[0].to_owned(), size.get().into());
    if let Some(digest) = sha256 {
        metadata.insert(PAYLOAD_METADATA_MEMBERS[1].to_owned(), digest.into());
    }
    metadata.extend(
        ready
            .metadata
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    Payload {
        id: ready.id,
        dataname: ready.dataname.clone(),
        payload_type: ready.payload_type,
        transport,
        encoding,
        size,
        data,
        metadata,
        extra: Map::new(),
    }
}

/// The JSON value of a dictionary or jsontable and its length as written, where it is not too deep to stand within an
/// envelope.
fn inline_value(payload_type: PayloadType, bytes: &Bytes) -> Option<(Json, u64)> {
    /// The envelope, its payloads and the payload are open around it.
    const AROUND: u64 = 3;
    if !matches!(
        payload_type,
        PayloadType::Dictionary | PayloadType::Jsontable
    ) {
        return None;
    }
    let value = Json::from(json::read(bytes).ok()?);
    if depth(&value) + AROUND > JSON_MAX_DEPTH {
        return None;
    }
    let mut text = Vec::with_capacity(bytes.len());
    value.write_json(&mut text);
    Some((value, text.len() as u64))
}

fn data_length(payload: &Payload) -> usize {
    match &payload.data {
        Data::Bytes(bytes) => base64::encoded_len(bytes.len() as u64) as usize,
        Data::Text(text) => text.len(),
        Data::Json(_) => payload.size.get() as usize,
    }
}
