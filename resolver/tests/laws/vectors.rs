//! Rows recorded from the modelled system agree with the resolver and, for dispatch, with the reference.

use std::io::Read;

use flate2::read::GzDecoder;
use slug_laws::{Dataset, TestCase, reference};
use slug_resolver::{Code, Credentials, NameSubset, Policy, Registry, Rejection, Resolution};

#[test]
fn recorded_dispatch_rows_agree() {
    let rows = rows::<13>(include_bytes!("../vectors/full-saas.tsv.gz"));
    let dataset = Dataset::new(Registry::embedded(), Policy::embedded("full-saas").expect("ships with the crate"));
    let (header, rows) = rows.split_first().expect("there is a header");
    let columns = |names: &[&str]| {
        names.iter().map(|name| header.iter().position(|column| column == name).unwrap()).collect::<Vec<_>>()
    };
    let expected = columns(&["slug", "rule", "injected", "provider", "code"]);
    let variables: Vec<usize> = (0..header.len()).filter(|&column| header[column].starts_with("E2E_")).collect();

    for row in rows {
        let mut case = TestCase::new(&dataset, &row[0]);
        for &column in &variables {
            if row[column] != r"\N" {
                case.variables.insert(header[column].clone(), row[column].clone());
            }
        }
        let expected: Vec<&str> = expected.iter().map(|&column| row[column].as_str()).collect();
        let found = slug_resolver::resolve(&dataset.registry, &case.runtime, &case.env(), &[]);
        assert_eq!(columns_of(&found), expected, "{row:?}");
        let found = reference::resolve(&dataset.registry, &dataset.policy, &case.runtime, &case.variables, &[]);
        assert_eq!(columns_of(&found), expected, "the reference on {row:?}");
    }
    assert_eq!(rows.len(), 6_098);
}

fn columns_of(resolution: &Resolution<'_>) -> Vec<String> {
    [
        resolution.slug,
        resolution.rule.unwrap_or_default(),
        &resolution.injected.join(","),
        resolution.provider.map_or("", |provider| &provider.name),
        resolution.code.map_or("coherent", Code::as_str),
    ]
    .map(String::from)
    .to_vec()
}

#[test]
fn recorded_derivation_rows_agree() {
    let rows = rows::<4>(include_bytes!("../vectors/derive.tsv.gz"));
    let registry = Registry::embedded();
    let (header, rows) = rows.split_first().expect("there is a header");
    assert_eq!(header, &["runtime", "model", "auth_env", "provider"]);
    for row in rows {
        let [runtime, model, auth_env, expected] = row.clone().map(|field| unescape(&field));
        let names: Vec<String> = auth_env.split(',').filter(|name| !name.is_empty()).map(String::from).collect();
        let credentials = Credentials { injected: NameSubset::of(&names, |_| true), ambient: &[] };
        let found = registry.derive(&runtime, &model, &credentials);
        let found = match found {
            Ok(provider) => provider.name.clone(),
            Err(Rejection::ModelRequired) => "ERR:model_required".into(),
            Err(Rejection::UnknownRuntime) => "ERR:unknown_runtime".into(),
            Err(Rejection::UnregisteredModel) => "ERR:unregistered".into(),
            Err(Rejection::AmbiguousModel) => "ERR:ambiguous".into(),
            Err(Rejection::WithdrawnModel) => "ERR:withdrawn".into(),
        };
        assert_eq!(found, expected, "{row:?}");
    }
    assert_eq!(rows.len(), 10_396);
}

fn rows<const N: usize>(gz: &[u8]) -> Vec<[String; N]> {
    let mut text = String::new();
    GzDecoder::new(gz).read_to_string(&mut text).expect("the vectors are gzipped UTF-8");
    let split =
        |line: &str| line.split('\t').map(String::from).collect::<Vec<_>>().try_into().expect("every row is full");
    text.strip_suffix('\n').expect("the last row ends").split('\n').map(split).collect()
}

fn unescape(field: &str) -> String {
    let mut text = String::new();
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        text.push(match characters.next() {
            Some('\\') => '\\',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('v') => '\u{b}',
            Some('f') => '\u{c}',
            Some('0') => '\0',
            other => panic!("unknown escape {other:?} in {field:?}"),
        });
    }
    text
}
