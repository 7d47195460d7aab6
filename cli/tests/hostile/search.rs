//! Searches for the input of each reader that takes the most processor time, by climbing: a change of one of the worst
//! inputs so far is kept if it is worse still.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::inputs::{Applicability, INPUTS};
use crate::readers::{READERS, Reader, Voice};
use crate::sandbox::{scratch, write};
use crate::subprocess::Run;

/// The most processor time of an input, in a release build.
const MOST_TIME: Duration = Duration::from_secs(5);

/// The most memory of an input.
const MOST_MEMORY: u64 = 1 << 30;

/// The most bytes of an input.
const MOST_BYTES: usize = 4 << 20;

/// The number of inputs that are changed further.
const KEPT: usize = 12;

/// An input, and what reading it takes.
struct Found {
    bytes: Vec<u8>,
    time: Duration,
    memory: u64,
}

/// For `cargo ci hostile --search SECONDS`, which runs it in a release build and reads the page.
#[test]
#[ignore = "searches for a given time; `cargo ci hostile --search SECONDS` runs it"]
fn worst_inputs_are_within_the_limits() {
    let seconds = std::env::var("HOSTILE_SEARCH").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let only = std::env::var("HOSTILE_READER").ok();
    let mut page = format!(
        "# Worst inputs\n\n`cargo ci hostile --search {seconds}` searches for the input of each reader that takes the \
         most time, for {seconds} seconds each,\nand writes this page. It begins with the \
         [hostile inputs](hostile.md), \
         changes the worst inputs so far, and keeps what is worse\nstill. Inputs have at most {} MiB. A release build \
         read them.\n\nNo input may take more than {} seconds of processor time or {} MiB of memory.\n\n\
         | reader | inputs tried | worst input, bytes | processor time | memory |\n| --- | --: | --: | --: | --: |\n",
        MOST_BYTES >> 20,
        MOST_TIME.as_secs(),
        MOST_MEMORY >> 20,
    );
    let mut exceeded = Vec::new();
    let is_meant = |reader: &Reader| only.as_ref().is_none_or(|only| only == reader.name);
    for (number, reader) in READERS.iter().enumerate().filter(|(_, reader)| is_meant(reader)) {
        let directory = scratch(10_000 + number);
        reader.beside.iter().for_each(|(name, content)| write(&directory, name, content));
        let (worst, tried) = search(reader, &directory, Duration::from_secs(seconds));
        let _ = writeln!(
            page,
            "| {} | {tried} | {} | {:.2} s | {} MiB |",
            reader.name,
            worst.bytes.len(),
            worst.time.as_secs_f64(),
            worst.memory >> 20
        );
        if worst.time > MOST_TIME || worst.memory > MOST_MEMORY {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("worst-{number}"));
            fs::write(&kept, &worst.bytes).expect("the target directory can be written to");
            exceeded.push(format!("{}: {:?}, {} MiB: {}", reader.name, worst.time, worst.memory >> 20, kept.display()));
        }
        let _ = fs::remove_dir_all(directory);
    }
    if let Some(path) = std::env::var_os("HOSTILE_PAGE") {
        fs::write(path, page).expect("the page can be written");
    }
    assert!(exceeded.is_empty(), "inputs exceed the limits:\n{}", exceeded.join("\n"));
}

/// The worst input of a reader that was found in a given time, and how many were tried.
fn search(reader: &Reader, directory: &Path, time: Duration) -> (Found, usize) {
    let start = Instant::now();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut kept: Vec<Found> = Vec::new();
    let mut tried = 0;
    let mut attempt = |kept: &mut Vec<Found>, bytes: Vec<u8>| {
        let found = measure(reader, directory, bytes);
        tried += 1;
        kept.push(found);
        kept.sort_by_key(|found| std::cmp::Reverse((found.time, found.memory)));
        kept.truncate(KEPT);
    };
    for bytes in starts(reader, directory) {
        attempt(&mut kept, bytes);
    }
    while start.elapsed() < time {
        let chosen = random.below(kept.len());
        let changed = random.changed(&kept[chosen].bytes, &kept[0].bytes);
        attempt(&mut kept, changed);
    }
    (kept.swap_remove(0), tried)
}

/// The valid file, and the hostile inputs that are not too large.
fn starts(reader: &Reader, directory: &Path) -> Vec<Vec<u8>> {
    let mut starts = vec![reader.in_order().into_bytes()];
    let path = directory.join("start");
    for input in INPUTS.iter().filter(|input| !input.is_special() && !input.is_slow) {
        if input.make(reader, &path).expect("the input can be made") == Applicability::Applicable {
            starts.extend(fs::read(&path).ok().filter(|bytes| bytes.len() <= MOST_BYTES));
        }
        let _ = fs::remove_file(&path);
    }
    starts
}

fn measure(reader: &Reader, directory: &Path, bytes: Vec<u8>) -> Found {
    write(directory, reader.file, &bytes);
    let mut run = Run::new(directory, reader.arguments);
    if reader.voice == Voice::Reply {
        let file = reader.file;
        run.script =
            format!("{{ printf 'Content-Length: %s\\r\\n\\r\\n' $(wc -c < {file}); cat {file}; }} | exec \"$@\"");
    }
    let output = run.run();
    assert!(!output.stderr.contains("panicked at"), "{}: {}", reader.name, output.stderr);
    Found { bytes, time: output.time, memory: output.memory }
}

/// A generator of numbers (xorshift), so that each search is the same.
struct Random(u64);

impl Random {
    /// A number below another one, which is not 0.
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most
    }

    /// A part of a text: some lines, the inside of a pair of brackets, or some bytes.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let length = |it: &mut Self, most: usize| 1 + it.below(most);
        match self.below(3) {
            0 => {
                let line = bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                let lines = length(self, 8);
                let ends = bytes[line..].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
                line..ends.take(lines).last().map_or(bytes.len(), |(at, _)| line + at + 1)
            }
            1 => {
                let opens = bytes[..start].iter().rposition(|byte| b"[{(".contains(byte)).map_or(0, |at| at + 1);
                let closes = bytes[opens..].iter().position(|byte| b"]})".contains(byte));
                opens..closes.map_or(bytes.len(), |at| opens + at)
            }
            _ => start..(start + length(self, 40)).min(bytes.len()),
        }
    }

    /// A change of an input, with parts of another one.
    fn changed(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let part = self.part(bytes);
        let at = if self.below(2) == 0 { part.end } else { part.start };
        let copies = 1 << self.below(12);
        let inserted = match self.below(4) {
            0 => bytes[part.clone()].repeat(copies.min(MOST_BYTES / part.len().max(1))),
            1 => self.numbered(&bytes[part.clone()], copies),
            2 => {
                let part = self.part(other);
                other[part].to_vec()
            }
            _ => {
                let mut without = bytes[..part.start].to_vec();
                without.extend_from_slice(&bytes[part.end..]);
                return without;
            }
        };
        let mut changed = bytes[..at].to_vec();
        changed.extend(inserted);
        changed.extend_from_slice(&bytes[at..]);
        if changed.len() > MOST_BYTES { bytes.to_vec() } else { changed }
    }

    /// Copies of a part in which a word has another number each, so that names differ.
    fn numbered(&mut self, part: &[u8], copies: usize) -> Vec<u8> {
        let starts: Vec<usize> = (0..part.len()).filter(|at| part[*at].is_ascii_alphabetic()).collect();
        if starts.is_empty() {
            return part.to_vec();
        }
        let start = starts[self.below(starts.len())];
        let end =
            part[start..].iter().position(|byte| !byte.is_ascii_alphanumeric()).map_or(part.len(), |at| start + at);
        let mut all = Vec::new();
        for copy in 0..copies.min(MOST_BYTES / part.len()) {
            all.extend_from_slice(&part[..end]);
            all.extend_from_slice(copy.to_string().as_bytes());
            all.extend_from_slice(&part[end..]);
        }
        all
    }
}
