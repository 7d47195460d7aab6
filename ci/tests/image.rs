//! The Dockerfile, read as text: no Docker is needed, and none runs it here.

use std::fs;
use std::path::{Path, PathBuf};

/// Programs that would use the network beyond what cargo does.
const NETWORK: [&str; 8] = ["apk", "apt-get", "curl", "git", "npm", "pip", "rustup", "wget"];

/// A stage: its base image, its name, and its other instructions.
struct Stage {
    base: String,
    name: Option<String>,
    instructions: Vec<Vec<String>>,
}

impl Stage {
    /// The arguments of each instruction of a kind.
    fn all(&self, kind: &str) -> Vec<&[String]> {
        let is_kind = |words: &&Vec<String>| words[0] == kind;
        self.instructions.iter().filter(is_kind).map(|words| &words[1..]).collect()
    }
}

#[test]
fn base_images_are_rust_and_nothing() {
    let stages = stages();
    let bases: Vec<&str> = stages.iter().map(|stage| stage.base.as_str()).collect();
    let [build, "scratch"] = bases[..] else { panic!("{bases:?}") };
    // On Alpine, the target of Rust is static.
    let version = build.strip_prefix("rust:").and_then(|tag| tag.strip_suffix("-alpine")).expect("Rust on Alpine");
    let number =
        |version: &str| -> u32 { version.split('.').nth(1).expect("a minor version").parse().expect("digits") };
    let manifest = read("Cargo.toml");
    let oldest = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).expect("a version");
    assert!(number(version) >= number(oldest.trim_end_matches('"')), "{version} is older than {oldest}");
}

#[test]
fn copied_paths_exist() {
    let stages = stages();
    let mut copies = 0;
    for (number, stage) in stages.iter().enumerate() {
        for words in stage.all("COPY") {
            let (from, paths) = match words[0].strip_prefix("--from=") {
                Some(from) => (Some(from), &words[1..]),
                None => (None, words),
            };
            let (_, sources) = paths.split_last().expect("COPY has a destination");
            assert!(!sources.is_empty(), "{words:?}");
            copies += 1;
            match from {
                None => sources.iter().for_each(|path| assert!(root().join(path).exists(), "{path}")),
                Some(from) => {
                    let earlier = stages[..number].iter().find(|stage| stage.name.as_deref() == Some(from));
                    let earlier = earlier.unwrap_or_else(|| panic!("no earlier stage is `{from}`"));
                    assert_eq!(sources, [built(earlier)], "the stage builds another file");
                }
            }
        }
    }
    assert!(copies >= 3, "only {copies} copies were found");
}

/// The path of the binary that a stage builds.
fn built(stage: &Stage) -> String {
    let directory = &stage.all("WORKDIR").last().expect("the stage has a directory")[0];
    let commands = stage.all("RUN");
    let [command] = commands[..] else { panic!("the stage should have one command: {commands:?}") };
    let option = |name: &str| command.iter().skip_while(|word| *word != name).nth(1).expect("the option has a value");
    assert_eq!(command[..2], ["cargo", "build"]);
    assert!(command.contains(&"--locked".to_owned()));
    let manifest = read("Cargo.toml");
    assert!(manifest.contains(&format!("\n[profile.{}]\n", option("--profile"))));
    format!("{directory}/target/{}/{}", option("--profile"), option("--bin"))
}

#[test]
fn build_uses_the_network_only_through_cargo() {
    let mut commands = 0;
    for stage in stages() {
        assert!(stage.all("ADD").is_empty(), "ADD can download");
        for command in stage.all("RUN") {
            commands += 1;
            let network = command.iter().find(|word| NETWORK.contains(&word.as_str()));
            assert_eq!(network, None, "{command:?}");
        }
    }
    assert!(commands > 0);
}

#[test]
fn entry_point_is_a_copied_file() {
    let stages = stages();
    let last = stages.last().expect("a stage");
    let entry = last.all("ENTRYPOINT");
    // A list, because an image without a shell cannot split a text.
    let entry = entry[0].join(" ");
    let program = entry.strip_prefix("[\"").and_then(|entry| entry.strip_suffix("\"]")).expect("a list of one program");
    let is_copied = |words: &&[String]| words.last().is_some_and(|to| to == program);
    assert!(last.all("COPY").iter().any(is_copied), "{program}");
    assert!(last.all("RUN").is_empty(), "an image from nothing cannot run a command");
}

/// The context of the build lacks what is large, and nothing that cargo needs.
#[test]
fn context_has_every_member_of_the_workspace() {
    let ignored = read(".dockerignore");
    let ignored: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(ignored.contains(&"target") && ignored.contains(&".git"), "{ignored:?}");
    for directory in ["benches", "ci", "cli", "crates", "fuzz", "resolver", "Cargo.lock", "Cargo.toml"] {
        assert!(!ignored.contains(&directory), "{directory}");
        assert!(root().join(directory).exists(), "{directory}");
    }
}

/// The stages of the Dockerfile. Comments are left out; no instruction is continued on another line.
fn stages() -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for line in read("Dockerfile").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(!line.ends_with('\\'), "{line}");
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if words[0] == "FROM" {
            let name = words.get(3).filter(|_| words[2] == "AS").cloned();
            stages.push(Stage { base: words[1].clone(), name, instructions: Vec::new() });
        } else {
            stages.last_mut().expect("FROM is first").instructions.push(words);
        }
    }
    stages
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
