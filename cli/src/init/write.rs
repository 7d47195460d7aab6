//! Policies as people write them: one line for each rule, with a comment that says where it is from.

use slug_resolver::policy::{
    Condition, Harness, InjectMode, Membership, Pick, PickRule, PolicyDocument, SecretsEffect, SecretsRule, Source,
    Test,
};
use slug_resolver::yaml;

/// Where the rules of a policy are from.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Comments at the top of the file, one a line.
    pub head: Vec<String>,
    /// The place of each rule for the model.
    pub model: Vec<Option<String>>,
    /// The place of each rule for secrets.
    pub secrets: Vec<Option<String>>,
}

/// The longest line that gets a comment at its end.
const WIDTH: usize = 100;

/// Writes the fields of a policy that inference sets.
#[must_use]
pub fn policy(document: &PolicyDocument, origins: &Origins) -> String {
    let mut text = String::new();
    for line in &origins.head {
        text.push_str(&format!("# {line}\n"));
    }
    text.push_str(&format!("schema_version: 2\nname: {}\n", scalar(&document.name)));
    let harness = document.harness.iter().filter_map(Harness::command);
    text.push_str(&format!("harness: {}\n", list(harness)));
    if let Some(function) = &document.function {
        text.push_str("function:\n");
        text.push_str(&format!("  source: {}\n", list(function.source.iter().map(String::as_str))));
        text.push_str(&format!("  model: {}\n", block_scalar(&function.model)));
        if let Some(secrets) = &function.secrets {
            text.push_str(&format!("  secrets: {}\n", block_scalar(secrets)));
        }
    }
    match document.runtime.as_slice() {
        [PickRule { name: None, when, pick: Pick::FirstOf(sources) }] if when.is_empty() => {
            if let [Source::Variable(name)] = sources.as_slice() {
                text.push_str(&format!("runtime: {name}\n"));
            }
        }
        _ => {}
    }
    if !document.runtimes.is_empty() {
        text.push_str(&format!("runtimes: {}\n", list(document.runtimes.iter().map(String::as_str))));
    }
    if !document.defaults.is_empty() {
        let entries: Vec<String> =
            document.defaults.iter().map(|(name, value)| format!("{name}: {}", scalar(value))).collect();
        text.push_str(&format!("defaults: {{{}}}\n", entries.join(", ")));
    }
    if !document.empty_is_set.is_empty() {
        text.push_str(&format!("empty_is_set: {}\n", list(document.empty_is_set.iter().map(String::as_str))));
    }
    if document.model.is_empty() {
        text.push_str("model: []\n");
    } else {
        text.push_str("model: # the first rule that applies\n");
    }
    rules(&mut text, document.model.iter().map(pick_rule), &origins.model);
    if document.inject == InjectMode::Every {
        text.push_str("inject: every\n");
    }
    if !document.secrets.is_empty() {
        let count = if document.inject == InjectMode::Every { "every rule" } else { "the first rule" };
        text.push_str(&format!("secrets: # {count} that applies\n"));
        rules(&mut text, document.secrets.iter().map(secrets_rule), &origins.secrets);
    }
    text
}

fn rules(text: &mut String, rules: impl Iterator<Item = String>, places: &[Option<String>]) {
    for (position, rule) in rules.enumerate() {
        let line = format!("  - {rule}");
        match places.get(position).and_then(Option::as_ref) {
            Some(place) if line.len() + place.len() > WIDTH => text.push_str(&format!("  # {place}\n{line}\n")),
            Some(place) => text.push_str(&format!("{line} # {place}\n")),
            None => text.push_str(&format!("{line}\n")),
        }
    }
}

fn pick_rule(rule: &PickRule) -> String {
    let mut fields: Vec<String> = rule.name.iter().map(|name| format!("name: {}", scalar(name))).collect();
    fields.extend(when(&rule.when));
    let source = |source: &Source| match source {
        Source::Text(text) => scalar(&text.replace('$', "$$")),
        Source::Variable(name) => format!("${name}"),
    };
    let is_word = |text: &str| text == "none";
    fields.push(match &rule.pick {
        Pick::Nothing => "use: none".to_owned(),
        Pick::FirstOf(sources) => match sources.as_slice() {
            [Source::Text(text)] if is_word(text) => "use: [none]".to_owned(),
            [only] => format!("use: {}", source(only)),
            _ => format!("use: [{}]", sources.iter().map(source).collect::<Vec<_>>().join(", ")),
        },
    });
    format!("{{{}}}", fields.join(", "))
}

fn secrets_rule(rule: &SecretsRule) -> String {
    let mut fields: Vec<String> = rule.name.iter().map(|name| format!("name: {}", scalar(name))).collect();
    fields.extend(rule.key.iter().map(|key| format!("key: {key}")));
    fields.extend(when(&rule.when));
    match &rule.effect {
        SecretsEffect::Platform => fields.push("path: platform".to_owned()),
        SecretsEffect::Inject(names) if names.as_slice() == rule.key.as_slice() => {}
        SecretsEffect::Inject(names) => {
            fields.push(format!("inject: {}", list(names.iter().map(String::as_str))));
        }
    }
    format!("{{{}}}", fields.join(", "))
}

fn when(condition: &Condition) -> Option<String> {
    let runtime = condition.runtime.iter().map(|runtime| format!("runtime: {}", membership(runtime)));
    let tests = condition.variables.iter().map(|(name, test)| {
        let test = match test {
            Test::Set => "set".to_owned(),
            Test::Unset => "unset".to_owned(),
            Test::Value(value) => membership(value),
            Test::Host(host) => format!("{{host: {}}}", scalar(host)),
        };
        format!("{name}: {test}")
    });
    let entries: Vec<String> = runtime.chain(tests).collect();
    (!entries.is_empty()).then(|| format!("when: {{{}}}", entries.join(", ")))
}

fn membership(membership: &Membership) -> String {
    let texts = |texts: &[String]| match texts {
        [only] if only != "set" && only != "unset" => scalar(only),
        _ => list(texts.iter().map(String::as_str)),
    };
    match membership {
        Membership::OneOf(members) => texts(members),
        Membership::NoneOf(others) => format!("{{not: {}}}", texts(others)),
    }
}

/// A list of texts on one line.
pub fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(scalar).collect::<Vec<_>>().join(", "))
}

/// A text inside braces: without quotes if every YAML reader reads it as this text.
pub fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '$' || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./$:".contains(c))
        && !text.ends_with(':')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A text that is the whole value of a field on a line of its own.
fn block_scalar(text: &str) -> String {
    let is_same = |written: &str| {
        let read = yaml::read(format!("a: {written}\n").as_bytes()).ok();
        read.is_some_and(|root| root.get("a").and_then(yaml::Node::text) == Some(text))
    };
    if !text.contains('\n') && !text.is_empty() && is_same(text) { text.to_owned() } else { scalar(text) }
}
