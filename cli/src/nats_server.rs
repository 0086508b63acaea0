//! A `nats-server` process for a demonstration or a test: on a free port of this machine, and gone with its handle.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// What the server's program is called.
pub const PROGRAM: &str = "nats-server";

/// A running server. Dropped, it is killed, and what it wrote is removed.
#[derive(Debug)]
pub struct NatsServer {
    child: Child,
    url: String,
    folder: TempDir,
}

/// The file in which the server says where it listens.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

impl NatsServer {
    /// How long a server may take until it answers.
    const PATIENCE: Duration = Duration::from_secs(15);

    /// Starts `program`, a path or a name to be looked for in PATH, with these further arguments, and waits until it answers.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is no such program; `TimedOut` where it does not answer within 15 s; else what kept it from
    /// running, with the last line of its log.
    pub async fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("natsbridge-nats-")
            .tempdir()?;
        let log = folder.path().join("log");
        let child = Command::new(program)
            .args(["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir"])
            .arg(folder.path())
            .arg("--log")
            .arg(&log)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = NatsServer {
            child,
            url: String::new(),
            folder,
        };
        server.url = server.wait_until_it_answers(&log).await?;
        Ok(server)
    }

    /// Where it listens, `nats://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    async fn wait_until_it_answers(&mut self, log: &Path) -> io::Result<String> {
        let began = Instant::now();
        while began.elapsed() < NatsServer::PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                let last = fs::read_to_string(log).unwrap_or_default();
                let last = last.lines().last().unwrap_or("it says nothing").to_owned();
                return Err(io::Error::other(format!("it ended ({status}): {last}")));
            }
            if let Some(url) = self.announced()
                && answers(&url).await
            {
                return Ok(url);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(io::Error::new(ErrorKind::TimedOut, "it does not answer"))
    }

    /// The URL that the server has written down by now.
    fn announced(&self) -> Option<String> {
        let entries = fs::read_dir(self.folder.path()).ok()?;
        let is_ports = |path: &Path| {
            path.extension()
                .is_some_and(|extension| extension == "ports")
        };
        let path = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| is_ports(path))?;
        // It may be half written.
        let ports: Ports = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        ports.nats.into_iter().next()
    }
}

async fn answers(url: &str) -> bool {
    match url.strip_prefix("nats://") {
        Some(address) => TcpStream::connect(address).await.is_ok(),
        None => false,
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // By its own handle; that it has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
