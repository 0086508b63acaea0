//! The Rust implementation under the conformance suite: one JSON object per line in, one out (conformance/README.md).

mod given;
mod handlers;
mod received;

use std::io::{BufRead, Write, stdin, stdout};
use std::time::Duration;

use base64_simd::STANDARD;
use natsbridge::wire::{Checksum, Envelope, ErrorReport};
use natsbridge::{Bridge, Error, Plik, Refusal, SmartReceive, SmartSend};
use natsbridge::{ack, nack, new_id, now, reply, smartreceive, smartsend, update_status};
use natsbridge_conformance::protocol::{
    Answer, AnswerKind, Capability, Decode, Delivery, Encode, Encoded, Hello, Message, Operation,
    Outcome, Receive, Refused, Reply, Request, Send, Upload, VERSION,
};
use serde::Deserialize;

use handlers::{Answering, Knowing};

/// Everything that a builder of this name takes: passed on where the request has it.
macro_rules! passed {
    ($call:ident, $from:expr, $($name:ident $(as $made:expr)?),* $(,)?) => {
        $(if let Some(value) = $from.$name.clone() { $call = $call.$name(passed!(value $(, $made)?)); })*
    };
    ($value:ident) => { $value };
    ($value:ident, $made:expr) => { $made($value) };
}

macro_rules! arguments {
    ($call:ident, $from:expr) => {
        passed!(
            $call,
            $from,
            correlation_id,
            msg_id,
            msg_purpose,
            sender_name,
            sender_id,
            receiver_name,
            receiver_id,
            reply_to,
            reply_to_msg_id,
            broker_url,
            metadata as given::members,
        );
    };
}

macro_rules! transfers {
    ($call:ident, $from:expr) => {
        passed!(
            $call,
            $from,
            max_retries,
            base_delay as Duration::from_millis,
            max_delay as Duration::from_millis,
            connect_timeout as Duration::from_millis,
            read_timeout as Duration::from_millis,
            deadline as Duration::from_millis,
        );
    };
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    for line in stdin().lock().lines() {
        let request = request(&line.expect("a line"));
        let id = request.id;
        let outcome = runtime.block_on(outcome(id, &request.operation));
        say(
            id,
            outcome.unwrap_or_else(|error| refused(error, Vec::new())),
        );
        if request.operation == Operation::Stop {
            return;
        }
    }
}

/// A value within 65 others, each with its tag, is deeper than the reader takes unless told otherwise.
fn request(line: &str) -> Request {
    let mut reader = serde_json::Deserializer::from_str(line);
    reader.disable_recursion_limit();
    Request::deserialize(&mut reader).expect("a request")
}

fn say(id: u64, outcome: Outcome) {
    let line = serde_json::to_string(&Reply { id, outcome }).expect("a reply is JSON");
    let mut out = stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .expect("somebody who listens");
}

async fn outcome(id: u64, operation: &Operation) -> Result<Outcome, Error> {
    match operation {
        Operation::Hello { .. } => Ok(Outcome::Hello(hello())),
        Operation::Encode(encode) => sending(encode).await.map(|(_, message)| encoded(message)),
        Operation::Decode(decode) => decoding(decode).await,
        Operation::Answer(answer) => answering(answer).await,
        Operation::Send(send) => publishing(send)
            .await
            .map(|envelope| encoded(json(&envelope))),
        Operation::Receive(receive) => receiving(id, receive).await,
        Operation::Stop => Ok(Outcome::Stopped(true)),
    }
}

fn hello() -> Hello {
    use Capability::*;
    let words = |words: &str| words.split(' ').map(str::to_owned).collect();
    Hello {
        protocol: VERSION,
        implementation: "rust".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        runtime: "native".into(),
        platform: "desktop".into(),
        payload_types: words("text dictionary arrowtable jsontable image audio video binary"),
        transports: words("direct link"),
        capabilities: vec![
            Answers,
            Arrowtable,
            BigIntegers,
            Deliver,
            Environment,
            Files,
            Link,
            Nats,
            NonFiniteFloats,
            OrderedObjects,
            Rewrite,
        ],
    }
}

/// The call of `smartsend`.
fn sending(encode: &Encode) -> SmartSend {
    let mut call = smartsend(&encode.subject, encode.payloads.iter().map(given::part));
    arguments!(call, encode.arguments);
    passed!(
        call,
        encode,
        size_threshold,
        max_message_bytes,
        max_payloads,
        inline_json,
        fallback,
        checksum as checksum
    );
    transfers!(call, encode.transfer);
    match &encode.upload {
        None => call,
        Some(Upload::Oneshot { fileserver_url }) => call.fileserver_url(fileserver_url),
        Some(Upload::Kept {
            fileserver_url,
            ttl_s,
        }) => {
            let kept = Plik::kept(Duration::from_secs((*ttl_s).into()));
            call.fileserver_url(fileserver_url)
                .fileserver_upload_handler(kept)
        }
        Some(Upload::Handler { status, url }) => {
            call.fileserver_upload_handler(Answering(*status, url.clone()))
        }
    }
}

fn checksum(name: String) -> Checksum {
    name.parse().expect("a checksum of the schema's")
}

async fn decoding(decode: &Decode) -> Result<Outcome, Error> {
    let mut call = receiving_of(&decode.message);
    passed!(
        call,
        decode,
        max_message_bytes,
        max_payloads,
        fileserver_url
    );
    transfers!(call, decode.transfer);
    if let Some(origins) = &decode.allowed_origins {
        call = call.allowed_origins(
            origins
                .iter()
                .map(|origin| origin.parse().expect("an origin")),
        );
    }
    if let Some(folder) = decode.into_folder.clone() {
        call = call.into_files(move |index, payload| received::file(&folder, index, payload));
    }
    let Some(known) = &decode.handler else {
        return Ok(Outcome::Decoded(received::decoded(
            &call.await?,
            Vec::new(),
        )));
    };
    let knowing = Knowing::new(known);
    let asked = knowing.asked();
    let result = call.fileserver_download_handler(knowing).await;
    let asked = asked.lock().expect("nobody panics with it").clone();
    Ok(match result {
        Ok(received) => Outcome::Decoded(received::decoded(&received, asked)),
        Err(error) => refused(error, asked),
    })
}

fn receiving_of(message: &Message) -> SmartReceive {
    match message {
        Message::Text(text) => smartreceive(text.clone()),
        Message::Base64(text) => smartreceive(STANDARD.decode_to_vec(text).expect("base64")),
    }
}

async fn answering(answer: &Answer) -> Result<Outcome, Error> {
    let envelope = receiving_of(&answer.message).await?.envelope;
    let mut draft = match answer.kind {
        AnswerKind::Ack => ack(&envelope),
        AnswerKind::Nack => nack(&envelope, &report(answer)),
        AnswerKind::Reply => reply(&envelope, answer.payloads.iter().map(given::part)),
        AnswerKind::UpdateStatus => update_status(&envelope),
    };
    if let Some(subject) = &answer.reply_subject {
        draft = draft.send_to(subject);
    }
    arguments!(draft, answer.arguments);
    let (_, message) = draft.encode(now(), &mut new_id)?.finish()?;
    Ok(encoded(message))
}

fn report(answer: &Answer) -> ErrorReport {
    let report = answer.error.clone().expect("the error of a NACK");
    serde_json::from_value(report.into()).expect("an error's JSON")
}

async fn publishing(send: &Send) -> Result<Envelope, Error> {
    let bridge = Bridge::connect(&send.nats_url).await?;
    let call = sending(&send.encode);
    let envelope = match &send.deliver {
        Some(Delivery { ack_wait, deadline }) => {
            let deliver = bridge
                .deliver(call)
                .ack_wait(Duration::from_millis(*ack_wait));
            deliver
                .deadline(Duration::from_millis(*deadline))
                .await?
                .envelope
        }
        None => bridge.publish(call).await?,
    };
    bridge.drain().await.map(|()| envelope)
}

async fn receiving(id: u64, receive: &Receive) -> Result<Outcome, Error> {
    let mut connect = Bridge::connect(&receive.nats_url);
    passed!(connect, receive, fileserver_url);
    let bridge = connect.await?;
    let transfer = receive.transfer.clone();
    let mut messages = bridge
        .subscribe(&receive.subject)
        .receiving(move |mut call| {
            transfers!(call, transfer);
            call
        })
        .await?;
    bridge.flush().await?;
    say(id, Outcome::Subscribed(true));
    let patience = Duration::from_millis(receive.timeout);
    let outcome = match tokio::time::timeout(patience, messages.next()).await {
        Ok(Some(Ok(message))) => {
            match receive.answer {
                Some(AnswerKind::Ack) => message.ack().await?,
                Some(_) => message.nack(Refusal::new("as the case asks")).await?,
                None => {}
            }
            Outcome::Decoded(received::decoded(&message.received, Vec::new()))
        }
        Ok(Some(Err(error))) => refused(error, Vec::new()),
        Ok(None) | Err(_) => received::nothing(patience),
    };
    bridge.drain().await.map(|()| outcome)
}

fn refused(error: Error, asked: Vec<String>) -> Outcome {
    let report = error.report(now()).to_json();
    let report = serde_json::from_str(&report).expect("an error's JSON");
    Outcome::Error(Refused { report, asked })
}

fn encoded(message: String) -> Outcome {
    Outcome::Encoded(Encoded { message })
}

fn json(envelope: &Envelope) -> String {
    serde_json::to_string(envelope).expect("an envelope is JSON")
}
