//! The servers that a run needs: started on free ports of loopback, gone with their handles.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::child::Child;
use crate::repository::Repository;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server. Dropped, it is asked to end, and killed if it does not.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    /// Which program it is, for reports.
    pub(crate) what: String,
    child: Child,
    /// Its files.
    _folder: Option<tempfile::TempDir>,
}

/// Why a server is not there.
#[derive(Clone, Debug)]
pub(crate) enum Unserved {
    /// This machine does not have it.
    Absent(String),
    /// It is there, or named by a variable, and does not work.
    Broken(String),
}

impl Server {
    /// A nats-server: that of `NATSBRIDGE_TEST_NATS_SERVER`, of PATH, or of `.runtimes/bin`.
    pub(crate) fn nats(repository: &Repository) -> Result<Self, Unserved> {
        let program = program("NATSBRIDGE_TEST_NATS_SERVER", "nats-server", repository)
            .ok_or_else(|| {
                Unserved::Absent("there is no nats-server: NATSBRIDGE_TEST_NATS_SERVER, PATH and .runtimes/bin have none".to_owned())
            })?;
        let start = |port: u16| {
            let mut command = quiet(&program);
            command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
            command
        };
        let greets = |stream: TcpStream| {
            let mut line = String::new();
            let read = BufReader::new(stream).take(65_536).read_line(&mut line);
            read.is_ok() && line.starts_with("INFO ")
        };
        let (child, port) = up(start, greets, "nats-server")?;
        Ok(Server {
            url: format!("nats://127.0.0.1:{port}"),
            what: "nats-server".to_owned(),
            child,
            _folder: None,
        })
    }

    /// A real Plik (`NATSBRIDGE_TEST_PLIK`, or plikd of PATH); where there is none, `natsbridge fileserver`.
    pub(crate) fn files(repository: &Repository) -> Result<Self, Unserved> {
        match program("NATSBRIDGE_TEST_PLIK", "plikd", repository) {
            Some(program) => Server::plik(&program),
            None => Server::fileserver(repository),
        }
    }

    fn plik(program: &Path) -> Result<Self, Unserved> {
        let why = |error: std::io::Error| Unserved::Broken(format!("Plik: {error}"));
        let folder = tempfile::tempdir().map_err(why)?;
        let files = folder.path().join("files");
        std::fs::create_dir(&files).map_err(why)?;
        let data = serde_json::json!({"Directory": files}).to_string();
        let metadata = serde_json::json!({"Driver": "sqlite3", "ConnectionString": folder.path().join("plik.db")});
        let metadata = metadata.to_string();
        let start = |port: u16| {
            let mut command = quiet(program);
            command
                .current_dir(folder.path())
                .env("PLIKD_LISTEN_ADDRESS", "127.0.0.1")
                .env("PLIKD_LISTEN_PORT", port.to_string())
                .env("PLIKD_NO_WEB_INTERFACE", "true")
                .env("PLIKD_DATA_BACKEND_CONFIG", &data)
                .env("PLIKD_METADATA_BACKEND_CONFIG", &metadata);
            command
        };
        let (child, port) = up(start, |_| true, "Plik")?;
        Ok(Server {
            url: format!("http://127.0.0.1:{port}"),
            what: "Plik".to_owned(),
            child,
            _folder: Some(folder),
        })
    }

    /// The Plik-compatible server of the command `natsbridge` (`NATSBRIDGE_TEST_COMMAND`, else built by cargo).
    fn fileserver(repository: &Repository) -> Result<Self, Unserved> {
        let name = "natsbridge fileserver";
        let why = |error: &dyn std::fmt::Display| Unserved::Broken(format!("{name}: {error}"));
        let given = std::env::var_os("NATSBRIDGE_TEST_COMMAND").filter(|path| !path.is_empty());
        let program = match given {
            Some(path) => PathBuf::from(path),
            None => build(repository)?,
        };
        let mut command = quiet(&program);
        command
            .args(["fileserver", "--listen", "127.0.0.1:0"])
            .env_remove("NATSBRIDGE_USER_TOKENS")
            .stdout(Stdio::piped());
        let mut child = Child::start(&mut command).map_err(|error| why(&error))?;
        let stdout = child
            .stdout()
            .ok_or_else(|| why(&"its pipe is not there"))?;
        let (told, line) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut line = String::new();
            let _ = stdout.read_line(&mut line);
            let _ = told.send(line);
            // Whatever else it says is read, so that it never waits for a reader.
            let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        });
        let url = line.recv_timeout(PATIENCE).unwrap_or_default();
        match url.trim_end() {
            "" => Err(why(&"it does not come up")),
            url => Ok(Server {
                url: url.to_owned(),
                what: name.to_owned(),
                child,
                _folder: None,
            }),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.ask_to_end();
        // Real Plik waits up to a minute for its connections; nothing that it has is of any worth.
        self.child.end(Duration::from_secs(2));
    }
}

/// A URL of loopback where nobody listens.
pub(crate) fn nowhere() -> std::io::Result<String> {
    free_port().map(|port| format!("http://127.0.0.1:{port}"))
}

fn build(repository: &Repository) -> Result<PathBuf, Unserved> {
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    eprintln!(
        "building the command natsbridge for its file server, which takes minutes the first time (NATSBRIDGE_TEST_COMMAND names one that is built)"
    );
    let output = Command::new("cargo")
        .args([
            "build",
            "--quiet",
            "--message-format",
            "json-render-diagnostics",
        ])
        .args(["-p", "natsbridge-cli", "--profile", profile])
        .current_dir(repository.root())
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => executable(&output.stdout).ok_or_else(|| {
            Unserved::Broken("cargo does not say where the command natsbridge is".to_owned())
        }),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last: Vec<&str> = said.lines().rev().take(5).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            Err(Unserved::Broken(format!(
                "natsbridge cannot be built: {}",
                last.join("; ")
            )))
        }
        Err(error) => Err(Unserved::Absent(format!(
            "natsbridge cannot be built: cargo: {error}"
        ))),
    }
}

/// The program that cargo says it has built.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    let mut built = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "natsbridge").then_some(())?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    built.next()
}

/// A program from a variable, from PATH, or from the folder where the tests' installer puts it.
fn program(variable: &str, name: &str, repository: &Repository) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(path));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = repository.root().join(".runtimes/bin");
    let mut folders = std::env::split_paths(&path).chain([installed]);
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    folders.find_map(|folder| Some(folder.join(&file)).filter(|path| path.is_file()))
}

fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Starts a server on a free port, anew if another takes that in between.
fn up(
    start: impl Fn(u16) -> Command,
    is_up: impl Fn(TcpStream) -> bool,
    name: &str,
) -> Result<(Child, u16), Unserved> {
    for _ in 0..5 {
        let port = free_port().map_err(|error| Unserved::Broken(error.to_string()))?;
        let mut child = Child::start(&mut start(port))
            .map_err(|error| Unserved::Broken(format!("{name}: {error}")))?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && child.end(Duration::from_millis(10)).is_none() {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
            if let Ok(stream) = stream
                && stream
                    .set_read_timeout(Some(Duration::from_secs(2)))
                    .is_ok()
                && is_up(stream)
            {
                return Ok((child, port));
            }
        }
    }
    Err(Unserved::Broken(format!("{name} does not come up")))
}

fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
