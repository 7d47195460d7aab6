//! docs/hostile.md.

use std::fmt::Write as _;
use std::time::Duration;

use crate::inputs::{INPUTS, Input};
use crate::readers::READERS;
use crate::sandbox::{ACCEPTED, Cell, MEMORY};
use crate::sinks;
use crate::subprocess::SECONDS;

const INTRODUCTION: &str = "# Hostile input

What slugproof does with input that is broken, endless or made to hurt, and with outputs
that nobody reads or that find no room. Each line below was run: the command in a child
process of its own, with a limit on memory and on time. `cargo ci hostile` makes this page; the
lines that take a moment are also part of `cargo test`. A line whose exit code or message
changes fails both.

Of every line it is also checked that nothing panics, overflows the stack or hangs; that
input which is refused leaves exactly one message, which names the file (of a batch, the
line) and says what to do (of YAML that cannot be parsed, what is wrong), and, where it is
an `error:`, nothing on standard output; that no file or part of one is left behind; and
that nothing printed drives the terminal.

";

const WORDS: &str = "
| word | meaning |
| --- | --- |
| exit | the exit code: 0 clean, 1 findings, 2 refused, 3 nothing was checked, 141 nobody reads any more; or the signal that ended the run |
| message | what is said; `accepted` where the input is read, whatever the command then finds in it |
| time | processor time of the run, in a build for tests, which is several times slower than a release |
| memory | the most memory in use at once; about 10 MiB is the least that can be measured |
";

/// The whole page.
pub fn render(cells: &[Cell]) -> String {
    let mut text = INTRODUCTION.to_owned();
    let run: Vec<&Cell> = cells.iter().filter(|cell| cell.skipped.is_none()).collect();
    let slowest = run.iter().max_by_key(|cell| cell.time).expect("there are cells");
    let largest = run.iter().max_by_key(|cell| cell.memory).expect("there are cells");
    let refused = run.iter().filter(|cell| cell.message != ACCEPTED).count();
    let _ = writeln!(
        text,
        "{} lines, {refused} of them refused with a message. The longest took {:.0} s of processor
time ({}), the largest needed {} MiB of memory ({});
none may take more than {SECONDS} s or {} MiB.",
        run.len(),
        slowest.time.as_secs_f64(),
        slowest.name(),
        largest.memory >> 20,
        largest.name(),
        MEMORY >> 20
    );
    text.push_str(WORDS);
    text.push_str("\n## The inputs\n\n| input | what it is |\n| --- | --- |\n");
    for input in INPUTS {
        let _ = writeln!(text, "| {} | {} |", input.name, input.words);
    }
    text.push_str("\n## The readers\n");
    for reader in READERS {
        let _ = writeln!(text, "\n### {}\n\n`slugproof {}`\n", reader.name, reader.arguments.join(" "));
        // A command of the same name may stand in a hostile place as well.
        let cell = |input: &Input| cells.iter().find(|cell| (cell.row, cell.column) == (reader.name, input.name));
        table(&mut text, "input", "accepted", INPUTS.iter().filter_map(|input| Some((input.name, cell(input)?))));
    }
    text.push_str("\n## The outputs\n\nA pipe that nobody writes into is waited for, as `cat` does; an interrupt ends that too.\n");
    for (place, words) in sinks::WORDS {
        let _ = writeln!(text, "\n### {place}\n\n{words}\n");
        table(
            &mut text,
            "command",
            "nothing",
            cells.iter().filter(|cell| cell.column == *place).map(|cell| (cell.row, cell)),
        );
    }
    text
}

fn table<'c>(text: &mut String, first: &str, without_message: &str, cells: impl Iterator<Item = (&'c str, &'c Cell)>) {
    let _ = writeln!(text, "| {first} | exit | message | time | memory |\n| --- | --- | --- | --- | --- |");
    for (name, cell) in cells {
        let message = match (cell.skipped, cell.message.as_str()) {
            (Some(why), _) => why.to_owned(),
            (None, ACCEPTED) => without_message.to_owned(),
            (None, message) => format!("`` {} ``", message.replace('|', "\\|")),
        };
        let (time, memory) = (time_class(cell.time), memory_class(cell.memory));
        let _ = writeln!(text, "| {name} | {} | {message} | {time} | {memory} |", cell.exit);
    }
}

/// Times differ from run to run, so that a class says all that is known.
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
