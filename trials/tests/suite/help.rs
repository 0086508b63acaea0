//! Each command says what it does.

use crate::program::run;

#[test]
fn every_command_has_help() {
    let commands = [
        vec!["--help"],
        vec!["delivery", "--help"],
        vec!["delivery", "judge", "--help"],
        vec!["load", "--help"],
        vec!["overhead", "--help"],
        vec!["slow", "--help"],
    ];
    for command in commands {
        let run = run(&command);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{command:?}");
        assert!(
            run.out.contains("Usage: natsbridge-trial"),
            "{command:?}: {}",
            run.out
        );
    }
}
