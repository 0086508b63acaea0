//! The command `natsbridge-conformance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    natsbridge_conformance::command::main()
}
