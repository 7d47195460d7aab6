//! The workflows of the two forges, and the actions that they use.

use std::fs;
use std::path::{Path, PathBuf};

/// Pinned by tag, because the hash was not available.
const UNPINNED: &str = "google/clusterfuzzlite/actions/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn workflows(dir: &str) -> Vec<PathBuf> {
    let entries = root().join(dir).read_dir().expect("the directory is readable");
    entries.map(|entry| entry.expect("the entry is readable").path()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Gitea reads .github/workflows only if .gitea/workflows does not exist, and would then also
/// wait for runners that only GitHub has. So .gitea/workflows has copies.
#[test]
fn gitea_workflows_equal_those_of_github() {
    let copies = workflows(".gitea/workflows");
    assert!(copies.len() >= 2, "{copies:?}");
    for copy in copies {
        let name = copy.file_name().expect("a file has a name");
        let original = root().join(".github/workflows").join(name);
        assert!(read(&copy) == read(&original), "copy {} to {}", original.display(), copy.display());
    }
}

#[test]
fn actions_are_pinned_by_hash() {
    let mut pinned = 0;
    for file in workflows(".github/workflows") {
        for line in read(&file).lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            if action.starts_with(UNPINNED) {
                continue;
            }
            let hash = action.split_once('@').and_then(|(_, version)| version.split_once(" # v")).map(|(hash, _)| hash);
            let is_hash = |hash: &str| hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(hash.is_some_and(is_hash), "{}: `{action}`: write @HASH # vVERSION", file.display());
            pinned += 1;
        }
    }
    assert!(pinned > 10, "only {pinned} actions were found");
}
