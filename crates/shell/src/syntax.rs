//! The syntax tree of a script.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

/// A range of bytes of the script.
pub type Span = Range<usize>;

/// A script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The commands.
    pub body: List,
    /// The bodies of the here-documents, to which redirections refer by index.
    pub here_documents: Vec<HereDocument>,
    /// The spans of the comments.
    pub comments: Vec<Span>,
}

/// Commands in sequence.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The commands, in order.
    pub items: Vec<AndOr>,
    /// The bytes of all commands.
    pub span: Span,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug)]
pub struct AndOr {
    /// The pipeline that always runs.
    pub first: Pipeline,
    /// The pipelines that run depending on the result of the pipelines before them.
    pub rest: Vec<(Connector, Pipeline)>,
    /// Whether `&` follows, so that a subshell runs the pipelines.
    pub in_background: bool,
    /// The bytes, without the `;` or `&` after the pipelines.
    pub span: Span,
}

/// The operator between two pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`; with more than one, each runs in a subshell.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Whether an odd number of `!` comes before the pipeline.
    pub is_negated: bool,
    /// Whether `time` comes before the pipeline.
    pub is_timed: bool,
    /// The commands; may be empty only after `time` or `!`.
    pub commands: Vec<Command>,
    /// The bytes.
    pub span: Span,
}

/// A command with its redirections.
#[derive(Clone, Debug)]
pub struct Command {
    /// The command.
    pub kind: CommandKind,
    /// The redirections, in order.
    pub redirects: Vec<Redirect>,
    /// The bytes, with redirections but without the bodies of here-documents.
    pub span: Span,
}

/// The kinds of command.
#[derive(Clone, Debug)]
pub enum CommandKind {
    /// Assignments and words.
    Simple(Simple),
    /// `{ list; }`
    Group(List),
    /// `( list )`
    Subshell(List),
    /// `if … fi`
    If(If),
    /// `while` and `until`
    While(While),
    /// `for name in words` and `select`
    For(For),
    /// `for ((first; condition; step))`
    ArithmeticFor(ArithmeticFor),
    /// `case … esac`
    Case(Case),
    /// `[[ … ]]`
    Test(Test),
    /// `(( … ))`
    Arithmetic(Arithmetic),
    /// A definition of a function.
    Function(Function),
    /// `coproc command`, which runs in a subshell, and the name before the command.
    Coprocess(Box<Command>, Option<String>),
}

/// Assignments and words; both may be empty if the command has redirections.
#[derive(Clone, Debug)]
pub struct Simple {
    /// The assignments before the first word.
    pub assignments: Vec<Assignment>,
    /// The command and its arguments.
    pub words: Vec<Word>,
}

/// `if`, each `elif`, and `else`.
#[derive(Clone, Debug)]
pub struct If {
    /// Conditions and the commands that run if they are true; at least one.
    pub branches: Vec<(List, List)>,
    /// The commands that run if no condition is true.
    pub otherwise: Option<List>,
}

/// A loop with a condition.
#[derive(Clone, Debug)]
pub struct While {
    /// Whether the loop is `until`.
    pub is_until: bool,
    /// The condition.
    pub condition: List,
    /// The body.
    pub body: List,
}

/// A loop over words.
#[derive(Clone, Debug)]
pub struct For {
    /// Whether the command is `select`.
    pub is_select: bool,
    /// The name of the variable.
    pub name: String,
    /// The bytes of the name.
    pub name_span: Span,
    /// The words; `None` without `in`, which loops over the arguments of the script.
    pub words: Option<Vec<Word>>,
    /// The body.
    pub body: List,
}

/// A loop with three expressions.
#[derive(Clone, Debug)]
pub struct ArithmeticFor {
    /// The three expressions.
    pub header: [Arithmetic; 3],
    /// The body.
    pub body: List,
}

/// `case word in … esac`
#[derive(Clone, Debug)]
pub struct Case {
    /// The word.
    pub word: Word,
    /// The clauses, in order.
    pub clauses: Vec<Clause>,
}

/// One clause of a `case`.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The patterns; at least one.
    pub patterns: Vec<Word>,
    /// The commands that run if a pattern matches.
    pub body: List,
    /// The end of the clause.
    pub end: ClauseEnd,
}

/// The continuation after a clause of a `case`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClauseEnd {
    /// `;;`: the `case` ends.
    Break,
    /// `;&`: the next clause runs.
    FallThrough,
    /// `;;&`: the next patterns are tried.
    Continue,
}

/// A definition of a function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name.
    pub name: String,
    /// The body, a compound command. The interpreter shares it with the calls of the function.
    pub body: Rc<Command>,
}

/// The expression in `[[ … ]]`.
#[derive(Clone, Debug)]
pub enum Test {
    /// Alternatives joined by `||`.
    Or(Vec<Test>),
    /// Conditions joined by `&&`.
    And(Vec<Test>),
    /// `! test`
    Not(Box<Test>),
    /// An operator and its operand, such as `-n word`.
    Unary(String, Word),
    /// An operator between two operands, such as `word == pattern`.
    Binary(Word, String, Word),
    /// A word; the test is true if it is not empty.
    Word(Word),
}

/// An arithmetic expression, in whose text a shell expands `$` before evaluation.
#[derive(Clone, Debug)]
pub struct Arithmetic {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// The bytes between the parentheses.
    pub span: Span,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The file descriptor before the operator, as a number or as `{name}`.
    pub descriptor: Option<String>,
    /// The operator.
    pub operator: RedirectOperator,
    /// The word after the operator: a file, a descriptor, a text or the delimiter of a here-document.
    pub target: Word,
    /// The index of the here-document, if the redirection has one.
    pub here_document: Option<usize>,
    /// The bytes.
    pub span: Span,
}

/// The operators of redirections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectOperator {
    /// `<`
    Input,
    /// `>`
    Output,
    /// `>>`
    Append,
    /// `>|`
    Clobber,
    /// `<>`
    ReadWrite,
    /// `<&`
    DuplicateInput,
    /// `>&`
    DuplicateOutput,
    /// `&>`
    OutputAndError,
    /// `&>>`
    AppendOutputAndError,
    /// `<<<`
    HereString,
    /// `<<`
    HereDocument,
    /// `<<-`
    StrippedHereDocument,
}

impl RedirectOperator {
    /// All operators with their texts; a text comes before its prefixes.
    pub const ALL: [(&'static str, Self); 12] = [
        ("<<<", Self::HereString),
        ("<<-", Self::StrippedHereDocument),
        ("&>>", Self::AppendOutputAndError),
        ("<<", Self::HereDocument),
        (">>", Self::Append),
        ("<&", Self::DuplicateInput),
        (">&", Self::DuplicateOutput),
        ("&>", Self::OutputAndError),
        (">|", Self::Clobber),
        ("<>", Self::ReadWrite),
        ("<", Self::Input),
        (">", Self::Output),
    ];

    /// Whether the redirection lets a command write to a file.
    #[must_use]
    pub fn writes_file(self) -> bool {
        use RedirectOperator as R;
        matches!(self, R::Output | R::Append | R::Clobber | R::OutputAndError | R::AppendOutputAndError | R::ReadWrite)
    }
}

/// The body of a here-document.
#[derive(Clone, Debug, Default)]
pub struct HereDocument {
    /// The text. A shell expands `$` and backticks in it unless the delimiter is quoted.
    pub pieces: Vec<Piece>,
    /// The bytes of its lines.
    pub span: Span,
}

/// An assignment before a command or in the arguments of a command such as `export`.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The name of the variable.
    pub name: String,
    /// The bytes of the name.
    pub name_span: Span,
    /// The pieces between the brackets if the assignment is to an element of an array, as in `name[1]=value`.
    pub subscript: Option<Vec<Piece>>,
    /// Whether the operator is `+=`.
    pub appends: bool,
    /// The value.
    pub value: Word,
    /// The bytes of the whole assignment.
    pub span: Span,
}

/// A word: a sequence of pieces without spaces between them.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// The bytes.
    pub span: Span,
}

/// A piece of a word.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The kind of the piece.
    pub kind: PieceKind,
    /// The bytes, quotes included.
    pub span: Span,
}

/// The kinds of pieces.
#[derive(Clone, Debug)]
pub enum PieceKind {
    /// Text without quotes; globs and braces are part of the text.
    Literal(String),
    /// A character after a backslash.
    Escaped(char),
    /// Text in single quotes.
    SingleQuoted(String),
    /// Text in `$'…'`; `None` if it is not valid text or has an unsupported escape.
    AnsiQuoted(Option<String>),
    /// Pieces in double quotes.
    DoubleQuoted(Vec<Piece>),
    /// `$name` and `${…}`.
    Parameter(Parameter),
    /// `$(…)` and backticks.
    Command(List),
    /// `$((…))`
    Arithmetic(Arithmetic),
    /// `<(…)` and `>(…)`
    Process(List),
    /// `(…)` after `name=`.
    Array(Vec<Word>),
}

/// An expansion of a parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name of a variable, a number or a special character.
    pub name: String,
    /// The operation on its value.
    pub operation: Operation,
}

/// The operation of an expansion on the value of a parameter.
#[derive(Clone, Debug)]
pub enum Operation {
    /// No operation.
    None,
    /// The operator `-`, `=`, `?` or `+`, with or without a colon, and its word.
    Alternative(String, Vec<Piece>),
    /// Another operation, such as `%pattern`; the pieces of the text after the name.
    Other(Vec<Piece>),
}

impl Operation {
    /// Whether the expansion changes nothing and runs no command.
    pub(super) fn is_pure(&self) -> bool {
        match self {
            Self::None => true,
            Self::Alternative(operator, pieces) => {
                operator.ends_with(['-', '+']) && pieces.iter().all(|piece| piece.literal().is_some())
            }
            // A subscript or an offset is an arithmetic expression.
            Self::Other(pieces) => {
                let is_literal = |piece: &Piece| piece.literal().is_some_and(|text| !text.contains([':', '[']));
                pieces.iter().all(is_literal)
            }
        }
    }
}

impl Piece {
    /// The text of the piece without its quotes, if the piece has no expansions.
    #[must_use]
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        match &self.kind {
            PieceKind::Literal(text) | PieceKind::SingleQuoted(text) | PieceKind::AnsiQuoted(Some(text)) => {
                Some(Cow::Borrowed(text))
            }
            PieceKind::Escaped(character) => Some(Cow::Owned(character.to_string())),
            PieceKind::DoubleQuoted(pieces) => literal(pieces),
            _ => None,
        }
    }
}

/// The text of pieces without their quotes, if no piece has an expansion.
fn literal(pieces: &[Piece]) -> Option<Cow<'_, str>> {
    match pieces {
        [] => Some(Cow::Borrowed("")),
        [piece] => piece.literal(),
        _ => pieces.iter().map(Piece::literal).collect::<Option<String>>().map(Cow::Owned),
    }
}

impl Word {
    /// The text of the word without its quotes, if the word has no expansions.
    #[must_use]
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        literal(&self.pieces)
    }

    /// The text of the word, if the word has neither quotes nor expansions.
    #[must_use]
    pub fn unquoted_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece { kind: PieceKind::Literal(text), .. }] => Some(text),
            _ => None,
        }
    }

    /// The variable whose value is the text of the word, as in `"$NAME"` and `${NAME:-}`.
    pub(super) fn parameter(&self) -> Option<&str> {
        fn of(pieces: &[Piece]) -> Option<&Parameter> {
            match pieces {
                [Piece { kind: PieceKind::Parameter(parameter), .. }] => Some(parameter),
                [Piece { kind: PieceKind::DoubleQuoted(pieces), .. }] => of(pieces),
                _ => None,
            }
        }
        let Parameter { name, operation } = of(&self.pieces)?;
        let keeps_value = match operation {
            Operation::None => true,
            Operation::Alternative(operator, pieces) => operator.ends_with('-') && pieces.is_empty(),
            Operation::Other(_) => false,
        };
        (keeps_value && is_name(name)).then_some(name)
    }

    /// The word as an assignment, if it begins with an unquoted `name=`, `name+=` or `name[…]=`.
    #[must_use]
    pub fn assignment(&self) -> Option<Assignment> {
        let PieceKind::Literal(first) = &self.pieces.first()?.kind else { return None };
        let end = first.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(first.len());
        let name = &first[..end];
        if !is_name(name) {
            return None;
        }
        let has_subscript = first[end..].starts_with('[');
        let (index, operator) = if has_subscript { self.subscript_end(end)? } else { (0, end) };
        let PieceKind::Literal(text) = &self.pieces[index].kind else { return None };
        let rest = &text[operator..];
        let length = if rest.starts_with("+=") { 2 } else { usize::from(rest.starts_with('=')) };
        if length == 0 {
            return None;
        }
        let span = self.pieces[index].span.clone();
        // A line continuation makes the text shorter than its span.
        let from = span.end - (text.len() - operator - length).min(span.len());
        let mut pieces = self.pieces[index..].to_vec();
        pieces[0] = Piece { kind: PieceKind::Literal(rest[length..].to_owned()), span: from..span.end };
        if rest.len() == length {
            pieces.remove(0);
        }
        Some(Assignment {
            name: name.to_owned(),
            name_span: self.span.start..self.span.start + name.len(),
            subscript: has_subscript.then(|| self.within_brackets(end, (index, operator))),
            appends: length == 2,
            value: Word { pieces, span: from..self.span.end },
            span: self.span.clone(),
        })
    }

    /// The word in `name=(…)` as an element, if it has the form `[subscript]=value` or `[subscript]+=value`: its
    /// subscript, whether it appends, and its value.
    pub(super) fn element(&self) -> Option<(Vec<Piece>, bool, Word)> {
        let PieceKind::Literal(first) = &self.pieces.first()?.kind else { return None };
        let named = Piece { kind: PieceKind::Literal(format!("_{first}")), span: self.pieces[0].span.clone() };
        let pieces = std::iter::once(named).chain(self.pieces[1..].iter().cloned()).collect();
        let Assignment { subscript, appends, value, .. } = Word { pieces, span: self.span.clone() }.assignment()?;
        Some((subscript.filter(|_| first.starts_with('['))?, appends, value))
    }

    /// The elements between the parentheses, if the word is the value of an array.
    pub(super) fn array(&self) -> Option<&[Word]> {
        match self.pieces.as_slice() {
            [Piece { kind: PieceKind::Array(words), .. }] => Some(words),
            _ => None,
        }
    }

    /// The pieces between the bracket at the byte `start` of the first piece and the bracket before `end`, which
    /// [`Word::subscript_end`] returns.
    fn within_brackets(&self, start: usize, end: (usize, usize)) -> Vec<Piece> {
        let part = |(index, piece): (usize, &Piece)| {
            let PieceKind::Literal(text) = &piece.kind else { return piece.clone() };
            let from = if index == 0 { start + 1 } else { 0 };
            let to = if index == end.0 { end.1 - 1 } else { text.len() };
            Piece { kind: PieceKind::Literal(text[from..to].to_owned()), span: piece.span.clone() }
        };
        self.pieces[..=end.0].iter().enumerate().map(part).collect()
    }

    /// The index of the piece that closes a subscript, and the byte after the bracket in its text.
    fn subscript_end(&self, from: usize) -> Option<(usize, usize)> {
        self.pieces.iter().enumerate().find_map(|(index, piece)| {
            let PieceKind::Literal(text) = &piece.kind else { return None };
            let start = if index == 0 { from } else { 0 };
            let at = ["]=", "]+="].into_iter().filter_map(|closing| text[start..].find(closing)).min()?;
            Some((index, start + at + 1))
        })
    }
}

/// The pieces, with double-quoted pieces replaced by their contents.
pub fn flattened(pieces: &[Piece]) -> Vec<&Piece> {
    let mut flat = Vec::new();
    for piece in pieces {
        match &piece.kind {
            PieceKind::DoubleQuoted(pieces) => flat.extend(flattened(pieces)),
            _ => flat.push(piece),
        }
    }
    flat
}

/// The text after the last expansion of a word.
pub fn literal_end(pieces: &[Piece]) -> String {
    let flat = flattened(pieces);
    let mut literals: Vec<String> = flat.iter().rev().map_while(|piece| piece.literal().map(Cow::into_owned)).collect();
    literals.reverse();
    literals.concat()
}

/// Whether a text can be the name of a variable.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
        && name.chars().all(|next| next == '_' || next.is_ascii_alphanumeric())
}
