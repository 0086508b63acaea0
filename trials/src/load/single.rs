//! What one thing takes when nothing else happens: the codec, a connection, a transfer.

use std::time::Instant;

use natsbridge::{Bridge, smartreceive};

use super::{Ground, numbered};
use crate::failure::Failure;
use crate::report::{Report, Target};
use crate::size;
use crate::spread::Spread;

/// NFR-101 and NFR-102: from payload to text and back.
pub(super) async fn codec(
    ground: &Ground,
    size: usize,
    report: &mut Report,
) -> Result<(), Failure> {
    const TIMES: u32 = 2000;
    let payload = numbered(0, size);
    let mut texts = Vec::new();
    let began = Instant::now();
    for _ in 0..TIMES {
        let message = ground.message("codec", payload.clone(), false);
        texts.push(message.into_bytes().await?.1);
    }
    let mean = began.elapsed() / TIMES;
    report.hold(
        format!(
            "NFR-101: serialization of {}, mean of {TIMES}",
            size::show(size)
        ),
        mean.as_secs_f64() * 1e3,
        "ms",
        Target::AtMost(50.0),
    );
    let began = Instant::now();
    for text in texts {
        smartreceive(text)
            .fileserver_url(&ground.fileserver_url)
            .await?;
    }
    let mean = began.elapsed() / TIMES;
    report.hold(
        format!(
            "NFR-102: deserialization of {}, mean of {TIMES}",
            size::show(size)
        ),
        mean.as_secs_f64() * 1e3,
        "ms",
        Target::AtMost(50.0),
    );
    Ok(())
}

/// NFR-103: until a connection stands.
pub(super) async fn set_up(ground: &Ground, report: &mut Report) -> Result<(), Failure> {
    const TIMES: usize = 50;
    let mut times = Spread::default();
    for _ in 0..TIMES {
        let began = Instant::now();
        let bridge = Bridge::connect(&ground.broker_url).await?;
        times.add_time(began.elapsed());
        bridge.drain().await?;
    }
    report.add(
        format!("NFR-103: connection set-up, p50 of {TIMES}"),
        times.median(),
        "ms",
    );
    report.hold(
        format!("NFR-103: connection set-up, p95 of {TIMES}"),
        times.quantile(0.95),
        "ms",
        Target::AtMost(100.0),
    );
    Ok(())
}

/// NFR-104 and NFR-105: a message by link, up and down.
pub(super) async fn transfers(
    ground: &Ground,
    size: usize,
    report: &mut Report,
) -> Result<(), Failure> {
    const TIMES: usize = 20;
    let mut up = Spread::default();
    let mut down = Spread::default();
    for number in 0..TIMES {
        let message = ground.message("transfers", numbered(number as u64, size), true);
        let began = Instant::now();
        let (_, text) = message.fallback(false).into_bytes().await?;
        up.add_time(began.elapsed());
        let began = Instant::now();
        smartreceive(text)
            .fileserver_url(&ground.fileserver_url)
            .await?;
        down.add_time(began.elapsed());
    }
    for (name, times) in [("NFR-104: upload", &up), ("NFR-105: download", &down)] {
        let name = format!("{name} of {}", size::show(size));
        report.add(format!("{name}, p50 of {TIMES}"), times.median(), "ms");
        let (_, most) = times.ends();
        report.hold(
            format!("{name}, longest of {TIMES}"),
            most,
            "ms",
            Target::AtMost(1000.0),
        );
    }
    Ok(())
}
