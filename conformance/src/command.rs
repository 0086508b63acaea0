//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::attach::{self, Door};
use crate::case::Selection;
use crate::engine::{self, Order};
use crate::failure::Failure;
use crate::kill::Kill;
use crate::progress::Progress;
use crate::report::{self, Check, Kind, Report};
use crate::repository::Repository;
use crate::{child, fuzz, listing, protocol, scaffold, smoke};

/// Holds every implementation of NATSBridge against the wire specification and against every other
#[derive(Debug, Parser)]
#[command(name = "natsbridge-conformance", version, max_term_width = 100)]
#[command(
    after_help = "Exit code 0 if everything is as expected, 1 if not, 2 for wrong usage, 130 after a signal."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Run),
    List(List),
    Smoke(Smoke),
    Attach(Attach),
    New(New),
    Report(Render),
    Protocol(Protocol),
    Kill(Killing),
    Fuzz(Fuzz),
}

/// Put all cases to all ports, and every message of one to every other
#[derive(Args, Debug)]
struct Run {
    /// A port, by its name; again for more [default: all]
    #[arg(long, value_name = "NAME")]
    port: Vec<String>,
    /// Cases whose id matches, with * and ?; again for more [default: all]
    #[arg(long, value_name = "GLOB")]
    case: Vec<String>,
    /// Checks of this kind, such as `decode` for reading alone; again for more [default: all]
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<Kind>,
    /// How the result is printed; again for more [default: text]
    #[arg(long, value_enum)]
    format: Vec<Format>,
    /// Write report.txt, report.json, report.xml and report.html into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many adapters work side by side [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

/// List the cases, the ports or the rules
#[derive(Args, Debug)]
struct List {
    #[arg(value_enum, default_value_t = Listed::Cases)]
    what: Listed,
    /// Cases whose id matches, with * and ?; again for more [default: all]
    #[arg(long, value_name = "GLOB")]
    case: Vec<String>,
}

/// Put a handful of cases to one port, in the order in which one is built, with advice
#[derive(Args, Debug)]
struct Smoke {
    /// The port
    #[arg(long, value_name = "NAME")]
    port: String,
}

/// Talk to an adapter that you have started, in a debugger for example, and show what is said
#[derive(Args, Debug)]
struct Attach {
    #[command(flatten)]
    door: DoorArguments,
    /// Cases whose id matches, with * and ?; again for more
    #[arg(long, value_name = "GLOB", required = true)]
    case: Vec<String>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct DoorArguments {
    /// Wait here until it connects; one line for each message
    #[arg(long, value_name = "ADDRESS")]
    tcp: Option<SocketAddr>,
    /// Wait here until it connects; one text message for each line
    #[arg(long, value_name = "ADDRESS")]
    websocket: Option<SocketAddr>,
    /// Start this command and talk over its standard input and output; all that follows is the command, so this comes last
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    stdio: Option<Vec<String>>,
}

/// Write the files that a further implementation begins with; nothing is overwritten
#[derive(Args, Debug)]
struct New {
    /// Its name, such as `swift`
    #[arg(value_name = "LANG")]
    name: String,
}

/// Render the JSON result of a run anew
#[derive(Args, Debug)]
struct Render {
    /// The result: report.json of `run --out`
    result: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Print the JSON Schema of the protocol, or of results
#[derive(Args, Debug)]
struct Protocol {
    /// That of the JSON results of `run`
    #[arg(long)]
    report: bool,
}

/// Delete each constraint of the published schemas in turn; at least one case has to notice
#[derive(Args, Debug)]
struct Killing {}

/// Put messages made from the schema, most of them damaged, to all ports; they have to agree
#[derive(Args, Debug)]
struct Fuzz {
    /// A port, by its name; again for more [default: all]
    #[arg(long, value_name = "NAME")]
    port: Vec<String>,
    /// How many messages
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// The same seed gives the same messages, with the same cases and the same ports [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where the message on which they differ is written to, as a case [default: target/fuzz]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
    Junit,
    Html,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Listed {
    Cases,
    Ports,
    Rules,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let thread = std::thread::Builder::new().stack_size(engine::STACK);
    let outcome = thread
        .spawn(|| command_line.command.run())
        .map_err(Failure::from)
        .and_then(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
    // What fails after a signal fails because of it.
    let outcome = match outcome {
        Err(_) if child::is_stopped() => Err(Failure::Stopped),
        outcome => outcome,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Unexpected) {
                eprintln!("natsbridge-conformance: {failure}");
            }
            failure.exit_code()
        }
    }
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        child::end_all_on_signal()?;
        match self {
            Command::Run(run) => run.run(),
            Command::List(list) => list.run(),
            Command::Smoke(smoke) => smoke.run(),
            Command::Attach(attach) => attach.run(),
            Command::New(new) => new.run(),
            Command::Report(render) => render.run(),
            Command::Protocol(protocol) => protocol.run(),
            Command::Kill(kill) => kill.run(),
            Command::Fuzz(fuzz) => fuzz.run(),
        }
    }
}

impl Run {
    fn run(self) -> Result<(), Failure> {
        let repository = Repository::find()?;
        let order = Order {
            ports: self.port,
            selection: Selection::new(self.case),
            kinds: self.kind,
            jobs: self.jobs.map_or_else(processors, usize::from),
        };
        let report = engine::run(&repository, &order, &Progress::new())?;
        let formats = if self.format.is_empty() {
            vec![Format::Text]
        } else {
            self.format
        };
        if let Some(folder) = self.out {
            std::fs::create_dir_all(&folder)?;
            for format in Format::value_variants() {
                std::fs::write(folder.join(format.file()), format.render(&report)?)?;
            }
        }
        for format in formats {
            print(&format.render(&report)?)?;
        }
        verdict(report.is_good())
    }
}

impl List {
    fn run(self) -> Result<(), Failure> {
        let repository = Repository::find()?;
        print(&match self.what {
            Listed::Cases => listing::cases(&repository, &Selection::new(self.case))?,
            Listed::Ports => listing::ports(&repository)?,
            Listed::Rules => listing::rules(&repository)?,
        })
    }
}

impl Smoke {
    fn run(self) -> Result<(), Failure> {
        let (report, told) = smoke::smoke(&Repository::find()?, &self.port, &Progress::quiet())?;
        print(&told)?;
        verdict(report.is_good())
    }
}

impl Attach {
    fn run(self) -> Result<(), Failure> {
        let door = match (self.door.tcp, self.door.websocket, self.door.stdio) {
            (Some(address), _, _) => Door::Tcp(address),
            (_, Some(address), _) => Door::WebSocket(address),
            (_, _, command) => Door::Command(command.unwrap_or_default()),
        };
        let checks = attach::attach(&Repository::find()?, door, &Selection::new(self.case))?;
        print(&attach::tell(&checks))?;
        verdict(!checks.iter().any(Check::has_failed))
    }
}

impl New {
    fn run(self) -> Result<(), Failure> {
        let mut told = String::new();
        for path in scaffold::new(&Repository::find()?, &self.name)? {
            told += &format!("{path}\n");
        }
        let name = &self.name;
        told += &format!("next: docs/conformance.md, then `cargo conform smoke --port {name}`\n");
        print(&told)
    }
}

impl Render {
    fn run(self) -> Result<(), Failure> {
        let path = self.result.display().to_string();
        let text = std::fs::read_to_string(&self.result)
            .map_err(|error| Failure::Usage(format!("{path}: {error}")))?;
        print(&self.format.render(&report::read(&text)?)?)
    }
}

impl Protocol {
    fn run(self) -> Result<(), Failure> {
        let schema = if self.report {
            report::schema()
        } else {
            protocol::schema()
        };
        let text = serde_json::to_string_pretty(&schema);
        print(&(text.map_err(|error| Failure::Broken(error.to_string()))? + "\n"))
    }
}

impl Killing {
    fn run(self) -> Result<(), Failure> {
        let kill = Kill::run(Repository::find()?.root()).map_err(Failure::Broken)?;
        print(&format!("{kill}\n"))?;
        verdict(kill.is_complete())
    }
}

impl Fuzz {
    fn run(self) -> Result<(), Failure> {
        let order = fuzz::Order {
            ports: self.port,
            count: self.count as usize,
            seed: self.seed.unwrap_or_else(other_each_time),
            out: self.out,
        };
        let fuzzed = fuzz::fuzz(&Repository::find()?, &order, &Progress::new())?;
        print(&fuzzed.told)?;
        verdict(fuzzed.is_good)
    }
}

impl Format {
    /// Its file in the folder of `--out`.
    fn file(self) -> &'static str {
        match self {
            Format::Text => "report.txt",
            Format::Json => "report.json",
            Format::Junit => "report.xml",
            Format::Html => "report.html",
        }
    }

    fn render(self, report: &Report) -> Result<String, Failure> {
        match self {
            Format::Text => Ok(report::text(report)),
            Format::Json => report::write(report),
            Format::Junit => report::junit(report),
            Format::Html => Ok(report::html(report)),
        }
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| format!("the kinds are {}", Kind::ALL.map(Kind::name).join(", ")))
}

fn verdict(is_good: bool) -> Result<(), Failure> {
    if is_good {
        Ok(())
    } else {
        Err(Failure::Unexpected)
    }
}

/// To standard output; whoever reads it may have gone away.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn other_each_time() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
