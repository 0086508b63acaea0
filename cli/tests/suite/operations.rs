//! What `docs/operations/` gives to those who run a bridge is loaded by the programs that it is for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use natsbridge_cli::telemetry::{Kind, LIBRARY, Metric, PROBE};
use serde_json::Value as Json;

use crate::program::{parse, run};
use crate::prometheus::promtool;

/// Where the files are.
pub(super) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations");
    folder.canonicalize().expect("docs/operations")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> Json {
    serde_saphyr::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn strings(list: &Json) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|text| text.as_str().expect("a string").to_owned())
        .collect()
}

/// The flags of the Prometheus of compose.yaml, but for its paths.
pub(super) fn prometheus_flags() -> Vec<String> {
    let mut flags = strings(&yaml("compose.yaml")["services"]["prometheus"]["command"]);
    let paths = ["--config.file=", "--storage.tsdb.path="];
    flags.retain(|flag| !paths.iter().any(|path| flag.starts_with(path)));
    flags
}

/// What the dashboard asks Prometheus, its variables filled in as Grafana does.
pub(super) fn dashboard_expressions() -> Vec<String> {
    let dashboard = parse(&read("dashboard.json"));
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let filled = targets.map(|target| {
        let expression = target["expr"].as_str().expect("an expression");
        let expression = expression.replace("$__rate_interval", "1m");
        expression.replace("$job", ".*").replace("$instance", ".*")
    });
    filled.collect()
}

fn rules() -> Vec<Json> {
    let alerts = yaml("alerts.yml");
    let groups = alerts["groups"].as_array().expect("groups").iter();
    groups
        .flat_map(|group| group["rules"].as_array().expect("rules").clone())
        .collect()
}

#[test]
fn promtool_takes_the_rules_their_tests_and_the_configuration() {
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
        ["check", "config", "prometheus.yml"],
    ] {
        let Some(output) = promtool(&arguments, &folder()) else {
            return;
        };
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "promtool {arguments:?}: {said}");
        assert!(
            said.contains("SUCCESS") && !said.contains("FAILED"),
            "{said}"
        );
    }
}

#[test]
fn no_rule_can_be_lost_without_a_test_that_notices() {
    let alerts = yaml("alerts.yml");
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::copy(
        folder().join("alerts_test.yml"),
        dir.path().join("alerts_test.yml"),
    )
    .expect("a copy");
    for (group, rules) in alerts["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .enumerate()
    {
        for (rule, kept) in rules["rules"].as_array().expect("rules").iter().enumerate() {
            let mut without = alerts.clone();
            without["groups"][group]["rules"][rule]["expr"] = "vector(0) > 1".into();
            // JSON is YAML.
            fs::write(dir.path().join("alerts.yml"), without.to_string()).expect("written");
            let Some(output) = promtool(&["test", "rules", "alerts_test.yml"], dir.path()) else {
                return;
            };
            assert!(!output.status.success(), "no test misses {}", kept["alert"]);
        }
    }
}

#[test]
fn each_alert_says_how_bad_it_is_and_where_to_read_on() {
    let headings: BTreeSet<String> = read("README.md")
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let mut read_on = BTreeSet::new();
    for rule in rules() {
        let severity = rule["labels"]["severity"].as_str();
        assert!(matches!(severity, Some("critical" | "warning")), "{rule}");
        for text in ["summary", "description"] {
            assert!(
                rule["annotations"][text]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{rule}"
            );
        }
        let page = concat!(
            env!("CARGO_PKG_REPOSITORY"),
            "/blob/main/docs/operations/README.md#"
        );
        let link = rule["annotations"]["runbook_url"].as_str().expect("a link");
        read_on.insert(
            link.strip_prefix(page)
                .expect("a link to the runbook")
                .to_owned(),
        );
    }
    assert_eq!(read_on, headings);
}

#[test]
fn every_metric_that_is_asked_for_is_one_that_the_command_has() {
    let expressions: Vec<String> = rules()
        .iter()
        .map(|rule| rule["expr"].as_str().expect("an expression").to_owned())
        .collect();
    let series: BTreeSet<String> = LIBRARY.iter().chain(PROBE).flat_map(series_of).collect();
    let asked = named_in(&expressions.join("\n"));
    assert!(asked.len() >= 6, "{asked:?}");
    assert_eq!(asked.difference(&series).collect::<Vec<_>>(), [""; 0]);
    let shown = named_in(&read("dashboard.json"));
    assert_eq!(shown.difference(&series).collect::<Vec<_>>(), [""; 0]);

    // And the other way round: nothing is measured that nobody sees.
    let told = read("README.md");
    for metric in LIBRARY.iter().chain(PROBE) {
        assert!(
            series_of(metric).any(|name| shown.contains(&name)),
            "{} is not in the dashboard",
            metric.name
        );
        assert!(
            told.contains(&format!("`{}`", metric.name)),
            "{} is not in README.md",
            metric.name
        );
    }
}

/// The names that a metric has in Prometheus.
fn series_of(metric: &Metric) -> impl Iterator<Item = String> {
    let suffixes: &[&str] = match metric.kind {
        Kind::Histogram => &["_bucket", "_sum", "_count"],
        Kind::Counter | Kind::Gauge => &[""],
    };
    suffixes
        .iter()
        .map(|suffix| format!("{}{suffix}", metric.name))
}

/// The words of a text that are names of series: all of ours end in a unit or in what Prometheus adds.
fn named_in(text: &str) -> BTreeSet<String> {
    let endings = ["_total", "_seconds", "_ratio", "_bucket", "_sum", "_count"];
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .filter(|word| endings.iter().any(|ending| word.ends_with(ending)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_list_of_metrics_is_that_of_the_library() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
    let mut literals = BTreeSet::new();
    let mut folders = vec![src];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let quoted = text.split('"').skip(1).step_by(2);
                let names = quoted.filter(|text| named_in(text).contains(*text));
                literals.extend(names.map(str::to_owned));
            }
        }
    }
    let known: BTreeSet<String> = LIBRARY
        .iter()
        .map(|metric| metric.name.to_owned())
        .collect();
    assert_eq!(literals, known);
}

#[test]
fn the_dashboard_is_one() {
    let dashboard = parse(&read("dashboard.json"));
    assert_eq!(dashboard["title"], "NATSBridge");
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<u64> = panels
        .iter()
        .map(|panel| panel["id"].as_u64().expect("an id"))
        .collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels {
        let place = &panel["gridPos"];
        let of = |name: &str| place[name].as_u64().expect("a number");
        assert!(of("x") + of("w") <= 24 && of("h") > 0, "{panel}");
        assert!(
            panel["type"] == "row"
                || panel["targets"]
                    .as_array()
                    .is_some_and(|targets| !targets.is_empty()),
            "{panel}"
        );
    }
}

#[test]
fn compose_starts_what_there_is() {
    let compose = yaml("compose.yaml");
    let services = compose["services"].as_object().expect("services");
    let mut commands = 0;
    for (name, service) in services {
        let Some(build) = service["build"].as_object() else {
            let image = service["image"].as_str().expect("an image");
            let (_, version) = image.rsplit_once(':').expect("a version");
            assert_ne!(version, "latest", "{name}");
            continue;
        };
        let context = folder().join(build["context"].as_str().expect("a context"));
        let dockerfile = context.join(build["dockerfile"].as_str().expect("a Dockerfile"));
        assert!(
            context.join("Cargo.lock").is_file() && dockerfile.is_file(),
            "{name}"
        );
        let command = strings(&service["command"]);
        let (subcommand, arguments) = command.split_first().expect("a command");
        let help = run([subcommand, "--help"]).ok();
        for flag in arguments
            .iter()
            .filter(|argument| argument.starts_with("--"))
        {
            assert!(
                help.contains(&format!("{flag} ")),
                "natsbridge {subcommand} has no {flag}:\n{help}"
            );
        }
        commands += 1;
    }
    assert_eq!(commands, 1);
    let volumes = strings(&compose["services"]["prometheus"]["volumes"]);
    let mounts = volumes.iter().filter_map(|mount| mount.strip_prefix("./"));
    let mut mounted = BTreeSet::new();
    for mount in mounts {
        let (here, there) = mount.split_once(':').expect("a place in the container");
        assert!(folder().join(here).exists(), "{here}");
        assert_eq!(there, format!("/etc/prometheus/{here}:ro"));
        mounted.insert(here.to_owned());
    }
    assert_eq!(mounted, read_by_prometheus());
}

/// What prometheus.yml names beside itself, and itself. Of a pattern it is the folder, with a file in it that is one of its kind.
fn read_by_prometheus() -> BTreeSet<String> {
    let config = yaml("prometheus.yml");
    let mut names = BTreeSet::from(["prometheus.yml".to_owned()]);
    names.extend(strings(&config["rule_files"]));
    let jobs = config["scrape_configs"].as_array().expect("jobs").iter();
    let lists = jobs.filter_map(|job| job["file_sd_configs"].as_array());
    for pattern in lists.flatten().flat_map(|list| strings(&list["files"])) {
        let (dir, kind) = pattern.split_once("/*").expect("a pattern in a folder");
        let files = fs::read_dir(folder().join(dir)).expect("the folder");
        let files = files.map(|file| file.expect("a file").file_name());
        let files: Vec<String> = files
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.ends_with(kind))
            .collect();
        assert!(!files.is_empty(), "{pattern}");
        for file in files {
            assert!(yaml(&format!("{dir}/{file}")).is_array(), "{file}");
        }
        names.insert(dir.to_owned());
    }
    names
}
