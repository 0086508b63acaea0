//! What a path asks for.

use super::step::{Rule, Step, rules, steps};

/// A path of the server, understood.
#[derive(Debug)]
pub(super) enum Target {
    /// `/`: what this is.
    About,
    /// `/TOKEN/log`.
    Log { token: String },
    /// `/TOKEN/get/STEPS/SIZE[/NAME]`.
    Get {
        token: String,
        steps: Vec<Step>,
        size: u64,
    },
    /// `/TOKEN/plik[/CREATE[/ADD[/REMOVE]]]` and what a client of Plik puts behind.
    Plik {
        token: String,
        script: Box<Script>,
        call: PlikCall,
    },
    /// Nothing that is known; why.
    Unknown { token: String, why: String },
}

/// The steps of the three requests that change something.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) create: Vec<Step>,
    pub(super) add: Vec<Rule>,
    pub(super) remove: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum PlikCall {
    /// `POST /upload`.
    Create,
    /// `POST /file/ID`.
    Add { upload: String },
    /// `DELETE /upload/ID`.
    Remove { upload: String },
    /// `GET /file/ID/F/NAME`.
    Fetch { upload: String },
}

/// Sizes of files beyond this are refused.
const MAX_SIZE: u64 = 64 << 20;

impl Target {
    pub(super) fn parse(method: &str, path: &str) -> Target {
        let decoded = decoded(path);
        let mut parts = decoded.split('/').skip(1);
        let token = parts.next().unwrap_or_default().to_owned();
        let rest: Vec<&str> = parts.collect();
        if token.is_empty() && rest.is_empty() {
            return Target::About;
        }
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if token.is_empty() || token.len() > 64 || !token.bytes().all(is_token) {
            let why = "a token is 1 to 64 letters, digits, `-`, `_` and `.`".to_owned();
            return Target::Unknown {
                token: "none".to_owned(),
                why,
            };
        }
        let target = match rest[..] {
            ["log"] => Ok(Target::Log {
                token: token.clone(),
            }),
            ["get", text, size] | ["get", text, size, _] => get(&token, text, size),
            ["plik", ref rest @ ..] => plik(&token, method, rest),
            _ => Err("nothing is there".to_owned()),
        };
        target.unwrap_or_else(|why| Target::Unknown { token, why })
    }
}

fn get(token: &str, text: &str, size: &str) -> Result<Target, String> {
    let size = match size.parse() {
        Ok(size @ 0..=MAX_SIZE) => size,
        _ => return Err(format!("no size up to 64 MiB: {size:?}")),
    };
    Ok(Target::Get {
        token: token.to_owned(),
        steps: steps(text)?,
        size,
    })
}

fn plik(token: &str, method: &str, rest: &[&str]) -> Result<Target, String> {
    let is_call = |part: &&str| matches!(*part, "upload" | "file");
    let at = rest
        .iter()
        .position(is_call)
        .ok_or("behind `plik` comes `upload` or `file`")?;
    let (script, call) = rest.split_at(at);
    let text = |index: usize| script.get(index).copied().unwrap_or("ok");
    if script.len() > 3 {
        return Err("steps of create, add and remove: no more than three".to_owned());
    }
    let script = Script {
        create: steps(text(0))?,
        add: rules(text(1))?,
        remove: steps(text(2))?,
    };
    let call = match (method, call) {
        ("POST", ["upload"]) => PlikCall::Create,
        ("POST", ["file", upload]) => PlikCall::Add {
            upload: (*upload).to_owned(),
        },
        ("DELETE", ["upload", upload]) => PlikCall::Remove {
            upload: (*upload).to_owned(),
        },
        ("GET" | "HEAD", ["file", upload, _, ..]) => PlikCall::Fetch {
            upload: (*upload).to_owned(),
        },
        _ => return Err(format!("Plik has no {method} /{}", call.join("/"))),
    };
    Ok(Target::Plik {
        token: token.to_owned(),
        script: Box::new(script),
        call,
    })
}

/// Percent-encoding undone, since clients may encode what stands in steps.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                digit(high)
                    .zip(digit(low))
                    .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_token_and_a_scenario() {
        let target = Target::parse("GET", "/t1/get/503%2Cok/100/name");
        assert!(matches!(target, Target::Get { steps, size: 100, .. } if steps.len() == 2));
        assert!(matches!(Target::parse("GET", "/t1/log"), Target::Log { token } if token == "t1"));
        assert!(matches!(Target::parse("GET", "/"), Target::About));
    }

    #[test]
    fn a_plik_stands_under_its_script() {
        let target = Target::parse("POST", "/t1/plik/503,ok/9:403/upload");
        let Target::Plik {
            script,
            call: PlikCall::Create,
            ..
        } = target
        else {
            panic!("no creation");
        };
        assert_eq!(
            (script.create.len(), script.add[0].0, script.remove.len()),
            (2, Some(9), 1)
        );
        let target = Target::parse("DELETE", "/t1/plik/upload/U1");
        assert!(
            matches!(target, Target::Plik { call: PlikCall::Remove { upload }, .. } if upload == "U1")
        );
    }

    #[test]
    fn what_is_not_there_is_said() {
        for (method, path) in [
            ("GET", "/t1"),
            ("GET", "//log"),
            ("GET", "/t 1/log"),
            ("GET", "/t1/get/okay/1"),
            ("GET", "/t1/get/ok/x"),
            ("GET", "/t1/get/ok/99999999999"),
            ("POST", "/t1/plik/ok/ok/ok/ok/upload"),
            ("PUT", "/t1/plik/upload"),
        ] {
            let target = Target::parse(method, path);
            assert!(
                matches!(target, Target::Unknown { .. }),
                "{path}: {target:?}"
            );
        }
    }
}
