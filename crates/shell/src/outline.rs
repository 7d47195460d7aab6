//! The simple commands of a script, as its syntax tree has them: without interpretation, in the order of the text.

use super::parser;
use super::syntax::{AndOr, Command, CommandKind, List, Simple};

/// The words of one simple command; `None` for a word that is not a constant text.
pub type Words = Vec<Option<String>>;

/// The commands of a script.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The simple commands, also those of loops, branches and functions.
    pub commands: Vec<Words>,
    /// The simple commands that stand twice in a row, with the same assignments and redirections.
    pub repeated: Vec<Words>,
}

impl Outline {
    /// The commands of a script; `None` if it cannot be parsed. An expression `${{ … }}` counts as a text.
    #[must_use]
    pub fn of(script: &str) -> Option<Self> {
        let source = without_expressions(script);
        let tree = parser::parse_at(&source, 0).ok()?;
        let mut outline = Self::default();
        outline.list(&tree.body, &source);
        Some(outline)
    }

    fn list(&mut self, body: &List, source: &str) {
        let text = |item: &AndOr| source.get(item.span.clone()).map(|text| text.trim().trim_end_matches(';'));
        for pair in body.items.windows(2).filter(|pair| text(&pair[0]) == text(&pair[1])) {
            // The text of a here-document is elsewhere, and parallel calls are meant.
            let has_document = |one: &Command| one.redirects.iter().any(|it| it.here_document.is_some());
            if let ([one], []) = (pair[0].first.commands.as_slice(), pair[0].rest.as_slice())
                && let CommandKind::Simple(simple) = &one.kind
                && !has_document(one)
                && !pair[0].in_background
            {
                self.repeated.push(words(simple));
            }
        }
        for item in &body.items {
            for pipeline in std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline)) {
                pipeline.commands.iter().for_each(|one| self.command(one, source));
            }
        }
    }

    fn command(&mut self, one: &Command, source: &str) {
        match &one.kind {
            CommandKind::Simple(simple) => self.commands.push(words(simple)),
            CommandKind::Group(body) | CommandKind::Subshell(body) => self.list(body, source),
            CommandKind::If(branches) => {
                for (condition, body) in &branches.branches {
                    self.list(condition, source);
                    self.list(body, source);
                }
                branches.otherwise.iter().for_each(|body| self.list(body, source));
            }
            CommandKind::While(repeated) => {
                self.list(&repeated.condition, source);
                self.list(&repeated.body, source);
            }
            CommandKind::For(repeated) => self.list(&repeated.body, source),
            CommandKind::ArithmeticFor(repeated) => self.list(&repeated.body, source),
            CommandKind::Case(case) => case.clauses.iter().for_each(|clause| self.list(&clause.body, source)),
            CommandKind::Function(function) => self.command(&function.body, source),
            CommandKind::Coprocess(inner, _) => self.command(inner, source),
            CommandKind::Test(_) | CommandKind::Arithmetic(_) => {}
        }
    }
}

/// The command that a simple command runs: the first word, or the script after `bash` and the like. `None` if it is not
/// known, or if the command only reads the script, as `bash -n` does.
#[must_use]
pub fn program(words: &Words) -> Option<&str> {
    const PREFIXES: [&str; 7] = ["exec", "time", "command", "nohup", "sudo", "env", "nice"];
    const SHELLS: [&str; 7] = ["bash", "sh", "dash", "zsh", "ksh", "source", "."];
    let is_prefix = |word: &str| PREFIXES.contains(&word) || word.starts_with('-') || word.contains('=');
    let mut words = words.iter().map(Option::as_deref).skip_while(|word| word.is_some_and(is_prefix));
    let first = words.next()??;
    if !SHELLS.contains(&first) {
        return Some(first);
    }
    let mut takes_value = false;
    for word in words {
        match word?.strip_prefix('-') {
            _ if takes_value => takes_value = false,
            None => return word,
            Some(option) if option.starts_with('-') => {}
            // A command, a check of the syntax, or standard input.
            Some(flags) if flags.contains(['c', 'n', 's']) => return None,
            Some(flags) => takes_value = flags.ends_with('o'),
        }
    }
    None
}

/// The script with a text of the same length for each expression.
fn without_expressions(script: &str) -> String {
    let mut text = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(start) = rest.find("${{") {
        let end = rest[start..].find("}}").map_or(rest.len(), |length| start + length + 2);
        text.push_str(&rest[..start]);
        text.extend(rest[start..end].chars().map(|c| if c.is_alphanumeric() { c } else { '_' }));
        rest = &rest[end..];
    }
    text + rest
}

fn words(simple: &Simple) -> Words {
    simple.words.iter().map(|word| word.literal().map(Into::into)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_in_the_position_of_a_command() {
        for (script, expected) in [
            ("a b\n# c d\necho \"e; f\" && g", &["a", "echo", "g"][..]),
            ("cat <<EOF\nmake sure\nEOF\nmake x", &["cat", "make"]),
            ("if a; then b; else c; fi | while d; do e; done", &["a", "b", "c", "d", "e"]),
            ("bash -e x.sh; bash -n y.sh; bash -c z; . ./w.sh; sudo -E v", &["x.sh", "./w.sh", "v"]),
            ("bash -euo pipefail x.sh; env A=b y", &["x.sh", "y"]),
            ("A=b c ${{ inputs.d }}; ${{ matrix.e }}", &["c", "____matrix_e___"]),
            ("f() { g; }; \"$h\" i", &["g"]),
        ] {
            let outline = Outline::of(script).expect("is valid");
            let found: Vec<&str> = outline.commands.iter().filter_map(program).collect();
            assert_eq!(found, expected, "{script}");
        }
        assert_eq!(Outline::of("if a"), None);
    }

    #[test]
    fn commands_are_repeated_in_one_list_only() {
        for (script, expected) in [
            ("a b\n\na b; c", 1),
            ("a; a; a", 2),
            ("A=1 a\nA=2 a", 0),
            ("a ${{ matrix.x }}\na ${{ matrix.y }}", 0),
            ("if x; then a; else a; fi", 0),
            ("a && a", 0),
            ("a > b\na > c", 0),
            ("a &\na &\nwait", 0),
            ("a <<E\n1\nE\na <<E\n2\nE", 0),
        ] {
            assert_eq!(Outline::of(script).expect("is valid").repeated.len(), expected, "{script}");
        }
    }
}
