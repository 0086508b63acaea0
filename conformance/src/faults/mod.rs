//! A file server whose faults are told by the URL, and that remembers what it saw.
//!
//! ```text
//! GET  /TOKEN/get/STEPS/SIZE[/NAME]                   a file, with faults; one step per attempt, the last one stays
//! POST /TOKEN/plik[/CREATE[/ADD[/REMOVE]]]/upload ... Plik's interface, with steps for each kind of request
//! GET  /TOKEN/log                                     what was seen of the token's requests, as JSON
//! GET  /                                              all steps, explained
//! ```
//!
//! It speaks raw TCP, so that it can break HTTP, and answers each connection once. Connections, their life, heads, bodies, logs
//! and what is kept are bounded.

mod answer;
mod connection;
mod content;
mod form;
mod log;
mod plik;
mod request;
mod shared;
mod silent;
mod state;
mod step;
mod target;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use socket2::{Domain, Socket, Type};

use answer::{Usual, answer, plain, typed};
use connection::{Connection, Gone};
use log::{NOTED, SECRET};
use plik::Plik;
use request::{Body, Head};
use shared::Shared;
use silent::{Full, Nobody};
use step::of_attempt;
use target::{PlikCall, Target};

pub use content::{content, sha256};
pub use log::{Call, End, Entry, FilePart, Log, Origin, Token, Wanted};

/// What can stand in a URL, for people.
pub const ABOUT: &str = include_str!("about.txt");

/// A running server. Dropped, it ends with all its connections.
pub struct Faults {
    shared: Arc<Shared>,
    addresses: [SocketAddr; 2],
    accepting: Vec<JoinHandle<()>>,
    full: Full,
    nobody: Nobody,
}

/// Bytes that the network holds of a connection which the other side does not read, more or less: few, so that the log tells
/// what a client took.
const BUFFER: usize = 64 * 1024;

impl Faults {
    /// Starts one on loopback; port 0 is a free one. The other origin and the silent addresses have free ports.
    ///
    /// # Errors
    ///
    /// Where a port cannot be had.
    pub fn start(port: u16) -> io::Result<Self> {
        let listeners = [listener(port)?, listener(0)?];
        let addresses = [listeners[0].local_addr()?, listeners[1].local_addr()?];
        let shared = Arc::new(Shared::new(addresses[0], addresses[1]));
        let (full, nobody) = (Full::start()?, Nobody::start()?);
        let accepting = listeners.into_iter().zip([Origin::Main, Origin::Other]);
        let accepting = accepting.map(|(listener, origin)| {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("faults".to_owned())
                .spawn(move || accept(&listener, &shared, origin))
        });
        Ok(Faults {
            accepting: accepting.collect::<io::Result<_>>()?,
            shared,
            addresses,
            full,
            nobody,
        })
    }

    /// Its origin: `http://127.0.0.1:1234`.
    pub fn url(&self) -> String {
        self.shared.url(Origin::Main)
    }

    /// Another origin, with the same scenarios and the same log.
    pub fn other_url(&self) -> String {
        self.shared.url(Origin::Other)
    }

    /// An origin where connections do not come about: nobody answers the attempt.
    pub fn full_url(&self) -> String {
        format!("http://{}", self.full.address())
    }

    /// An origin where connections are refused.
    pub fn nobody_url(&self) -> String {
        format!("http://{}", self.nobody.address())
    }

    /// What was seen of a token's requests so far.
    pub fn log(&self, token: &str) -> Log {
        self.shared.state.log(token)
    }

    /// Forgets a token with all that is kept of it.
    pub fn forget(&self, token: &str) {
        self.shared.state.forget(token);
    }

    /// Waits until it ends, which it never does by itself.
    pub fn wait(mut self) {
        for thread in std::mem::take(&mut self.accepting) {
            let _ = thread.join();
        }
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.shared.end();
        for address in self.addresses {
            // Wakes the thread that accepts.
            let _ = TcpStream::connect(address);
        }
        for thread in std::mem::take(&mut self.accepting) {
            let _ = thread.join();
        }
    }
}

fn listener(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Connections take these over.
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.set_reuse_address(port != 0)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(128)?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, origin: Origin) {
    while !shared.is_over() {
        let Ok((stream, _)) = listener.accept() else {
            // Out of descriptors, say: others may end meanwhile.
            thread::sleep(std::time::Duration::from_millis(10));
            continue;
        };
        let Some(number) = shared.admit(&stream) else {
            continue;
        };
        let (own, name) = (Arc::clone(shared), format!("fault {number}"));
        let serving = thread::Builder::new().name(name).spawn(move || {
            serve(Connection::new(stream, Arc::clone(&own)), origin);
            own.dismiss(number);
        });
        if serving.is_err() {
            shared.dismiss(number);
        }
    }
}

fn serve(mut connection: Connection, origin: Origin) {
    let Some(head) = Head::read(&mut connection) else {
        return;
    };
    if head
        .header("expect")
        .is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue"))
    {
        let _ = connection.write_head(b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    let mut body = Body::new(&head);
    let end = match respond(&mut connection, &head, &mut body, origin) {
        Ok(end) => end,
        Err(Gone::Client) => End::Client,
        Err(Gone::Cut) => End::Cut,
        Err(Gone::Expired) => End::Expired,
    };
    connection.ended(end);
    if end == End::Whole || (end == End::Cut && !connection.is_reset()) {
        connection.close();
    }
}

fn respond(
    connection: &mut Connection,
    head: &Head,
    body: &mut Body,
    origin: Origin,
) -> Result<End, Gone> {
    match Target::parse(&head.method, &head.path) {
        Target::About => plain(connection, 200, ABOUT),
        Target::Log { token } => {
            let log = connection.shared().state.log(&token);
            let text = serde_json::to_vec_pretty(&log).unwrap_or_default();
            typed(connection, 200, "application/json", &text)
        }
        Target::Unknown { token, why } => {
            begin(connection, head, origin, &token, Call::Unknown);
            connection.note(|entry| entry.misuse = Some(why.clone()));
            body.take_all(connection, None)?;
            plain(connection, 400, &format!("{why}\n"))
        }
        Target::Get { token, steps, size } => {
            begin(connection, head, origin, &token, Call::Get);
            let attempt = connection
                .shared()
                .state
                .with(&token, |scenario| scenario.attempt(&head.path));
            let step = of_attempt(&steps, attempt);
            connection.note(|entry| {
                entry.attempt = attempt as u64 + 1;
                entry.step.clone_from(&step.text);
            });
            body.take_all(connection, None)?;
            let usual = Usual {
                status: 200,
                content_type: "application/octet-stream",
                body: content(size),
                path: head.path.clone(),
                whole_path: format!("/{token}/get/ok/{size}"),
            };
            answer(connection, &step, usual)
        }
        Target::Plik {
            token,
            script,
            call,
        } => {
            let kind = match call {
                PlikCall::Create => Call::Create,
                PlikCall::Add { .. } => Call::Add,
                PlikCall::Remove { .. } => Call::Remove,
                PlikCall::Fetch { .. } => Call::Fetch,
            };
            begin(connection, head, origin, &token, kind);
            let plik = Plik {
                connection,
                token: &token,
                head,
                body,
                script: &script,
            };
            plik.serve(&call)
        }
    }
}

/// Begins an entry of the log.
fn begin(connection: &mut Connection, head: &Head, origin: Origin, token: &str, call: Call) {
    let known = |names: &[&str]| {
        let headers = head
            .headers
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()));
        headers.cloned().collect::<BTreeMap<String, String>>()
    };
    let behind = head.path.get(1 + token.len()..).unwrap_or_default();
    let entry = Entry {
        server: origin,
        call,
        method: head.method.clone(),
        path: behind.to_owned(),
        has_query: head.has_query,
        headers: known(&NOTED),
        secrets: known(&SECRET).into_keys().collect(),
        ..Entry::default()
    };
    let place = connection.shared().state.begin(token, entry);
    connection.note_at(place);
}
