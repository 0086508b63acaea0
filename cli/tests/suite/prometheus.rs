//! The real Prometheus: its checker, and the server on a free port of loopback.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::program::parse;

const RUNTIMES: &str = include_str!("../../../tests/runtimes.json");

/// How long the server may take to start, or to have scraped.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program that `NATSBRIDGE_TEST_PROMETHEUS` names; `None`, said loudly, where there is none.
///
/// # Panics
/// In CI, if it is missing without the excuse that `tests/runtimes.json` can give.
pub(super) fn program() -> Option<PathBuf> {
    let program = env::var_os("NATSBRIDGE_TEST_PROMETHEUS").filter(|path| !path.is_empty());
    if program.is_none() {
        static ONCE: Once = Once::new();
        let text = "!! not available: prometheus (NATSBRIDGE_TEST_PROMETHEUS is not set): its rules were not tried";
        // Past the test harness, which keeps back what passing tests print.
        ONCE.call_once(|| drop(writeln!(io::stderr(), "{text}")));
        let is_excused = parse(RUNTIMES)["prometheus"]["may_be_missing"].is_string();
        let is_ci = env::var("CI").is_ok_and(|ci| ci.eq_ignore_ascii_case("true"));
        assert!(
            is_excused || !is_ci,
            "CI must have Prometheus: NATSBRIDGE_TEST_PROMETHEUS is not set"
        );
    }
    program.map(PathBuf::from)
}

/// Runs promtool, which stands beside Prometheus; `None` where there is none.
pub(super) fn promtool(arguments: &[&str], folder: &Path) -> Option<Output> {
    let promtool = program()?.with_file_name("promtool");
    let output = Command::new(&promtool)
        .args(arguments)
        .current_dir(folder)
        .output();
    Some(output.unwrap_or_else(|error| panic!("{}: {error}", promtool.display())))
}

/// A running server. Dropped, it is killed and its data removed.
pub(super) struct Prometheus {
    url: String,
    child: Child,
    dir: TempDir,
}

impl Prometheus {
    /// Starts it with a configuration and further flags; `None` where there is none.
    pub(super) async fn start(config: &str, flags: &[String]) -> Option<Self> {
        let program = program()?;
        // The port may be taken by another between being found free and being used.
        for _ in 0..5 {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let port = free_port();
            let path = |name: &str| dir.path().join(name);
            fs::write(path("prometheus.yml"), config).expect("the configuration is written");
            let log = File::create(path("log")).expect("a log");
            let child = Command::new(&program)
                .arg(format!(
                    "--config.file={}",
                    path("prometheus.yml").display()
                ))
                .arg(format!("--storage.tsdb.path={}", path("data").display()))
                .arg(format!("--web.listen-address=127.0.0.1:{port}"))
                .args(flags)
                .current_dir(dir.path())
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("a log"))
                .stderr(log)
                .spawn()
                .expect("NATSBRIDGE_TEST_PROMETHEUS is a program");
            let url = format!("http://127.0.0.1:{port}");
            let mut server = Prometheus { url, child, dir };
            if server.is_up().await {
                return Some(server);
            }
            let log = server.log();
            assert!(
                log.contains("address already in use"),
                "Prometheus does not start: {log}"
            );
        }
        panic!("Prometheus finds no free port");
    }

    /// The `data` of its answer to a question.
    pub(super) async fn data(&self, path: &str) -> Json {
        let answer = client()
            .get(format!("{}/api/v1/{path}", self.url))
            .send()
            .await;
        let text = answer.expect("an answer").text().await.expect("a text");
        let mut answer = parse(&text);
        assert_eq!(answer["status"], "success", "{path}: {answer}");
        answer["data"].take()
    }

    /// The series that an expression has now: their labels and their values.
    pub(super) async fn query(&self, expression: &str) -> Vec<(Json, f64)> {
        let expression = utf8_percent_encode(expression, NON_ALPHANUMERIC);
        let data = self.data(&format!("query?query={expression}")).await;
        let series = data["result"].as_array().expect("a vector").iter();
        let value = |series: &Json| series["value"][1].as_str()?.parse().ok();
        series
            .map(|series| (series["metric"].clone(), value(series).expect("a number")))
            .collect()
    }

    /// Waits until an expression has exactly one series, of that value.
    pub(super) async fn wait_for(&self, expression: &str, value: f64) {
        let began = Instant::now();
        loop {
            let series = self.query(expression).await;
            if matches!(series.as_slice(), [(_, found)] if *found == value) {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{expression} is {series:?} and not {value}: {}",
                self.log()
            );
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn is_up(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < PATIENCE
            && self.child.try_wait().expect("a child of ours").is_none()
        {
            let answer = client().get(format!("{}/-/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return true;
            }
            sleep(Duration::from_millis(50)).await;
        }
        false
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // By its own handle; that it has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that asks the server itself, and no proxy.
pub(super) fn client() -> reqwest::Client {
    // That another test has done it already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
