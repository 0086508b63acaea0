//! `natsbridge decode`: the payloads of a message.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use natsbridge::smartreceive;

use crate::bars::Place;
use crate::failure::Failure;
use crate::reading::Reading;
use crate::tagged::TaggedMessage;
use crate::{listing, message, output};

/// Read a message, fetch its linked payloads, check them all, and print them or write them to files.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The message; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Write each payload to a file of this folder: payload-0.txt, payload-1.json, payload-2.arrows, payload-3.bin, ...
    ///
    /// The number is the position in the message; the name that the sender gave is not used. The folder is made if it is not
    /// there. No file is overwritten, and none appears before the whole message is verified.
    #[arg(long, short, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// Print JSON that loses nothing: every value with its type, integers and doubles as text
    ///
    /// With --out-dir, each payload has `file` in place of `value`.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge decode message.json
  natsbridge encode chat --part 'n=dictionary:[1, 1.0]' | natsbridge decode --json
  natsbridge decode message.json --out-dir received --fileserver-url https://files.example
  natsbridge decode message.json --allow-origin https://a.example --allow-origin https://b.example:8443

The environment variable FILESERVER_URL stands in for the option of this name.";

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let max_bytes = arguments.reading.max_bytes();
    let file = arguments.file.clone();
    let text = tokio::task::spawn_blocking(move || message::read(&file, max_bytes))
        .await
        .map_err(|error| Failure::Local(format!("the message cannot be read: {error}")))??;
    let message = arguments.reading.apply(Place::of_bars(), || ())?(smartreceive(text));
    let received = match &arguments.out_dir {
        None => message.await?,
        Some(dir) => {
            let folder = Folder::make(dir)?;
            let received = message.into_dir(dir).await?;
            folder.keep();
            received
        }
    };
    output::print(|out| match arguments.json {
        true => {
            serde_json::to_writer(&mut *out, &TaggedMessage(&received))?;
            writeln!(out)
        }
        false => listing::write(out, &received),
    })
}

/// The folder that files are written to; removed again if it was made for nothing.
struct Folder<'a> {
    path: &'a Path,
    is_new: bool,
}

impl<'a> Folder<'a> {
    fn make(path: &'a Path) -> Result<Self, Failure> {
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(|error| {
            Failure::Usage(format!(
                "the folder {} cannot be made: {error}",
                path.display()
            ))
        })?;
        Ok(Folder { path, is_new })
    }

    fn keep(mut self) {
        self.is_new = false;
    }
}

impl Drop for Folder<'_> {
    fn drop(&mut self) {
        if self.is_new {
            // It stays if something is in it after all.
            let _ = fs::remove_dir(self.path);
        }
    }
}
