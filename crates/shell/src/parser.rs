//! A recursive-descent parser for bash scripts, with a maximum depth.

mod words;

use std::fmt;
use std::rc::Rc;

use super::lexer::Lexer;
pub use super::lexer::RESERVED;
use super::syntax::{
    AndOr, Arithmetic, ArithmeticFor, Case, Clause, ClauseEnd, Command, CommandKind, Connector, For, Function,
    HereDocument, If, List, Pipeline, Redirect, RedirectOperator, Script, Simple, Test, While, is_name,
};

/// Maximum nesting of commands, quotes and expansions.
pub const MAX_DEPTH: usize = 48;

/// A syntax error in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The message.
    pub reason: String,
    /// The byte offset in the outermost script at which the parser found the error.
    pub offset: usize,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The position of a word in a command. It decides which characters belong to the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordPosition {
    /// At the beginning of a command.
    Command,
    /// At any other position. The word may contain an extended glob such as `@(a|b)`.
    Argument,
    /// After `=~`. The word may contain parentheses and `|`.
    Regex,
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// Parses a script. Spans in the result are byte offsets from the beginning of `source`.
///
/// # Errors
///
/// If the text is not a bash script or is nested deeper than [`MAX_DEPTH`].
pub fn parse(source: &str) -> Result<Script> {
    parse_at(source, 0)
}

/// Parses a part of a script. The part begins at byte `base` of the whole script, and spans in the result are
/// byte offsets in the whole script.
pub(super) fn parse_at(source: &str, base: usize) -> Result<Script> {
    let mut parser =
        Parser { lexer: Lexer::new(source, base), pending: Vec::new(), here_documents: Vec::new(), depth: 0 };
    let body = parser.list()?;
    if !parser.lexer.is_at_end() {
        return Err(parser.unexpected());
    }
    parser.read_here_documents()?;
    Ok(Script { body, here_documents: parser.here_documents, comments: parser.lexer.comments })
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    /// The here-documents whose operators have been read. Their bodies begin after the next newline.
    pending: Vec<PendingHereDocument>,
    /// The here-documents in the order of their operators. The entry of a pending one is empty.
    here_documents: Vec<HereDocument>,
    depth: usize,
}

/// A here-document whose body has not been read.
struct PendingHereDocument {
    index: usize,
    delimiter: String,
    strips_tabs: bool,
    expands: bool,
}

impl Parser<'_> {
    fn error<T>(&self, reason: impl Into<String>) -> Result<T> {
        Err(SyntaxError { reason: reason.into(), offset: self.lexer.script_offset() })
    }

    /// The error for the unexpected text that comes next.
    fn unexpected(&self) -> SyntaxError {
        let rest = self.lexer.rest();
        let text = self.lexer.operator().or(self.lexer.reserved()).or(rest.get(..1));
        let reason = match text {
            Some("\n") => "unexpected end of a line".to_owned(),
            Some(text) => format!("unexpected `{text}`"),
            None => "unexpected end".to_owned(),
        };
        SyntaxError { reason, offset: self.lexer.script_offset() }
    }

    /// Calls `read` one level deeper; fails at the maximum depth.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return self.error(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Skips blanks and newlines. After each newline, reads the bodies of the pending here-documents.
    fn skip_newlines(&mut self) -> Result<()> {
        loop {
            self.lexer.skip_blanks();
            if !self.lexer.eat("\n") {
                return Ok(());
            }
            self.read_here_documents()?;
        }
    }

    fn expect(&mut self, text: &str) -> Result<()> {
        self.lexer.skip_blanks();
        if self.lexer.eat(text) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn expect_reserved(&mut self, word: &str) -> Result<()> {
        self.skip_newlines()?;
        if self.lexer.eat_reserved(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Reads commands up to a token that cannot begin a command.
    fn list(&mut self) -> Result<List> {
        let start = self.lexer.offset();
        let mut items = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.is_at_list_end() {
                break;
            }
            let mut item = self.and_or()?;
            self.lexer.skip_blanks();
            let operator = self.lexer.operator();
            item.in_background = operator == Some("&");
            items.push(item);
            match operator {
                Some(operator @ (";" | "&")) => self.lexer.skip(operator.len()),
                Some("\n") => {}
                _ => break,
            }
        }
        Ok(List { items, span: self.lexer.span(start) })
    }

    /// Reads a [`list`](Self::list) with at least one command.
    fn non_empty_list(&mut self) -> Result<List> {
        let list = self.list()?;
        if list.items.is_empty() { Err(self.unexpected()) } else { Ok(list) }
    }

    fn is_at_list_end(&self) -> bool {
        self.lexer.is_at_end()
            || matches!(self.lexer.operator(), Some(")" | ";;" | ";&" | ";;&"))
            || matches!(self.lexer.reserved(), Some("then" | "do" | "done" | "elif" | "else" | "esac" | "fi" | "}"))
    }

    fn and_or(&mut self) -> Result<AndOr> {
        let first = self.pipeline()?;
        let mut span = first.span.clone();
        let mut rest = Vec::new();
        loop {
            self.lexer.skip_blanks();
            let connector = match self.lexer.operator() {
                Some("&&") => Connector::And,
                Some("||") => Connector::Or,
                _ => return Ok(AndOr { first, rest, in_background: false, span }),
            };
            self.lexer.skip(2);
            self.skip_newlines()?;
            let pipeline = self.pipeline()?;
            span.end = pipeline.span.end;
            rest.push((connector, pipeline));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline> {
        let start = self.lexer.offset();
        let (mut is_negated, mut is_timed) = (false, false);
        let mut commands = Vec::new();
        loop {
            self.lexer.skip_blanks();
            if self.lexer.eat_reserved("!") {
                is_negated = !is_negated;
            } else if self.lexer.eat_reserved("time") {
                is_timed = true;
                self.lexer.skip_blanks();
                if self.lexer.rest().strip_prefix("-p").is_some_and(|after| after.starts_with([' ', '\t'])) {
                    self.lexer.skip("-p".len());
                }
            } else {
                break;
            }
        }
        let is_empty = self.is_at_list_end() || matches!(self.lexer.operator(), Some(";" | "\n" | "&" | "&&" | "||"));
        if is_empty && (is_timed || is_negated) {
            return Ok(Pipeline { is_negated, is_timed, commands, span: self.lexer.span(start) });
        }
        loop {
            let command = self.nested(Self::command)?;
            let span = self.lexer.span(start).start..command.span.end;
            commands.push(command);
            self.lexer.skip_blanks();
            match self.lexer.operator() {
                Some(operator @ ("|" | "|&")) => self.lexer.skip(operator.len()),
                _ => return Ok(Pipeline { is_negated, is_timed, commands, span }),
            }
            self.skip_newlines()?;
        }
    }

    fn command(&mut self) -> Result<Command> {
        let start = self.lexer.offset();
        let reserved = self.lexer.reserved();
        if reserved == Some("function") {
            return self.function_with_keyword();
        }
        let Some(kind) = self.compound(reserved)? else { return self.simple() };
        self.with_redirects(kind, start)
    }

    /// Reads a compound command, if one comes next.
    fn compound(&mut self, reserved: Option<&str>) -> Result<Option<CommandKind>> {
        if self.lexer.rest().starts_with('(') {
            return self.parentheses().map(Some);
        }
        // `in` is reserved only in `for` and `case`, and `time` only before a pipeline.
        let Some(word) = reserved.filter(|word| !matches!(*word, "in" | "time")) else { return Ok(None) };
        if word == "!" || self.is_at_list_end() {
            return Err(self.unexpected());
        }
        self.lexer.skip(word.len());
        Ok(Some(match word {
            "if" => self.if_command()?,
            "while" | "until" => {
                let condition = self.non_empty_list()?;
                let body = self.do_group()?;
                CommandKind::While(While { is_until: word == "until", condition, body })
            }
            "for" | "select" => self.for_command(word == "select")?,
            "case" => self.case_command()?,
            "{" => {
                let list = self.non_empty_list()?;
                self.expect_reserved("}")?;
                CommandKind::Group(list)
            }
            "[[" => {
                let test = self.nested(Self::test_or)?;
                if !self.lexer.eat_closing_brackets() {
                    return Err(self.unexpected());
                }
                CommandKind::Test(test)
            }
            _ => self.coprocess()?,
        }))
    }

    /// Reads `((…))` or a subshell.
    fn parentheses(&mut self) -> Result<CommandKind> {
        if self.lexer.rest().starts_with("((") && self.lexer.is_arithmetic() {
            self.lexer.skip(2);
            let expression = self.nested(|parser| parser.arithmetic(&["))"]))?;
            self.lexer.skip(2);
            return Ok(CommandKind::Arithmetic(expression));
        }
        self.lexer.skip(1);
        let list = self.non_empty_list()?;
        self.expect(")")?;
        Ok(CommandKind::Subshell(list))
    }

    fn if_command(&mut self) -> Result<CommandKind> {
        let mut branches = Vec::new();
        loop {
            let condition = self.non_empty_list()?;
            self.expect_reserved("then")?;
            branches.push((condition, self.non_empty_list()?));
            if !self.lexer.eat_reserved("elif") {
                break;
            }
        }
        let otherwise = if self.lexer.eat_reserved("else") { Some(self.non_empty_list()?) } else { None };
        self.expect_reserved("fi")?;
        Ok(CommandKind::If(If { branches, otherwise }))
    }

    fn do_group(&mut self) -> Result<List> {
        self.expect_reserved("do")?;
        let body = self.non_empty_list()?;
        self.expect_reserved("done")?;
        Ok(body)
    }

    fn for_command(&mut self, is_select: bool) -> Result<CommandKind> {
        self.lexer.skip_blanks();
        if !is_select && self.lexer.rest().starts_with("((") {
            self.lexer.skip(2);
            let first = self.nested(|parser| parser.arithmetic(&[";"]))?;
            self.expect(";")?;
            let condition = self.nested(|parser| parser.arithmetic(&[";"]))?;
            self.expect(";")?;
            let step = self.nested(|parser| parser.arithmetic(&["))"]))?;
            self.expect("))")?;
            self.lexer.skip_blanks();
            self.lexer.eat(";");
            let body = self.loop_body()?;
            return Ok(CommandKind::ArithmeticFor(ArithmeticFor { header: [first, condition, step], body }));
        }
        let Some(word) = self.word(WordPosition::Argument)? else { return Err(self.unexpected()) };
        let Some(name) = word.unquoted_literal().filter(|name| is_name(name)) else {
            return self.error("invalid name of a loop variable");
        };
        self.skip_newlines()?;
        let mut words = None;
        if self.lexer.eat_reserved("in") {
            let mut listed = Vec::new();
            loop {
                self.lexer.skip_blanks();
                let Some(word) = self.word(WordPosition::Argument)? else { break };
                listed.push(word);
            }
            words = Some(listed);
        }
        self.lexer.skip_blanks();
        if !matches!(self.lexer.operator(), Some(";;" | ";&" | ";;&")) {
            self.lexer.eat(";");
        }
        let body = self.loop_body()?;
        Ok(CommandKind::For(For { is_select, name: name.to_owned(), name_span: word.span.clone(), words, body }))
    }

    /// Reads `do … done` or `{ … }`.
    fn loop_body(&mut self) -> Result<List> {
        self.skip_newlines()?;
        if !self.lexer.eat_reserved("{") {
            return self.do_group();
        }
        let body = self.non_empty_list()?;
        self.expect_reserved("}")?;
        Ok(body)
    }

    fn case_command(&mut self) -> Result<CommandKind> {
        self.lexer.skip_blanks();
        let Some(word) = self.word(WordPosition::Argument)? else { return Err(self.unexpected()) };
        self.expect_reserved("in")?;
        let mut clauses = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.lexer.eat_reserved("esac") {
                return Ok(CommandKind::Case(Case { word, clauses }));
            }
            self.lexer.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.lexer.skip_blanks();
                let Some(pattern) = self.word(WordPosition::Argument)? else { return Err(self.unexpected()) };
                patterns.push(pattern);
                self.lexer.skip_blanks();
                if !self.lexer.eat("|") {
                    break;
                }
            }
            self.expect(")")?;
            let body = self.list()?;
            let end = match self.lexer.operator() {
                Some(";;&") => ClauseEnd::Continue,
                Some(";&") => ClauseEnd::FallThrough,
                Some(";;") => ClauseEnd::Break,
                _ if self.lexer.reserved() == Some("esac") => ClauseEnd::Break,
                _ => return Err(self.unexpected()),
            };
            let length = self.lexer.operator().map_or(0, str::len);
            self.lexer.skip(length);
            clauses.push(Clause { patterns, body, end });
        }
    }

    fn function_with_keyword(&mut self) -> Result<Command> {
        let start = self.lexer.offset();
        self.lexer.skip("function".len());
        self.lexer.skip_blanks();
        let Some(name) = self.word(WordPosition::Command)? else { return Err(self.unexpected()) };
        self.lexer.skip_blanks();
        let after = self.lexer.rest().strip_prefix('(');
        if after.is_some_and(|after| after.trim_start_matches([' ', '\t']).starts_with(')')) {
            self.lexer.skip(1);
            self.expect(")")?;
        }
        let name = self.lexer.text(&name.span).to_owned();
        self.function_body(start, name)
    }

    fn function_body(&mut self, start: usize, name: String) -> Result<Command> {
        self.skip_newlines()?;
        let body_start = self.lexer.offset();
        let reserved = self.lexer.reserved();
        let Some(kind) = self.nested(|parser| parser.compound(reserved))? else { return Err(self.unexpected()) };
        let body = Rc::new(self.with_redirects(kind, body_start)?);
        let span = self.lexer.span(start).start..body.span.end;
        Ok(Command { kind: CommandKind::Function(Function { name, body }), redirects: Vec::new(), span })
    }

    /// Reads the command after `coproc`; a compound command may have a name before it.
    fn coprocess(&mut self) -> Result<CommandKind> {
        self.lexer.skip_blanks();
        let after = self.lexer.rest().trim_start_matches(|c: char| c == '_' || c.is_ascii_alphanumeric());
        let name = &self.lexer.rest()[..self.lexer.rest().len() - after.len()];
        let compound = after.trim_start_matches([' ', '\t']);
        if self.lexer.reserved().is_none() && is_name(name) && compound.starts_with(['{', '(']) {
            let name = name.to_owned();
            self.lexer.skip(name.len());
            self.lexer.skip_blanks();
            return Ok(CommandKind::Coprocess(Box::new(self.nested(Self::command)?), Some(name)));
        }
        Ok(CommandKind::Coprocess(Box::new(self.nested(Self::command)?), None))
    }

    /// Reads a simple command or a function definition `name()`.
    fn simple(&mut self) -> Result<Command> {
        let start = self.lexer.offset();
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut span = self.lexer.span(start);
        loop {
            self.lexer.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                span = self.lexer.span(start);
                continue;
            }
            let position = if words.is_empty() { WordPosition::Command } else { WordPosition::Argument };
            let Some(word) = self.word(position)? else { break };
            span = self.lexer.span(start);
            match word.assignment().filter(|_| words.is_empty()) {
                Some(assignment) => assignments.push(assignment),
                None => words.push(word),
            }
            if let [name] = words.as_slice()
                && assignments.is_empty()
                && redirects.is_empty()
            {
                self.lexer.skip_blanks();
                if self.lexer.eat("(") {
                    self.expect(")")?;
                    let name = self.lexer.text(&name.span).to_owned();
                    return self.function_body(start, name);
                }
            }
        }
        if assignments.is_empty() && words.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command { kind: CommandKind::Simple(Simple { assignments, words }), redirects, span })
    }

    /// Reads the redirections after a compound command and returns the whole command. The command after
    /// `coproc` has read its own redirections.
    fn with_redirects(&mut self, kind: CommandKind, start: usize) -> Result<Command> {
        let mut span = self.lexer.span(start);
        if let CommandKind::Coprocess(command, _) = &kind {
            span.end = command.span.end;
            return Ok(Command { kind, redirects: Vec::new(), span });
        }
        let mut redirects = Vec::new();
        loop {
            self.lexer.skip_blanks();
            let Some(redirect) = self.redirect()? else { return Ok(Command { kind, redirects, span }) };
            span.end = redirect.span.end;
            redirects.push(redirect);
        }
    }

    fn redirect(&mut self) -> Result<Option<Redirect>> {
        let start = self.lexer.offset();
        let Some((descriptor, operator)) = self.lexer.eat_redirect() else { return Ok(None) };
        self.lexer.skip_blanks();
        let Some(target) = self.word(WordPosition::Argument)? else { return Err(self.unexpected()) };
        let strips_tabs = operator == RedirectOperator::StrippedHereDocument;
        let mut here_document = None;
        if strips_tabs || operator == RedirectOperator::HereDocument {
            let index = self.here_documents.len();
            self.here_documents.push(HereDocument::default());
            let source = self.lexer.text(&target.span);
            // A shell does not expand `$` in the delimiter, so such a delimiter stays as in the source.
            let delimiter = target.literal().map_or_else(|| source.to_owned(), std::borrow::Cow::into_owned);
            let expands = !source.contains(['\'', '"', '\\']);
            self.pending.push(PendingHereDocument { index, delimiter, strips_tabs, expands });
            here_document = Some(index);
        }
        Ok(Some(Redirect { descriptor, operator, target, here_document, span: self.lexer.span(start) }))
    }

    fn test_or(&mut self) -> Result<Test> {
        let mut tests = vec![self.test_and()?];
        while self.lexer.eat("||") {
            tests.push(self.test_and()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::Or(tests) })
    }

    fn test_and(&mut self) -> Result<Test> {
        let mut tests = vec![self.test()?];
        while self.lexer.eat("&&") {
            tests.push(self.test()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::And(tests) })
    }

    /// Reads a condition up to an operator or `]]`.
    fn test(&mut self) -> Result<Test> {
        self.skip_newlines()?;
        let test = if self.lexer.eat_reserved("!") {
            Test::Not(Box::new(self.nested(Self::test)?))
        } else if self.lexer.eat("(") {
            let test = self.nested(Self::test_or)?;
            self.expect(")")?;
            test
        } else {
            self.comparison()?
        };
        self.skip_newlines()?;
        Ok(test)
    }

    fn comparison(&mut self) -> Result<Test> {
        if self.lexer.is_at_closing_brackets() {
            return Err(self.unexpected());
        }
        let Some(first) = self.word(WordPosition::Argument)? else { return Err(self.unexpected()) };
        self.skip_newlines()?;
        if let Some(operator) = self.binary_operator() {
            self.lexer.skip(operator.len());
            self.lexer.skip_blanks();
            let position = if operator == "=~" { WordPosition::Regex } else { WordPosition::Argument };
            let Some(second) = self.word(position)? else { return Err(self.unexpected()) };
            return Ok(Test::Binary(first, operator.to_owned(), second));
        }
        let is_unary_operator = first.unquoted_literal().is_some_and(|word| word.len() == 2 && word.starts_with('-'));
        if is_unary_operator && !self.is_at_condition_end() {
            let Some(operand) = self.word(WordPosition::Argument)? else { return Err(self.unexpected()) };
            return Ok(Test::Unary(first.unquoted_literal().unwrap_or_default().to_owned(), operand));
        }
        Ok(Test::Word(first))
    }

    /// Whether a condition in `[[ … ]]` ends here: at `&&`, `||`, `)` or `]]`.
    fn is_at_condition_end(&self) -> bool {
        self.lexer.is_at_closing_brackets() || matches!(self.lexer.operator(), Some("&&" | "||" | ")"))
    }

    fn binary_operator(&self) -> Option<&'static str> {
        const OPERATORS: [&str; 15] =
            ["==", "=~", "!=", "=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];
        let rest = self.lexer.rest();
        OPERATORS.into_iter().find(|operator| {
            let after = rest.strip_prefix(operator);
            after.is_some_and(|after| matches!(*operator, "<" | ">") || after.starts_with([' ', '\t', '\n', '\\']))
        })
    }

    fn arithmetic(&mut self, ends: &[&str]) -> Result<Arithmetic> {
        let start = self.lexer.offset();
        let pieces = self.arithmetic_pieces(ends)?;
        Ok(Arithmetic { pieces, span: self.lexer.span(start) })
    }
}
