//! Reads the files that a shell script sources and the functions that it calls. From these facts,
//! `slugproof init` finds the functions of a harness.

use std::collections::BTreeMap;

use slug_shell::parser;
use slug_shell::syntax::{
    AndOr, Assignment, Command, CommandKind, List, Operation, Parameter, Piece, PieceKind, Simple, Test, Word, is_name,
};

/// A script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The path, relative to the top of the repository.
    pub path: String,
    /// The content.
    pub text: String,
    /// The functions that it defines, with the texts of their bodies; the last of each name.
    pub functions: BTreeMap<String, String>,
    /// The commands that it calls by a constant name, in order.
    pub calls: Vec<Call>,
    /// The ends of the paths that it sources, without what is computed: `/lib/model.sh`.
    pub sources: Vec<String>,
    /// The values that it assigns to variables, the first of each name.
    pub assignments: BTreeMap<String, Argument>,
    /// Whether it sets `IFS` for more than one command and outside of `local`, or sources a file whose path is
    /// computed.
    pub may_set_separators: bool,
    /// The default of each variable, as in `${NAME:-default}`, the first of each name.
    pub defaults: BTreeMap<String, String>,
}

/// A call of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name of the command.
    pub name: String,
    /// The words after the name.
    pub arguments: Vec<Argument>,
    /// The function whose body has the call.
    pub caller: Option<String>,
    /// Whether another command or a word takes what the command prints.
    pub is_captured: bool,
    /// The line, from 1.
    pub line: usize,
}

/// A word of a call, or the value of an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The value of a variable, with its default.
    Variable(String, Option<String>),
    /// A constant text.
    Text(String),
    /// Anything else.
    Other,
}

impl Script {
    /// Reads a script; `None` if it is not one that bash can read.
    #[must_use]
    pub fn read(path: &str, text: &str) -> Option<Self> {
        let tree = parser::parse(text).ok()?;
        let may_set_separators = text.lines().any(may_set_separators);
        let mut script = Self { path: path.to_owned(), text: text.to_owned(), may_set_separators, ..Self::default() };
        let mut visitor = Visitor { script: &mut script, caller: None, is_captured: false };
        visitor.list(&tree.body);
        for document in &tree.here_documents {
            visitor.pieces(&document.pieces);
        }
        Some(script)
    }

    /// The variable of the environment that an argument has the value of, with its default.
    #[must_use]
    pub fn origin(&self, argument: &Argument) -> Argument {
        /// The most assignments that are followed.
        const STEPS: usize = 8;
        let mut argument = argument.clone();
        for _ in 0..STEPS {
            let Argument::Variable(name, default) = &argument else { break };
            match self.assignments.get(name) {
                Some(Argument::Variable(from, inner)) if from == name => {
                    return Argument::Variable(name.clone(), default.clone().or_else(|| inner.clone()));
                }
                Some(assigned) => argument = assigned.clone(),
                None => {
                    let known = default.clone().or_else(|| self.defaults.get(name).cloned());
                    return Argument::Variable(name.clone(), known);
                }
            }
        }
        argument
    }
}

/// Whether a line may set `IFS` for more than one `read`. Any other mention of the name may, such as one in `local`,
/// `for` or `eval`, but an expansion.
fn may_set_separators(line: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let sets = |at: usize| {
        let (before, after) = (&line[..at], &line[at + "IFS".len()..]);
        let is_other_word = before.ends_with(is_name) || after.starts_with(is_name);
        let is_expansion = before.ends_with(['$', '{', '#', '!']) && !after.starts_with([':', '=']);
        let command = after.split([';', '&', '|']).next().unwrap_or_default();
        let is_for_read = after.starts_with('=') && command.split_whitespace().any(|word| word == "read");
        !is_other_word && !is_expansion && !is_for_read
    };
    !line.trim_start().starts_with('#') && line.match_indices("IFS").any(|(at, _)| sets(at))
}

struct Visitor<'s> {
    script: &'s mut Script,
    caller: Option<String>,
    is_captured: bool,
}

impl Visitor<'_> {
    fn list(&mut self, list: &List) {
        for AndOr { first, rest, .. } in &list.items {
            for pipeline in std::iter::once(first).chain(rest.iter().map(|(_, pipeline)| pipeline)) {
                let Some((last, writers)) = pipeline.commands.split_last() else { continue };
                writers.iter().for_each(|command| self.within(true, |visitor| visitor.command(command)));
                self.command(last);
            }
        }
    }

    /// Visits commands whose output is captured, or is not.
    fn within(&mut self, is_captured: bool, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.is_captured, is_captured);
        visit(self);
        self.is_captured = outer;
    }

    fn command(&mut self, command: &Command) {
        command.redirects.iter().for_each(|redirect| self.word(&redirect.target));
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple),
            CommandKind::Group(list) | CommandKind::Subshell(list) => self.list(list),
            CommandKind::If(found) => {
                for (condition, body) in &found.branches {
                    self.list(condition);
                    self.list(body);
                }
                found.otherwise.iter().for_each(|list| self.list(list));
            }
            CommandKind::While(found) => {
                self.list(&found.condition);
                self.list(&found.body);
            }
            CommandKind::For(found) => {
                found.words.iter().flatten().for_each(|word| self.word(word));
                self.list(&found.body);
            }
            CommandKind::ArithmeticFor(found) => self.list(&found.body),
            CommandKind::Case(found) => {
                self.word(&found.word);
                found.clauses.iter().for_each(|clause| self.list(&clause.body));
            }
            CommandKind::Test(test) => self.test(test),
            CommandKind::Arithmetic(arithmetic) => self.pieces(&arithmetic.pieces),
            CommandKind::Function(function) => {
                let body = self.script.text.get(function.body.span.clone()).unwrap_or_default().to_owned();
                self.script.functions.insert(function.name.clone(), body);
                let outer = self.caller.replace(function.name.clone());
                self.within(false, |visitor| visitor.command(&function.body));
                self.caller = outer;
            }
            CommandKind::Coprocess(command, _) => self.command(command),
        }
    }

    fn simple(&mut self, simple: &Simple) {
        for Assignment { name, value, appends, subscript, .. } in &simple.assignments {
            self.word(value);
            if !appends && subscript.is_none() && simple.words.is_empty() {
                self.assign(name, value);
            }
        }
        simple.words.iter().for_each(|word| self.word(word));
        let Some(name) = simple.words.first().and_then(Word::literal) else { return };
        let arguments = &simple.words[1..];
        match &*name {
            "source" | "." => {
                let path = arguments.first().and_then(constant_end);
                self.script.may_set_separators |= path.is_none();
                self.script.sources.extend(path);
            }
            "export" | "local" | "declare" | "readonly" | "typeset" => {
                for assignment in arguments.iter().filter_map(Word::assignment) {
                    self.assign(&assignment.name, &assignment.value);
                }
            }
            _ => {
                let line = 1 + self.script.text[..simple.words[0].span.start.min(self.script.text.len())]
                    .bytes()
                    .filter(|byte| *byte == b'\n')
                    .count();
                let arguments = arguments.iter().map(argument).collect();
                let (caller, is_captured) = (self.caller.clone(), self.is_captured);
                self.script.calls.push(Call { name: name.into_owned(), arguments, caller, is_captured, line });
            }
        }
    }

    fn assign(&mut self, name: &str, value: &Word) {
        self.script.assignments.entry(name.to_owned()).or_insert_with(|| argument(value));
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Or(tests) | Test::And(tests) => tests.iter().for_each(|test| self.test(test)),
            Test::Not(test) => self.test(test),
            Test::Unary(_, word) | Test::Word(word) => self.word(word),
            Test::Binary(left, _, right) => {
                self.word(left);
                self.word(right);
            }
        }
    }

    fn word(&mut self, word: &Word) {
        self.pieces(&word.pieces);
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match &piece.kind {
                PieceKind::DoubleQuoted(pieces) => self.pieces(pieces),
                PieceKind::Parameter(Parameter { name, operation }) => self.parameter(name, operation),
                PieceKind::Command(list) | PieceKind::Process(list) => {
                    self.within(true, |visitor| visitor.list(list));
                }
                PieceKind::Array(words) => words.iter().for_each(|word| self.word(word)),
                PieceKind::Arithmetic(arithmetic) => self.pieces(&arithmetic.pieces),
                PieceKind::Literal(_)
                | PieceKind::Escaped(_)
                | PieceKind::SingleQuoted(_)
                | PieceKind::AnsiQuoted(_) => {}
            }
        }
    }

    fn parameter(&mut self, name: &str, operation: &Operation) {
        match operation {
            Operation::None => {}
            Operation::Other(pieces) => self.pieces(pieces),
            Operation::Alternative(operator, pieces) => {
                if let Some(default) = constant(pieces).filter(|_| operator.ends_with(['-', '='])) {
                    self.script.defaults.entry(name.to_owned()).or_insert(default);
                }
                self.pieces(pieces);
            }
        }
    }
}

/// The text of pieces without expansions.
fn constant(pieces: &[Piece]) -> Option<String> {
    pieces.iter().map(Piece::literal).collect()
}

/// The constant text at the end of a word, from a slash if something before it is computed.
fn constant_end(word: &Word) -> Option<String> {
    fn end(pieces: &[Piece], text: &mut String) -> bool {
        for piece in pieces.iter().rev() {
            match (&piece.kind, piece.literal()) {
                (_, Some(literal)) => text.insert_str(0, &literal),
                (PieceKind::DoubleQuoted(pieces), None) => {
                    if !end(pieces, text) {
                        return false;
                    }
                }
                (_, None) => return false,
            }
        }
        true
    }
    let mut text = String::new();
    let is_whole = end(&word.pieces, &mut text);
    let path = if is_whole { text.as_str() } else { &text[text.find('/')?..] };
    (!path.is_empty()).then(|| path.to_owned())
}

fn argument(word: &Word) -> Argument {
    fn of(pieces: &[Piece]) -> Option<Argument> {
        let [piece] = pieces else { return None };
        match &piece.kind {
            PieceKind::DoubleQuoted(pieces) => of(pieces),
            PieceKind::Parameter(Parameter { name, operation }) if is_name(name) => match operation {
                Operation::None => Some(Argument::Variable(name.clone(), None)),
                Operation::Alternative(operator, pieces) if operator.ends_with(['-', '=']) => {
                    let default = constant(pieces).filter(|default| !default.is_empty());
                    Some(Argument::Variable(name.clone(), default))
                }
                Operation::Alternative(..) | Operation::Other(_) => None,
            },
            _ => None,
        }
    }
    match word.literal() {
        Some(text) => Argument::Text(text.into_owned()),
        None => of(&word.pieces).unwrap_or(Argument::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::{Argument, Script};

    fn script(text: &str) -> Script {
        Script::read("run.sh", text).expect("bash can read it")
    }

    #[test]
    fn sources_end_in_constant_paths() {
        let found = script(
            "source lib/a.sh\n. \"$(dirname \"$0\")/lib/b.sh\"\n. \"${HERE}\"/c.sh\n\
             source './d.sh'\nsource \"$FILE\"\n",
        );
        assert_eq!(found.sources, ["lib/a.sh", "/lib/b.sh", "/c.sh", "./d.sh"]);
    }

    #[test]
    fn calls_in_substitutions_and_bodies_are_found() {
        let found = script("main() { local m; m=\"$(pick \"${KIND:-writer}\")\"; }\nif pick x; then :; fi\n");
        let calls: Vec<_> =
            found.calls.iter().filter(|call| call.name == "pick").map(|call| (&call.caller, call.line)).collect();
        assert_eq!(calls, [(&Some("main".to_owned()), 1), (&None, 2)]);
        let captured: Vec<_> = found.calls.iter().map(|call| (call.name.as_str(), call.is_captured)).collect();
        assert_eq!(captured, [("pick", true), ("pick", false), (":", false)]);
        let argument = Argument::Variable("KIND".to_owned(), Some("writer".to_owned()));
        assert!(found.calls.iter().any(|call| call.arguments == [argument.clone()]));
    }

    #[test]
    fn origin_follows_assignments_and_defaults() {
        let variable =
            |name: &str, default: Option<&str>| Argument::Variable(name.to_owned(), default.map(str::to_owned));
        for (text, expected) in [
            ("", variable("kind", None)),
            ("kind=\"${AGENT_KIND:-writer}\"", variable("AGENT_KIND", Some("writer"))),
            (": \"${kind:=writer}\"", variable("kind", Some("writer"))),
            ("kind=${kind:-writer}", variable("kind", Some("writer"))),
            (": ${AGENT:=a}\nlocal kind=$AGENT", variable("AGENT", Some("a"))),
            ("export kind=$AGENT", variable("AGENT", None)),
            ("kind=coder", Argument::Text("coder".to_owned())),
            ("kind=$1", Argument::Other),
            ("kind=$(pick)", Argument::Other),
        ] {
            assert_eq!(script(text).origin(&variable("kind", None)), expected, "{text}");
        }
    }
}
