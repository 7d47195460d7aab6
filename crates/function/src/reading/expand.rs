//! Expands words to sets of possible values.

use std::collections::BTreeSet;

use slug_shell::is_name;
use slug_shell::syntax::{Operation, Parameter, Piece, PieceKind, Span, Word};

use super::arithmetic::{decimal, subscript};
use super::eval::FunctionEval;
use super::state::{Elements, Separators, State, Variable};
use super::value::{Part, Source, Text, Value, literal};
use crate::pattern::escape;

/// The most alternatives for the arguments of one command.
const ARGUMENT_LISTS: usize = 24;

/// The reason for which a text is not followed that another shell may split at other places.
pub(super) const SPLITS_AS_CALLER: &str = "splits a text at the separators of the shell that calls it; \
     set `IFS` in the function, or name a `harness` that does not set it";

/// The most arguments of one command, and the most elements of an array.
const WORDS: usize = 1024;

/// How the text of pieces is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// As it is.
    Plain,
    /// As a pattern, in which quotes make wildcards literal.
    Pattern,
}

/// One of the possible lists of fields that a word expands to.
#[derive(Clone, Default, PartialEq, Eq)]
struct Fields {
    done: Vec<Value>,
    current: Option<Value>,
}

impl Fields {
    fn push(&mut self, value: &Value) {
        self.current = Some(self.current.take().unwrap_or_default().concat(value));
    }

    /// Adds fields; the first and the last one join what is around them.
    fn splice(&mut self, values: &[Value]) {
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.end();
            }
            self.push(value);
        }
    }

    fn end(&mut self) {
        self.done.extend(self.current.take());
    }

    /// Whether there are too many fields to be followed.
    fn is_too_long(&self) -> bool {
        self.done.len() > WORDS
    }
}

impl<'a> FunctionEval<'a> {
    /// The text of pieces where bash does not split it.
    pub fn text(&mut self, pieces: &'a [Piece], state: &mut State) -> Value {
        self.refuses_home(pieces);
        self.joined(pieces, Mode::Plain, state)
    }

    fn refuses_home(&mut self, pieces: &[Piece]) {
        if let Some(Piece { kind: PieceKind::Literal(text), span }) = pieces.first()
            && text.starts_with('~')
        {
            self.not_followed(span, "reads the home directory");
        }
    }

    /// The text of pieces as a pattern.
    pub fn pattern(&mut self, pieces: &'a [Piece], state: &mut State) -> Value {
        self.refuses_home(pieces);
        self.joined(pieces, Mode::Pattern, state)
    }

    fn joined(&mut self, pieces: &'a [Piece], mode: Mode, state: &mut State) -> Value {
        let mut all = Value::default();
        for piece in pieces {
            let value = self.piece(piece, mode, state);
            all = all.concat(&value);
        }
        if let [first, ..] = pieces {
            self.builds(&all, &first.span);
        }
        if mode == Mode::Plain
            && let Some(text) = all.sole_literal()
        {
            let span = pieces.first().map(|piece| piece.span.clone());
            if let Some(span) = span {
                self.originates(&text, &span);
            }
        }
        all
    }

    fn piece(&mut self, piece: &'a Piece, mode: Mode, state: &mut State) -> Value {
        let quoted = |text: &str| Value::literal(&if mode == Mode::Pattern { escape(text) } else { text.to_owned() });
        match &piece.kind {
            PieceKind::Literal(text) => Value::literal(text),
            PieceKind::Escaped(character) => quoted(character.encode_utf8(&mut [0; 4])),
            PieceKind::SingleQuoted(text) | PieceKind::AnsiQuoted(Some(text)) => quoted(text),
            PieceKind::AnsiQuoted(None) => {
                self.not_followed(&piece.span, "has an escape that is not supported");
                Value::derived(BTreeSet::new())
            }
            PieceKind::DoubleQuoted(pieces) => {
                let value = self.joined(pieces, Mode::Plain, state);
                if mode == Mode::Pattern { value.map(escaped) } else { value }
            }
            _ => {
                let value = self.expansion(piece, state);
                if mode == Mode::Pattern && !value.sources().is_empty() {
                    self.not_followed(&piece.span, "takes the value of a variable for a pattern; put it in quotes");
                    return Value::derived(value.sources());
                }
                value
            }
        }
    }

    /// The value of an expansion.
    fn expansion(&mut self, piece: &'a Piece, state: &mut State) -> Value {
        match &piece.kind {
            PieceKind::Parameter(parameter) => self.parameter(parameter, &piece.span, state),
            PieceKind::Command(list) => self.capture(list, state).0,
            PieceKind::Arithmetic(arithmetic) => self.arithmetic(arithmetic, state),
            PieceKind::Process(_) => {
                self.not_followed(&piece.span, "reads or writes through a process substitution");
                Value::derived(BTreeSet::new())
            }
            PieceKind::Array(_) => {
                self.not_followed(&piece.span, "has an array where it is not supported");
                Value::derived(BTreeSet::new())
            }
            _ => Value::default(),
        }
    }

    /// The possible values of a variable. A value that the environment gives counts at once if `is_eager`.
    pub fn variable(&mut self, name: &str, is_eager: bool, span: &Span, state: &State) -> Value {
        if is_eager && !state.set.contains(name) {
            self.plain_reads.insert(name.to_owned());
        }
        self.is_runtime_read |= self.is_in_command && name == "RUNTIME";
        if let Some(reason) = special(name).filter(|_| computes(name)) {
            self.not_followed(span, format!("reads `${name}`, {reason}"));
            return Value::derived(BTreeSet::new());
        }
        let value = match state.variable(name) {
            Some((frame, Variable { value, is_own, .. })) => {
                if frame == 0 && !is_own {
                    self.carries(name);
                }
                value.clone()
            }
            None => {
                if let Some(reason) = special(name) {
                    self.not_followed(span, format!("reads `${name}`, {reason}"));
                    return Value::derived(BTreeSet::new());
                }
                self.carries(name);
                Value::source(Source::of_variable(name))
            }
        };
        // A function may keep `IFS` and restore it.
        if is_eager && value != Value::source(Source::Separators) {
            self.uses(&value);
        }
        value
    }

    /// The possible values of a parameter without an operation.
    fn plain(&mut self, name: &str, is_eager: bool, span: &Span, state: &State) -> Value {
        match name {
            "@" => self.join_values(&state.arguments, &Value::literal(" "), span),
            "*" => {
                let between = self.first_separator(span, state);
                self.join_values(&state.arguments, &between, span)
            }
            "#" if !state.arguments_vary => Value::literal(&state.arguments.len().to_string()),
            "-" | "?" if name == "-" || state.has_status_of_caller => {
                self.depends_on_caller(span, name);
                Value::derived(BTreeSet::new())
            }
            "#" | "?" => Value::number(BTreeSet::new()),
            "0" => {
                self.not_followed(span, "reads `$0`, the name of the script");
                Value::derived(BTreeSet::new())
            }
            "$" | "!" => {
                self.not_followed(span, format!("reads `${name}`, the number of a process"));
                Value::derived(BTreeSet::new())
            }
            _ if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                let index = name.parse::<usize>().unwrap_or(usize::MAX);
                let value = state.arguments.get(index.wrapping_sub(1)).cloned().unwrap_or_default();
                if is_eager {
                    self.uses(&value);
                    self.reads_parameter(name, &value, span);
                }
                value
            }
            _ => self.variable(name, is_eager, span, state),
        }
    }

    fn parameter(&mut self, parameter: &'a Parameter, span: &Span, state: &mut State) -> Value {
        let Parameter { name, operation } = parameter;
        match operation {
            Operation::None => self.plain(name, true, span, state),
            // The length of `$-` or `$?`.
            Operation::Alternative(operator, pieces) if name == "#" && pieces.is_empty() && operator.len() == 1 => {
                let value = self.plain(operator, true, span, state);
                self.length(&value, operator, span)
            }
            Operation::Alternative(operator, pieces) => {
                // A second call finds what `${name:=constant}` left in the first one, and leaves it.
                let is_default = operator.ends_with('=') && pieces.iter().all(|piece| piece.literal().is_some());
                let is_in_command = self.is_in_command;
                self.is_in_command &= !is_default;
                let value = self.plain(name, operator.ends_with('?'), span, state);
                self.is_in_command = is_in_command;
                if !operator.starts_with(':') {
                    self.presence_reads.insert(name.clone());
                }
                self.alternative(name, &value, operator, pieces, span, state)
            }
            Operation::Other(pieces) if name.is_empty() => self.prefixed(pieces, span, state),
            Operation::Other(pieces) => self.transformed(name, pieces, span, state),
        }
    }

    /// `${name-word}` and its relatives.
    fn alternative(
        &mut self,
        name: &str,
        value: &Value,
        operator: &str,
        pieces: &'a [Piece],
        span: &Span,
        state: &mut State,
    ) -> Value {
        let set = value.filter(|text| !text.is_empty());
        match operator.trim_start_matches(':') {
            "+" => {
                self.uses(value);
                let word = self.text(pieces, state);
                match value.is_empty() {
                    Some(false) => word,
                    _ => word.union(&Value::default()),
                }
            }
            "?" => value.clone(),
            kind => {
                if value.is_empty() == Some(false) {
                    return value.clone();
                }
                let word = self.text(pieces, state);
                let keeps_empty = !operator.starts_with(':') && value.literals().is_some();
                let result = match set {
                    _ if keeps_empty => word.union(value),
                    Some(set) => set.union(&word),
                    None => word,
                };
                if kind == "=" && is_name(name) {
                    self.assign(name, result.clone(), span, state);
                }
                result
            }
        }
    }

    /// `${!name}` and `${#name}`.
    fn prefixed(&mut self, pieces: &'a [Piece], span: &Span, state: &mut State) -> Value {
        let unsupported = Value::derived(BTreeSet::new());
        let Some((Piece { kind: PieceKind::Literal(first), .. }, rest)) = pieces.split_first() else {
            self.not_followed(span, "has an expansion that is not supported");
            return unsupported;
        };
        let end = first[1..].find(|next: char| next != '_' && !next.is_ascii_alphanumeric());
        let (name, operation) = first[1..].split_at(end.unwrap_or(first.len() - 1));
        if first.starts_with('#') {
            if matches!(operation, "[@]" | "[*]") && rest.is_empty() {
                return match state.variable(name).and_then(|(_, variable)| variable.elements.as_ref()) {
                    Some(Elements::Known(elements)) => Value::literal(&elements.len().to_string()),
                    Some(Elements::Any(_)) => Value::number(BTreeSet::new()),
                    None => {
                        // A text is an array of one element.
                        self.presence_reads.insert(name.to_owned());
                        Value::derived(self.variable(name, true, span, state).sources())
                    }
                };
            }
            if !operation.is_empty() {
                let reason = format!("measures the length of an element of `{name}` by a computed index");
                let (index, _) = subscript(&Value::literal(operation).concat(&self.text(rest, state)));
                if index.sole_literal().and_then(|index| decimal(&index)).is_none() {
                    self.not_followed(span, reason.as_str());
                }
                self.calculate(&index, &reason, span, state);
            }
            let value = self.plain(name, true, span, state);
            return self.length(&value, name, span);
        }
        let operators = [":-", ":+", "-", "+", ":?", "?"];
        let operator = operators.into_iter().find(|operator| operation.starts_with(operator)).unwrap_or_default();
        if operator.len() != operation.len() && operator.is_empty() {
            let reason = "has an indirect expansion that is not supported";
            self.not_followed(span, reason);
            if operation.starts_with(['[', ':']) {
                let operand = Value::literal(operation).concat(&self.text(rest, state));
                self.calculate(&operand, reason, span, state);
            }
            return unsupported;
        }
        let names = self.plain(name, true, span, state);
        let Some(names) = names.literals().filter(|names| names.iter().all(|name| name.is_empty() || is_name(name)))
        else {
            self.not_followed(span, format!("reads a variable whose name in `{name}` is not known"));
            return Value::derived(names.sources());
        };
        // The word after the operator begins in the middle of a literal, so only a constant can follow there.
        let before = Value::literal(&operation[operator.len()..]);
        let mut result: Option<Value> = None;
        for target in names.iter().filter(|name| !name.is_empty()) {
            let value = self.plain(target, operator.is_empty() || operator.ends_with('?'), span, state);
            if !operator.is_empty() && !operator.starts_with(':') {
                self.presence_reads.insert(target.clone());
            }
            let value = match operator.trim_start_matches(':') {
                "" | "?" => value,
                kind => {
                    let rest = self.text(rest, state);
                    let word = before.concat(&rest);
                    if kind == "+" {
                        self.uses(&value);
                        word.union(&Value::default())
                    } else if value.is_empty() == Some(false) {
                        value
                    } else {
                        value.union(&word)
                    }
                }
            };
            result = Some(result.map_or(value.clone(), |result| result.union(&value)));
        }
        result.unwrap_or_default()
    }

    /// `${name%pattern}` and other operations that change a value.
    fn transformed(&mut self, name: &str, pieces: &'a [Piece], span: &Span, state: &mut State) -> Value {
        let first = match pieces.first().map(|piece| &piece.kind) {
            Some(PieceKind::Literal(text)) => text.as_str(),
            _ => "",
        };
        // What the operation contains counts as well.
        let operand = self.text(pieces, state);
        if first.starts_with('[') {
            return self.element(name, &operand, span, state);
        }
        let what = format!("{} `{name}`", effect(first));
        let operand = self.operand(&what, first, &operand, span, state);
        if matches!(name, "@" | "*") {
            self.not_followed(span, "takes a part of the arguments");
            let arguments = state.arguments.iter().flat_map(Value::sources);
            return Value::derived(arguments.chain(operand.sources()).collect());
        }
        let value = self.plain(name, true, span, state);
        match first {
            "@P" => self.not_followed(span, format!("expands the value of `{name}` again")),
            "@a" | "@A" => self.not_followed(span, format!("reads the attributes of `{name}`")),
            _ => {}
        }
        let both = Value::derived(value.sources().union(&operand.sources()).cloned().collect());
        self.derived(&both, effect(first), name, span)
    }

    /// The text after the operator of `${name%pattern}` or its relatives. An offset and a length are arithmetic, and
    /// `reason` says what is not followed if they have variables.
    fn operand(&mut self, reason: &str, operator: &str, operand: &Value, span: &Span, state: &State) -> Value {
        if !is_offset(operator) {
            return operand.clone();
        }
        self.calculate(operand, reason, span, state)
    }

    /// The length of a value.
    fn length(&mut self, value: &Value, name: &str, span: &Span) -> Value {
        Value::number(self.derived(value, "measures the length of", name, span).sources())
    }

    /// A text that is computed from a value.
    fn derived(&mut self, value: &Value, what: &str, name: &str, span: &Span) -> Value {
        let sources = value.sources();
        if !sources.is_empty() {
            self.not_followed(span, format!("{what} `{name}`"));
        }
        Value::derived(sources)
    }

    /// `${name[0]}` and `${name[@]}`, with the operation that follows. `operand` is the text after the name.
    fn element(&mut self, name: &str, operand: &Value, span: &Span, state: &State) -> Value {
        let (index, operation) = subscript(operand);
        let subscript = index.sole_literal().unwrap_or_default();
        let number = decimal(&subscript);
        if name == "BASH_SOURCE" && number == Some(0) {
            self.not_followed(span, "reads the path of the script");
            return Value::derived(BTreeSet::new());
        }
        let is_all = matches!(subscript.as_str(), "@" | "*");
        let mut sources = operation.sources();
        if number.is_none() && !is_all {
            let reason = format!("reads an element of `{name}` by a computed index");
            self.not_followed(span, reason.as_str());
            sources.extend(self.calculate(&index, &reason, span, state).sources());
        }
        let is_whole = operation.is_empty() == Some(true);
        if !is_whole {
            let operator = operation.texts().flatten().next();
            let operator = if let Some(Part::Literal(text)) = operator { text.as_str() } else { "" };
            let what = format!("{} an element of `{name}`", effect(operator));
            self.not_followed(span, what.as_str());
            sources.extend(self.operand(&what, operator, &operation, span, state).sources());
        }
        let Some(elements) = self.elements(name, state) else {
            self.not_followed(span, format!("reads an element of `{name}`, which is not followed"));
            sources.extend(self.variable(name, true, span, state).sources());
            return Value::derived(sources);
        };
        match (elements, number) {
            (Elements::Known(values), _) if is_all && is_whole => {
                let is_joined = subscript == "*";
                let between = if is_joined { self.first_separator(span, state) } else { Value::literal(" ") };
                self.join_values(&values, &between, span)
            }
            (Elements::Known(values), Some(index)) if is_whole => values.get(index).cloned().unwrap_or_default(),
            (elements, Some(_)) if is_whole => elements.any().unwrap_or_default().union(&Value::default()),
            (elements, _) => {
                sources.extend(elements.any().map(|value| value.sources()).unwrap_or_default());
                Value::derived(sources)
            }
        }
    }

    fn elements(&mut self, name: &str, state: &State) -> Option<Elements> {
        let (frame, variable) = state.variable(name)?;
        if frame == 0 && !variable.is_own {
            self.carries(name);
        }
        variable.elements.clone()
    }

    /// The arguments of the function, for a loop without words.
    pub fn spliced_arguments(&mut self, span: &Span, state: &State) -> Vec<Value> {
        if state.arguments_vary {
            self.not_followed(span, "uses a number of arguments that depends on the environment");
        }
        state.arguments.clone()
    }

    /// The possible lists of fields of all words.
    pub fn all_fields(&mut self, words: &'a [Word], state: &mut State) -> Vec<Vec<Value>> {
        let mut lists = vec![Vec::new()];
        for word in words {
            let alternatives = self.fields(word, state);
            if lists.len() * alternatives.len() > ARGUMENT_LISTS {
                self.not_followed(&word.span, "splits too many values into words");
                lists.truncate(1);
            }
            lists = lists
                .iter()
                .flat_map(|list| alternatives.iter().map(move |fields| list.iter().chain(fields).cloned().collect()))
                .collect();
            if lists.iter().any(|list| list.len() > WORDS) {
                self.not_followed(&word.span, "has too many words to be followed");
                lists.iter_mut().for_each(|list| list.truncate(WORDS));
                break;
            }
        }
        lists
    }

    /// The possible lists of fields of a word.
    pub fn fields(&mut self, word: &'a Word, state: &mut State) -> Vec<Vec<Value>> {
        let mut lists = vec![Fields::default()];
        let mut unquoted = String::new();
        for piece in &word.pieces {
            match &piece.kind {
                PieceKind::Literal(text) => {
                    unquoted.push_str(text);
                    lists.iter_mut().for_each(|list| list.push(&Value::literal(text)));
                }
                PieceKind::DoubleQuoted(pieces) => self.quoted_fields(pieces, &mut lists, state),
                PieceKind::Parameter(_) | PieceKind::Command(_) => {
                    let several = self.several(piece, state);
                    let values = match several {
                        Some(values) => values,
                        None => vec![self.expansion(piece, state)],
                    };
                    for (index, value) in values.iter().enumerate() {
                        if index > 0 {
                            lists.iter_mut().for_each(Fields::end);
                        }
                        lists = self.split(value, &lists, &piece.span, state);
                    }
                }
                _ => {
                    let value = self.piece(piece, Mode::Plain, state);
                    lists.iter_mut().for_each(|list| list.push(&value));
                }
            }
            if lists.iter().any(Fields::is_too_long) {
                self.not_followed(&word.span, "has too many words to be followed");
                break;
            }
        }
        let has_set = unquoted.find('[').is_some_and(|at| unquoted[at..].contains(']'));
        if unquoted.contains(['*', '?']) || has_set {
            self.not_followed(&word.span, "has a pattern for the names of files");
        }
        let has_list = unquoted.find('{').is_some_and(|at| {
            let inner = unquoted[at..].split('}').next().unwrap_or_default();
            unquoted[at..].contains('}') && (inner.contains(',') || inner.contains(".."))
        });
        if has_list {
            self.not_followed(&word.span, "has a list in braces; write the words one by one");
        }
        if unquoted.starts_with('~') {
            self.not_followed(&word.span, "reads the home directory");
        }
        let mut results: Vec<Vec<Value>> = Vec::new();
        for mut list in lists {
            list.end();
            list.done.iter().for_each(|value| self.builds(value, &word.span));
            if let [value] = list.done.as_slice()
                && let Some(text) = value.sole_literal()
            {
                self.originates(&text, &word.span);
            }
            if !results.contains(&list.done) {
                results.push(list.done);
            }
        }
        results
    }

    /// The pieces in double quotes: one field, except for `"$@"` and the elements of an array.
    fn quoted_fields(&mut self, pieces: &'a [Piece], lists: &mut [Fields], state: &mut State) {
        let several: Vec<&Piece> = pieces.iter().filter(|piece| is_several(piece)).collect();
        if several.is_empty() {
            let value = self.joined(pieces, Mode::Plain, state);
            lists.iter_mut().for_each(|list| list.push(&value));
            return;
        }
        for piece in pieces {
            if lists.iter().any(Fields::is_too_long) {
                return;
            }
            match self.several(piece, state) {
                Some(values) => lists.iter_mut().for_each(|list| list.splice(&values)),
                None => {
                    let value = self.piece(piece, Mode::Plain, state);
                    lists.iter_mut().for_each(|list| list.push(&value));
                }
            }
        }
    }

    /// The fields of `$@` and of the elements of an array; `None` for other pieces.
    fn several(&mut self, piece: &'a Piece, state: &State) -> Option<Vec<Value>> {
        let PieceKind::Parameter(Parameter { name, operation }) = &piece.kind else { return None };
        if !is_several(piece) {
            return None;
        }
        match operation {
            Operation::None => Some(self.spliced_arguments(&piece.span, state)),
            Operation::Other(pieces) if name == "@" => {
                let [Piece { kind: PieceKind::Literal(text), .. }] = pieces.as_slice() else { return None };
                let from = decimal(text.strip_prefix(':')?)?;
                let arguments = self.spliced_arguments(&piece.span, state);
                Some(arguments.into_iter().skip(from.checked_sub(1)?).collect())
            }
            _ => match self.elements(name, state)? {
                Elements::Known(values) => Some(values),
                Elements::Any(value) => {
                    self.is_open = true;
                    let or_several = |value: Value| value.clone().union(&Value::derived(value.sources()));
                    Some(value.into_iter().map(or_several).collect())
                }
            },
        }
    }

    /// The characters at which bash splits words.
    fn separators(&mut self, span: &Span, state: &State) -> Separators {
        let separators = state.separators();
        if separators == Separators::Unknown {
            self.not_followed(span, "splits or joins words at separators that are not known");
        }
        separators
    }

    /// The text that bash writes between the words of `$*`.
    fn first_separator(&mut self, span: &Span, state: &State) -> Value {
        match self.separators(span, state) {
            Separators::OfCaller => Value::derived([Source::Separators].into()),
            separators => Value::literal(&separators.characters().chars().take(1).collect::<String>()),
        }
    }

    /// Adds a value without quotes to each list.
    fn split(&mut self, value: &Value, lists: &[Fields], span: &Span, state: &State) -> Vec<Fields> {
        let separators = self.separators(span, state);
        let is_known = |part: &Part| matches!(part, Part::Literal(text) if separators.may_differ(text));
        if value.texts().flatten().any(is_known) {
            self.not_followed(span, SPLITS_AS_CALLER);
        }
        let separators = separators.characters();
        let unknown: BTreeSet<Source> = value
            .texts()
            .flatten()
            .filter_map(|part| if let Part::Verbatim(source) = part { Some(source.clone()) } else { None })
            .collect();
        if !unknown.is_empty() {
            self.uses(value);
            self.splits(&unknown);
            self.not_followed(span, "splits the value of a variable into words; put it in quotes");
        }
        let mut results: Vec<Fields> = Vec::new();
        for list in lists {
            for text in value.texts() {
                let mut added = list.clone();
                match literal(text) {
                    Some(text) => {
                        if text.contains(['*', '?', '[']) {
                            self.not_followed(span, "has a pattern for the names of files");
                        }
                        let is_blank = |next: char| separators.contains(next);
                        if separators.chars().any(|next| !matches!(next, ' ' | '\t' | '\n') && text.contains(next)) {
                            self.not_followed(span, "splits a text at other characters than blanks");
                        }
                        if text.starts_with(is_blank) {
                            added.end();
                        }
                        let words = text.split(is_blank).filter(|word| !word.is_empty());
                        // More are not followed.
                        let words: Vec<Value> = words.take(WORDS + 2).map(Value::literal).collect();
                        added.splice(&words);
                        if text.ends_with(is_blank) {
                            added.end();
                        }
                    }
                    None => added.push(&Value::of(text.clone())),
                }
                if !results.contains(&added) {
                    results.push(added);
                }
                if !unknown.is_empty()
                    && text.iter().all(|part| !matches!(part, Part::Literal(_)))
                    && !results.contains(list)
                {
                    results.push(list.clone());
                }
            }
        }
        if results.len() > ARGUMENT_LISTS {
            self.not_followed(span, "splits too many values into words");
            results.truncate(1);
        }
        results
    }
}

/// The effect of an operation of an expansion, which begins with its operator.
fn effect(operation: &str) -> &'static str {
    match operation.chars().next() {
        Some(',' | '^') => "changes the case of",
        Some('%' | '#') => "removes a part of",
        Some('/') => "replaces a part of",
        _ if is_offset(operation) => "takes a part of",
        _ => "transforms",
    }
}

/// Whether an operation of an expansion, such as `:1` and not `:-word`, takes a part of a value.
fn is_offset(operation: &str) -> bool {
    operation.strip_prefix(':').is_some_and(|rest| !rest.starts_with(['-', '=', '?', '+']))
}

fn is_several(piece: &Piece) -> bool {
    let PieceKind::Parameter(Parameter { name, operation }) = &piece.kind else { return false };
    match operation {
        Operation::None => name == "@",
        Operation::Alternative(..) => false,
        Operation::Other(pieces) => match pieces.first().map(|piece| &piece.kind) {
            Some(PieceKind::Literal(text)) => text == "[@]" || (name == "@" && text.starts_with(':')),
            _ => false,
        },
    }
}

/// A text as a pattern that matches it alone.
pub(super) fn escaped(text: &Text) -> Text {
    let part = |part: &Part| match part {
        Part::Literal(text) => Part::Literal(escape(text)),
        other => other.clone(),
    };
    text.iter().map(part).collect()
}

/// Whether bash computes the value at each reading, even after an assignment.
fn computes(name: &str) -> bool {
    matches!(name, "RANDOM" | "SRANDOM" | "SECONDS" | "LINENO" | "FUNCNAME" | "DIRSTACK" | "GROUPS" | "_")
        || name.starts_with("EPOCH")
        || name.starts_with("BASH")
}

/// The source of the value of a variable that bash sets; `None` for other variables.
fn special(name: &str) -> Option<&'static str> {
    Some(match name {
        "RANDOM" | "SRANDOM" => "a random number",
        "SECONDS" | "EPOCHSECONDS" | "EPOCHREALTIME" => "the time",
        "BASHPID" | "PPID" | "SHLVL" => "the number of a process",
        "HOSTNAME" | "HOSTTYPE" | "MACHTYPE" | "OSTYPE" | "UID" | "EUID" | "GROUPS" | "PWD" | "OLDPWD" | "DIRSTACK"
        | "PATH" | "_" | "LINENO" | "FUNCNAME" | "COLUMNS" | "LINES" => "which depends on the shell and the machine",
        _ if name.starts_with("BASH") => "which depends on the shell and the machine",
        _ => return None,
    })
}
