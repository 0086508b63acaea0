//! A real S3-compatible server: versitygw on a free port of loopback, its objects files in a folder of its own.

use std::env;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use natsbridge::Bucket;
use natsbridge::object_store::aws::AmazonS3Builder;
use natsbridge::object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService,
};
use natsbridge::object_store::path::Path as ObjectPath;
use natsbridge::object_store::signer::{Method, SignedUrlOptions, Signer};
use natsbridge::object_store::{self, ClientOptions};
use tempfile::TempDir;

pub(super) const ACCESS_KEY: &str = "AKIATESTTESTTEST";
pub(super) const SECRET_KEY: &str = "hunter2hunter2hunter2";

const BUCKET: &str = "payloads";

/// A running server with one bucket. Dropped, it is stopped and its files are removed.
pub(super) struct Gateway {
    program: PathBuf,
    dir: TempDir,
    port: u16,
    child: Mutex<Child>,
}

impl Gateway {
    /// The server; `None`, said loudly, where there is none.
    ///
    /// # Panics
    /// In CI, if it is missing.
    pub(super) fn start() -> Option<Self> {
        let program = env::var_os("NATSBRIDGE_TEST_S3").filter(|path| !path.is_empty());
        let Some(program) = program.map(PathBuf::from) else {
            report_missing();
            let is_ci = env::var("CI").is_ok_and(|ci| ci.eq_ignore_ascii_case("true"));
            assert!(
                !is_ci,
                "CI must have an S3 server: NATSBRIDGE_TEST_S3 is not set"
            );
            return None;
        };
        let dir = tempfile::tempdir().expect("a folder");
        for folder in ["root/payloads", "metadata"] {
            std::fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        }
        // The port may be taken by another between being found free and being used.
        for _ in 0..5 {
            let port = free_port();
            let mut child = spawn(&program, dir.path(), port);
            if is_up(port, &mut child) {
                let child = Mutex::new(child);
                return Some(Gateway {
                    program,
                    dir,
                    port,
                    child,
                });
            }
            stop(&mut child);
        }
        let log = std::fs::read_to_string(dir.path().join("log"));
        panic!("versitygw does not start; its log: {log:?}");
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// As a user sets a store up.
    pub(super) fn builder(&self) -> AmazonS3Builder {
        AmazonS3Builder::new()
            .with_endpoint(self.url())
            .with_allow_http(true)
            .with_bucket_name(BUCKET)
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(SECRET_KEY)
    }

    pub(super) fn bucket(&self) -> Bucket {
        Bucket::s3(self.builder()).expect("a bucket")
    }

    /// Ends it as a crash does.
    pub(super) fn kill(&self) {
        stop(&mut self.child.lock().expect("a lock"));
    }

    /// Starts it again where it was.
    pub(super) fn restart(&self) {
        let mut child = spawn(&self.program, self.dir.path(), self.port);
        let up = is_up(self.port, &mut child);
        *self.child.lock().expect("a lock") = child;
        assert!(up, "versitygw does not start again");
    }

    /// Sizes of all objects, in no order.
    pub(super) fn objects(&self) -> Vec<u64> {
        let mut sizes = Vec::new();
        collect(&self.dir.path().join("root").join(BUCKET), &mut sizes);
        sizes
    }

    /// Uploads in parts that are neither completed nor aborted, as the server itself lists them.
    pub(super) async fn unfinished(&self) -> usize {
        // Requests of the bucket as a whole have an empty path.
        let list = SignedUrlOptions::default().with_query([("uploads", "")]);
        let store = self.builder().with_http_connector(Never).build();
        let url = store
            .expect("a store")
            .signed_url_opts(
                Method::GET,
                &ObjectPath::default(),
                Duration::from_secs(60),
                &list,
            )
            .await
            .expect("a signed URL");
        let answer = get(url.as_str()).await;
        assert!(answer.contains("<ListMultipartUploadsResult"), "{answer}");
        answer.matches("<Upload>").count()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock() {
            stop(&mut child);
        }
    }
}

/// Signing needs no connection.
#[derive(Debug)]
struct Never;

impl HttpConnector for Never {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Never))
    }
}

#[async_trait::async_trait]
impl HttpService for Never {
    async fn call(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        unreachable!("nothing is requested")
    }
}

async fn get(url: &str) -> String {
    let bytes = natsbridge::fetch_with_backoff(url)
        .await
        .expect("an answer");
    String::from_utf8(bytes.into()).expect("XML")
}

fn spawn(program: &Path, dir: &Path, port: u16) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(dir.join("log"))
        .expect("a log");
    Command::new(program)
        .env_clear()
        .current_dir(dir)
        .args(["--access", ACCESS_KEY, "--secret", SECRET_KEY, "--quiet"])
        .args(["--port", &format!("127.0.0.1:{port}")])
        .args(["posix", "--sidecar"])
        .args([dir.join("metadata"), dir.join("root")])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("versitygw starts")
}

fn stop(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().expect("a child of ours");
}

fn is_up(port: u16, child: &mut Child) -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// What the server keeps for itself begins with a dot.
fn collect(folder: &Path, sizes: &mut Vec<u64>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let metadata = entry.metadata().expect("metadata");
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        match metadata.is_dir() {
            true => collect(&entry.path(), sizes),
            false => sizes.push(metadata.len()),
        }
    }
}

/// Past the test harness, which keeps back what passing tests print.
fn report_missing() {
    static ONCE: Once = Once::new();
    let text =
        "!! not available: versitygw (NATSBRIDGE_TEST_S3 is not set): no real S3 server was tested";
    ONCE.call_once(|| {
        let _ = writeln!(io::stderr(), "{text}");
    });
}
