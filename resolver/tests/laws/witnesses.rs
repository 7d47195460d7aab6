//! Every recorded case still comes to what it records, under every law.

use std::path::Path;

use slug_resolver::laws::case::Expectation;
use slug_resolver::laws::{Product, Trial, Witness, law};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../proptest-regressions/witnesses");

#[test]
fn every_witness_holds() {
    let mut replayed = 0;
    for entry in Path::new(DIRECTORY).read_dir().expect("the witnesses are there") {
        let path = entry.expect("the directory is readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8").to_owned();
        let (id, what) =
            name.strip_suffix(".yaml").and_then(|stem| stem.split_once("--")).expect("named <law>--<what>.yaml");
        assert!(law(id).is_some() && !what.is_empty(), "{name}: no law is called `{id}`");

        let bytes = std::fs::read(&path).expect("witnesses are readable");
        let witness = Witness::from_yaml(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(witness.law.as_deref(), Some(id), "{name}: named after another law");
        let expected = witness.expect.as_ref().unwrap_or_else(|| panic!("{name}: says nothing to expect"));

        let trial = Trial::new(&Product, &witness.case);
        assert_eq!(&Expectation::of(&trial.resolution), expected, "{name}");
        if let Err((law, violation)) = trial.check_all() {
            panic!("{name}: {} is broken: {violation}", law.id);
        }
        assert_eq!(
            Witness::from_yaml(witness.to_yaml().as_bytes()).as_ref(),
            Ok(&witness),
            "{name}: not what is written back"
        );
        replayed += 1;
    }
    assert!(replayed > 0, "no witness was replayed");
}

/// proptest passes silently over a seed file that it cannot read, so it is read here.
#[test]
fn every_seed_is_well_formed_and_has_a_witness() {
    let directory = Path::new(DIRECTORY).parent().expect("the witnesses have a directory above them");
    let names = |directory: &Path| -> Vec<String> {
        let entries = directory.read_dir().expect("the corpus is readable");
        entries
            .map(|entry| entry.expect("the corpus is readable").file_name().into_string().expect("names are UTF-8"))
            .collect()
    };
    let witnesses = names(Path::new(DIRECTORY));
    for name in names(directory) {
        let Some(id) = name.strip_suffix(".txt") else {
            assert!(
                ["witnesses", "README.md"].contains(&name.as_str()),
                "{name} is neither a seed file nor anything else known"
            );
            continue;
        };
        assert!(law(id).is_some(), "{name}: no law is called `{id}`");
        assert!(witnesses.iter().any(|witness| witness.starts_with(&format!("{id}--"))), "{name} has no witness");
        let seeds = std::fs::read_to_string(directory.join(&name)).expect("seed files are UTF-8");
        for line in seeds.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(is_seed(line), "{name}: not a seed: {line}");
        }
    }
}

/// `cc`, 64 hexadecimal digits, and what they shrank to.
fn is_seed(line: &str) -> bool {
    let Some((seed, rest)) = line.strip_prefix("cc ").and_then(|rest| rest.split_once(' ')) else { return false };
    seed.len() == 64 && seed.chars().all(|digit| digit.is_ascii_hexdigit()) && rest.starts_with("# shrinks to ")
}

#[test]
fn what_is_no_seed_is_seen() {
    let digits = "0123456789abcdef".repeat(4);
    assert!(is_seed(&format!("cc {digits} # shrinks to x")));
    for line in
        [format!("cc {digits}"), format!("cc {} # shrinks to x", &digits[1..]), format!("xc {digits} # shrinks to x")]
    {
        assert!(!is_seed(&line), "{line}");
    }
}
