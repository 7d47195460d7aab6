//! The flow of values from inputs to variables: a text that matters for a variable is worth trying as the
//! value of the input that sets it.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Node, Value};
use super::expression::{Part, parts};
use super::model::EnvLayer;
use super::texts::{Name, names_in};

/// The variables and matrix keys that can get the values of other names.
#[derive(Debug, Default)]
pub struct Flows(BTreeMap<Name, BTreeSet<Name>>);

impl Flows {
    /// The flows of a job with these environments and this matrix.
    #[must_use]
    pub fn new(layers: &[&EnvLayer], matrix: Option<&Node>) -> Self {
        let mut flows = Self::default();
        for entry in layers.iter().flat_map(|layer| layer.entries()) {
            flows.add(&entry.value, &Name::new("env", &entry.name));
        }
        for (key, values) in matrix.map(Node::entries).unwrap_or_default() {
            let key = key.text().unwrap_or_default();
            let of_rows = values.items().iter().flat_map(Node::entries).filter(|_| key == "include");
            let keys = of_rows.filter_map(|(key, value)| Some((key.text()?, value)));
            for (key, values) in keys.chain([(key, values)]) {
                each_text(values, &mut |text| flows.add(text, &Name::new("matrix", key)));
            }
        }
        flows
    }

    fn add(&mut self, text: &str, target: &Name) {
        for name in names_in(text) {
            self.0.entry(name).or_default().insert(target.clone());
        }
    }

    /// A name and every name that its value can reach, directly or not.
    #[must_use]
    pub fn reached(&self, name: &Name) -> BTreeSet<Name> {
        let mut found = BTreeSet::from([name.clone()]);
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            for target in self.0.get(name).into_iter().flatten() {
                if found.insert(target.clone()) {
                    open.push(target);
                }
            }
        }
        found
    }
}

/// The names that a script seems to compare with texts, by `=`, `==`, `!=` and `case`. The script is not
/// parsed, because the result only says what is worth trying.
pub fn comparisons_in_script(script: &str) -> Vec<(Name, String)> {
    if !script.contains('=') && !script.contains("case") {
        return Vec::new();
    }
    let mut expressions = Vec::new();
    let mut text = String::new();
    for part in parts(script) {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Expression(expression) => {
                text.push_str(&format!("{MARK}{}", expressions.len()));
                expressions.push(format!("${{{{{expression}}}}}"));
            }
            Part::Unclosed => {}
        }
    }
    let names = |word: &str| -> BTreeSet<Name> {
        match word.strip_prefix(MARK) {
            Some(index) => index.parse().ok().and_then(|index: usize| expressions.get(index)).map(|it| names_in(it)),
            None => word.strip_prefix('$').map(|name| BTreeSet::from([Name::new("env", variable(name))])),
        }
        .unwrap_or_default()
    };
    let words: Vec<&str> = text.split_whitespace().map(without_quotes).collect();
    let mut found = Vec::new();
    let mut add = |one: &str, other: &str| {
        if !other.is_empty() && !other.contains(['$', '*', '?', MARK]) {
            found.extend(names(one).into_iter().map(|name| (name, other.to_owned())));
        }
    };
    let mut subject = None;
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).copied().unwrap_or_default();
        let before = index.checked_sub(1).map_or("", |before| words[before]);
        match *word {
            "=" | "==" | "!=" => {
                add(before, next);
                add(next, before);
            }
            "case" => subject = Some(next),
            "esac" => subject = None,
            pattern => {
                if let (Some(subject), Some((patterns, _))) = (subject, pattern.split_once(')')) {
                    let patterns = patterns.trim_start_matches('(').split('|').map(without_quotes);
                    patterns.for_each(|pattern| add(subject, pattern));
                }
            }
        }
    }
    found
}

/// A character that stands for an expression and appears in no script.
const MARK: char = '\u{10fffa}';

/// The name of a variable whose expansion begins after the `$`.
fn variable(expansion: &str) -> &str {
    let name = expansion.strip_prefix('{').unwrap_or(expansion);
    let end = name.find(|sign: char| sign != '_' && !sign.is_ascii_alphanumeric()).unwrap_or(name.len());
    &name[..end]
}

fn without_quotes(word: &str) -> &str {
    word.trim_end_matches(';').trim_matches(['"', '\''])
}

fn each_text(node: &Node, action: &mut impl FnMut(&str)) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| each_text(item, action)),
        Value::Mapping(entries) => entries.iter().for_each(|(_, value)| each_text(value, action)),
        _ => node.text().into_iter().for_each(action),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_in_scripts_are_found() {
        for (script, expected) in [
            ("if [ \"$MODE\" = house ]; then exit; fi", "env.mode=house"),
            ("[[ ${MODE:-own} == \"house\" ]] && exit", "env.mode=house"),
            ("[ 'house' != \"${MODE}\" ]", "env.mode=house"),
            ("test \"${{ inputs.mode || 'own' }}\" = 'house'", "inputs.mode=house"),
            ("[ '${{ github.event.inputs.Mode }}' == house ]", "inputs.mode=house"),
            (
                "case \"$MODE\" in house|own) exit ;; \"other\") exit;; *) ;; esac",
                "env.mode=house env.mode=own env.mode=other",
            ),
            ("case ${{ inputs.mode }} in\n  (house) exit ;;\nesac; (a)", "inputs.mode=house"),
            ("MODE=house; echo a)", ""),
            ("[ \"$MODE\" = \"$OTHER\" ] || [ \"$MODE\" = '' ]", ""),
            ("[ x${{ inputs.a }} = house ] && [ ${{ inputs", ""),
        ] {
            let found = comparisons_in_script(script);
            let shown = found.iter().map(|(Name(context, name), text)| format!("{context}.{name}={text}"));
            assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{script}");
        }
    }
}
