//! A file server whose faults are written down beforehand, and that remembers what it saw.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use natsbridge::Origin;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::answer::{Answer, Step, head};
use crate::log;

/// A server on a free port of loopback, which speaks as much of Plik's API as a client needs. Dropped, it ends with all its
/// connections.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

/// As many bytes as [`Step::Pour`] has.
pub(crate) const POURED: u64 = 64 << 20;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Such as `GET /file/a?b`.
    pub(crate) line: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// As much of the body as was read.
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
    /// Bytes that [`Step::Pour`] got rid of.
    pub(crate) poured: u64,
}

#[derive(Default)]
struct State {
    rules: Vec<(String, VecDeque<Answer>)>,
    seen: Vec<Seen>,
    files: BTreeMap<String, Vec<u8>>,
    uploads: u32,
    unanswered: usize,
    most_unanswered: usize,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Server::listen(
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .expect("a free port"),
        )
    }

    /// One whose connections hold few bytes that nobody has read.
    pub(crate) async fn narrow() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 * 1024).expect("a buffer");
        socket
            .bind((Ipv4Addr::LOCALHOST, 0).into())
            .expect("a free port");
        Server::listen(socket.listen(64).expect("a listener"))
    }

    fn listen(listener: TcpListener) -> Self {
        log::start();
        let address = listener.local_addr().expect("an address");
        let state = Arc::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Server {
            address,
            state,
            accepting,
        }
    }

    /// Answers requests whose line starts so, such as `POST /file/`, one after the other; the last answer repeats.
    pub(crate) fn script(&self, line: &str, answers: impl IntoIterator<Item = Answer>) {
        self.state()
            .rules
            .push((line.to_owned(), answers.into_iter().collect()));
    }

    /// Serves a file under a path.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        self.state().files.insert(path.to_owned(), bytes.to_vec());
    }

    /// How many files there are, uploaded ones included.
    pub(crate) fn files(&self) -> usize {
        self.state().files.len()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn link(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn origin(&self) -> Origin {
        self.url().parse().expect("an origin")
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// The lines of all requests so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.state()
            .seen
            .iter()
            .map(|seen| seen.line.clone())
            .collect()
    }

    /// Requests so far whose line starts so.
    pub(crate) fn count(&self, line: &str) -> usize {
        self.state()
            .seen
            .iter()
            .filter(|seen| seen.line.starts_with(line))
            .count()
    }

    /// The times between the requests whose line starts so.
    pub(crate) fn gaps(&self, line: &str) -> Vec<Duration> {
        let state = self.state();
        let times: Vec<Instant> = state
            .seen
            .iter()
            .filter(|seen| seen.line.starts_with(line))
            .map(|seen| seen.at)
            .collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// The most requests that waited for the first byte of their answer at any one time.
    pub(crate) fn most_unanswered(&self) -> usize {
        self.state().most_unanswered
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// What stands in the one part of a form: its headers and its content.
    pub(crate) fn part(&self) -> (String, Vec<u8>) {
        let kind = self.header("content-type").expect("a content type");
        let boundary = kind
            .strip_prefix("multipart/form-data; boundary=")
            .expect("a form");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let start = find(&self.body, b"\r\n\r\n").expect("a part's header");
        let end = self.body.len() - format!("\r\n--{boundary}--\r\n").len();
        (
            text(&self.body[..start]),
            self.body[start + 4..end].to_vec(),
        )
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    // Aborted with the task that holds it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let connection = Connection {
            stream,
            state: Arc::clone(&state),
            index: 0,
            left: 0,
            waits: false,
        };
        connections.spawn(async move {
            // How a connection ends is for the client to judge.
            let _ = connection.serve().await;
        });
    }
}

struct Connection {
    stream: TcpStream,
    state: Arc<Mutex<State>>,
    /// Of what was seen.
    index: usize,
    /// Bytes of the request's body that were not read yet.
    left: usize,
    waits: bool,
}

impl Connection {
    async fn serve(mut self) -> io::Result<()> {
        let Some(answer) = self.request().await? else {
            return Ok(());
        };
        for step in answer.0 {
            match step {
                Step::Take(most) => self.take(most).await?,
                Step::Sip(most, pause) => {
                    while self.left > 0 {
                        sleep(pause).await;
                        self.take(most).await?;
                    }
                }
                Step::Send(bytes) => self.send(&bytes).await?,
                Step::Drip(bytes, most, pause) => {
                    for piece in bytes.chunks(most) {
                        self.send(piece).await?;
                        sleep(pause).await;
                    }
                }
                Step::Pour(bytes) => {
                    // A client that takes all of this will take anything.
                    while lock(&self.state).seen[self.index].poured < POURED {
                        self.send(&bytes).await?;
                        self.seen(|seen| seen.poured += bytes.len() as u64);
                    }
                }
                Step::Pause(pause) => sleep(pause).await,
                Step::Hold => self.hold().await,
                Step::Reset => {
                    self.answered();
                    return self.stream.set_zero_linger();
                }
                Step::Usual => {
                    self.take(usize::MAX).await?;
                    let bytes = self.usual();
                    self.send(&bytes).await?;
                }
            }
        }
        self.answered();
        self.stream.shutdown().await?;
        // Closed with bytes unread, the connection would be reset and the answer lost.
        let _ = timeout(Duration::from_secs(5), self.hold()).await;
        Ok(())
    }

    /// Reads the head of a request, and finds its answer.
    async fn request(&mut self) -> io::Result<Option<Answer>> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            if self.stream.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let (line, headers) = text.split_once("\r\n").unwrap_or((&text, ""));
        let line = line.trim_end_matches(" HTTP/1.1").to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            (name.to_ascii_lowercase(), value.to_owned())
        };
        let headers = headers.split("\r\n").map(header).collect();
        let body = bytes.split_off(end + 4);
        let seen = Seen {
            line: line.clone(),
            headers,
            body,
            at: Instant::now(),
            poured: 0,
        };
        let length = seen
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a length"));
        assert!(
            seen.header("transfer-encoding").is_none(),
            "the length of an upload is known: {seen:?}"
        );
        self.left = length - seen.body.len();
        self.waits = true;
        let mut state = lock(&self.state);
        self.index = state.seen.len();
        state.seen.push(seen);
        state.unanswered += 1;
        state.most_unanswered = state.most_unanswered.max(state.unanswered);
        let rule = state
            .rules
            .iter_mut()
            .find(|(start, _)| line.starts_with(start.as_str()));
        let answer = rule.and_then(|(_, answers)| match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        });
        Ok(Some(answer.unwrap_or_else(Answer::usual)))
    }

    async fn take(&mut self, most: usize) -> io::Result<()> {
        let mut wanted = self.left.min(most);
        let mut piece = vec![0; wanted.min(1 << 16)];
        while wanted > 0 {
            let most = wanted.min(piece.len());
            let read = self.stream.read(&mut piece[..most]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.seen(|seen| seen.body.extend_from_slice(&piece[..read]));
            wanted -= read;
            self.left -= read;
        }
        Ok(())
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.answered();
        self.stream.write_all(bytes).await
    }

    async fn hold(&mut self) {
        let mut bytes = [0; 1024];
        while matches!(self.stream.read(&mut bytes).await, Ok(1..)) {}
    }

    fn seen(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut lock(&self.state).seen[self.index]);
    }

    fn answered(&mut self) {
        if std::mem::take(&mut self.waits) {
            lock(&self.state).unanswered -= 1;
        }
    }

    /// Plik's own answers. An upload's id is `U` and its number, its token `hunter2-` and its number.
    fn usual(&self) -> Vec<u8> {
        let mut state = lock(&self.state);
        let seen = state.seen[self.index].clone();
        let (method, target) = seen.line.split_once(' ').unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        match (
            method,
            path.strip_prefix("/upload"),
            path.strip_prefix("/file/"),
        ) {
            ("POST", Some(""), _) => {
                state.uploads += 1;
                let number = state.uploads;
                plain(
                    &json!({"id": format!("U{number}"), "uploadToken": format!("hunter2-{number}"), "files": null}),
                )
            }
            ("POST", _, Some(upload)) => {
                state
                    .files
                    .insert(format!("/file/{upload}/F/payload"), seen.part().1);
                plain(&json!({"id": "F", "status": "uploaded"}))
            }
            ("DELETE", Some(upload), _) => {
                state
                    .files
                    .retain(|file, _| !file.starts_with(&format!("/file{upload}/")));
                plain(&json!("ok"))
            }
            ("GET", _, _) if state.files.contains_key(path) => whole(200, &state.files[path]),
            _ => whole(404, b"not here"),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.answered();
    }
}

fn plain(value: &Value) -> Vec<u8> {
    whole(200, value.to_string().as_bytes())
}

fn whole(status: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", length.as_str()),
    ];
    [head(status, &headers), body.to_vec()].concat()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
