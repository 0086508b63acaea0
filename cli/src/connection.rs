//! How the commands reach NATS: the options that they share, and what is said about the connection.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use natsbridge::{Bridge, Connect, Event};

use crate::bars::Place;
use crate::failure::Failure;

/// The options of a connection. A secret is never an argument: it stands in a file, in the environment, or in a URL.
#[derive(Args)]
#[command(next_help_heading = "NATS")]
pub(crate) struct Connection {
    /// The NATS servers, separated by commas [default: $NATS_URL, else nats://localhost:4222]
    #[arg(long, short, value_name = "URLS")]
    server: Option<String>,
    /// A credentials file, with a JWT and the seed of an NKey, as `nsc` writes it
    #[arg(long, value_name = "FILE", conflicts_with = "nkey_file")]
    creds: Option<PathBuf>,
    /// A file with the seed of a user's NKey
    #[arg(long, value_name = "FILE")]
    nkey_file: Option<PathBuf>,
    /// The certificate authorities to trust in place of the system's: a PEM file
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The certificate by which the server knows this client: a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of that certificate: a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The name under which the server lists the connection
    #[arg(long, value_name = "NAME", default_value = "natsbridge")]
    name: String,
}

/// What the help of each command says about logins.
macro_rules! login_help {
    () => {
        "\
The environment variables NATS_URL and FILESERVER_URL stand in for --server and --fileserver-url. A login is taken from the URL, else
from NATS_USER and NATS_PASSWORD, or NATS_TOKEN; --creds and --nkey-file name a file that holds one."
    };
}
pub(crate) use login_help;

/// A bridge for the time of a command.
pub(crate) struct Session {
    pub(crate) bridge: Bridge,
    is_ending: Arc<AtomicBool>,
}

impl Connection {
    /// To these servers, else to those of the environment, without a login of its own.
    pub(crate) fn to(server: Option<String>) -> Self {
        Connection {
            server,
            creds: None,
            nkey_file: None,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            name: "natsbridge".to_owned(),
        }
    }

    /// Connects. What happens to the connection later is said in `place`; `adapt` adds what the command needs.
    pub(crate) async fn connect(
        &self,
        place: &Place,
        adapt: impl FnOnce(Connect) -> Result<Connect, Failure>,
    ) -> Result<Session, Failure> {
        let is_ending = Arc::new(AtomicBool::new(false));
        let connect = match &self.server {
            None => Bridge::from_environment(),
            Some(urls) => Bridge::connect(urls),
        };
        let connect = self.identify(connect.name(&self.name))?;
        let connect = adapt(connect)?.on_event(teller(place, &is_ending));
        Ok(Session {
            bridge: connect.await?,
            is_ending,
        })
    }

    fn identify(&self, mut connect: Connect) -> Result<Connect, Failure> {
        if let Some(path) = &self.tls_ca {
            connect = connect.root_certificates(path);
        }
        if let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) {
            connect = connect.client_certificate(chain, key);
        }
        if let Some(path) = &self.creds {
            return Ok(connect.credentials_file(path));
        }
        if let Some(path) = &self.nkey_file {
            return Ok(connect.nkey(seed(path)?));
        }
        let url = self.server.clone().or_else(|| variable("NATS_URL"));
        if url.is_some_and(|url| url.contains('@')) {
            return Ok(connect);
        }
        match (
            variable("NATS_USER"),
            variable("NATS_PASSWORD"),
            variable("NATS_TOKEN"),
        ) {
            (None, None, None) => Ok(connect),
            (None, None, Some(token)) => Ok(connect.token(token)),
            (Some(user), Some(password), None) => Ok(connect.user_and_password(user, password)),
            _ => Err(Failure::Usage(
                "the environment needs NATS_USER and NATS_PASSWORD, or NATS_TOKEN alone".to_owned(),
            )),
        }
    }
}

impl Session {
    /// Sends what is still to be sent, and disconnects.
    ///
    /// # Errors
    ///
    /// NATS_CONNECTION_FAILED where the server did not take all of it.
    pub(crate) async fn end(self) -> Result<(), Failure> {
        self.is_ending.store(true, Ordering::Relaxed);
        self.bridge.drain().await.map_err(Failure::from)
    }
}

/// However it ends, that needs no saying.
impl Drop for Session {
    fn drop(&mut self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }
}

/// Without the URL, which may hold a password.
impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Says what happens, but for what goes without saying: the first connection, and the end of it.
fn teller(place: &Place, is_ending: &Arc<AtomicBool>) -> impl Fn(&Event) + Send + Sync + 'static {
    let (place, is_ending) = (place.clone(), Arc::clone(is_ending));
    let was_connected = AtomicBool::new(false);
    move |event| {
        let goes_without_saying = match event {
            Event::Connected => !was_connected.swap(true, Ordering::Relaxed),
            Event::Disconnected | Event::Closed => is_ending.load(Ordering::Relaxed),
            _ => false,
        };
        if !goes_without_saying {
            place.say(&event.to_string());
        }
    }
}

/// The seed in a file: the line of it that is one, since tools write others around it.
fn seed(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
    let seed = text
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("SU"));
    seed.map(str::to_owned)
        .ok_or_else(|| Failure::Usage(format!("{} holds no seed of a user's NKey", path.display())))
}

/// A variable of the environment; one that is empty is not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_found_among_other_lines_and_never_quoted() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let seed_of = |text: &str| {
            fs::write(file.path(), text).expect("written");
            seed(file.path())
        };
        assert_eq!(seed_of("SUSEED\n").ok().as_deref(), Some("SUSEED"));
        let framed = "-----BEGIN USER NKEY SEED-----\n SUSEED\n------END USER NKEY SEED------\n";
        assert_eq!(seed_of(framed).ok().as_deref(), Some("SUSEED"));
        match seed_of("hunter2") {
            Err(Failure::Usage(message)) => assert!(!message.contains("hunter2"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
}
