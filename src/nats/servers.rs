//! The NATS servers that a bridge connects to, apart from the user-info that their URLs may hold.

use std::fmt;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

use crate::error::Error;
use crate::link::without_user_info;

/// The servers, and the one login that their URLs name.
pub(super) struct Servers {
    pub(super) addresses: Vec<ServerAddr>,
    /// The URLs as one text, without user-info.
    pub(super) broker_url: String,
    pub(super) login: Option<Login>,
}

/// What the user-info of a URL says.
#[derive(Clone, Eq, PartialEq)]
pub(super) enum Login {
    Token(String),
    Password { user: String, password: String },
}

/// Without the secret.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl Servers {
    /// Reads comma-separated URLs, of which it is known that they have the form of the schema.
    pub(super) fn read(urls: &str) -> Result<Self, Error> {
        let mut addresses = Vec::new();
        let mut login = None;
        let mut plain = Vec::new();
        for url in urls.split(',') {
            let without = without_user_info(url);
            let address: ServerAddr = without.parse().map_err(|error| {
                let websockets = without.starts_with("ws") && !cfg!(feature = "websockets");
                let hint = match websockets {
                    true => "; WebSockets need the feature `websockets`",
                    false => "",
                };
                invalid(format!("{without} is no NATS server: {error}{hint}"))
            })?;
            if let Some(found) = Login::read(url)? {
                match &login {
                    Some(other) if *other != found => {
                        let message = "the servers have different logins in their URLs; pass one login instead";
                        return Err(invalid(message.to_owned()));
                    }
                    _ => login = Some(found),
                }
            }
            addresses.push(address);
            plain.push(without);
        }
        Ok(Servers {
            addresses,
            broker_url: plain.join(","),
            login,
        })
    }
}

impl Servers {
    /// Whether one of the URLs asks for TLS.
    pub(super) fn want_tls(&self) -> bool {
        let mut urls = self.broker_url.split(',');
        urls.any(|url| url.starts_with("tls://") || url.starts_with("wss://"))
    }
}

impl Login {
    fn read(url: &str) -> Result<Option<Self>, Error> {
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let Some((info, _)) = authority.rsplit_once('@') else {
            return Ok(None);
        };
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(|text| text.into_owned())
                .map_err(|_| invalid("the login in a server's URL is not UTF-8".to_owned()))
        };
        Ok(Some(match info.split_once(':') {
            None => Login::Token(decoded(info)?),
            Some((user, password)) => Login::Password {
                user: decoded(user)?,
                password: decoded(password)?,
            },
        }))
    }
}

fn invalid(message: String) -> Error {
    Error::argument(format!("broker_url: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_taken_out_of_urls() {
        let servers = Servers::read("nats://u%40x:p%2F@a:4222,tls://b").expect("two servers");
        assert_eq!(servers.broker_url, "nats://a:4222,tls://b");
        assert_eq!(servers.addresses.len(), 2);
        let (user, password) = ("u@x".to_owned(), "p/".to_owned());
        assert_eq!(servers.login, Some(Login::Password { user, password }));
        assert!(!format!("{:?}", servers.login).contains('p'));
        let servers = Servers::read("nats://secret@a").expect("a server");
        assert_eq!(servers.login, Some(Login::Token("secret".to_owned())));
        assert_eq!(Servers::read("nats://a").expect("a server").login, None);
    }

    #[test]
    fn two_logins_are_refused() {
        assert!(Servers::read("nats://u:p@a,nats://u:p@b").is_ok());
        let error = Servers::read("nats://u:secret@a,nats://u:other@b")
            .err()
            .expect("an error");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
