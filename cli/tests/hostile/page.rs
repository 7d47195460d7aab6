//! Renders docs/hostile.md.

use std::fmt::Write as _;
use std::time::Duration;

use crate::inputs::{INPUTS, Input};
use crate::readers::READERS;
use crate::sandbox::{ACCEPTED, CaseResult, MEMORY};
use crate::sinks;
use crate::subprocess::SECONDS;

const INTRODUCTION: &str = "# Hostile input

How slugproof handles broken, endless and malicious input, closed pipes and full disks. For
each line below, the command ran in a child process with limits on memory and time.
`cargo ci hostile` writes this page; the quick lines are also part of `cargo test`. Both fail
if an exit code or a message changes.

Every line is also checked for the following:

- The command does not panic, overflow the stack or hang.
- Refused input gives exactly one message, which names the file (for a batch, the line) and
  says what to do (for YAML that cannot be parsed, what is wrong). If the message is an
  `error:`, standard output is empty.
- No temporary or partial file remains.
- The output does not control the terminal.

";

const WORDS: &str = "
| word | meaning |
| --- | --- |
| exit | exit code: 0 clean, 1 findings, 2 refused, 3 nothing was checked, \
  141 the reader closed the pipe; or the signal that ended the run |
| message | the message; `accepted` if the input was read, even if the command then reports findings |
| time | processor time, in a test build, which is several times slower than a release |
| memory | peak memory; about 10 MiB is the smallest measurable value |
";

/// The whole page.
pub fn render(cases: &[CaseResult]) -> String {
    let mut text = INTRODUCTION.to_owned();
    let run: Vec<&CaseResult> = cases.iter().filter(|case| case.skipped.is_none()).collect();
    let slowest = run.iter().max_by_key(|case| case.time).expect("at least one case ran");
    let largest = run.iter().max_by_key(|case| case.memory).expect("at least one case ran");
    let refused = run.iter().filter(|case| case.message != ACCEPTED).count();
    let _ = writeln!(
        text,
        "{} lines, {refused} of them refused with a message. The slowest took {:.0} s of processor
time ({}); the largest used {} MiB of memory ({}).
The limits are {SECONDS} s and {} MiB.",
        run.len(),
        slowest.time.as_secs_f64(),
        slowest.name(),
        largest.memory >> 20,
        largest.name(),
        MEMORY >> 20
    );
    text.push_str(WORDS);
    text.push_str("\n## Inputs\n\n| input | content |\n| --- | --- |\n");
    for input in INPUTS {
        let _ = writeln!(text, "| {} | {} |", input.name, input.description);
    }
    text.push_str("\n## Readers\n");
    for reader in READERS {
        let _ = writeln!(text, "\n### {}\n\n`slugproof {}`\n", reader.name, reader.arguments.join(" "));
        // A row of a sink may have the name of a reader.
        let case = |input: &Input| cases.iter().find(|case| (case.row, case.column) == (reader.name, input.name));
        table(&mut text, "input", "accepted", INPUTS.iter().filter_map(|input| Some((input.name, case(input)?))));
    }
    text.push_str(
        "\n## Outputs\n\nA command waits for a pipe without a writer, like `cat`, until it is interrupted.\n",
    );
    for (sink, description) in sinks::DESCRIPTIONS {
        let _ = writeln!(text, "\n### {sink}\n\n{description}\n");
        table(
            &mut text,
            "command",
            "nothing",
            cases.iter().filter(|case| case.column == *sink).map(|case| (case.row, case)),
        );
    }
    text
}

fn table<'c>(
    text: &mut String,
    first: &str,
    without_message: &str,
    cases: impl Iterator<Item = (&'c str, &'c CaseResult)>,
) {
    let _ = writeln!(text, "| {first} | exit | message | time | memory |\n| --- | --- | --- | --- | --- |");
    for (name, case) in cases {
        let message = match (case.skipped, case.message.as_str()) {
            (Some(reason), _) => reason.to_owned(),
            (None, ACCEPTED) => without_message.to_owned(),
            (None, message) => format!("`` {} ``", message.replace('|', "\\|")),
        };
        let (time, memory) = (time_class(case.time), memory_class(case.memory));
        let _ = writeln!(text, "| {name} | {} | {message} | {time} | {memory} |", case.exit);
    }
}

/// An upper bound on the time, as exact times vary between runs.
fn time_class(time: Duration) -> String {
    let classes = [100, 1_000, 10_000, 100_000];
    let class = classes.into_iter().find(|class| time.as_millis() < *class).unwrap_or(1_000_000);
    format!("< {} s", class as f64 / 1_000.0)
}

fn memory_class(bytes: u64) -> String {
    match [32, 128, 512].into_iter().find(|class| bytes >> 20 < *class) {
        _ if bytes == 0 => String::new(),
        Some(class) => format!("< {class} MiB"),
        None => format!("{} MiB", bytes >> 20),
    }
}
