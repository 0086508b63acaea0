//! The transfer of one payload, and its attempts.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::fields::{Fields, shown, tell};
use super::metric;
use crate::io::handler::HandlerError;
use crate::io::progress::Direction;
use crate::link::Origin;
use crate::retry::Retry;
use crate::wire::{Envelope, Payload};

/// One payload on its way, as far as it is told of.
struct Transfer {
    direction: Direction,
    dataname: String,
    fields: Fields,
}

tokio::task_local! {
    /// What the attempts of a handler belong to, so that no handler has to hand it on.
    static CURRENT: Arc<Transfer>;

    /// Set where what fails is one server of several.
    static ONE_OF_SEVERAL: ();
}

/// Runs an attempt on one server of several: what fails in it is told by whoever has the others.
pub(in crate::io) async fn one_of_several<T>(attempt: impl Future<Output = T>) -> T {
    ONE_OF_SEVERAL.scope((), attempt).await
}

/// Runs a transfer, says that it began and ended, and measures it. `origin` is where a download comes from.
pub(in crate::io) async fn transferring<T>(
    direction: Direction,
    dataname: &str,
    size: Option<u64>,
    origin: Option<&Origin>,
    fields: Fields,
    call: impl Future<Output = Result<T, HandlerError>>,
) -> Result<T, HandlerError> {
    let transfer = Arc::new(Transfer {
        direction,
        dataname: dataname.to_owned(),
        fields,
    });
    let name = shown(dataname);
    let size = match size {
        Some(size) => format!("{size} bytes"),
        None => "unknown".to_owned(),
    };
    match origin {
        None => {
            tell!(
                DEBUG,
                transfer.fields,
                "Uploading payload '{name}' size: {size}"
            );
        }
        Some(origin) => tell!(
            DEBUG,
            transfer.fields,
            "Downloading payload '{name}' size: {size} from {origin}"
        ),
    }
    let began = Instant::now();
    let done = CURRENT.scope(Arc::clone(&transfer), call).await?;
    let took = began.elapsed();
    metric::transferred(direction, took);
    let verb = match direction {
        Direction::Upload => "Uploaded",
        Direction::Download => "Downloaded",
    };
    tell!(
        DEBUG,
        transfer.fields,
        "{verb} payload '{name}' size: {size} in {} ms",
        took.as_millis()
    );
    Ok(done)
}

/// Attempt `attempt` failed, and the next one is due after `delay`.
pub(in crate::io) fn retried(retry: &Retry, attempt: u32, delay: Duration, error: &HandlerError) {
    let told = CURRENT.try_with(|transfer| {
        metric::retry(transfer.direction);
        tell!(
            WARN,
            transfer.fields,
            "{} of payload '{}' failed in attempt {attempt} of {}, next in {} ms: {error}",
            noun(transfer.direction),
            shown(&transfer.dataname),
            retry.max_retries,
            delay.as_millis()
        );
    });
    // Beyond a transfer, as where something is removed, nothing is counted.
    let _ = told;
}

/// The last attempt failed, or a further one in such a way that no other would help.
pub(in crate::io) fn given_up(retry: &Retry, attempts: u32, error: &HandlerError) {
    if ONE_OF_SEVERAL.try_with(|()| ()).is_ok() {
        return;
    }
    let told = CURRENT.try_with(|transfer| {
        if transfer.direction == Direction::Download {
            metric::count(metric::DOWNLOAD_RETRY_EXCEEDED, 1);
        }
        tell!(
            WARN,
            transfer.fields,
            "{} of payload '{}' failed for good after {attempts} of {} attempts: {error}",
            noun(transfer.direction),
            shown(&transfer.dataname),
            retry.max_retries
        );
    });
    let _ = told;
}

/// The deadline of the whole call ended a transfer.
pub(in crate::io) fn out_of_time() {
    let told = CURRENT.try_with(|transfer| {
        if transfer.direction == Direction::Download {
            metric::count(metric::DOWNLOAD_RETRY_EXCEEDED, 1);
        }
        tell!(
            WARN,
            transfer.fields,
            "{} of payload '{}' was ended by the deadline of the whole call",
            noun(transfer.direction),
            shown(&transfer.dataname)
        );
    });
    let _ = told;
}

/// A name leads to an address that the receiver does not allow. Only whoever runs it is told which.
pub(in crate::io) fn out_of_reach(name: &str, address: IpAddr) {
    let told = CURRENT.try_with(|transfer| {
        tell!(
            WARN,
            transfer.fields,
            "Payload '{}' is not fetched: the name '{}' leads to {address}, which is not allowed",
            shown(&transfer.dataname),
            shown(name)
        );
    });
    let _ = told;
}

/// A file server of several has failed, and the next uploads pass it over for that long.
pub(in crate::io) fn server_down(server: &Origin, pause: Duration) {
    let told = CURRENT.try_with(|transfer| {
        tell!(
            WARN,
            transfer.fields,
            "File server {server} is passed over for {} ms",
            pause.as_millis()
        );
    });
    let _ = told;
}

/// A file server of several takes uploads again.
pub(in crate::io) fn server_up(server: &Origin) {
    let told = CURRENT.try_with(|transfer| {
        tell!(INFO, transfer.fields, "File server {server} is up again");
    });
    let _ = told;
}

/// A payload that could not be uploaded goes direct.
pub(in crate::io) fn fell_back(envelope: &Envelope, payload: &Payload, error: &HandlerError) {
    tell!(
        WARN,
        Fields::of_payload(envelope, payload),
        "Payload '{}' could not be uploaded and goes direct: {error}",
        shown(&payload.dataname)
    );
}

fn noun(direction: Direction) -> &'static str {
    match direction {
        Direction::Upload => "Upload",
        Direction::Download => "Download",
    }
}
