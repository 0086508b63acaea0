//! A nats-server of the trial's own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::failure::Failure;
use crate::process::Process;

/// Where the nats-server is.
#[derive(Args, Clone, Debug)]
// Two types of one name in one command would make two groups of one name.
#[group(skip)]
pub(crate) struct Choice {
    /// The nats-server to start [default: the one on PATH]
    #[arg(long, value_name = "PATH", env = "NATSBRIDGE_TEST_NATS_SERVER")]
    nats_server: Option<PathBuf>,
}

/// A nats-server on a free port of loopback. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct NatsServer {
    program: PathBuf,
    port: u16,
    log: PathBuf,
    process: Process,
}

impl Choice {
    /// Starts the server, which appends to its log in that folder.
    pub(crate) async fn start(&self, dir: &Path) -> Result<NatsServer, Failure> {
        let given = self.nats_server.clone();
        let program = given.filter(|path| !path.as_os_str().is_empty());
        let program = program.unwrap_or_else(|| PathBuf::from("nats-server"));
        check(&program)?;
        let log = dir.join(NatsServer::LOG);
        // The port may be taken by another between being found free and being used.
        let mut attempts = 0;
        loop {
            attempts += 1;
            let port = free_port()?;
            match NatsServer::launch(&program, port, &log).await {
                Err(_) if attempts < 5 => {}
                Err(failure) => return Err(failure),
                Ok(process) => {
                    return Ok(NatsServer {
                        program,
                        port,
                        log,
                        process,
                    });
                }
            }
        }
    }
}

impl NatsServer {
    /// The name of its log.
    pub(crate) const LOG: &'static str = "nats-server.log";

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL: it says goodbye to nobody.
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        Ok(self.process.kill()?)
    }

    /// Starts it anew where it was, after [`NatsServer::kill`].
    pub(crate) async fn restart(&mut self) -> Result<(), Failure> {
        self.process = NatsServer::launch(&self.program, self.port, &self.log).await?;
        Ok(())
    }

    /// Lets it end by itself, which its log shows.
    pub(crate) async fn quit(mut self) -> Result<(), Failure> {
        let id = self.id();
        Command::new(&self.program)
            .args(["--signal", &format!("quit={id}")])
            .stdin(Stdio::null())
            .status()?;
        self.process.end(Duration::from_secs(10)).await.map(drop)
    }

    async fn launch(program: &Path, port: u16, log: &Path) -> Result<Process, Failure> {
        let mut command = Command::new(program);
        command
            .args(["--addr", "127.0.0.1", "--port", &port.to_string()])
            .arg("--log")
            .arg(log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Process::start("nats-server", &mut command)?;
        let until = Instant::now() + Duration::from_secs(20);
        while !is_up(port).await {
            if process.has_ended()?.is_some() || Instant::now() > until {
                return Err(Failure::Unavailable(format!(
                    "nats-server does not come up on port {port}; {} says why",
                    log.display()
                )));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(process)
    }
}

fn check(program: &Path) -> Result<(), Failure> {
    let version = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match version {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Failure::Unavailable(format!(
            "{} --version ends with {}",
            program.display(),
            output.status
        ))),
        Err(error) => Err(Failure::Unavailable(format!(
            "{}: {error}; `./tests/install --env nats-server` brings a nats-server and prints the line to export",
            program.display()
        ))),
    }
}

/// A port outside of the range from which systems take those of outgoing connections: while a server is down, nobody else gets its
/// port by chance, and no client that calls it reaches itself.
fn free_port() -> Result<u16, Failure> {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let start = std::process::id().wrapping_add(now.map_or(0, |now| now.subsec_nanos()));
    (0..COUNT)
        .filter_map(|step| u16::try_from(FIRST + start.wrapping_add(step) % COUNT).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| Failure::Unavailable("no port of loopback is free".to_owned()))
}

/// Whether the server greets.
async fn is_up(port: u16) -> bool {
    let greeting = async {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        let mut line = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut line).await.ok()?;
        line.starts_with("INFO ").then_some(())
    };
    let greeted = timeout(Duration::from_secs(2), greeting).await;
    matches!(greeted, Ok(Some(())))
}
