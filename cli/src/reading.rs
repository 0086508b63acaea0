//! How messages are read, as `decode` and `receive` are told it: where links may lead, limits and transfers.

use clap::Args;
use natsbridge::{InvalidLink, Origin, Plik, SmartReceive};

use crate::bars::Place;
use crate::discreet::Discreet;
use crate::failure::Failure;
use crate::message;
use crate::transfer::Transfer;

/// What a reader lets pass.
#[derive(Args, Debug)]
pub(crate) struct Reading {
    /// Follow links to this origin (scheme, host, port), and to no other that is not named so; may be repeated
    /// [default: the file server's]
    #[arg(long = "allow-origin", value_name = "URL", value_parser = Discreet(origin))]
    allowed_origins: Vec<Origin>,
    /// The message, at most [default: 67108864]
    #[arg(long, value_name = "BYTES")]
    max_message_bytes: Option<u64>,
    /// Payloads, at most [default: 10000]
    #[arg(long, value_name = "NUMBER")]
    max_payloads: Option<u64>,
    #[command(flatten)]
    transfer: Transfer,
}

impl Reading {
    /// The message, at most, in bytes.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_message_bytes.unwrap_or(message::MAX_BYTES)
    }

    /// What passes the options to any number of messages that are being read. For each, `begin` is called, and what it gives is
    /// dropped once the message is received or given up.
    ///
    /// # Errors
    ///
    /// Wrong usage where a password is given and no server that may have it.
    pub(crate) fn apply<H: Send + Sync + 'static>(
        self,
        place: Place,
        begin: impl Fn() -> H + Send + Sync + 'static,
    ) -> Result<impl Fn(SmartReceive) -> SmartReceive + Send + Sync + 'static, Failure> {
        let handler: Option<Plik> = self.transfer.download_handler()?;
        Ok(move |message| {
            let mut message = self
                .transfer
                .receive(message, handler.clone(), &place, begin());
            if !self.allowed_origins.is_empty() {
                message = message.allowed_origins(self.allowed_origins.clone());
            }
            if let Some(max_message_bytes) = self.max_message_bytes {
                message = message.max_message_bytes(max_message_bytes);
            }
            if let Some(max_payloads) = self.max_payloads {
                message = message.max_payloads(max_payloads);
            }
            message
        })
    }
}

fn origin(url: &str) -> Result<Origin, String> {
    url.parse()
        .map_err(|reason: InvalidLink| reason.to_string())
}
