//! The command behind `cargo codegen`.

use std::{env, process::ExitCode};

use natsbridge_codegen::{
    load,
    output::{self, MENDING_COMMAND},
    outputs, root,
};

const HELP: &str = "\
Writes the generated files of NATSBridge from schema/v1.

Usage: cargo codegen [--check | --model]

  (nothing)   write what has changed
  --check     write nothing; exit with 1 if a generated file is not up to date
  --model     print the model that all languages are generated from, as JSON
  -h, --help  print this

Exit codes: 0 fine; 1 the schema is wrong or a file is not up to date; 2 wrong usage.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => write(),
        ["--check"] => check(),
        ["--model"] => model(),
        ["-h" | "--help"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), String> {
    let root = root().ok_or(NO_ROOT)?;
    let outputs = outputs(&root)?;
    let written = output::write(&root, &outputs).map_err(|error| error.to_string())?;
    for output in &written {
        println!("wrote {}", output.path.display());
    }
    println!(
        "{} of {} generated files were up to date",
        outputs.len() - written.len(),
        outputs.len()
    );
    Ok(())
}

fn check() -> Result<(), String> {
    let root = root().ok_or(NO_ROOT)?;
    let outputs = outputs(&root)?;
    let drifted = output::drifted(&root, &outputs).map_err(|error| error.to_string())?;
    if drifted.is_empty() {
        println!("{} generated files are up to date", outputs.len());
        return Ok(());
    }
    let files: String = drifted
        .iter()
        .map(|output| format!("  {}\n", output.path.display()))
        .collect();
    Err(format!(
        "not what schema/v1 says:\n{files}run `{MENDING_COMMAND}`"
    ))
}

fn model() -> Result<(), String> {
    let (_, model) = load(&root().ok_or(NO_ROOT)?)?;
    let text = serde_json::to_string_pretty(&model).map_err(|error| error.to_string())?;
    println!("{text}");
    Ok(())
}

const NO_ROOT: &str = "no folder schema/v1 from here upwards";
