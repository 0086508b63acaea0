//! What one attempt meets: the grammar of the steps in a URL.

use std::time::Duration;

/// One attempt's answer: a fault, and what goes with it, such as `429;retry-after=1` or `short@100;chunked`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// As it stands in the URL.
    pub(super) text: String,
    pub(super) fault: Fault,
    pub(super) framing: Framing,
    /// Before anything of the answer.
    pub(super) wait: Duration,
    /// The header's value.
    pub(super) retry_after: Option<RetryAfter>,
    pub(super) location: Option<Location>,
    /// `Content-Encoding`, whatever the body is.
    pub(super) encoding: Option<String>,
    /// A status that is sent ahead of the answer, such as 103.
    pub(super) interim: Option<u16>,
    /// In how many pieces a slow answer comes.
    pub(super) pieces: u64,
    /// Plik: whether the answer says that it is JSON.
    pub(super) as_json: bool,
    /// Plik: whether the upload is to be fetched from the other origin.
    pub(super) elsewhere: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// None.
    Ok,
    /// This status; where bytes of the request's body are told, once these were read.
    Status(u16, Option<u64>),
    /// The connection breaks behind so many bytes of the body, else before the answer.
    Reset(Option<u64>),
    /// The connection ends behind so many bytes of the body.
    Short(u64),
    /// The connection ends before the answer.
    Close,
    /// The connection ends within the answer's head.
    HalfHead,
    /// The answer stops within its head, and the connection stays.
    StuckHead,
    /// The answer stops behind so many bytes of the body, else before it begins; the connection stays.
    Hang(Option<u64>),
    /// Another Content-Length, and no body.
    Length(u64),
    /// The lowest bit of this byte is another.
    Flip(u64),
    /// A body with so many bytes more.
    Extra(u64),
    /// So many bytes behind the end of the answer.
    Beyond(u64),
    /// A body without an end.
    Pour,
    /// A body that comes slowly; the pause before each piece.
    Drip(Duration),
    /// A head that comes slowly; the pause before each piece.
    SlowHead(Duration),
    /// The body in gzip, and said so.
    Gzip,
    /// A little gzip that is a lot of zeros, and said so.
    Bomb,
    /// Plik: the request's body is read slowly; the pause before each 64 KiB.
    SlowRead(Duration),
    /// Plik: a page for people.
    Html,
    /// Plik: an object without an id.
    NoId,
    /// Plik: an answer of 2 MiB.
    Long,
}

/// How the end of the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length,
    Chunked,
    /// By the end of the connection.
    Plain,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum RetryAfter {
    Text(String),
    /// A date so many seconds from now.
    Date(u64),
}

/// Where a redirect leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Location {
    Same,
    Other,
    Loop,
}

/// Steps for files of one size, or of all other sizes.
pub(super) type Rule = (Option<u64>, Vec<Step>);

/// The steps of a URL: one per attempt, with commas between them. The last one is for all further attempts as well.
pub(super) fn steps(text: &str) -> Result<Vec<Step>, String> {
    text.split(',').map(step).collect()
}

/// The rules of uploads: steps for all of them, or for some sizes (`1001:503,ok+1002:403`), with `ok` for the others.
pub(super) fn rules(text: &str) -> Result<Vec<Rule>, String> {
    let rule = |text: &str| match text.split_once(':') {
        Some((size, text)) => Ok((Some(number(size)?), steps(text)?)),
        None => Ok((None, steps(text)?)),
    };
    text.split('+').map(rule).collect()
}

/// The step of an attempt, counted from 0.
pub(super) fn of_attempt(steps: &[Step], attempt: usize) -> Step {
    match steps.get(attempt).or(steps.last()) {
        Some(step) => step.clone(),
        None => Step::usual(),
    }
}

impl Step {
    /// No fault.
    pub(super) fn usual() -> Self {
        Step::new("ok", Fault::Ok)
    }

    fn new(text: &str, fault: Fault) -> Self {
        Step {
            text: text.to_owned(),
            fault,
            framing: Framing::Length,
            wait: Duration::ZERO,
            retry_after: None,
            location: None,
            encoding: None,
            interim: None,
            pieces: 10,
            as_json: false,
            elsewhere: false,
        }
    }
}

fn step(text: &str) -> Result<Step, String> {
    let mut parts = text.split(';');
    let mut step = Step::new(text, fault(parts.next().unwrap_or_default())?);
    for option in parts {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (name, value) {
            ("plain", "") => step.framing = Framing::Plain,
            ("chunked", "") => step.framing = Framing::Chunked,
            ("wait", _) => step.wait = duration(value)?,
            ("retry-after", _) => {
                step.retry_after = Some(match value.strip_prefix("date+") {
                    Some(seconds) => RetryAfter::Date(number(seconds)?),
                    None => RetryAfter::Text(value.to_owned()),
                });
            }
            ("to", "same") => step.location = Some(Location::Same),
            ("to", "other") => step.location = Some(Location::Other),
            ("to", "loop") => step.location = Some(Location::Loop),
            ("encoding", _) => step.encoding = Some(value.to_owned()),
            ("interim", _) => step.interim = Some(status(value)?),
            ("pieces", _) => step.pieces = number(value)?.clamp(1, 10_000),
            ("json", "") => step.as_json = true,
            ("elsewhere", "") => step.elsewhere = true,
            _ => return Err(format!("no option of a step: {option:?}")),
        }
    }
    Ok(step)
}

fn fault(text: &str) -> Result<Fault, String> {
    let split = |at| {
        text.split_once(at)
            .map_or((text, None), |(a, b)| (a, Some(b)))
    };
    let ((place, at), (name, value)) = (split('@'), split('='));
    let at = at.map(number).transpose()?;
    if place.len() == 3 && place.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Fault::Status(status(place)?, at));
    }
    Ok(match (place, at, name, value) {
        ("ok", None, ..) => Fault::Ok,
        ("reset", at, ..) => Fault::Reset(at),
        ("short", Some(at), ..) => Fault::Short(at),
        ("hang", at, ..) => Fault::Hang(at),
        ("flip", Some(at), ..) => Fault::Flip(at),
        ("close", None, ..) => Fault::Close,
        ("half-head", None, ..) => Fault::HalfHead,
        ("stuck-head", None, ..) => Fault::StuckHead,
        ("pour", None, ..) => Fault::Pour,
        ("gzip", None, ..) => Fault::Gzip,
        ("bomb", None, ..) => Fault::Bomb,
        ("html", None, ..) => Fault::Html,
        ("no-id", None, ..) => Fault::NoId,
        ("long", None, ..) => Fault::Long,
        (_, None, "length", Some(value)) => Fault::Length(number(value)?),
        (_, None, "extra", Some(value)) => Fault::Extra(number(value)?.min(1 << 20)),
        (_, None, "beyond", Some(value)) => Fault::Beyond(number(value)?.min(1 << 20)),
        (_, None, "drip", Some(value)) => Fault::Drip(duration(value)?),
        (_, None, "slow-head", Some(value)) => Fault::SlowHead(duration(value)?),
        (_, None, "slow-read", Some(value)) => Fault::SlowRead(duration(value)?),
        _ => return Err(format!("no fault: {text:?}")),
    })
}

fn status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(status @ 100..=599) => Ok(status),
        _ => Err(format!("no status: {text:?}")),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("no number: {text:?}"))
}

/// Milliseconds (`50`, `50ms`) or seconds (`2s`), a minute at most.
fn duration(text: &str) -> Result<Duration, String> {
    let milliseconds = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => number(digits)?,
        (None, Some(digits)) => number(digits)?.saturating_mul(1000),
        (None, None) => number(text)?,
    };
    Ok(Duration::from_millis(milliseconds.min(60_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_fault_and_its_options() {
        let all = steps("503;retry-after=1,short@100;chunked,ok;wait=2s").expect("three steps");
        assert_eq!(all[0].fault, Fault::Status(503, None));
        assert_eq!(all[0].retry_after, Some(RetryAfter::Text("1".to_owned())));
        assert_eq!(
            (&all[1].fault, all[1].framing),
            (&Fault::Short(100), Framing::Chunked)
        );
        assert_eq!(
            (&all[2].fault, all[2].wait),
            (&Fault::Ok, Duration::from_secs(2))
        );
        assert_eq!(all[2].text, "ok;wait=2s");
    }

    #[test]
    fn the_last_step_stays() {
        let all = steps("503,ok").expect("two steps");
        let texts: Vec<String> = (0..4).map(|at| of_attempt(&all, at).text).collect();
        assert_eq!(texts, ["503", "ok", "ok", "ok"]);
    }

    #[test]
    fn uploads_can_be_told_by_their_size() {
        let all = rules("1001:403+503,ok").expect("two rules");
        assert_eq!((all[0].0, all[0].1.len()), (Some(1001), 1));
        assert_eq!((all[1].0, all[1].1.len()), (None, 2));
    }

    #[test]
    fn what_is_no_step_is_said() {
        for text in [
            "", "okay", "short", "short@x", "ok;what", "ok@1", "99", "600", "length=", "x:ok",
            "drip=1m",
        ] {
            assert!(rules(text).is_err(), "{text}");
        }
    }
}
