//! As much of Plik's interface as a client needs, with faults.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answer::{Usual, answer, plain, typed};
use super::connection::{Connection, Gone};
use super::form;
use super::log::{End, Origin, Token, Wanted};
use super::request::{Body, Head};
use super::step::{Fault, Step, of_attempt};
use super::target::{PlikCall, Script};

/// One request to the interface.
pub(super) struct Plik<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) token: &'a str,
    pub(super) head: &'a Head,
    pub(super) body: &'a mut Body,
    pub(super) script: &'a Script,
}

/// The one file of an upload.
const FILE: &str = "F";
/// Clients of people get a page instead of an error.
const PROGRAMS: [&str; 4] = ["plik_client", "curl", "wget", "python-urllib"];
/// A path behind the origin, which leads nowhere.
const PAGE: &str = "/#/?err=not%20found";

impl Plik<'_> {
    pub(super) fn serve(mut self, call: &PlikCall) -> Result<End, Gone> {
        match call {
            PlikCall::Create => self.create(),
            PlikCall::Add { upload } => self.add(upload),
            PlikCall::Remove { upload } => self.remove(upload),
            PlikCall::Fetch { upload } => self.fetch(upload),
        }
    }

    fn create(&mut self) -> Result<End, Gone> {
        let step = self.step("create", &self.script.create);
        if !self.read(&step)? {
            return Err(self.connection.ignore());
        }
        let asked: Value = serde_json::from_slice(&self.body.kept).unwrap_or_default();
        let wanted = Wanted {
            one_shot: asked["OneShot"].as_bool().unwrap_or(false),
            ttl: asked["ttl"].as_i64().unwrap_or(0),
            removable: asked["Removable"].as_bool().unwrap_or(false),
        };
        let is_oneshot = wanted.one_shot;
        self.connection.note(|entry| entry.wanted = Some(wanted));
        let created = match step.fault {
            Fault::Status(400.., _) => None,
            _ => self.state(|scenario| scenario.create(is_oneshot)),
        };
        let id = created
            .map(|number| format!("U{number}"))
            .unwrap_or_default();
        self.connection.note(|entry| entry.upload.clone_from(&id));
        let domain = match step.elsewhere {
            true => {
                let base = self.head.path.strip_suffix("/upload").unwrap_or_default();
                format!("{}{base}", self.connection.shared().url(Origin::Other))
            }
            false => String::new(),
        };
        // Plik has more members than a client needs, and null where a list is empty.
        let said = json!({
            "id": id,
            "ttl": 86_400,
            "downloadDomain": domain,
            "comments": "",
            "files": null,
            "uploadToken": secret(&id),
            "admin": true,
            "oneShot": is_oneshot,
            "removable": false,
        });
        self.answer(&step, &said)
    }

    fn add(&mut self, upload: &str) -> Result<End, Gone> {
        let token = self.check(upload);
        let told_by_size = self.script.add.iter().any(|(size, _)| size.is_some());
        let everything = self.script.add.iter().find(|(size, _)| size.is_none());
        let usual = Step::usual();
        let mut step = match everything {
            Some((_, steps)) if !told_by_size => self.step("add", steps),
            _ => usual.clone(),
        };
        let is_read = self.read(&step)?;
        let content_type = self.head.header("content-type").unwrap_or_default();
        let file = self
            .body
            .is_whole
            .then(|| form::part(content_type, &self.body.kept))
            .flatten();
        let part = file.as_ref().map(|(part, _)| part.clone());
        self.connection.note(|entry| entry.file.clone_from(&part));
        if told_by_size {
            let size = part.as_ref().map(|part| part.size);
            let rule = self
                .script
                .add
                .iter()
                .find(|(wanted, _)| wanted.is_some() && *wanted == size);
            step = match rule.or(everything) {
                Some((wanted, steps)) => self.step(&format!("add {wanted:?}"), steps),
                None => usual,
            };
            self.connection
                .note(|entry| entry.step.clone_from(&step.text));
        }
        if !is_read {
            return Err(self.connection.ignore());
        }
        if !matches!(step.fault, Fault::Status(..)) {
            if token != Some(Token::Right) {
                return self.refuse();
            }
            let Some((_, bytes)) = file else {
                return plain(self.connection, 400, "no form with one file\n");
            };
            let kept = self.state(|scenario| {
                let has_room = scenario.has_room(bytes.len());
                let upload = scenario.upload(upload).filter(|_| has_room);
                upload.map(|upload| upload.file = Some(bytes)).is_some()
            });
            if !kept {
                return plain(self.connection, 400, "no room\n");
            }
        }
        let part = part.unwrap_or_default();
        let said = json!({
            "id": FILE,
            "fileName": part.name,
            "fileMd5": "",
            "status": "uploaded",
            "fileType": "application/octet-stream",
            "fileSize": part.size,
            "reference": "",
        });
        self.answer(&step, &said)
    }

    fn remove(&mut self, upload: &str) -> Result<End, Gone> {
        let token = self.check(upload);
        let step = self.step("remove", &self.script.remove);
        if !self.read(&step)? {
            return Err(self.connection.ignore());
        }
        if !matches!(step.fault, Fault::Status(..)) {
            if token != Some(Token::Right) {
                return self.refuse();
            }
            self.state(|scenario| {
                if let Some(upload) = scenario.upload(upload) {
                    upload.is_removed = true;
                    upload.file = None;
                }
            });
        }
        self.answer(&step, &json!("ok"))
    }

    /// A one-shot file is gone as soon as somebody begins to fetch it.
    fn fetch(&mut self, upload: &str) -> Result<End, Gone> {
        self.connection
            .note(|entry| entry.upload = upload.to_owned());
        let bytes = self.state(|scenario| {
            let upload = scenario.upload(upload)?;
            match upload.is_oneshot {
                true => upload.file.take(),
                false => upload.file.clone(),
            }
        });
        let Some(bytes) = bytes else {
            let agent = self
                .head
                .header("user-agent")
                .unwrap_or_default()
                .to_ascii_lowercase();
            if PROGRAMS.iter().any(|program| agent.starts_with(program)) {
                return plain(self.connection, 404, "upload not found\n");
            }
            return self.send_to_page();
        };
        let body = match self.head.method.as_str() {
            "HEAD" => Vec::new(),
            _ => bytes,
        };
        typed(self.connection, 200, "application/octet-stream", &body)
    }

    fn send_to_page(&mut self) -> Result<End, Gone> {
        let mut step = Step::usual();
        step.fault = Fault::Status(301, None);
        step.location = Some(super::step::Location::Same);
        let usual = Usual {
            status: 301,
            content_type: "text/html",
            body: Vec::new(),
            path: PAGE.to_owned(),
            whole_path: PAGE.to_owned(),
        };
        answer(self.connection, &step, usual)
    }

    /// Whether the request carries the upload's token, which is noted; none for an upload that is not there.
    fn check(&mut self, upload: &str) -> Option<Token> {
        let is_there = self.state(|scenario| scenario.upload(upload).is_some());
        let token = match self.head.header("x-uploadtoken") {
            None => Token::Absent,
            Some(given) if given == secret(upload) => Token::Right,
            Some(_) => Token::Wrong,
        };
        self.connection.note(|entry| {
            entry.upload = upload.to_owned();
            entry.upload_token = token;
        });
        is_there.then_some(token)
    }

    fn refuse(&mut self) -> Result<End, Gone> {
        plain(
            self.connection,
            403,
            "upload not found, or you are not its owner\n",
        )
    }

    /// The step of this attempt, which is noted.
    fn step(&self, kind: &str, steps: &[Step]) -> Step {
        let attempt = self.state(|scenario| scenario.attempt(kind));
        let step = of_attempt(steps, attempt);
        self.connection.note(|entry| {
            entry.attempt = attempt as u64 + 1;
            entry.step.clone_from(&step.text);
        });
        step
    }

    /// Reads the request's body, as far as the step does; false if the rest is never to be read.
    fn read(&mut self, step: &Step) -> Result<bool, Gone> {
        match &step.fault {
            Fault::Status(_, Some(most)) => self.body.take_all(self.connection, Some(*most))?,
            Fault::Reset(Some(most)) => {
                self.body.take_all(self.connection, Some(*most))?;
                return Err(self.connection.reset());
            }
            Fault::Hang(Some(most)) => {
                self.body.take_all(self.connection, Some(*most))?;
                return Ok(false);
            }
            Fault::SlowRead(pause) => {
                // At a pace: what a busy machine is late by is made up for.
                let (mut due, now) = (Duration::ZERO, Instant::now());
                while !self.body.is_whole {
                    due += *pause;
                    self.connection.pause(due.saturating_sub(now.elapsed()))?;
                    self.body.take_all(self.connection, Some(64 << 10))?;
                }
            }
            _ => self.body.take_all(self.connection, None)?,
        }
        Ok(true)
    }

    fn answer(&mut self, step: &Step, said: &Value) -> Result<End, Gone> {
        let body = match step.fault {
            Fault::Html => b"<!DOCTYPE html><title>Plik</title>".to_vec(),
            Fault::NoId => b"{\"files\":null}".to_vec(),
            Fault::Long => [said.to_string().into_bytes(), vec![b' '; 2 << 20]].concat(),
            _ => said.to_string().into_bytes(),
        };
        let usual = Usual {
            status: 200,
            content_type: match (&step.fault, step.as_json) {
                (Fault::Html, _) => "text/html",
                (_, true) => "application/json",
                (_, false) => "text/plain; charset=utf-8",
            },
            body,
            path: self.head.path.clone(),
            whole_path: self.head.path.clone(),
        };
        answer(self.connection, step, usual)
    }

    fn state<T>(&self, change: impl FnOnce(&mut super::state::Scenario) -> T) -> T {
        self.connection.shared().state.with(self.token, change)
    }
}

/// The token of an upload; a word to look for where none may stand.
fn secret(upload: &str) -> String {
    format!("hunter2-{upload}")
}
