//! The rules of the house: what may depend on what, what the core must not touch, sizes, names and marks. Each failure
//! names the file and the way out.

mod checkout;
mod files;
mod packages;
mod ports;

use std::path::Path;

use checkout::read;
use files::{
    GENERATED, code_lines, git_attributes, has_word, is_absolute_in, repository_files,
    says_generated,
};
use files::{source_files, text_files};
use packages::{members, toml_section, tree};

/// Where the core ends: only here may `src/` touch a clock, a socket, the file system, randomness or the environment.
const IO_EDGE: &[&str] = &["src/io/", "src/nats/"];

/// What belongs behind [`IO_EDGE`]. Each is matched as a whole word, or as a path of words.
const IMPURE: &[&str] = &[
    "async_nats",
    "env::var",
    "env::var_os",
    "getrandom",
    "Instant",
    "new_v4",
    "reqwest",
    "std::fs",
    "SystemTime",
    "TcpListener",
    "TcpStream",
    "tokio",
    "ToSocketAddrs",
    "UdpSocket",
];

/// What the library without its features must not pull in; a name that ends in `-` stands for all that begin so.
const NOT_IN_THE_CORE: &[&str] = &[
    "arrow-",
    "async-nats",
    "chrono",
    "hyper",
    "mio",
    "object_store",
    "regress",
    "reqwest",
    "rustls",
    "tokio",
    "tokio-",
];

/// The most lines that a source file may have, unless it is generated.
const CEILING: usize = 600;

#[test]
fn the_core_alone_compiles_no_runtime_no_sockets_and_no_clock() {
    let names = tree(&["-p", "natsbridge", "--no-default-features", "-e", "normal"]);
    let found: Vec<_> = names.iter().filter(|name| is_barred(name)).collect();
    assert!(
        found.is_empty(),
        "`cargo tree -p natsbridge --no-default-features -e normal` lists {found:?}: put the dependency behind a feature"
    );
}

#[test]
fn the_core_touches_nothing_outside_of_itself() {
    for file in source_files().iter().filter(|file| file.is_under("src/")) {
        if file.generated || IO_EDGE.iter().any(|edge| file.path.starts_with(edge)) {
            continue;
        }
        for (number, line) in code_lines(&file.text) {
            if let Some(word) = IMPURE.iter().find(|word| has_word(line, word)) {
                panic!(
                    "{}:{number} uses `{word}`: take what it gives as an argument, or move the code into {IO_EDGE:?}",
                    file.path
                );
            }
        }
    }
}

#[test]
fn nothing_in_the_product_catches_panics() {
    let word = concat!("catch", "_unwind");
    for file in source_files() {
        if !file.is_under("src/") && !file.is_under("cli/src/") {
            continue;
        }
        if let Some((number, _)) = code_lines(&file.text).find(|(_, line)| has_word(line, word)) {
            panic!(
                "{}:{number} uses `{word}`: check the input before it can panic",
                file.path
            );
        }
    }
}

#[test]
fn codegen_and_the_library_do_not_use_each_other() {
    let codegen = tree(&["-p", "natsbridge-codegen", "-e", "normal,build,dev"]);
    assert!(
        !codegen.contains("natsbridge"),
        "codegen/Cargo.toml: natsbridge-codegen depends on natsbridge, which it generates code for"
    );
    let library = tree(&["-p", "natsbridge", "--all-features", "-e", "normal,build"]);
    assert!(
        !library.contains("natsbridge-codegen"),
        "Cargo.toml: natsbridge depends on natsbridge-codegen; what it needs of it is checked in as generated code"
    );
}

#[test]
fn the_conformance_runner_does_not_use_the_library() {
    let name = "natsbridge-conformance";
    if members().contains_key(name) {
        assert!(
            !tree(&["-p", name, "-e", "normal,build,dev"]).contains("natsbridge"),
            "conformance/Cargo.toml: {name} depends on natsbridge; Rust is one more child process to it"
        );
    }
}

#[test]
fn one_rustls_provider_in_the_whole_tree() {
    let names = tree(&["--workspace", "--all-features", "-e", "normal,build"]);
    for other in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(
            !names.contains(other),
            "`cargo tree --workspace --all-features -e normal -i {other}` finds it: switch the default features of what brings it off"
        );
    }
    if names.contains("rustls") {
        assert!(
            names.contains("ring"),
            "rustls is compiled without ring, the provider of this workspace"
        );
    }
}

#[test]
fn every_crate_forbids_unsafe_code_and_wants_documentation() {
    let root = read("Cargo.toml");
    let lints = toml_section(&root, "workspace.lints.rust");
    let level = |lint: &str| {
        lints
            .iter()
            .find_map(|(key, value)| (key == lint).then_some(value.as_str()))
    };
    assert_eq!(
        level("unsafe_code"),
        Some("\"forbid\""),
        "Cargo.toml: [workspace.lints.rust] has unsafe_code = \"forbid\""
    );
    assert!(
        matches!(
            level("missing_docs"),
            Some("\"warn\"" | "\"deny\"" | "\"forbid\"")
        ),
        "Cargo.toml: [workspace.lints.rust] switches missing_docs on"
    );
    for (name, manifest) in members() {
        let text = read(&manifest);
        let inherits =
            toml_section(&text, "lints").contains(&("workspace".to_owned(), "true".to_owned()));
        assert!(
            inherits,
            "{manifest}: {name} takes the lints of the workspace: [lints] workspace = true"
        );
    }
}

#[test]
fn no_source_file_is_too_long() {
    for file in source_files().iter().filter(|file| !file.generated) {
        let lines = file.text.lines().count();
        assert!(
            lines <= CEILING,
            "{} has {lines} lines, {CEILING} is the ceiling: split it by nouns",
            file.path
        );
    }
}

#[test]
fn every_file_is_named_for_what_it_holds() {
    for path in repository_files() {
        for part in Path::new(&path).iter().filter_map(|part| part.to_str()) {
            let stem = part.split('.').next().unwrap_or(part);
            assert!(
                !matches!(
                    stem,
                    "util" | "utils" | "common" | "helper" | "helpers" | "prelude"
                ),
                "{path}: `{stem}` names no thing; name it for the noun it holds"
            );
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    for file in source_files() {
        for word in [
            concat!("TO", "DO"),
            concat!("FIX", "ME"),
            concat!("to", "do!"),
            concat!("unimpl", "emented!"),
        ] {
            if let Some(index) = file.text.lines().position(|line| line.contains(word)) {
                panic!(
                    "{}:{}: `{word}`: finish it, or file it as an issue",
                    file.path,
                    index + 1
                );
            }
        }
    }
}

#[test]
fn generated_files_are_marked() {
    let files: Vec<_> = text_files().collect();
    let wanted = [
        ("linguist-generated", "set"),
        ("diff", "unset"),
        ("eol", "lf"),
    ];
    let attributes = git_attributes(files.iter().map(|(path, _)| path.as_str()));
    for (path, text) in &files {
        let has =
            |(name, value): &(&str, &str)| attributes.contains(&format!("{path}: {name}: {value}"));
        if says_generated(text) {
            assert!(
                wanted.iter().all(has),
                "{path} says that it is generated: add `{path} -diff linguist-generated eol=lf` to .gitattributes"
            );
        } else {
            assert!(
                !has(&wanted[0]),
                "{path} is marked as generated in .gitattributes, but has no line `{GENERATED}`"
            );
        }
    }
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let folders = ["home/", "root/", "work/", "Users/"].map(|name| format!("/{name}"));
    let hosts = [
        concat!("index.crates", ".io"),
        concat!("static.crates", ".io"),
        concat!("pypi", ".org"),
        concat!("pythonhosted", ".org"),
        concat!("registry.npmjs", ".org"),
        concat!("proxy.golang", ".org"),
        concat!("deb.debian", ".org"),
    ];
    for (path, text) in text_files() {
        for (index, line) in text.lines().enumerate() {
            let folder = folders
                .iter()
                .find(|folder| is_absolute_in(line, folder))
                .map(String::as_str);
            let host = hosts.iter().find(|host| line.contains(**host)).copied();
            if let Some(found) = folder.or(host) {
                panic!(
                    "{path}:{}: `{found}` is true of one machine only: say it relative, or by name",
                    index + 1
                );
            }
        }
    }
}

#[test]
fn the_rules_see_what_they_look_for() {
    assert!(has_word("use tokio::net;", "tokio") && has_word("std::env::var(x)", "env::var"));
    assert!(!has_word("let tokio_like = 1;", "tokio") && !has_word("env::vars()", "env::var"));
    let text = "//! tokio\nuse a; // tokio\nlet u = \"http://x\";\n#[cfg(test)]\nmod tests {\n    tokio\n}";
    assert_eq!(
        code_lines(text).map(|(_, line)| line).collect::<Vec<_>>(),
        ["", "use a; ", "let u = \"http://x\";"]
    );
    let folder = &format!("/{}", "home/");
    assert!(is_absolute_in(&format!("at {folder}me"), folder) && is_absolute_in(folder, folder));
    assert!(!is_absolute_in(&format!("http://host{folder}me"), folder));
    assert!(is_barred("arrow-ipc") && is_barred("tokio") && !is_barred("arrowroot"));
}

fn is_barred(name: &str) -> bool {
    NOT_IN_THE_CORE
        .iter()
        .any(|barred| name == *barred || (barred.ends_with('-') && name.starts_with(barred)))
}
