//! Prints a syntax tree as a script, so that tests can compare trees and parse them again.

use std::fmt::Write as _;

use slug_shell::parser::RESERVED;
use slug_shell::syntax::*;

/// Prints a tree as a script, which parses to a tree that prints to the same script.
#[must_use]
pub fn print_script(script: &Script) -> String {
    let mut printer = Printer { out: String::new(), documents: &script.here_documents, pending: Vec::new() };
    printer.list(&script.body);
    printer.out
}

struct Printer<'t> {
    out: String,
    documents: &'t [HereDocument],
    /// The indices and delimiters of the here-documents that begin after the current line.
    pending: Vec<(usize, String)>,
}

/// The context of pieces, which decides which characters are escaped.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Word,
    Quotes,
    Raw,
}

impl Printer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn newline(&mut self) {
        self.put("\n");
        for (index, delimiter) in std::mem::take(&mut self.pending) {
            let documents = self.documents;
            let document = &documents[index];
            match document.pieces.as_slice() {
                [Piece { kind: PieceKind::SingleQuoted(text), .. }] => self.put(text),
                pieces => self.pieces(pieces, Inside::Quotes),
            }
            // A document that the end of the script ends may end in the middle of a line.
            if !self.out.ends_with('\n') {
                self.put("\n");
            }
            self.put(&delimiter);
            self.put("\n");
        }
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            self.pipeline(&item.first);
            for (connector, pipeline) in &item.rest {
                self.put(if *connector == Connector::And { " && " } else { " || " });
                self.pipeline(pipeline);
            }
            if item.in_background {
                self.put(" &");
            }
            self.newline();
        }
    }

    fn block(&mut self, opening: &str, list: &List, closing: &str) {
        self.put(opening);
        self.newline();
        self.list(list);
        self.put(closing);
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        if pipeline.is_timed {
            self.put("time ");
        }
        if pipeline.is_negated {
            self.put("! ");
        }
        for (index, command) in pipeline.commands.iter().enumerate() {
            if index > 0 {
                self.put(" | ");
            }
            self.command(command);
        }
    }

    fn command(&mut self, command: &Command) {
        // A reserved word is the name of a command only after a redirect.
        let first = match &command.kind {
            CommandKind::Simple(simple) if simple.assignments.is_empty() => simple.words.first(),
            _ => None,
        };
        let is_reserved = first.and_then(Word::unquoted_literal).is_some_and(|word| RESERVED.contains(&word))
            && !command.redirects.is_empty();
        if is_reserved {
            command.redirects.iter().for_each(|redirect| self.redirect(redirect));
            self.put(" ");
        }
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple),
            CommandKind::Group(list) => self.block("{", list, "}"),
            CommandKind::Subshell(list) => self.block("(", list, ")"),
            CommandKind::If(command) => {
                for (index, (condition, body)) in command.branches.iter().enumerate() {
                    self.block(if index == 0 { "if" } else { "elif" }, condition, "");
                    self.block("then", body, "");
                }
                if let Some(body) = &command.otherwise {
                    self.block("else", body, "");
                }
                self.put("fi");
            }
            CommandKind::While(command) => {
                self.block(if command.is_until { "until" } else { "while" }, &command.condition, "");
                self.block("do", &command.body, "done");
            }
            CommandKind::For(command) => {
                self.put(if command.is_select { "select " } else { "for " });
                self.put(&command.name);
                if let Some(words) = &command.words {
                    self.put(" in");
                    words.iter().for_each(|word| self.spaced(word));
                }
                self.newline();
                self.block("do", &command.body, "done");
            }
            CommandKind::ArithmeticFor(command) => {
                self.put("for ((");
                for (index, expression) in command.header.iter().enumerate() {
                    self.put(if index > 0 { ";" } else { "" });
                    self.pieces(&expression.pieces, Inside::Raw);
                }
                self.put("))");
                self.newline();
                self.block("do", &command.body, "done");
            }
            CommandKind::Case(command) => {
                self.put("case");
                self.spaced(&command.word);
                self.put(" in");
                self.newline();
                for clause in &command.clauses {
                    self.put("(");
                    for (index, pattern) in clause.patterns.iter().enumerate() {
                        self.put(if index > 0 { "|" } else { "" });
                        self.word(pattern);
                    }
                    self.block(")", &clause.body, "");
                    self.put(match clause.end {
                        ClauseEnd::Break => ";;",
                        ClauseEnd::FallThrough => ";&",
                        ClauseEnd::Continue => ";;&",
                    });
                    self.newline();
                }
                self.put("esac");
            }
            CommandKind::Test(test) => {
                self.put("[[ ");
                self.test(test);
                self.put(" ]]");
            }
            CommandKind::Arithmetic(expression) => {
                self.put("((");
                self.pieces(&expression.pieces, Inside::Raw);
                self.put("))");
            }
            CommandKind::Function(function) => {
                let _ = write!(self.out, "function {} ", function.name);
                self.command(&function.body);
            }
            CommandKind::Coprocess(command, name) => {
                self.put("coproc ");
                name.iter().for_each(|name| self.put(&format!("{name} ")));
                self.command(command);
            }
        }
        if !is_reserved {
            command.redirects.iter().for_each(|redirect| self.redirect(redirect));
        }
    }

    fn simple(&mut self, simple: &Simple) {
        for (index, assignment) in simple.assignments.iter().enumerate() {
            self.put(if index > 0 { " " } else { "" });
            self.put(&assignment.name);
            self.put(if assignment.subscript.is_some() { "[…]" } else { "" });
            self.put(if assignment.appends { "+=" } else { "=" });
            self.word(&assignment.value);
        }
        for (index, word) in simple.words.iter().enumerate() {
            if index == 0 && simple.assignments.is_empty() { self.word(word) } else { self.spaced(word) }
        }
    }

    fn redirect(&mut self, redirect: &Redirect) {
        self.put(" ");
        self.put(redirect.descriptor.as_deref().unwrap_or_default());
        let operator = RedirectOperator::ALL.into_iter().find(|(_, operator)| *operator == redirect.operator);
        self.put(operator.expect("`ALL` lists every operator").0);
        self.word(&redirect.target);
        if let Some(index) = redirect.here_document {
            self.pending
                .push((index, redirect.target.literal().expect("a delimiter in the tests is a literal").into_owned()));
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Or(tests) => self.tests(tests, " || "),
            Test::And(tests) => self.tests(tests, " && "),
            Test::Not(test) => {
                self.put("! ");
                self.tests(std::slice::from_ref(test), "");
            }
            Test::Unary(operator, word) => {
                self.put(operator);
                self.spaced(word);
            }
            Test::Binary(first, operator, second) => {
                self.word(first);
                let _ = write!(self.out, " {operator}");
                self.spaced(second);
            }
            Test::Word(word) => self.word(word),
        }
    }

    fn tests(&mut self, tests: &[Test], separator: &str) {
        for (index, test) in tests.iter().enumerate() {
            self.put(if index > 0 { separator } else { "" });
            let is_joined = matches!(test, Test::Or(_) | Test::And(_));
            self.put(if is_joined { "( " } else { "" });
            self.test(test);
            self.put(if is_joined { " )" } else { "" });
        }
    }

    fn spaced(&mut self, word: &Word) {
        self.put(" ");
        self.word(word);
    }

    fn word(&mut self, word: &Word) {
        self.pieces(&word.pieces, Inside::Word);
    }

    fn pieces(&mut self, pieces: &[Piece], inside: Inside) {
        for piece in pieces {
            self.piece(&piece.kind, inside);
        }
    }

    fn piece(&mut self, piece: &PieceKind, inside: Inside) {
        match piece {
            PieceKind::Literal(text) if inside == Inside::Quotes => self.put(&text.replace('\\', "\\\\")),
            PieceKind::Literal(text) => self.put(text),
            PieceKind::Escaped(character) => {
                let _ = write!(self.out, "\\{character}");
            }
            PieceKind::SingleQuoted(text) => {
                let _ = write!(self.out, "'{text}'");
            }
            PieceKind::AnsiQuoted(Some(text)) => {
                self.put("$'");
                for character in text.chars() {
                    let _ = match character {
                        '\'' | '\\' => write!(self.out, "\\{character}"),
                        _ if character.is_control() => write!(self.out, "\\u{:04x}", u32::from(character)),
                        _ => write!(self.out, "{character}"),
                    };
                }
                self.put("'");
            }
            PieceKind::AnsiQuoted(None) => self.put("$'\\xff'"),
            PieceKind::DoubleQuoted(pieces) => {
                self.put("\"");
                self.pieces(pieces, Inside::Quotes);
                self.put("\"");
            }
            PieceKind::Parameter(Parameter { name, operation }) => {
                let _ = write!(self.out, "${{{name}");
                match operation {
                    Operation::None => {}
                    Operation::Alternative(operator, pieces) => {
                        self.put(operator);
                        self.pieces(pieces, Inside::Raw);
                    }
                    Operation::Other(pieces) => self.pieces(pieces, Inside::Raw),
                }
                self.put("}");
            }
            PieceKind::Command(list) => self.substitution("$(", list),
            PieceKind::Process(list) => self.substitution("<(", list),
            PieceKind::Arithmetic(expression) => {
                self.put("$((");
                self.pieces(&expression.pieces, Inside::Raw);
                self.put("))");
            }
            PieceKind::Array(words) => {
                self.put("(");
                words.iter().for_each(|word| self.spaced(word));
                self.put(" )");
            }
        }
    }

    fn substitution(&mut self, opening: &str, list: &List) {
        // Here-documents of the outer line begin after the substitution.
        let pending = std::mem::take(&mut self.pending);
        self.block(opening, list, ")");
        self.pending = pending;
    }
}
