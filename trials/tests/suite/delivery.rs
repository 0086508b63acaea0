//! Deliveries while the server and the receiver are killed, and a judge that sees what was broken on purpose.

use crate::program::run_with_server;
#[cfg(unix)]
use crate::program::start;

#[test]
fn nothing_is_lost_while_servers_and_receivers_are_killed() {
    let Some(run) = run_with_server(&[
        "delivery",
        "--messages",
        "3000",
        "--server-kills",
        "2",
        "--receiver-kills",
        "1",
        "--json",
    ]) else {
        return;
    };
    run.assert_met();
    assert_eq!(run.figure("messages delivered"), 3000.0);
    assert_eq!(
        run.figure("ends in the server's log without a goodbye"),
        2.0
    );
    assert_eq!(run.figure("receivers killed"), 1.0);
    assert!(run.figure("sendings") > 3000.0, "kills that nobody noticed");
}

#[test]
fn the_judge_sees_what_was_broken() {
    let sabotages = [
        ("claim-delivered", "handled by nobody"),
        ("handle-twice", "handled twice by one living receiver"),
        ("skip-handling", "messages never handled"),
    ];
    for (sabotage, fault) in sabotages {
        let Some(run) = run_with_server(&[
            "delivery",
            "--messages",
            "600",
            "--server-kills",
            "0",
            "--receiver-kills",
            "0",
            "--sabotage",
            sabotage,
        ]) else {
            return;
        };
        assert_eq!(run.code, Some(1), "{sabotage}: {}\n{}", run.err, run.out);
        assert!(run.err.contains(fault), "{sabotage}: {}", run.err);
        let kept = run
            .err
            .lines()
            .find_map(|line| line.strip_prefix("the files are in "));
        std::fs::remove_dir_all(kept.expect("the folder that was kept")).expect("removed");
    }
}

#[test]
fn the_files_of_two_trials_do_not_mix() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("delivered"), "").expect("a file");
    let path = dir.path().to_str().expect("UTF-8");
    let Some(run) = run_with_server(&["delivery", "--messages", "1", "--dir", path]) else {
        return;
    };
    assert_eq!(run.code, Some(2), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn a_signal_takes_every_process_with_it() {
    use std::process::Command;
    use std::time::{Duration, Instant};

    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().to_str().expect("UTF-8");
    // More than are delivered before the signal comes.
    let arguments = ["delivery", "--messages", "1000000", "--dir", path];
    let mut child = start(&arguments);
    let processes = || {
        let events = std::fs::read_to_string(dir.path().join("events")).unwrap_or_default();
        let processes = events.lines().filter_map(|line| line.split(' ').nth(1));
        processes.map(str::to_owned).collect::<Vec<_>>()
    };
    let is_at_work = || {
        let delivered = std::fs::metadata(dir.path().join("delivered"));
        delivered.is_ok_and(|file| file.len() > 0)
    };
    let began = Instant::now();
    while !is_at_work() {
        if child.try_wait().expect("a child").is_some() {
            // Without a server; the other tests have said so.
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "nothing happens");
        std::thread::sleep(Duration::from_millis(20));
    }
    let signal = |signal: &str, process: &str| {
        let mut kill = Command::new("kill");
        let output = kill.args([signal, process]).output().expect("kill");
        output.status.success()
    };
    assert!(signal("-TERM", &child.id().to_string()));
    let status = child.wait().expect("a child");
    assert_eq!(status.code(), Some(143));
    let processes = processes();
    assert_eq!(processes.len(), 2, "a server and a receiver");
    for process in processes {
        assert!(!signal("-0", &process), "{process} is still there");
    }
}
