//! A `main` for tests whose program is also the process they end: what `cargo test` expects of one.

use std::process::ExitCode;

/// Runs the tests that the arguments name, or all; prints as the standard harness does.
pub(crate) fn run(tests: &[(&str, fn())]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let listing = arguments.iter().any(|a| a == "--list");
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in tests {
        if !wanted.is_empty() && !wanted.iter().any(|w| name.contains(w.as_str())) {
            continue;
        }
        if listing {
            println!("{name}: test");
            continue;
        }
        let kept = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if kept { "ok" } else { "FAILED" });
        if kept { passed += 1 } else { failed += 1 }
    }
    if !listing {
        let word = if failed == 0 { "ok" } else { "FAILED" };
        println!("\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored");
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
