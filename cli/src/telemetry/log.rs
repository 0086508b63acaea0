//! `--log` and `--log-level`: whether, how and from which level on there is a log on standard error.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;

use super::line::{Form, Lines};
use crate::failure::Failure;

/// The modules whose lines are wanted at the chosen level: the library's and the command's.
const OWN: &str = "natsbridge";

/// The options of every command that are about its log.
#[derive(Args, Debug)]
#[command(next_help_heading = "Log")]
pub(crate) struct Log {
    /// Log on standard error what happens: text for people, or JSON, one object a line
    #[arg(
        long = "log",
        value_name = "FORMAT",
        global = true,
        value_enum,
        default_value_t = Format::Off
    )]
    format: Format,
    /// Log from this level on
    #[arg(
        long = "log-level",
        value_name = "LEVEL",
        global = true,
        value_enum,
        default_value_t = Level::Info
    )]
    level: Level,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Off,
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Log {
    /// Switches the log of this process on, if there is to be one.
    pub(crate) fn start(&self) -> Result<(), Failure> {
        let form = match self.format {
            Format::Off => return Ok(()),
            Format::Text => Form::Text,
            Format::Json => Form::Json,
        };
        let lines = Lines::new(form, |line: &str| {
            // There is nobody left to tell that this could not be written.
            let _ = io::stderr().write_all(line.as_bytes());
        });
        set_global_default(registry().with(lines.with_filter(self.level.filter())))
            .map_err(|error| Failure::Local(format!("the log cannot be started: {error}")))
    }
}

impl Level {
    /// Of others' modules only what went wrong: at lower levels they tell what their author needs to know.
    fn filter(self) -> Targets {
        let level = match self {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        };
        Targets::new()
            .with_default(level.min(LevelFilter::WARN))
            .with_target(OWN, level)
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level as Of;

    use super::*;

    #[test]
    fn a_level_is_about_our_own_modules_and_others_only_warn() {
        let enabled = |level: Level, target, of: Of| level.filter().would_enable(target, &of);
        assert!(enabled(Level::Info, "natsbridge::io::send", Of::INFO));
        assert!(!enabled(Level::Info, "natsbridge::io::send", Of::DEBUG));
        assert!(enabled(Level::Trace, "natsbridge_cli::probe", Of::TRACE));
        assert!(enabled(Level::Trace, "async_nats::connector", Of::WARN));
        assert!(!enabled(Level::Trace, "async_nats::connector", Of::INFO));
        assert!(!enabled(Level::Error, "async_nats::connector", Of::WARN));
        assert!(!enabled(Level::Error, "natsbridge", Of::WARN));
    }
}
