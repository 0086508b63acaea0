//! The file server of a trial: one that is there, or one of its own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use clap::Args;
use tokio::task::spawn_blocking;

use crate::failure::Failure;
use crate::process::Process;

/// Which file server the trial uses.
#[derive(Args, Clone, Debug)]
// Two types of one name in one command would make two groups of one name.
#[group(skip)]
pub(crate) struct Choice {
    /// The file server to use [default: `natsbridge fileserver`, started from the folder of this program]
    #[arg(long, value_name = "URL", env = "FILESERVER_URL")]
    fileserver_url: Option<String>,
}

/// A file server that answers as long as this lives.
#[derive(Debug)]
pub(crate) struct FileServer {
    pub(crate) url: String,
    /// The trial's own; none where one was named.
    process: Option<Process>,
}

impl Choice {
    pub(crate) async fn start(&self) -> Result<FileServer, Failure> {
        if let Some(url) = self.fileserver_url.clone().filter(|url| !url.is_empty()) {
            return Ok(FileServer { url, process: None });
        }
        let own = std::env::current_exe()?;
        let program = own.with_file_name(format!("natsbridge{}", std::env::consts::EXE_SUFFIX));
        if !program.exists() {
            return Err(Failure::Unavailable(format!(
                "there is no file server: {} is not built (`cargo build -p natsbridge-cli`, with --release where this program \
                 was), and neither --fileserver-url nor FILESERVER_URL names one",
                program.display()
            )));
        }
        let mut command = Command::new(program);
        command
            .args(["fileserver", "--listen", "127.0.0.1:0"])
            .env_remove("NATSBRIDGE_USER_TOKENS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Process::start("natsbridge fileserver", &mut command)?;
        let stdout = process.stdout();
        let first_line = move || {
            let mut line = String::new();
            let read = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
            read.transpose().map(|_| line)
        };
        let line = spawn_blocking(first_line)
            .await
            .map_err(|error| Failure::Unavailable(error.to_string()))??;
        match line.trim_end() {
            "" => Err(Failure::Unavailable(
                "natsbridge fileserver has ended without a word".to_owned(),
            )),
            url => Ok(FileServer {
                url: url.to_owned(),
                process: Some(process),
            }),
        }
    }
}

/// It removes the folder of its files where it may end by itself.
impl Drop for FileServer {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.stop();
        }
    }
}
