//! Reads the log of libFuzzer, which has no machine-readable format.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::checkout;
use crate::failure::Result;

/// The statistics and crashes of one run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log {
    pub executions: u64,
    pub edges: u64,
    pub features: u64,
    pub crashes: Vec<Crash>,
    /// The location of each panic, and its message up to the first colon.
    pub panics: Vec<(String, String)>,
}

/// A failure of a target on an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// `crash`, `timeout` or `oom`, the terms of libFuzzer, or `exit`.
    pub kind: String,
    pub input: Option<PathBuf>,
    /// Location of the panic: file, line and column.
    pub location: Option<String>,
    pub message: String,
}

impl Crash {
    /// True if kind and location are equal, and the message up to the first colon.
    fn is_duplicate_of(&self, other: &Self) -> bool {
        let message = |crash: &Self| match crash.location {
            Some(_) => before_colon(&crash.message).to_owned(),
            None => String::new(),
        };
        self.kind == other.kind && self.location == other.location && message(self) == message(other)
    }
}

impl Log {
    pub fn read(file: &Path) -> Result<Self> {
        Ok(Self::parse(&checkout::read_lossy(file)?))
    }

    pub fn parse(text: &str) -> Self {
        let mut log = Self::default();
        let mut panic: Option<(String, String)> = None;
        let mut error = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some((count, rest)) = line.strip_prefix('#').and_then(|line| line.split_once([' ', '\t']))
                && let Ok(count) = count.parse()
            {
                log.executions = count;
                let words: Vec<&str> = rest.split_whitespace().collect();
                for pair in words.windows(2) {
                    let number = pair[1].parse().unwrap_or(0);
                    match pair[0] {
                        "cov:" => log.edges = log.edges.max(number),
                        "ft:" => log.features = log.features.max(number),
                        _ => {}
                    }
                }
            } else if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
                log.executions = count.trim().parse().unwrap_or(log.executions);
            } else if let Some((_, location)) = line.split_once(" panicked at ").filter(|_| line.starts_with("thread "))
            {
                let message = lines.next().unwrap_or_default();
                let location = location.trim_end_matches(':');
                log.panics.push((location.to_owned(), before_colon(message).to_owned()));
                panic.get_or_insert_with(|| (location.to_owned(), message.to_owned()));
            } else if let Some(alarm) = line.strip_prefix("ALARM: ") {
                // The log announces a hang before the input is written, other failures by an error.
                error = alarm.to_owned();
            } else if let Some((_, message)) = line.split_once("ERROR: libFuzzer: ") {
                error = message.to_owned();
            } else if let Some((_, input)) = line.split_once("Test unit written to ") {
                let kind = input.rsplit('/').next().and_then(|name| name.split('-').next()).unwrap_or_default();
                // libFuzzer also writes slow units, which are not findings.
                if ["crash", "timeout", "oom"].contains(&kind) {
                    let (location, message) = match panic.take() {
                        Some((location, message)) => (Some(location), message),
                        None => (None, std::mem::take(&mut error)),
                    };
                    log.crashes.push(Crash {
                        kind: kind.to_owned(),
                        input: Some(PathBuf::from(input)),
                        location,
                        message: message.replace(char::is_control, " "),
                    });
                    error.clear();
                }
            }
        }
        log
    }

    /// The crashes of a run. `failed` is the status of a failed run; if the log has no crash, the
    /// result is a crash of kind `exit`.
    pub fn crashes_of(self, failed: Option<ExitStatus>) -> Vec<Crash> {
        match failed {
            Some(status) if self.crashes.is_empty() => vec![Crash {
                kind: "exit".to_owned(),
                input: None,
                location: self.panics.into_iter().next().map(|(location, _)| location),
                message: format!("the fuzzer ended with {status} and left no input"),
            }],
            _ => self.crashes,
        }
    }
}

/// One crash of each kind, with the number of its duplicates.
pub fn distinct(crashes: Vec<Crash>) -> Vec<(Crash, usize)> {
    let mut distinct: Vec<(Crash, usize)> = Vec::new();
    for crash in crashes {
        match distinct.iter_mut().find(|(known, _)| known.is_duplicate_of(&crash)) {
            Some((_, times)) => *times += 1,
            None => distinct.push((crash, 1)),
        }
    }
    distinct
}

fn before_colon(message: &str) -> &str {
    message.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = include_str!("../../tests/fuzz/crashes.log");

    #[test]
    fn log_has_statistics_and_crashes() {
        let log = Log::parse(LOG);
        assert_eq!((log.executions, log.edges, log.features), (4096, 812, 2310));
        let [panic, hang, memory] = &log.crashes[..] else { panic!("{:?}", log.crashes) };
        assert_eq!(panic.kind, "crash");
        assert_eq!(panic.location.as_deref(), Some("fuzz/src/lib.rs:27:9"));
        assert_eq!(panic.message, "agreement is broken: a provider");
        assert_eq!(panic.input.as_deref(), Some(Path::new("fuzz/artifacts/resolve/crash-0a1b2c")));
        assert_eq!((hang.kind.as_str(), hang.message.as_str()), ("timeout", "working on the last Unit for 11 seconds"));
        assert_eq!((memory.kind.as_str(), memory.location.as_deref()), ("oom", None));
        assert_eq!(memory.message, "out-of-memory (used: 1029Mb; limit: 1024Mb)");
        assert_eq!(log.panics, [("fuzz/src/lib.rs:27:9".to_owned(), "agreement is broken".to_owned())]);
    }

    #[test]
    fn crashes_that_differ_after_the_colon_are_the_same() {
        let crash = |message: &str, location: Option<&str>| Crash {
            kind: "crash".to_owned(),
            input: None,
            location: location.map(str::to_owned),
            message: message.to_owned(),
        };
        let found = distinct(vec![
            crash("law is broken: a", Some("x.rs:1:1")),
            crash("law is broken: b", Some("x.rs:1:1")),
            crash("law is broken: a", Some("x.rs:2:1")),
            crash("deadly signal", None),
            crash("another", None),
        ]);
        assert_eq!(found.iter().map(|(_, times)| *times).collect::<Vec<_>>(), [2, 1, 2]);
    }
}
