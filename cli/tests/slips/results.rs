//! Keeps what was found out about each slip in a file, so that an interrupted run can go on.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::repositories::Repository;
use crate::slips::Slip;
use crate::tool::Answer;

/// What was found out about a slip.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Why it matters; `None` if it does not.
    pub reason: Option<String>,
    /// The worst finding.
    pub answer: Answer,
    /// The findings.
    pub said: Vec<String>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    outcome: Outcome,
}

/// The results for one repository.
pub struct Results {
    /// A hash of slugproof, of these tests and of the repository.
    state: Sha256,
    earlier: BTreeMap<String, Outcome>,
    /// The file that `SLIPS_RESULTS` names, if it is set.
    file: Option<Mutex<File>>,
}

impl Results {
    /// Reads the file.
    pub fn of(repository: &Repository) -> Self {
        let mut state = Sha256::new();
        let tests = std::env::current_exe().expect("the tests have a path");
        for program in [env!("CARGO_BIN_EXE_slugproof").as_ref(), tests.as_path()] {
            state.update(fs::read(program).expect("the program is built"));
        }
        state.update(format!("{:?}", repository.files));
        let path = std::env::var_os("SLIPS_RESULTS");
        let bytes = path.as_ref().and_then(|path| fs::read(path).ok()).unwrap_or_default();
        // A line may have been interrupted.
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        let earlier = lines.map(|line| (line.key, line.outcome)).collect();
        let open = |path| OpenOptions::new().create(true).append(true).open(path).expect("the file can be written");
        Self { state, earlier, file: path.map(|path| Mutex::new(open(path))) }
    }

    /// The outcome of a slip: an earlier one, or the one that `find_out` returns.
    pub fn outcome(&self, slip: &Slip, find_out: impl FnOnce() -> Outcome) -> Outcome {
        let state = self.state.clone().chain_update(format!("{}\n{}", slip.path, slip.text));
        let key = hex::encode(state.finalize());
        if let Some(outcome) = self.earlier.get(&key) {
            return outcome.clone();
        }
        let line = Line { key, outcome: find_out() };
        if let Some(file) = &self.file {
            let text = serde_json::to_string(&line).expect("a line is plain data");
            // The first line break ends a line that was interrupted.
            writeln!(file.lock().expect("no thread panicked"), "\n{text}").expect("the file can be written");
        }
        line.outcome
    }
}
