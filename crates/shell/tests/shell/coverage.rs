//! Coverage of the script generator: a minimum number of scripts must contain each form, because a
//! property is not tested for a form that no script contains.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use slug_shell::parser::parse;
use slug_shell::syntax::*;

use crate::generator::{RESERVED, TARGET, script};

/// The number of generated scripts.
const SCRIPTS: usize = 1000;

/// Each form with the minimum number of scripts that contain it.
const FORMS: [(&str, usize); 46] = [
    ("reserved word as an argument", 100),
    ("quoted assignment", 100),
    ("[[ ]]", 200),
    ("call in [[ ]]", 40),
    ("(( ))", 200),
    ("let", 40),
    ("while", 40),
    ("until", 40),
    ("for", 60),
    ("arithmetic for", 40),
    ("if", 150),
    ("elif", 40),
    ("else", 40),
    ("case", 40),
    (";;", 40),
    (";&", 20),
    (";;&", 20),
    ("group", 100),
    ("subshell", 40),
    ("pipeline", 60),
    ("background", 30),
    ("&& or ||", 150),
    ("function", 60),
    ("function in a function", 20),
    ("call of a function", 60),
    ("here-document", 60),
    ("here-string", 20),
    ("array", 150),
    ("$(( ))", 100),
    ("element of an array", 60),
    ("words of an array", 60),
    ("number of elements", 60),
    ("associative array", 40),
    ("guard on a number or an array", 60),
    ("$'…'", 30),
    ("break or continue", 20),
    ("return", 10),
    ("exit", 10),
    ("lastpipe", 40),
    ("nocasematch", 40),
    ("unset of a local variable", 30),
    ("text without a line break", 30),
    ("call", 500),
    ("effect after a call in a loop", 40),
    ("value through a function", 20),
    ("guard before a call", 60),
];

#[test]
fn generator_makes_every_form() {
    let mut runner = TestRunner::deterministic();
    let strategy = script();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..SCRIPTS {
        let script = strategy.new_tree(&mut runner).expect("the strategy generates a script").current();
        let tree = parse(&script).unwrap_or_else(|error| panic!("{error}: {script}"));
        let mut forms = Forms::new(&tree);
        forms.list(&tree.body);
        forms.found.sort_unstable();
        forms.found.dedup();
        for form in forms.found {
            *counts.entry(form).or_default() += 1;
        }
    }
    for (form, least) in FORMS {
        let count = counts.get(form).copied().unwrap_or_default();
        assert!(count >= least, "{count} of {SCRIPTS} scripts contain {form}: {counts:#?}");
    }
    let unknown = counts.keys().find(|form| FORMS.iter().all(|(known, _)| known != *form));
    assert_eq!(unknown, None);
}

/// The forms of one script.
struct Forms<'t> {
    tree: &'t Script,
    found: Vec<&'static str>,
    loops: usize,
    functions: usize,
    /// Whether the current loop has called the target.
    has_called: bool,
    /// The names of functions that set a variable.
    setters: Vec<&'t str>,
    /// The variables that the current function has made local.
    locals: Vec<&'t str>,
    /// Whether a function in `setters` was called.
    has_called_setter: bool,
}

impl<'t> Forms<'t> {
    fn new(tree: &'t Script) -> Self {
        Self {
            tree,
            found: Vec::new(),
            loops: 0,
            functions: 0,
            has_called: false,
            setters: Vec::new(),
            locals: Vec::new(),
            has_called_setter: false,
        }
    }

    fn list(&mut self, list: &'t List) {
        for item in &list.items {
            if item.in_background {
                self.found.push("background");
            }
            let pipelines: Vec<&Pipeline> =
                std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline)).collect();
            if pipelines.len() > 1 {
                self.found.push("&& or ||");
                if pipelines[1].commands.iter().any(calls_target) {
                    self.found.push("guard before a call");
                }
                if item.first.commands.iter().any(counts) {
                    self.found.push("guard on a number or an array");
                }
            }
            for pipeline in pipelines {
                if pipeline.commands.len() > 1 {
                    self.found.push("pipeline");
                }
                pipeline.commands.iter().for_each(|command| self.command(command));
            }
        }
    }

    fn in_loop(&mut self, body: &'t List) {
        let has_called = std::mem::take(&mut self.has_called);
        self.loops += 1;
        self.list(body);
        self.loops -= 1;
        self.has_called = has_called;
    }

    fn command(&mut self, command: &'t Command) {
        for redirect in &command.redirects {
            match redirect.operator {
                RedirectOperator::HereString => self.found.push("here-string"),
                RedirectOperator::HereDocument => self.found.push("here-document"),
                _ => {}
            }
            if let Some(index) = redirect.here_document {
                self.pieces(&self.tree.here_documents[index].pieces);
            }
        }
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple),
            CommandKind::Group(list) => {
                self.found.push("group");
                self.list(list);
            }
            CommandKind::Subshell(list) => {
                self.found.push("subshell");
                self.list(list);
            }
            CommandKind::If(command) => {
                self.found.push("if");
                self.found.extend((command.branches.len() > 1).then_some("elif"));
                self.found.extend(command.otherwise.is_some().then_some("else"));
                for (condition, body) in &command.branches {
                    self.list(condition);
                    self.list(body);
                }
                command.otherwise.iter().for_each(|body| self.list(body));
            }
            CommandKind::While(command) => {
                self.found.push(if command.is_until { "until" } else { "while" });
                self.list(&command.condition);
                self.in_loop(&command.body);
            }
            CommandKind::For(command) => {
                self.found.push("for");
                self.in_loop(&command.body);
            }
            CommandKind::ArithmeticFor(command) => {
                self.found.push("arithmetic for");
                self.in_loop(&command.body);
            }
            CommandKind::Case(command) => {
                self.found.push("case");
                for clause in &command.clauses {
                    self.found.push(match clause.end {
                        ClauseEnd::Break => ";;",
                        ClauseEnd::FallThrough => ";&",
                        ClauseEnd::Continue => ";;&",
                    });
                    self.list(&clause.body);
                }
            }
            CommandKind::Test(test) => {
                self.found.push("[[ ]]");
                self.test(test);
            }
            CommandKind::Arithmetic(_) => self.found.push("(( ))"),
            CommandKind::Function(function) => {
                self.found.push(if self.functions > 0 { "function in a function" } else { "function" });
                self.functions += 1;
                let locals = std::mem::take(&mut self.locals);
                self.command(&function.body);
                self.locals = locals;
                self.functions -= 1;
                if let CommandKind::Group(list) = &function.body.kind
                    && list.items.iter().any(|item| item.first.commands.iter().any(assigns))
                {
                    self.setters.push(&function.name);
                }
            }
            CommandKind::Coprocess(command, _) => self.command(command),
        }
    }

    fn test(&mut self, test: &'t Test) {
        match test {
            Test::Or(tests) | Test::And(tests) => tests.iter().for_each(|test| self.test(test)),
            Test::Not(test) => self.test(test),
            Test::Unary(_, word) | Test::Word(word) => self.in_test(word),
            Test::Binary(first, _, second) => {
                self.in_test(first);
                self.in_test(second);
            }
        }
    }

    fn in_test(&mut self, word: &'t Word) {
        let before = self.found.len();
        self.pieces(&word.pieces);
        if self.found[before..].contains(&"call") {
            self.found.push("call in [[ ]]");
        }
    }

    fn simple(&mut self, simple: &'t Simple) {
        let sets = !simple.assignments.is_empty() && simple.words.is_empty();
        let name = simple.words.first().and_then(Word::unquoted_literal).unwrap_or_default();
        let arguments = simple.words.get(1..).unwrap_or_default();
        let declares = matches!(name, "export" | "declare" | "typeset" | "local" | "unset");
        let is_reserved = |word: &Word| word.unquoted_literal().is_some_and(|word| RESERVED.contains(&word));
        if arguments.iter().any(is_reserved) {
            self.found.push("reserved word as an argument");
        }
        if declares && arguments.iter().any(|word| word.unquoted_literal().is_none() && word.assignment().is_none()) {
            self.found.push("quoted assignment");
        }
        if name == "declare" && arguments.iter().any(|it| it.unquoted_literal() == Some("-A")) {
            self.found.push("associative array");
        }
        match name {
            "let" => self.found.push("let"),
            "shopt" => {
                let options = ["lastpipe", "nocasematch"].into_iter();
                let is_named = |name: &&str| arguments.iter().any(|it| it.unquoted_literal() == Some(*name));
                self.found.extend(options.filter(is_named));
            }
            "printf" | "echo"
                if matches!(arguments, [first, ..] if name == "printf"
                && first.unquoted_literal().is_some_and(|text| text.contains('='))
                || first.unquoted_literal() == Some("-n")) =>
            {
                self.found.push("text without a line break");
            }
            "local" => {
                let names = arguments.iter().filter_map(|it| it.unquoted_literal()?.split('=').next());
                self.locals.extend(names);
            }
            "unset" if self.functions > 0 && arguments.iter().any(|it| self.is_local(it)) => {
                self.found.push("unset of a local variable");
            }
            "break" | "continue" => self.found.push("break or continue"),
            "return" => self.found.push("return"),
            "exit" => self.found.push("exit"),
            "f" | "g" => {
                self.found.push("call of a function");
                self.has_called_setter |= self.setters.contains(&name);
            }
            _ => {}
        }
        if (sets || declares) && self.loops > 0 && self.has_called {
            self.found.push("effect after a call in a loop");
        }
        if simple.words.iter().any(|word| word.literal().is_some_and(|word| word.ends_with(TARGET))) {
            self.found.push("call");
            self.has_called = true;
            if self.has_called_setter {
                self.found.push("value through a function");
            }
        }
        for assignment in &simple.assignments {
            self.pieces(&assignment.value.pieces);
        }
        simple.words.iter().for_each(|word| self.pieces(&word.pieces));
    }

    fn is_local(&self, word: &Word) -> bool {
        word.unquoted_literal().is_some_and(|name| self.locals.contains(&name))
    }

    fn pieces(&mut self, pieces: &'t [Piece]) {
        for piece in pieces {
            match &piece.kind {
                PieceKind::DoubleQuoted(pieces) => self.pieces(pieces),
                PieceKind::Command(list) => self.list(list),
                PieceKind::Array(_) => self.found.push("array"),
                PieceKind::AnsiQuoted(_) => self.found.push("$'…'"),
                PieceKind::Arithmetic(_) => self.found.push("$(( ))"),
                PieceKind::Parameter(Parameter { name, operation: Operation::Other(pieces) }) => {
                    let text: String = pieces.iter().filter_map(Piece::literal).collect();
                    self.found.extend(match (name.as_str(), text.as_str()) {
                        ("", text) if text.starts_with("#a[") => Some("number of elements"),
                        ("a", text) if text.starts_with("[@]") => Some("words of an array"),
                        ("a" | "m", text) if text.starts_with('[') => Some("element of an array"),
                        _ => None,
                    });
                }
                _ => {}
            }
        }
    }
}

fn calls_target(command: &Command) -> bool {
    matches!(&command.kind, CommandKind::Simple(simple)
        if simple.words.iter().any(|word| word.literal().is_some_and(|word| word.ends_with(TARGET))))
}

fn assigns(command: &Command) -> bool {
    matches!(&command.kind, CommandKind::Simple(simple)
        if simple.words.is_empty() || simple.words[0].unquoted_literal() == Some("export"))
}

/// Whether a condition is on a number or on the length of an array.
fn counts(command: &Command) -> bool {
    let has_length = |word: &Word| {
        word.pieces
            .iter()
            .any(|piece| matches!(&piece.kind, PieceKind::Parameter(parameter) if parameter.name.is_empty()))
    };
    match &command.kind {
        CommandKind::Arithmetic(_) => true,
        CommandKind::Simple(simple) => simple.words.iter().any(has_length),
        _ => false,
    }
}
