//! `fuzz`: messages made from the schema, and then changed, go to all implementations at once. They have to agree.
//!
//! ```text
//! instance ─▶ payload ─▶ text ─▶ change ─▶ the implementations ─▶ answer
//! ```
//!
//! A message on which two of them differ is made smaller for as long as they do, and becomes a case. Who is right is for a person to
//! say: the verdict of most is no more than a proposal.

mod answer;
mod change;
mod instance;
mod payload;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64_simd::STANDARD;
use proptest::prelude::any;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::adapter;
use crate::case::Library;
use crate::child::is_stopped;
use crate::engine::{self, Contestant};
use crate::failure::Failure;
use crate::judge::Difference;
use crate::port::Port;
use crate::progress::Progress;
use crate::protocol::{Decode, Message, Operation, Transfer};
use crate::published::{ENVELOPE, Published};
use crate::repository::Repository;
use answer::Answer;
use change::{changed, changes};
use instance::Instances;

/// How many messages are tried while one is made smaller, at most.
const SHRINKS: usize = 2_000;

/// How often somebody may break down over one of them, at most: an adapter is started anew for a while only.
const BREAKDOWNS: usize = 20;

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Names of ports; all if empty.
    pub(crate) ports: Vec<String>,
    pub(crate) count: usize,
    pub(crate) seed: u64,
    /// Where a case is written to; `target/fuzz` of the checkout by default.
    pub(crate) out: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Fuzzed {
    /// In words, for a person.
    pub(crate) told: String,
    pub(crate) is_good: bool,
}

/// Puts messages to all ports until two of them differ, or there were as many as are asked for.
pub(crate) fn fuzz(
    repository: &Repository,
    order: &Order,
    progress: &Progress,
) -> Result<Fuzzed, Failure> {
    let ports = Port::select(repository, &order.ports)?;
    let check = Arc::new(adapter::Check::new(repository)?);
    let (contestants, absent) = engine::start(&ports, repository, &check, progress)?;
    let must = !order.ports.is_empty() || engine::is_ci();
    let missing = absent.iter().find(|one| must || one.failed.is_some());
    if let Some(missing) = missing {
        return Err(Failure::Broken(format!(
            "{}: {}",
            missing.port.name, missing.why
        )));
    }
    if contestants.len() < 2 {
        let message = "at least two ports are needed: one alone has nobody to differ from; name another with --port, or none for all";
        return Err(Failure::Usage(message.to_owned()));
    }
    let published = Published::read(&repository.schemas()).map_err(Failure::Broken)?;
    let messages = messages(repository, &published, &contestants)?;
    let arena = Arena::new(contestants, &published);
    let fuzzed = arena.fuzz(repository, order, &messages, progress);
    progress.end();
    arena
        .contestants
        .iter()
        .for_each(|contestant| drop(contestant.finish()));
    if is_stopped() {
        return Err(Failure::Stopped);
    }
    fuzzed
}

/// One message, as it goes out.
#[derive(Clone, Debug)]
struct Sent {
    bytes: Vec<u8>,
    /// What is UTF-8 goes out as a text or as bytes.
    as_text: bool,
}

impl Sent {
    fn request(&self) -> Operation {
        let text = String::from_utf8(self.bytes.clone())
            .ok()
            .filter(|_| self.as_text);
        let message = match text {
            Some(text) => Message::Text(text),
            None => Message::Base64(STANDARD.encode_to_string(&self.bytes)),
        };
        Operation::Decode(Decode {
            message,
            allowed_origins: Some(Vec::new()),
            max_message_bytes: None,
            max_payloads: None,
            fileserver_url: None,
            handler: None,
            into_folder: None,
            transfer: Transfer::default(),
        })
    }

    /// Whether a receiver without tables would leave the case out.
    fn has_table(&self) -> bool {
        String::from_utf8_lossy(&self.bytes).contains("\"arrowtable\"")
    }

    /// As the input of a case.
    fn input(&self) -> Value {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => json!({ "text": text }),
            Err(_) => json!({ "base64": STANDARD.encode_to_string(&self.bytes) }),
        }
    }
}

/// Everything that can be sent.
fn messages(
    repository: &Repository,
    published: &Published,
    contestants: &[Contestant],
) -> Result<BoxedStrategy<Sent>, Failure> {
    let have_tables = contestants.iter().all(|one| {
        one.abilities
            .payload_types
            .iter()
            .any(|name| name == "arrowtable")
    });
    let tables = match have_tables {
        true => payload::tables(&Library::read(repository)?.cases),
        false => Vec::new(),
    };
    let instances = Instances::new(published);
    let frame = instances
        .of("payload.schema.json")
        .map_err(Failure::Broken)?;
    let payloads = payload::payloads(frame, tables).boxed();
    let envelopes = instances
        .with_items(payloads)
        .of(ENVELOPE)
        .map_err(Failure::Broken)?;
    // What stands first is made smaller first.
    let sent = (changes(), any::<bool>(), envelopes).prop_map(|(changes, as_text, text)| Sent {
        bytes: changed(text, &changes),
        as_text,
    });
    Ok(sent.boxed())
}

/// Those who have to agree.
#[derive(Debug)]
struct Arena {
    contestants: Vec<Contestant>,
    /// The members of an envelope but for its payloads.
    members: Vec<String>,
}

impl Arena {
    fn new(contestants: Vec<Contestant>, published: &Published) -> Self {
        let schema = published.resolve(ENVELOPE, "").map(|(_, schema)| schema);
        let members = schema.and_then(|schema| schema["properties"].as_object());
        let members = members
            .into_iter()
            .flat_map(|members| members.keys().cloned());
        Arena {
            contestants,
            members: members.filter(|name| name != "payloads").collect(),
        }
    }

    fn fuzz(
        &self,
        repository: &Repository,
        order: &Order,
        messages: &BoxedStrategy<Sent>,
        progress: &Progress,
    ) -> Result<Fuzzed, Failure> {
        let mut runner = runner(order.seed);
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        progress.begin(order.count);
        for number in 0..order.count {
            let mut tree = messages
                .new_tree(&mut runner)
                .map_err(|reason| Failure::Broken(format!("no message could be made: {reason}")))?;
            let answers = self.answers(&tree.current());
            if is_stopped() {
                return Err(Failure::Stopped);
            }
            if self.difference(&answers).is_some() {
                progress.say("they differ; the message is made smaller");
                let (sent, answers) = self.smallest(&mut tree, answers);
                if is_stopped() {
                    return Err(Failure::Stopped);
                }
                return self.tell(repository, order, number, &sent, &answers);
            }
            *kinds.entry(answers[0].kind()).or_default() += 1;
            progress.step(&format!("message {number}"), false);
        }
        let names: Vec<&str> = self.names().collect();
        let mut told = format!(
            "{} messages of seed {}: {} agree\n",
            order.count,
            order.seed,
            names.join(", ")
        );
        for (kind, count) in kinds {
            told += &format!("  {count:>6} {kind}\n");
        }
        Ok(Fuzzed {
            told,
            is_good: true,
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.contestants
            .iter()
            .map(|contestant| contestant.port.name.as_str())
    }

    /// What each makes of it.
    fn answers(&self, sent: &Sent) -> Vec<Answer> {
        let ask = |contestant: &Contestant| {
            Answer::of(contestant.consumer().ask(sent.request(), Duration::ZERO))
        };
        self.contestants.iter().map(ask).collect()
    }

    /// The first two that differ, by their index, and in what.
    fn difference(&self, answers: &[Answer]) -> Option<(usize, usize, Difference)> {
        let pairs = (0..answers.len())
            .flat_map(|one| (one + 1..answers.len()).map(move |other| (one, other)));
        let mut found =
            pairs.filter_map(|(one, other)| Some((one, other, self.between(answers, one, other)?)));
        found.next()
    }

    fn between(&self, answers: &[Answer], one: usize, other: usize) -> Option<Difference> {
        let abilities = [
            &self.contestants[one].abilities,
            &self.contestants[other].abilities,
        ];
        answers[one].differs(&answers[other], abilities, &self.members)
    }

    /// What it is in which they differ: another thing is another finding.
    fn matter(&self, answers: &[Answer]) -> Option<String> {
        let (one, other, Difference { place, .. }) = self.difference(answers)?;
        let place = place.replace(|letter: char| letter.is_ascii_digit(), "");
        Some(format!(
            "{place}: {}, {}",
            answers[one].kind(),
            answers[other].kind()
        ))
    }

    /// The smallest message on which they still differ in the same thing, with their answers.
    fn smallest(
        &self,
        tree: &mut impl ValueTree<Value = Sent>,
        answers: Vec<Answer>,
    ) -> (Sent, Vec<Answer>) {
        let matter = self.matter(&answers);
        let mut smallest = (tree.current(), answers);
        let mut goes_on = tree.simplify();
        let mut breakdowns = 0;
        for _ in 0..SHRINKS {
            if !goes_on || breakdowns == BREAKDOWNS {
                break;
            }
            let sent = tree.current();
            let answers = self.answers(&sent);
            // Who was stopped has not answered.
            if is_stopped() {
                break;
            }
            breakdowns += usize::from(answers.iter().any(Answer::is_broken));
            if self.matter(&answers) == matter {
                smallest = (sent, answers);
                goes_on = tree.simplify();
            } else {
                goes_on = tree.complicate();
            }
        }
        smallest
    }

    /// What differs, as a text and as a case.
    fn tell(
        &self,
        repository: &Repository,
        order: &Order,
        number: usize,
        sent: &Sent,
        answers: &[Answer],
    ) -> Result<Fuzzed, Failure> {
        let names: Vec<&str> = self.names().collect();
        let shown = names.iter().zip(answers);
        let shown: Vec<String> = shown
            .map(|(name, answer)| format!("{name}: {}", answer.show()))
            .collect();
        let (one, other, difference) = match self.difference(answers) {
            Some((one, other, difference)) => (names[one], names[other], difference),
            None => return Err(Failure::Broken("nobody differs".to_owned())),
        };
        let Order { seed, .. } = order;
        let mut told = format!(
            "message {number} of seed {seed}: {one} and {other} differ\n{}\n\n  {}\n\nwhat is different: {difference}\n\
             again: cargo conform fuzz --seed {seed} --count {}\n",
            String::from_utf8_lossy(&sent.bytes),
            shown.join("\n  "),
            number + 1,
        );
        told += &match self.proposed(answers).as_verdict(&self.members) {
            None => {
                "no case was written: there is no answer that could be its verdict\n".to_owned()
            }
            Some(verdict) => {
                let id = format!("w7.1-found-{seed}-{number}");
                let title = format!("found by fuzz: {one} and {other} differ");
                let mut case = json!({"id": id, "rule": "W7.1", "title": title, "input": sent.input(), "expect": verdict});
                if sent.has_table() {
                    case["needs"] = json!(["arrowtable"]);
                }
                let folder = order.out.clone();
                let folder = folder.unwrap_or_else(|| repository.root().join("target/fuzz"));
                let path = written(&folder, &format!("{id}.json"), &json!([case]))?;
                format!(
                    "{} is a case with the verdict of most; docs/conformance.md says what to do with it\n",
                    path.display()
                )
            }
        };
        Ok(Fuzzed {
            told,
            is_good: false,
        })
    }

    /// The answer that most agree with.
    fn proposed<'a>(&self, answers: &'a [Answer]) -> &'a Answer {
        let agreeing = |one: &usize| {
            (0..answers.len())
                .filter(|other| self.between(answers, *one, *other).is_none())
                .count()
        };
        let best = (0..answers.len()).rev().max_by_key(agreeing);
        &answers[best.unwrap_or_default()]
    }
}

/// The same seed gives the same messages, as long as the schema and the tables of the cases stay.
fn runner(seed: u64) -> TestRunner {
    let seed = Sha256::digest(seed.to_le_bytes());
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed),
    )
}

fn written(folder: &Path, name: &str, case: &Value) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(name);
    let text =
        serde_json::to_string_pretty(case).map_err(|error| Failure::Broken(error.to_string()))?;
    std::fs::write(&path, text + "\n")?;
    Ok(path)
}
