//! The command `natsbridge`.

use std::process::ExitCode;

fn main() -> ExitCode {
    natsbridge_cli::main()
}
