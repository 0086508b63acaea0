//! `natsbridge encode`: a message from arguments and files.

use clap::Args;
use natsbridge::Plik;

use crate::bars::Place;
use crate::compose::{Compose, Composed};
use crate::failure::Failure;
use crate::output;

/// Make a message and write it to standard output; large payloads are uploaded to the file server.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The NATS subject that the message is for; this command does not publish it
    subject: String,
    #[command(flatten)]
    compose: Compose,
}

const AFTER_HELP: &str = "\
Examples:
  natsbridge encode chat.room --part 'msg=text:Hello 😀'
  natsbridge encode chat.room --part 'd=dictionary:{\"n\":9007199254740993}' --part photo=image@photo.png
  natsbridge encode data.in --part t=arrowtable@table.parquet --part rows=jsontable@rows.csv --ttl 3600
  tar c folder | natsbridge encode backup --part archive=binary@- --no-fallback > message.json
  natsbridge encode chat.room --part msg=text:hi | nats pub chat.room --force-stdin

The environment variables NATS_URL, FILESERVER_URL and SIZE_THRESHOLD stand in for the options of these names.";

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { subject, compose } = arguments;
    let place = Place::of_bars();
    let composed = compose.load(&subject, Plik::oneshot(), &place);
    let Composed { message, scratch } = composed.await?;
    let (_, mut text) = message.into_bytes().await?;
    drop(scratch);
    text.push(b'\n');
    output::print(|out| out.write_all(&text))
}
