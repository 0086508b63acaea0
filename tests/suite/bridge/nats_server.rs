//! A real nats-server for one test, on a port of loopback that stays the same when it is started again.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Killed when it is dropped.
pub(crate) struct NatsServer {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl NatsServer {
    pub(crate) fn start() -> Self {
        NatsServer::with("")
    }

    /// One with these lines in its configuration; `DIR` in them is its folder.
    pub(crate) fn with(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        NatsServer::within(folder, configuration)
    }

    /// As [`NatsServer::with`], in a folder that has files already.
    pub(crate) fn within(folder: TempDir, configuration: &str) -> Self {
        crate::log::start();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mut server = NatsServer {
            program: program(),
            folder,
            port,
            child: None,
        };
        drop(listener);
        server.configure(configuration);
        server.run();
        server
    }

    /// Other lines, for when it is started again.
    pub(crate) fn configure(&self, configuration: &str) {
        let folder = self.folder.path().display().to_string();
        let lines = format!(
            "listen: 127.0.0.1:{}\n{}\n",
            self.port,
            configuration.replace("DIR", &folder)
        );
        fs::write(self.folder.path().join("server.conf"), lines).expect("a file");
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a process to kill");
            child.wait().expect("its end");
        }
    }

    /// Starts it where it was.
    pub(crate) fn run(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("server.log"))
            .expect("a log");
        let child = Command::new(&self.program)
            .arg("-c")
            .arg(self.folder.path().join("server.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("nats-server"));
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let child = self.child.as_mut().expect("a process");
            let ended = child.try_wait().expect("its state");
            assert!(
                ended.is_none() && began.elapsed() < Duration::from_secs(10),
                "nats-server does not answer: {}",
                fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
            );
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The server that `tests/install` found or brought, else the one on PATH.
fn program() -> PathBuf {
    match std::env::var_os("NATSBRIDGE_TEST_NATS_SERVER") {
        Some(path) => path.into(),
        None => "nats-server".into(),
    }
}
