//! Policies that extend another policy.

use slug_resolver::policy::{Harness, InjectMode};
use slug_resolver::yaml::{self, Cursor, ReadError};
use slug_resolver::{Policy, PolicyDocument};

/// Reads a policy from a file that writes every second field, starting with the field `first`, and extends
/// a policy that has the other fields. The result should be the policy itself.
pub(crate) fn read_back(policy: &Policy, first: usize) -> Result<Policy, ReadError> {
    let mut base = policy.document().clone();
    base.name = "base".to_owned();
    let written = policy.to_yaml();
    let fields = fields(&written);
    let (header, others): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|(name, _)| ["schema_version", "name"].contains(name));
    let mut text: String = header.into_iter().map(|(_, text)| text).collect();
    text.push_str("extends: base\n");
    for (name, field) in others.into_iter().skip(first).step_by(2) {
        text.push_str(field);
        change(&mut base, name);
    }
    let root = yaml::read(text.as_bytes())?;
    Policy::from_node_extending(Cursor::root(&root), &mut |_| Ok(base.clone())).map_err(|error| error.located(&root))
}

/// The fields of a written document: the name of each, and its lines.
fn fields(written: &str) -> Vec<(&str, &str)> {
    let is_start = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase());
    let lines = written.split_inclusive('\n').scan(0, |end, line| {
        let start = *end;
        *end += line.len();
        Some((start, line))
    });
    let starts: Vec<usize> = lines.filter(|(_, line)| is_start(line)).map(|(start, _)| start).collect();
    let ends = starts.iter().skip(1).copied().chain([written.len()]);
    let texts = starts.iter().zip(ends).map(|(start, end)| &written[*start..end]);
    texts.map(|text| (text.split_once(':').map_or(text, |(name, _)| name), text)).collect()
}

/// Gives a field another value, which a policy that writes the field must not keep.
fn change(base: &mut PolicyDocument, field: &str) {
    let other = || "BASE".to_owned();
    match field {
        "harness" => base.harness.push(Harness::Command(other())),
        "runtime" => base.runtime.truncate(1),
        "runtimes" => base.runtimes.push(other()),
        "defaults" => drop(base.defaults.insert(other(), other())),
        "empty_is_set" => base.empty_is_set.push(other()),
        "templates" => drop(base.templates.insert(other(), other())),
        "creates" => base.creates.unless.truncate(1),
        "model" => base.model.truncate(1),
        "inject" => base.inject = InjectMode::First,
        "secrets" => base.secrets.truncate(1),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn fields_are_split_at_names() {
        let written = "name: x\nmodel:\n- use: y\n  when:\n    A: z\nsecrets: []\n";
        let expected =
            [("name", "name: x\n"), ("model", "model:\n- use: y\n  when:\n    A: z\n"), ("secrets", "secrets: []\n")];
        assert_eq!(fields(written), expected);
    }
}
