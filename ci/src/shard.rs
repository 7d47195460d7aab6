//! `cargo ci shard`: runs one of N parts of the tests, so that N machines share the work.

use std::str::FromStr;

use crate::failure::Result;
use crate::process::Process;
use crate::tools;

/// Run the K-th of N parts of the tests
#[derive(clap::Args)]
pub struct Arguments {
    /// The part: K/N with K from 1 to N, such as 2/4
    shard: Shard,
}

pub fn run(arguments: Arguments) -> Result {
    let shard = arguments.shard;
    tools::ensure_cargo_tool("cargo-nextest")?;
    // Slices divide the tests of all programs together, so the sizes of parts differ by at most
    // one test. Sizes are random with hashes, and counts restart for every program.
    let partition = format!("slice:{}/{}", shard.index, shard.count);
    Process::cargo().args(["nextest", "run", "--workspace", "--locked", "--partition", &partition]).run()?;
    // nextest does not run documentation tests; the first part runs them.
    if shard.index == 1 { Process::cargo().args(["test", "--doc", "--workspace", "--locked"]).run() } else { Ok(()) }
}

/// One of several equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The number of this part, from 1.
    pub index: u16,
    /// The total number of parts.
    pub count: u16,
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("write K/N with K from 1 to N, such as 2/4"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn shard_has_an_index_from_one_to_its_count() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, count: 4 }));
        for text in ["0/4", "5/4", "1", "a/b", "1/0", "-1/2", "1/2/3", ""] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
