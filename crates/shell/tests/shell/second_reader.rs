//! Compares our parser with `brush-parser`, an independent parser of bash. Both trees are printed as
//! outlines: the commands with their words, assignments and redirections, and the nesting of
//! compound commands.

use std::fmt::Write as _;
use std::fs;

use brush_parser::{Parser, ParserOptions, ast};
use proptest::prelude::*;
use slug_shell::parser::parse;
use slug_shell::syntax::*;

use crate::generator::script;

/// A known difference between the two parsers.
struct Disagreement {
    name: &'static str,
    /// A script that they parse differently.
    example: &'static str,
    /// Whether a script may be parsed differently for this reason.
    is_like: fn(&str) -> bool,
}

/// The known differences. In each case our parser is right, as a run of the example in bash shows.
const DISAGREEMENTS: &[Disagreement] = &[
    // Two subshells, which `brush-parser` parses as an arithmetic expression.
    Disagreement {
        name: "spaced-subshells-are-arithmetic",
        example: "( ( a ) )",
        is_like: |script| {
            let dense: String = script.split_whitespace().collect();
            dense.contains("((") && script.split("((").count() != dense.split("((").count()
        },
    },
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsers_agree_on_random_scripts(script in script()) {
        check_agreement(&script);
    }
}

#[test]
fn parsers_agree_on_realistic_scripts() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts");
    let mut count = 0;
    for entry in fs::read_dir(directory).expect("the directory is in the repository") {
        let script = fs::read_to_string(entry.expect("the directory is readable").path()).expect("scripts are UTF-8");
        check_agreement(&script);
        count += 1;
    }
    assert!(count >= 6, "{count}");
}

#[test]
fn every_listed_disagreement_exists() {
    for Disagreement { name, example, is_like } in DISAGREEMENTS {
        assert!(is_like(example), "{name}");
        assert_ne!(ours(example), theirs(example), "{name}");
    }
}

#[track_caller]
fn check_agreement(script: &str) {
    if DISAGREEMENTS.iter().any(|it| (it.is_like)(script)) {
        return;
    }
    // Ours runs first: it rejects scripts that are so deep that the other parser overflows its stack.
    let ours = ours(script);
    assert!(ours.is_ok(), "{ours:?}\n{script}");
    assert_eq!(ours, theirs(script), "{script}");
}

/// The outline of the tree of our parser.
fn ours(script: &str) -> Result<String, String> {
    let tree = parse(script).map_err(|error| error.to_string())?;
    let mut outline = Ours { source: script, documents: &tree.here_documents, out: String::new() };
    outline.list(&tree.body);
    Ok(outline.out)
}

/// The outline of the tree of `brush-parser`.
fn theirs(script: &str) -> Result<String, String> {
    let options = ParserOptions { tilde_expansion_at_word_start: false, ..ParserOptions::default() };
    let program = Parser::new(script.as_bytes(), &options).parse_program().map_err(|error| error.to_string())?;
    let mut outline = Theirs { out: String::new() };
    program.complete_commands.iter().for_each(|list| outline.list(list));
    Ok(outline.out)
}

/// A text without whitespace and line continuations, which the other parser does not keep.
fn dense(text: &str) -> String {
    text.replace("\\\n", "").split_whitespace().collect()
}

struct Ours<'t> {
    source: &'t str,
    documents: &'t [HereDocument],
    out: String,
}

impl Ours<'_> {
    fn text(&self, span: &Span) -> String {
        dense(&self.source[span.clone()])
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            self.pipeline(&item.first);
            for (connector, pipeline) in &item.rest {
                self.out.push_str(if *connector == Connector::And { "&& " } else { "|| " });
                self.pipeline(pipeline);
            }
            self.out.push_str(if item.in_background { "&\n" } else { "\n" });
        }
    }

    fn block(&mut self, name: &str, list: &List) {
        let _ = writeln!(self.out, "{name} {{");
        self.list(list);
        self.out.push_str("} ");
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        self.out.push_str(if pipeline.is_timed { "time " } else { "" });
        self.out.push_str(if pipeline.is_negated { "! " } else { "" });
        for (index, command) in pipeline.commands.iter().enumerate() {
            self.out.push_str(if index > 0 { "| " } else { "" });
            self.command(command);
        }
    }

    fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w Word>) {
        for word in words {
            match word.pieces.as_slice() {
                [Piece { kind: PieceKind::Process(list), .. }] => self.block("process", list),
                _ => {
                    let text = self.text(&word.span);
                    let _ = write!(self.out, "{text} ");
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match &command.kind {
            CommandKind::Simple(simple) => {
                for assignment in &simple.assignments {
                    let text = self.text(&assignment.span);
                    let _ = write!(self.out, "{text} ");
                }
                self.words(&simple.words);
            }
            CommandKind::Group(list) => self.block("group", list),
            CommandKind::Subshell(list) => self.block("subshell", list),
            CommandKind::If(command) => {
                for (condition, body) in &command.branches {
                    self.block("if", condition);
                    self.block("then", body);
                }
                command.otherwise.iter().for_each(|body| self.block("else", body));
            }
            CommandKind::While(command) => {
                self.block(if command.is_until { "until" } else { "while" }, &command.condition);
                self.block("do", &command.body);
            }
            CommandKind::For(command) => {
                let _ = write!(self.out, "for {} ", command.name);
                self.words(command.words.iter().flatten());
                self.block("do", &command.body);
            }
            CommandKind::ArithmeticFor(command) => {
                let header = command.header.each_ref().map(|part| self.text(&part.span));
                let _ = write!(self.out, "for {} ", header.join(";"));
                self.block("do", &command.body);
            }
            CommandKind::Case(command) => {
                self.out.push_str("case ");
                self.words([&command.word]);
                for clause in &command.clauses {
                    self.words(&clause.patterns);
                    self.block(
                        match clause.end {
                            ClauseEnd::Break => ";;",
                            ClauseEnd::FallThrough => ";&",
                            ClauseEnd::Continue => ";;&",
                        },
                        &clause.body,
                    );
                }
            }
            CommandKind::Test(test) => {
                self.out.push_str("test ");
                self.test(test);
            }
            CommandKind::Arithmetic(expression) => {
                let text = self.text(&expression.span);
                let _ = write!(self.out, "arithmetic {text} ");
            }
            CommandKind::Function(function) => {
                let _ = write!(self.out, "function {} ", function.name);
                self.command(&function.body);
            }
            CommandKind::Coprocess(command, _) => {
                self.out.push_str("coproc ");
                self.command(command);
            }
        }
        for redirect in &command.redirects {
            let operator = RedirectOperator::ALL.iter().find(|(_, operator)| *operator == redirect.operator);
            let (text, _) = operator.expect("`ALL` lists every operator");
            let descriptor = redirect.descriptor.as_deref().unwrap_or_default();
            let _ = write!(self.out, "{descriptor}{text}");
            self.words([&redirect.target]);
            if let Some(index) = redirect.here_document.filter(|_| redirect.operator == RedirectOperator::HereDocument)
            {
                let text = self.text(&self.documents[index].span.clone());
                let _ = write!(self.out, "{text} ");
            }
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Or(tests) => self.joined(tests, "|| "),
            Test::And(tests) => self.joined(tests, "&& "),
            Test::Not(test) => {
                self.out.push_str("! ");
                self.test(test);
            }
            Test::Unary(_, word) | Test::Word(word) => self.words([word]),
            Test::Binary(first, _, second) => self.words([first, second]),
        }
    }

    fn joined(&mut self, tests: &[Test], operator: &str) {
        for (index, test) in tests.iter().enumerate() {
            self.out.push_str(if index > 0 { operator } else { "" });
            self.test(test);
        }
    }
}

struct Theirs {
    out: String,
}

impl Theirs {
    fn list(&mut self, list: &ast::CompoundList) {
        for ast::CompoundListItem(item, separator) in &list.0 {
            self.pipeline(&item.first);
            for other in &item.additional {
                let (operator, pipeline) = match other {
                    ast::AndOr::And(pipeline) => ("&& ", pipeline),
                    ast::AndOr::Or(pipeline) => ("|| ", pipeline),
                };
                self.out.push_str(operator);
                self.pipeline(pipeline);
            }
            self.out.push_str(if matches!(separator, ast::SeparatorOperator::Async) { "&\n" } else { "\n" });
        }
    }

    fn block(&mut self, name: &str, list: &ast::CompoundList) {
        let _ = writeln!(self.out, "{name} {{");
        self.list(list);
        self.out.push_str("} ");
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline) {
        self.out.push_str(if pipeline.timed.is_some() { "time " } else { "" });
        self.out.push_str(if pipeline.bang { "! " } else { "" });
        for (index, command) in pipeline.seq.iter().enumerate() {
            self.out.push_str(if index > 0 { "| " } else { "" });
            self.command(command);
        }
    }

    fn word(&mut self, text: &str) {
        let _ = write!(self.out, "{} ", dense(text));
    }

    fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w ast::Word>) {
        words.into_iter().for_each(|word| self.word(&word.value));
    }

    fn command(&mut self, command: &ast::Command) {
        match command {
            ast::Command::Simple(simple) => self.simple(simple),
            ast::Command::Compound(command, redirects) => {
                self.compound(command);
                redirects.iter().flat_map(|list| &list.0).for_each(|redirect| self.redirect(redirect));
            }
            ast::Command::Function(function) => {
                let _ = write!(self.out, "function {} ", function.fname.value);
                let ast::FunctionBody(body, redirects) = &function.body;
                self.compound(body);
                redirects.iter().flat_map(|list| &list.0).for_each(|redirect| self.redirect(redirect));
            }
            ast::Command::ExtendedTest(test, redirects) => {
                self.out.push_str("test ");
                self.test(&test.expr);
                redirects.iter().flat_map(|list| &list.0).for_each(|redirect| self.redirect(redirect));
            }
        }
    }

    /// Prints assignments and words, then redirections, in the order of our tree.
    fn simple(&mut self, simple: &ast::SimpleCommand) {
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
        let mut redirects = Vec::new();
        for item in prefix {
            self.item(item, &mut redirects);
        }
        self.words(&simple.word_or_name);
        for item in suffix {
            self.item(item, &mut redirects);
        }
        redirects.into_iter().for_each(|redirect| self.redirect(redirect));
    }

    fn item<'t>(&mut self, item: &'t ast::CommandPrefixOrSuffixItem, redirects: &mut Vec<&'t ast::IoRedirect>) {
        use ast::CommandPrefixOrSuffixItem as Item;
        match item {
            Item::IoRedirect(redirect) => redirects.push(redirect),
            Item::Word(word) | Item::AssignmentWord(_, word) => self.word(&word.value),
            Item::ProcessSubstitution(_, command) => self.block("process", &command.list),
        }
    }

    fn redirect(&mut self, redirect: &ast::IoRedirect) {
        use ast::{IoFileRedirectTarget as Target, IoRedirect as Redirect};
        let descriptor = |descriptor: &Option<ast::IoFd>| descriptor.map(|it| it.to_string()).unwrap_or_default();
        match redirect {
            Redirect::File(number, kind, target) => {
                let _ = write!(self.out, "{}{kind}", descriptor(number));
                match target {
                    Target::Filename(word) | Target::Duplicate(word) => self.word(&word.value),
                    Target::Fd(number) => self.word(&number.to_string()),
                    Target::ProcessSubstitution(_, command) => self.block("process", &command.list),
                }
            }
            Redirect::OutputAndError(word, appends) => {
                self.out.push_str(if *appends { "&>>" } else { "&>" });
                self.word(&word.value);
            }
            Redirect::HereString(number, word) => {
                let _ = write!(self.out, "{}<<<", descriptor(number));
                self.word(&word.value);
            }
            Redirect::HereDocument(number, document) => {
                let strips = if document.remove_tabs { "-" } else { "" };
                let _ = write!(self.out, "{}<<{strips}", descriptor(number));
                self.word(&document.here_end.value);
                if !document.remove_tabs {
                    self.word(&document.doc.value);
                }
            }
        }
    }

    fn compound(&mut self, command: &ast::CompoundCommand) {
        use ast::CompoundCommand as Compound;
        match command {
            Compound::Arithmetic(command) => {
                self.out.push_str("arithmetic ");
                self.word(&command.expr.value);
            }
            Compound::ArithmeticForClause(command) => {
                let header = [&command.initializer, &command.condition, &command.updater]
                    .map(|part| part.as_ref().map(|part| dense(&part.value)).unwrap_or_default());
                let _ = write!(self.out, "for {} ", header.join(";"));
                self.block("do", &command.body.list);
            }
            Compound::BraceGroup(command) => self.block("group", &command.list),
            Compound::Subshell(command) => self.block("subshell", &command.list),
            Compound::ForClause(command) => {
                let _ = write!(self.out, "for {} ", command.variable_name);
                self.words(command.values.iter().flatten());
                self.block("do", &command.body.list);
            }
            Compound::CaseClause(command) => {
                self.out.push_str("case ");
                self.word(&command.value.value);
                for case in &command.cases {
                    self.words(&case.patterns);
                    let end = match case.post_action {
                        ast::CaseItemPostAction::ExitCase => ";;",
                        ast::CaseItemPostAction::UnconditionallyExecuteNextCaseItem => ";&",
                        ast::CaseItemPostAction::ContinueEvaluatingCases => ";;&",
                    };
                    self.block(end, case.cmd.as_ref().unwrap_or(&ast::CompoundList(Vec::new())));
                }
            }
            Compound::IfClause(command) => {
                self.block("if", &command.condition);
                self.block("then", &command.then);
                for other in command.elses.iter().flatten() {
                    match &other.condition {
                        Some(condition) => {
                            self.block("if", condition);
                            self.block("then", &other.body);
                        }
                        None => self.block("else", &other.body),
                    }
                }
            }
            Compound::WhileClause(ast::WhileOrUntilClauseCommand(condition, body, _)) => {
                self.block("while", condition);
                self.block("do", &body.list);
            }
            Compound::UntilClause(ast::WhileOrUntilClauseCommand(condition, body, _)) => {
                self.block("until", condition);
                self.block("do", &body.list);
            }
            Compound::Coprocess(command) => {
                self.out.push_str("coproc ");
                self.command(&command.body);
            }
        }
    }

    fn test(&mut self, test: &ast::ExtendedTestExpr) {
        use ast::ExtendedTestExpr as Test;
        match test {
            Test::And(first, second) | Test::Or(first, second) => {
                self.test(first);
                self.out.push_str(if matches!(test, Test::And(..)) { "&& " } else { "|| " });
                self.test(second);
            }
            Test::Not(test) => {
                self.out.push_str("! ");
                self.test(test);
            }
            Test::Parenthesized(test) => self.test(test),
            Test::UnaryTest(_, word) => self.word(&word.value),
            Test::BinaryTest(_, first, second) => self.words([first, second]),
        }
    }
}
