//! How payloads reach the file server and come back: the options that sending and receiving share.

use std::time::Duration;

use clap::Args;
use natsbridge::{Connect, Environment, Origin, Plik, Retry, SmartReceive, SmartSend};

use crate::bars::{Bars, Place};
use crate::duration;
use crate::failure::Failure;

/// The options of transfers.
#[derive(Args, Debug)]
#[command(next_help_heading = "File server")]
pub(crate) struct Transfer {
    /// The file server [default: $FILESERVER_URL, else http://localhost:8080]
    #[arg(long, value_name = "URL")]
    fileserver_url: Option<String>,
    /// Login of uploads that are protected by a password
    #[arg(
        long,
        requires = "password",
        env = "NATSBRIDGE_LOGIN",
        hide_env_values = true
    )]
    login: Option<String>,
    /// Password of such uploads; better in the environment than here, where others see it
    #[arg(
        long,
        requires = "login",
        env = "NATSBRIDGE_PASSWORD",
        hide_env_values = true
    )]
    password: Option<String>,
    /// Attempts of each transfer, at least 1 [default: 5]
    #[arg(long, value_name = "NUMBER")]
    max_retries: Option<u32>,
    /// The first delay between attempts, doubled after each (milliseconds, or with a unit) [default: 100ms]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    base_delay: Option<Duration>,
    /// The longest delay between attempts [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    max_delay: Option<Duration>,
    /// Lengthen each delay at random, up to twice, so that many clients do not come back at once
    #[arg(long)]
    jitter: bool,
    /// How long a connection may take, per attempt [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    connect_timeout: Option<Duration>,
    /// How long no byte may come or go, per attempt [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    read_timeout: Option<Duration>,
    /// How long all transfers may take together [default: as long as they like]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    deadline: Option<Duration>,
}

/// The builder methods that both directions have under the same names.
macro_rules! apply {
    ($transfer:expr, $builder:expr, $place:expr, $held:expr, [$($argument:ident),*]) => {{
        let mut builder = $builder.retry(Retry { jitter: $transfer.jitter, ..Retry::default() });
        $(if let Some(value) = $transfer.$argument.clone() {
            builder = builder.$argument(value);
        })*
        let bars = Bars::new($place);
        let held = $held;
        builder.on_progress(move |progress| {
            let _ = &held;
            bars.show(&progress)
        })
    }};
}

impl Transfer {
    /// Passes the options to a message that is being made, whose payloads `handler` uploads. Transfers are shown in `place`.
    pub(crate) fn send(&self, message: SmartSend, handler: Plik, place: &Place) -> SmartSend {
        let handler = self.with_password(handler);
        apply!(
            self,
            message.fileserver_upload_handler(handler),
            place,
            (),
            [
                fileserver_url,
                max_retries,
                base_delay,
                max_delay,
                connect_timeout,
                read_timeout,
                deadline
            ]
        )
    }

    /// Passes the options to a message that is being read, whose links `handler` follows; `held` is dropped with it.
    pub(crate) fn receive(
        &self,
        message: SmartReceive,
        handler: Option<Plik>,
        place: &Place,
        held: impl Send + Sync + 'static,
    ) -> SmartReceive {
        let message = apply!(
            self,
            message,
            place,
            held,
            [
                fileserver_url,
                max_retries,
                base_delay,
                max_delay,
                connect_timeout,
                read_timeout,
                deadline
            ]
        );
        match handler {
            None => message,
            Some(handler) => message.fileserver_download_handler(handler),
        }
    }

    /// What follows links where a password is needed for it.
    ///
    /// # Errors
    ///
    /// Wrong usage where it is not known which server may have the password.
    pub(crate) fn download_handler(&self) -> Result<Option<Plik>, Failure> {
        if self.login.is_none() {
            return Ok(None);
        }
        let server = self.server()?.ok_or_else(|| {
            Failure::Usage(
                "--login needs --fileserver-url or FILESERVER_URL, where the password may be sent"
                    .to_owned(),
            )
        })?;
        Ok(Some(self.with_password(Plik::oneshot().server(server))))
    }

    /// Passes the file server to a bridge, for answers that it receives.
    pub(crate) fn connect(&self, mut connect: Connect) -> Result<Connect, Failure> {
        if let Some(url) = &self.fileserver_url {
            connect = connect.fileserver_url(url);
        }
        Ok(match self.download_handler()? {
            None => connect,
            Some(handler) => connect.fileserver_download_handler(handler),
        })
    }

    /// How long all transfers may take together.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    fn with_password(&self, handler: Plik) -> Plik {
        match (&self.login, &self.password) {
            (Some(login), Some(password)) => handler.password(login, password),
            _ => handler,
        }
    }

    fn server(&self) -> Result<Option<Origin>, Failure> {
        let url = match &self.fileserver_url {
            Some(url) => Some(url.clone()),
            None => Environment::read()?.fileserver_url,
        };
        let parse = |url: String| {
            url.parse().map_err(|reason| {
                Failure::Usage(format!("the file server's URL cannot be used: {reason}"))
            })
        };
        url.map(parse).transpose()
    }
}
