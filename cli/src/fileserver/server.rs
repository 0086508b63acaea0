//! The connections of a running server.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::api::Api;

/// How long a stopping server waits for transfers that are under way.
const GRACE: Duration = Duration::from_secs(2);

/// How often expired uploads are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// How long a request's head may take, and a connection wait for one: longer than clients keep idle
/// connections, so that none of them sends into one that is being closed.
const HEAD_TIME: Duration = Duration::from_secs(120);

/// How long a refused upload may go on sending before its connection is cut.
const LINGER: Duration = Duration::from_millis(500);

/// The most headers of one request.
const MAX_HEADERS: usize = 1_000;

/// Serves until `stop` becomes true or its sender is gone, then lets transfers end for a short time.
pub(super) async fn serve(listener: TcpListener, api: Arc<Api>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&api), stop.clone()));
                }
                // Out of descriptors, most likely: some come back as connections end.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
            _ = sweep.tick() => api.store.sweep(),
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    let _ = timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, api: Arc<Api>, mut stop: watch::Receiver<bool>) {
    // Small answers are not to wait for one another.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let api = Arc::clone(&api);
        Box::pin(async move { Ok::<_, Infallible>(api.answer(request).await) })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(MAX_HEADERS)
        // Some clients close their side once they have sent, and read the answer then.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(ended),
        () = stopped(&mut stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    let mut stream = connection.into_parts().io.into_inner();
    if ended.is_ok() {
        // Closed with unread bytes, a connection is reset, and the client may never see the answer.
        let _ = timeout(LINGER, linger(&mut stream)).await;
    }
}

async fn linger(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut unread = vec![0_u8; 64 * 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it whoever wanted the server.
    let _ = stop.wait_for(|stop| *stop).await;
}
