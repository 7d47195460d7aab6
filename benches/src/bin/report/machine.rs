//! The machine on which the benchmarks run.

use std::fs;
use std::process::Command;

use serde::Serialize;

/// A description of the machine.
#[derive(Serialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub rustc: String,
}

impl Machine {
    /// Describes the machine that runs this program.
    pub fn current() -> Self {
        let unknown = || "unknown".to_owned();
        let cpu_info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = cpu_info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let rustc = Command::new("rustc").arg("--version").output().ok();
        let rustc = rustc.and_then(|output| String::from_utf8(output.stdout).ok());
        Self {
            processor: processor.map_or_else(unknown, |(_, name)| name.trim().to_owned()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            rustc: rustc.map_or_else(unknown, |version| version.trim().to_owned()),
        }
    }
}
