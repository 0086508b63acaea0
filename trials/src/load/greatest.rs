//! The greatest rate: a closed loop, in which each message that has come lets another go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Ground, numbered};
use crate::failure::Failure;

/// Messages a second, received, over several pairs of connections, measured for so long.
pub(super) async fn rate(ground: &Ground, size: usize, seconds: u32) -> Result<f64, Failure> {
    const PAIRS: usize = 8;
    const WINDOW: usize = 64;
    let measured = Duration::from_secs(seconds.into());
    let received = Arc::new(AtomicU64::new(0));
    // Dropped, it ends them all.
    let mut tasks = JoinSet::new();
    for pair in 0..PAIRS {
        let subject = format!("trial.greatest.{pair}");
        let receiver = ground.connect("receiver").await?;
        let mut messages = receiver.subscribe(&subject).await?;
        let sender = ground.connect("sender").await?;
        let window = Arc::new(Semaphore::new(WINDOW));
        let (counted, opened) = (Arc::clone(&received), Arc::clone(&window));
        tasks.spawn(async move {
            // Its subscription ends with it.
            let _receiver = receiver;
            while let Some(message) = messages.next().await {
                counted.fetch_add(u64::from(message.is_ok()), Ordering::Relaxed);
                opened.add_permits(1);
            }
        });
        let ground = ground.clone();
        let payload = numbered(0, size);
        tasks.spawn(async move {
            while let Ok(permit) = window.acquire().await {
                permit.forget();
                let message = ground.message(&subject, payload.clone(), false);
                if let Err(error) = sender.publish(message).await {
                    eprintln!("not sent: {error}");
                    break;
                }
            }
        });
    }
    // A warm-up.
    sleep(measured / 5).await;
    let (began, before) = (Instant::now(), received.load(Ordering::Relaxed));
    sleep(measured).await;
    let count = received.load(Ordering::Relaxed) - before;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}
