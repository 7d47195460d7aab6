//! Prints a policy as shell functions that do what it says.

use std::fmt::Write as _;

use slug_resolver::policy::{Condition, InjectMode, Membership, Pick, SecretsEffect, Source, Test};
use slug_resolver::{Policy, PolicyDocument};

/// Prints the functions `pick` and `names`, whose argument is the runtime. `pick` fails where nothing is
/// created. Tests of the same kind are written in several ways, so that a reader of functions meets each of
/// them. Tests of hosts cannot be printed.
pub fn print_functions(policy: &Policy) -> String {
    let mut printer = Printer { policy: policy.document(), out: String::new(), style: 0 };
    printer.print();
    printer.out
}

struct Printer<'p> {
    policy: &'p PolicyDocument,
    out: String,
    /// Counts the tests, to vary how they are written.
    style: usize,
}

/// A text in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl Printer<'_> {
    fn print(&mut self) {
        self.out.push_str("set -u\n\nequals_any() {\n  local value=$1 text\n  shift\n  for text; do\n");
        self.out.push_str("    [ \"$value\" != \"$text\" ] || return 0\n  done\n  return 1\n}\n\n");
        self.out.push_str("pick() {\n  local runtime=\"$1\"\n");
        for condition in &self.policy.creates.unless {
            let condition = self.condition(condition);
            let _ = writeln!(self.out, "  if {condition}; then return 2; fi");
        }
        for rule in &self.policy.model {
            let condition = self.condition(&rule.when);
            let _ = writeln!(self.out, "  if {condition}; then");
            match &rule.pick {
                Pick::Nothing => self.out.push_str("    echo\n    return\n"),
                Pick::FirstOf(sources) => sources.iter().for_each(|source| self.source(source)),
            }
            self.out.push_str("  fi\n");
        }
        self.out.push_str("}\n\nnames() {\n  local runtime=${1}\n");
        for rule in &self.policy.secrets {
            let condition = self.condition(&rule.condition());
            let _ = writeln!(self.out, "  if {condition}; then\n    :");
            match &rule.effect {
                SecretsEffect::Platform => self.out.push_str("    return 0\n"),
                SecretsEffect::Inject(names) => {
                    let ends = self.policy.inject == InjectMode::First;
                    names.iter().for_each(|name| writeln!(self.out, "    printf '%s\\n' {name}").expect("is a text"));
                    self.out.push_str(if ends { "    return 0\n" } else { "" });
                }
            }
            self.out.push_str("  fi\n");
        }
        self.out.push_str("}\n");
    }

    fn source(&mut self, source: &Source) {
        let _ = match source {
            Source::Text(text) => writeln!(self.out, "    printf '%s\\n' {}\n    return", quoted(text)),
            Source::Variable(name) => {
                let (is_set, value) = (self.is_set(name), self.value(name));
                writeln!(self.out, "    if {is_set}; then printf '%s\\n' {value}; return; fi")
            }
        };
    }

    fn is_set_if_empty(&self, name: &str) -> bool {
        self.policy.empty_is_set.iter().any(|known| known == name)
    }

    /// The value of a variable, or its default.
    fn value(&self, name: &str) -> String {
        let colon = if self.is_set_if_empty(name) { "" } else { ":" };
        match self.policy.defaults.get(name) {
            // In double quotes, a single quote is a part of the word.
            Some(default) => format!("\"${{{name}{colon}-{}}}\"", escaped(default)),
            None => format!("\"${{{name}:-}}\""),
        }
    }

    /// A command that succeeds if a variable has a value or a default.
    fn is_set(&mut self, name: &str) -> String {
        if self.policy.defaults.contains_key(name) {
            return "true".to_owned();
        }
        self.style += 1;
        match (self.is_set_if_empty(name), self.style % 4) {
            (true, 0) => format!("[[ -v {name} ]]"),
            (true, 1) => format!("[ -n \"${{{name}+x}}\" ]"),
            (true, 2) => format!("[ \"${{{name}+x}}\" = x ]"),
            (true, _) => format!("[[ ${{{name}+x}} ]]"),
            (false, 0) => format!("[[ -n ${{{name}:-}} ]]"),
            (false, 1) => format!("test -n \"${{{name}:-}}\""),
            (false, 2) => format!("[[ ! -z ${{{name}:-}} ]]"),
            (false, _) => format!("[ \"x${{{name}:-}}\" != x ]"),
        }
    }

    /// A command that succeeds if a value is one of some texts.
    fn is_one_of(&mut self, value: &str, texts: &[String]) -> String {
        self.style += 1;
        let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        let each = |before: &str, between: &str| {
            quoted.iter().map(|text| format!("{before}{text}")).collect::<Vec<_>>().join(between)
        };
        match self.style % 5 {
            0 => format!("equals_any {value} {}", quoted.join(" ")),
            1 => format!("case {value} in {}) true ;; *) false ;; esac", quoted.join(" | ")),
            2 => format!("[[ {} ]]", each(&format!("{value} == "), " || ")),
            3 => format!("[ {} ]", each(&format!("{value} = "), " -o ")),
            _ => format!("{{ {}; }}", each(&format!("test {value} = "), " || ")),
        }
    }

    fn membership(&mut self, value: &str, membership: &Membership) -> String {
        let is_one_of = self.is_one_of(value, membership.texts());
        match membership {
            Membership::OneOf(_) => is_one_of,
            Membership::NoneOf(_) => format!("! {is_one_of}"),
        }
    }

    fn condition(&mut self, condition: &Condition) -> String {
        let mut commands = Vec::new();
        if let Some(runtimes) = &condition.runtime {
            commands.push(self.membership("\"$runtime\"", runtimes));
        }
        for (name, test) in &condition.variables {
            let command = match test {
                Test::Set => self.is_set(name),
                Test::Unset => format!("! {{ {}; }}", self.is_set(name)),
                Test::Value(membership) => {
                    let (is_set, value) = (self.is_set(name), self.value(name));
                    let is_one_of = self.is_one_of(&value, membership.texts());
                    match membership {
                        Membership::OneOf(_) => format!("{{ {is_set} && {is_one_of}; }}"),
                        Membership::NoneOf(_) => format!("! {{ {is_set} && {is_one_of}; }}"),
                    }
                }
                Test::Host(_) => unreachable!("tests of hosts are not printed"),
            };
            commands.push(command);
        }
        if commands.is_empty() { "true".to_owned() } else { commands.join(" && ") }
    }
}

/// A text in double quotes.
fn escaped(text: &str) -> String {
    let escape =
        |next: char| if matches!(next, '"' | '$' | '`' | '\\' | '}') { format!("\\{next}") } else { next.to_string() };
    text.chars().map(escape).collect()
}
