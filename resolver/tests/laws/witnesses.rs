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
