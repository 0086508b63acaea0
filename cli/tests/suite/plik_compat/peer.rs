//! The two servers that are compared, each on a free port of loopback and in a directory of its own.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use natsbridge_cli::fileserver::{Config, Fileserver};
use tempfile::TempDir;
use tokio::time::sleep;

/// The largest file that both servers take, in bytes.
pub(super) const MAX_FILE_SIZE: usize = 1_000_000;

/// The download domain of [`Setup::DownloadDomain`].
pub(crate) const DOWNLOAD_DOMAIN: &str = "http://files.example:1234";

const RUNTIMES: &str = include_str!("../../../../tests/runtimes.json");

/// How the servers are set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    /// Everybody may upload.
    Open,
    /// Only users with a token may.
    UsersOnly,
    /// Files come from another URL.
    DownloadDomain,
}

/// A running server. Dropped, it is stopped and its files removed.
pub(crate) struct Peer {
    pub(super) name: &'static str,
    pub(crate) url: String,
    /// A token of a user, if there are users.
    pub(crate) user_token: String,
    _running: Running,
}

enum Running {
    Ours(
        #[expect(dead_code, reason = "held until it is dropped")] Fileserver,
        #[expect(dead_code, reason = "likewise")] TempDir,
    ),
    Plik(Child, #[expect(dead_code, reason = "likewise")] TempDir),
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Plik(child, _) = self {
            // SIGTERM would let Plik wait for up to a minute.
            child.kill().expect("a child of ours");
            child.wait().expect("a child of ours");
        }
    }
}

impl Peer {
    pub(super) async fn ours(setup: Setup) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let user_token = "hunter2-of-a-user".to_owned();
        let config = Config {
            dir: Some(dir.path().to_owned()),
            max_file_size: Some(MAX_FILE_SIZE as u64),
            user_tokens: match setup {
                Setup::UsersOnly => vec!["another".to_owned(), user_token.clone()],
                _ => Vec::new(),
            },
            download_domain: (setup == Setup::DownloadDomain).then(|| DOWNLOAD_DOMAIN.to_owned()),
            ..Config::default()
        };
        let server = Fileserver::start(config).await.expect("our server");
        Self {
            name: "ours",
            url: server.url(),
            user_token,
            _running: Running::Ours(server, dir),
        }
    }

    /// The real Plik; `None`, said loudly, where there is none.
    ///
    /// # Panics
    /// In CI, if it is missing without the excuse that `tests/runtimes.json` can give.
    pub(super) async fn plik(setup: Setup) -> Option<Self> {
        Self::plik_with(setup, MAX_FILE_SIZE).await
    }

    /// The same with files of another largest size, in bytes.
    pub(crate) async fn plik_with(setup: Setup, max_file_size: usize) -> Option<Self> {
        let Some(program) = env::var_os("NATSBRIDGE_TEST_PLIK").filter(|path| !path.is_empty())
        else {
            report_missing();
            let runtimes: serde_json::Value =
                serde_json::from_str(RUNTIMES).expect("tests/runtimes.json");
            let is_excused = runtimes["plik"]["may_be_missing"].is_string();
            let is_ci = env::var("CI").is_ok_and(|ci| ci.eq_ignore_ascii_case("true"));
            assert!(
                is_excused || !is_ci,
                "CI must have the real Plik: NATSBRIDGE_TEST_PLIK is not set"
            );
            return None;
        };
        let dir = tempfile::tempdir().expect("temp dir");
        let mut plik = Plik::new(PathBuf::from(program), dir.path(), setup, max_file_size);
        let user_token = if setup == Setup::UsersOnly {
            plik.create_user()
        } else {
            String::new()
        };
        // The port may be taken by another between being found free and being used.
        for _ in 0..5 {
            let port = free_port();
            let mut child = plik.start(port);
            let url = format!("http://127.0.0.1:{port}");
            if is_up(&url, &mut child).await {
                return Some(Self {
                    name: "plik",
                    url,
                    user_token,
                    _running: Running::Plik(child, dir),
                });
            }
            let _ = child.kill();
            child.wait().expect("a child of ours");
        }
        panic!("the real Plik does not start; its log: {}", plik.log());
    }
}

/// Past the test harness, which keeps back what passing tests print.
fn report_missing() {
    static ONCE: Once = Once::new();
    let text = "!! not available: plik (NATSBRIDGE_TEST_PLIK is not set): only our own file server was tested";
    ONCE.call_once(|| {
        let _ = writeln!(io::stderr(), "{text}");
    });
}

struct Plik {
    program: PathBuf,
    dir: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Plik {
    fn new(program: PathBuf, dir: &Path, setup: Setup, max_file_size: usize) -> Self {
        // Without one of its own it would take the machine's.
        fs::write(dir.join("plikd.cfg"), "").expect("write");
        let path = |name: &str| dir.join(name).display().to_string();
        let mut environment = vec![
            ("PLIKD_CONFIG", path("plikd.cfg")),
            ("PLIKD_LISTEN_ADDRESS", "127.0.0.1".to_owned()),
            ("PLIKD_NO_WEB_INTERFACE", "true".to_owned()),
            ("PLIKD_MAX_FILE_SIZE_STR", max_file_size.to_string()),
            (
                "PLIKD_DATA_BACKEND_CONFIG",
                serde_json::json!({"Directory": path("files")}).to_string(),
            ),
            (
                "PLIKD_METADATA_BACKEND_CONFIG",
                serde_json::json!({"Driver": "sqlite3", "ConnectionString": path("plik.db")})
                    .to_string(),
            ),
            // What ours does not have.
            ("PLIKD_FEATURE_STREAM", "disabled".to_owned()),
            ("PLIKD_FEATURE_CLIENTS", "disabled".to_owned()),
            ("PLIKD_FEATURE_GITHUB", "disabled".to_owned()),
            ("PLIKD_FEATURE_TEXT", "disabled".to_owned()),
            ("PLIKD_OVH_API_ENDPOINT", String::new()),
        ];
        match setup {
            Setup::Open => {}
            Setup::UsersOnly => {
                environment.push(("PLIKD_FEATURE_AUTHENTICATION", "forced".to_owned()))
            }
            Setup::DownloadDomain => {
                environment.push(("PLIKD_DOWNLOAD_DOMAIN", DOWNLOAD_DOMAIN.to_owned()))
            }
        }
        Self {
            program,
            dir: dir.to_owned(),
            environment,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir(&self.dir)
            .stdin(Stdio::null());
        command
    }

    /// A user's token.
    fn create_user(&mut self) -> String {
        let user = [
            "user",
            "create",
            "--login",
            "alice",
            "--password",
            "hunter2 and more",
        ];
        let output = self.command().args(user).output().expect("plik");
        assert!(output.status.success(), "{output:?}");
        let output = self
            .command()
            .args(["token", "create", "--login", "alice"])
            .output()
            .expect("plik");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let token = text
            .lines()
            .find_map(|line| line.strip_prefix("Token created : "));
        token
            .unwrap_or_else(|| panic!("no token in {text}"))
            .trim()
            .to_owned()
    }

    fn start(&mut self, port: u16) -> Child {
        let log = fs::File::create(self.dir.join("log")).expect("a log");
        let mut command = self.command();
        command
            .env("PLIKD_LISTEN_PORT", port.to_string())
            .stderr(log.try_clone().expect("a log"))
            .stdout(log);
        command.spawn().expect("NATSBRIDGE_TEST_PLIK is a program")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

async fn is_up(url: &str, child: &mut Child) -> bool {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("client");
    for _ in 0..600 {
        if child.try_wait().expect("a child of ours").is_some() {
            return false;
        }
        if let Ok(answer) = client.get(format!("{url}/health")).send().await
            && answer.status() == 200
        {
            return true;
        }
        sleep(Duration::from_millis(50)).await;
    }
    false
}
