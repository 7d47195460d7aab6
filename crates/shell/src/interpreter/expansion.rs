//! Expands words to their possible texts.

use super::super::arithmetic::may_assign;
use super::super::array::{SPLIT, UNKNOWN_ELEMENTS};
use super::super::commands::{DYNAMIC_VALUE, FILTERS, is_dynamic};
use super::super::forge::{STEP_SCRIPT, WORKSPACE};
use super::super::input::SCRIPT_BYTES;
use super::super::patterns::{Pattern, partition};
use super::super::placeholder::{FIRST_PLACEHOLDER, placeholder};
use super::super::state::substituted;
use super::super::syntax::{
    AndOr, Command, CommandKind, List, Operation, Parameter, Piece, PieceKind, RedirectOperator, Simple, Span, Word,
    is_name,
};
use super::Interpreter;
use super::ends::StatusBefore;
use super::output::BRACES;
use super::references::is_list;
use slug_value::{AbstractValue, Text, Tristate};

/// Maximum words to which the words of one command are expanded.
const WORDS: usize = 256;

/// The reason for an unknown value that is computed.
pub(super) const COMPUTED: &str = "a value is computed at run time";

impl Interpreter<'_> {
    /// The possible values of a variable.
    pub fn look_up(&self, name: &str) -> Text {
        if let Some(text) = self.special_parameter(name) {
            return text;
        }
        if is_dynamic(name) {
            return Text::unknown(DYNAMIC_VALUE);
        }
        match (self.state.variables.get(name), &self.state.others_unknown) {
            (Some(variable), _) => variable.value.clone(),
            (None, Some(reason)) => Text::unknown(reason.clone()),
            (None, None) if is_name(name) => Text::unknown(format!("`${name}` is not known")),
            (None, None) => Text::unknown(COMPUTED),
        }
    }

    /// The value of an argument of the script or function, or of the number of arguments.
    fn special_parameter(&self, name: &str) -> Option<Text> {
        let in_workspace = |path: &String| Text::known(joined_path(WORKSPACE, path));
        match name {
            "0" => return Some(self.program.clone().unwrap_or_else(|| Text::known(format!("/{STEP_SCRIPT}")))),
            "?" => return self.status_before.map(StatusBefore::text),
            "BASH_SOURCE" => return self.file.clone().map(Text::known),
            "PWD" => {
                let directory = self.state.directory.as_ref().filter(|directory| !directory.starts_with('/'));
                return directory.map(in_workspace);
            }
            _ => {}
        }
        let arguments = self.state.arguments.as_ref()?;
        match name {
            "#" => Some(Text::known(arguments.len().to_string())),
            // The first separator joins the arguments.
            "*" if arguments.len() > 1 && self.separators().is_none_or(|it| !it.starts_with(' ')) => None,
            "@" | "*" => {
                let mut arguments = arguments.iter().cloned();
                let first = arguments.next().unwrap_or_else(Text::empty);
                Some(arguments.fold(first, |all, next| all.followed_by(Text::known(" ".to_owned())).followed_by(next)))
            }
            _ => {
                let index = name.parse::<usize>().ok()?.checked_sub(1)?;
                Some(arguments.get(index).cloned().unwrap_or_else(Text::empty))
            }
        }
    }

    /// Expands a word as the value of an assignment, without word splitting.
    pub fn expand(&mut self, word: &Word) -> Text {
        self.fragments(&word.pieces).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// Expands a word that a shell runs as a command or as a script.
    pub fn expand_run(&mut self, word: &Word) -> Text {
        let runs_output = std::mem::replace(&mut self.runs_output, true);
        let text = self.expand(word);
        self.runs_output = runs_output;
        text
    }

    /// Expands a word as an argument. The text is unknown if word splitting or brace expansion may
    /// change it.
    pub fn field(&mut self, word: &Word) -> Text {
        self.argument(word).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// Expands a word as an argument, piece by piece.
    pub fn argument(&mut self, word: &Word) -> Vec<Text> {
        let mut texts = Vec::new();
        for piece in &word.pieces {
            let fragments = self.fragments(std::slice::from_ref(piece));
            match &piece.kind {
                // The commands of a word whose value is kept; see `frozen`.
                PieceKind::Command(list) if list.items.is_empty() => {}
                PieceKind::Parameter(_) | PieceKind::Command(_)
                    if !fragments.iter().all(|text| self.is_one_field(text)) =>
                {
                    texts.push(Text::unknown(SPLIT));
                }
                PieceKind::Literal(text) if has_braces(text) => {
                    texts.push(Text::unknown(BRACES));
                }
                _ => texts.extend(fragments),
            }
        }
        texts
    }

    /// Expands the words of a command as far as the number of words depends on it: `"$@"`, arrays, braces, and known
    /// values that a shell splits. Arithmetic is evaluated, because it may assign.
    pub fn words(&mut self, words: &[Word]) -> Vec<Word> {
        let words: Vec<Word> = words.iter().flat_map(braces).collect();
        // A word has the values before the assignments in the words after it.
        let assigns = words.iter().flat_map(|word| &word.pieces).any(assigns);
        let mut expanded = Vec::new();
        for word in &words {
            let word = self.calculated(word.clone());
            let spliced = self.spliced(&word).unwrap_or_else(|| vec![word]);
            for word in spliced {
                for word in self.split_word(word) {
                    let word = if assigns { self.frozen(&word) } else { word };
                    expanded.extend(self.globbed(word));
                }
            }
        }
        if expanded.len() > WORDS && !assigns { words } else { expanded }
    }

    /// The word with the values of its arithmetic and of its elements of arrays.
    pub(super) fn calculated(&mut self, word: Word) -> Word {
        if !word.pieces.iter().any(calculates) {
            return word;
        }
        let pieces = word.pieces.iter().map(|piece| self.calculated_piece(piece, false)).collect();
        Word { pieces, ..word }
    }

    fn calculated_piece(&mut self, piece: &Piece, is_in_quotes: bool) -> Piece {
        match &piece.kind {
            PieceKind::DoubleQuoted(inner) if calculates(piece) => {
                let inner = inner.iter().map(|piece| self.calculated_piece(piece, true)).collect();
                Piece { kind: PieceKind::DoubleQuoted(inner), span: piece.span.clone() }
            }
            PieceKind::Parameter(parameter) if calculates(piece) && !is_list(parameter, is_in_quotes) => {
                let text = self.parameter(parameter, &piece.span);
                let is_known = matches!(text.values, AbstractValue::OneOf(_));
                match is_known && (is_in_quotes || self.is_one_field(&text)) {
                    true => self.value_piece(text, &piece.span),
                    // The piece is expanded only once.
                    false if operation_may_assign(&parameter.operation) => {
                        let text = if is_in_quotes { text } else { Text::unknown(SPLIT) };
                        self.value_piece(text, &piece.span)
                    }
                    false => piece.clone(),
                }
            }
            PieceKind::Arithmetic(expression) => {
                let text = self.arithmetic_expansion(expression);
                self.value_piece(text, &piece.span)
            }
            _ => piece.clone(),
        }
    }

    /// The characters at which a shell splits values that are not in quotes; None if they are not known.
    pub(super) fn separators(&self) -> Option<&str> {
        match self.state.variables.get("IFS") {
            // Without the variable a shell splits at the default ones; with an empty one it does not split.
            Some(variable) => variable.value.single().map(String::as_str).filter(|separators| !separators.is_empty()),
            None => Some(DEFAULT_SEPARATORS),
        }
    }

    /// Whether an unquoted value stays one word. An unknown value is assumed to stay one.
    pub(super) fn is_one_field(&self, text: &Text) -> bool {
        let separators = self.separators();
        let may_split =
            |c: char| matches!(c, '*' | '?' | '[') || separators.is_none_or(|separators| separators.contains(c));
        match &text.values {
            AbstractValue::OneOf(texts) => texts.iter().all(|text| !text.is_empty() && !text.contains(may_split)),
            AbstractValue::WithSecret | AbstractValue::NonEmpty | AbstractValue::Any => true,
        }
    }

    /// Whether commands are programs that print, so that it does not matter how often they run.
    fn only_prints(&self, list: &List) -> bool {
        let [AndOr { first, rest, in_background: false, .. }] = list.items.as_slice() else { return false };
        let is_plain = |piece: &Piece| !matches!(piece.kind, PieceKind::Command(_)) && !assigns(piece);
        let only_prints = |command: &Command| match &command.kind {
            CommandKind::Simple(Simple { assignments, words }) => {
                let name = words.first().and_then(Word::literal).unwrap_or_default();
                let prints = *name == *"echo" || FILTERS.contains(&&*name);
                let is_known = prints && !self.state.functions.contains_key(&*name)
                    || words.is_empty() && !command.redirects.is_empty();
                let reads = command.redirects.iter().all(|it| it.operator == RedirectOperator::Input);
                let are_plain = words.iter().flat_map(|word| &word.pieces).all(is_plain);
                is_known && reads && are_plain && assignments.is_empty()
            }
            _ => false,
        };
        rest.is_empty() && !first.is_negated && first.commands.iter().all(only_prints)
    }

    /// Splits a word at the separators in known values that are not in quotes.
    fn split_word(&mut self, word: Word) -> Vec<Word> {
        let is_split = |piece: &Piece| match &piece.kind {
            PieceKind::Parameter(_) => true,
            PieceKind::Command(list) => self.only_prints(list),
            _ => false,
        };
        if !word.pieces.iter().any(is_split) || word.assignment().is_some() {
            return vec![word];
        }
        let mut fields: Vec<Vec<Piece>> = vec![Vec::new()];
        // The bytes of commands are no part of the words.
        let mut commands = Vec::new();
        for piece in &word.pieces {
            let text = match &piece.kind {
                PieceKind::Parameter(parameter) if parameter.operation.is_pure() => {
                    self.parameter(parameter, &piece.span)
                }
                PieceKind::Command(list) if self.only_prints(list) => self.substitute(list),
                _ => {
                    fields.last_mut().expect("there is a field").push(piece.clone());
                    continue;
                }
            };
            let known = text.single().filter(|text| !text.contains(['*', '?', '[']));
            let parts = known.zip(self.separators()).and_then(|(text, separators)| fields_of(text, separators));
            let Some((begins_field, parts, ends_field)) = parts else {
                let kept = match known {
                    Some(known)
                        if !matches!(piece.kind, PieceKind::Command(_))
                            && !self.is_one_field(&text)
                            && !known.is_empty() =>
                    {
                        self.value_piece(Text::unknown(SPLIT), &piece.span)
                    }
                    _ => piece.clone(),
                };
                fields.last_mut().expect("there is a field").push(kept);
                continue;
            };
            if begins_field {
                fields.push(Vec::new());
            }
            for (index, part) in parts.into_iter().enumerate() {
                if index > 0 {
                    fields.push(Vec::new());
                }
                let kind = PieceKind::SingleQuoted(part.to_owned());
                fields.last_mut().expect("there is a field").push(Piece { kind, span: piece.span.clone() });
            }
            if matches!(piece.kind, PieceKind::Command(_)) {
                commands.push(Piece { kind: PieceKind::Command(List::default()), span: piece.span.clone() });
            }
            if ends_field {
                fields.push(Vec::new());
            }
        }
        fields.retain(|pieces| !pieces.is_empty());
        fields.last_mut().into_iter().for_each(|last| last.append(&mut commands));
        fields.into_iter().map(|pieces| Word { pieces, span: word.span.clone() }).collect()
    }

    /// The word with the values of its parameters and command substitutions, as they are now.
    pub fn frozen(&mut self, word: &Word) -> Word {
        let is_assignment = word.assignment().is_some();
        let mut pieces = Vec::new();
        for piece in &word.pieces {
            match &piece.kind {
                PieceKind::DoubleQuoted(inner) if inner.iter().any(is_expansion) => {
                    for piece in inner {
                        let texts = self.fragments_to_freeze(piece, is_assignment);
                        self.freeze(piece, texts, is_assignment, &mut pieces);
                    }
                }
                _ if is_expansion(piece) => {
                    let mut texts = self.fragments_to_freeze(piece, is_assignment);
                    if !is_assignment && !texts.iter().all(|text| self.is_one_field(text)) {
                        texts = vec![Text::unknown(SPLIT)];
                    }
                    self.freeze(piece, texts, is_assignment, &mut pieces);
                }
                _ => pieces.push(piece.clone()),
            }
        }
        Word { pieces, span: word.span.clone() }
    }

    /// Expands a piece of a word whose values are kept. What a substitution prints may run later, unless the word is
    /// an assignment.
    fn fragments_to_freeze(&mut self, piece: &Piece, is_assignment: bool) -> Vec<Text> {
        let runs_output = std::mem::replace(&mut self.runs_output, !is_assignment);
        let texts = self.fragments(std::slice::from_ref(piece));
        self.runs_output = runs_output;
        texts
    }

    /// Adds the values of a piece to the pieces of a word.
    fn freeze(&mut self, piece: &Piece, texts: Vec<Text>, is_assignment: bool, pieces: &mut Vec<Piece>) {
        let is_command = matches!(piece.kind, PieceKind::Command(_));
        for text in texts {
            // The end of an unknown word, as in `"$(pwd)/run.sh"`, decides which script it names.
            let is_computed = is_command && !is_assignment && !matches!(text.values, AbstractValue::OneOf(_));
            pieces.push(match is_computed {
                true => Piece { kind: PieceKind::AnsiQuoted(None), span: piece.span.clone() },
                false => self.value_piece(text, &piece.span),
            });
        }
        if is_command {
            // The commands have been interpreted; their bytes are no part of the word.
            pieces.push(Piece { kind: PieceKind::Command(List::default()), span: piece.span.clone() });
        }
    }

    /// A word with a value.
    pub fn value_word(&mut self, text: Text, span: &Span) -> Word {
        Word { pieces: vec![self.value_piece(text, span)], span: span.clone() }
    }

    pub(super) fn value_piece(&mut self, text: Text, span: &Span) -> Piece {
        let kind = match text.single() {
            Some(known) => PieceKind::SingleQuoted(known.clone()),
            None => match self.placeholder_of(text) {
                character if character.is_empty() => PieceKind::AnsiQuoted(None),
                character => PieceKind::SingleQuoted(character),
            },
        };
        Piece { kind, span: span.clone() }
    }

    /// The character that stands for a value in a script; empty if there are too many values.
    pub fn placeholder_of(&mut self, text: Text) -> String {
        let known = self.values.iter().position(|value| *value == text);
        let index = known.unwrap_or(self.values.len());
        self.spend(self.values.len() / 64 + 1);
        let Some(character) = placeholder(index) else {
            self.fail("a script has too many values to interpret");
            return String::new();
        };
        if known.is_none() {
            self.values.push(text);
        }
        character.to_string()
    }

    /// Expands pieces to texts, in order.
    pub fn fragments(&mut self, pieces: &[Piece]) -> Vec<Text> {
        let mut texts = Vec::new();
        for piece in pieces {
            match &piece.kind {
                PieceKind::Literal(text) | PieceKind::SingleQuoted(text) | PieceKind::AnsiQuoted(Some(text)) => {
                    texts.extend(self.with_expressions(text));
                }
                PieceKind::Escaped(character) => texts.extend(self.with_expressions(&character.to_string())),
                PieceKind::AnsiQuoted(None) => texts.push(Text::unknown(COMPUTED)),
                PieceKind::DoubleQuoted(pieces) => texts.extend(self.fragments(pieces)),
                PieceKind::Parameter(parameter) => texts.push(self.parameter(parameter, &piece.span)),
                PieceKind::Command(list) => texts.push(self.substitute(list)),
                PieceKind::Process(list) => {
                    self.substitute(list);
                    texts.push(Text::non_empty(COMPUTED));
                }
                PieceKind::Arithmetic(expression) => texts.push(self.arithmetic_expansion(expression)),
                PieceKind::Array(words) => {
                    words.iter().for_each(|word| drop(self.expand(word)));
                    texts.push(Text::unknown(UNKNOWN_ELEMENTS));
                }
            }
        }
        texts
    }

    /// Interprets the commands of a substitution, whose output becomes part of a word.
    fn substitute(&mut self, list: &List) -> Text {
        let runs_output = std::mem::replace(&mut self.runs_output, false);
        let outcome = self.subshell(|it| {
            it.state.options.errexit = Tristate::NEVER;
            it.list(list)
        });
        self.runs_output = runs_output;
        if !runs_output {
            self.resolve(&outcome.output.spans);
        }
        self.substitution_status = Some(outcome.status.to_tristate());
        let text = match file_of_substitution(list) {
            Some(file) => self.read_file(file),
            None => outcome.output.into_text(),
        };
        match text.values {
            AbstractValue::OneOf(texts) => {
                Text::one_of(texts.iter().map(|text| text.trim_end_matches('\n').to_owned()), text.reasons)
            }
            // The output may consist of line breaks only.
            AbstractValue::WithSecret | AbstractValue::NonEmpty | AbstractValue::Any => {
                Text { values: AbstractValue::Any, reasons: text.reasons }
            }
        }
    }

    /// Expands `$(<FILE)`, with which bash reads a file. Another shell may read nothing. If the file does not exist,
    /// `errexit` ends bash, even in a condition.
    fn read_file(&mut self, path: &Word) -> Text {
        let content = self.content(path);
        if content.is_err() && self.runs_in_bash && self.state.options.errexit.can_be_true {
            self.end_shell(Tristate::NEVER);
        }
        let text = content.unwrap_or_else(Text::unknown);
        if self.runs_in_bash { text } else { text.or(Text::empty()) }
    }

    /// The content of the file that a word names, or why it is not known.
    pub fn content(&mut self, path: &Word) -> Result<Text, String> {
        match self.expand_again(path).single().cloned() {
            Some(path) => self.content_of(&path),
            None => Err(CONTENT.to_owned()),
        }
    }

    /// The content of a file, or why it is not known: a file that the scripts name elsewhere may have been written.
    pub(crate) fn content_of(&mut self, path: &str) -> Result<Text, String> {
        if let Some(change) = self.change_of(path) {
            return Err(change);
        }
        let size: usize = self.sources().map(|source| source.len()).sum();
        self.spend(size / SCANNED_BYTES);
        if self.has_failed() {
            return Err(CONTENT.to_owned());
        }
        // With `path`, a checkout is in another directory.
        let is_certain = self.roots.contains(&"") && !self.may_write(path) && !self.is_ignored(path);
        let file = if is_certain { self.file_at(path) } else { None };
        let file = file.filter(|file| file.text.len() <= SCRIPT_BYTES && !file.text.contains('\0'));
        let file = file.ok_or_else(|| CONTENT.to_owned())?;
        self.spend(file.text.len() / 64);
        Ok(Text::known(file.text.to_string()))
    }

    fn parameter(&mut self, parameter: &Parameter, span: &Span) -> Text {
        if let Some(text) = self.reference(parameter, span) {
            return text;
        }
        match &parameter.operation {
            Operation::None => {
                self.check_unset(&parameter.name);
                self.look_up(&parameter.name)
            }
            Operation::Alternative(operator, pieces) if !operator.ends_with('?') => {
                let value = self.look_up(&parameter.name);
                let is_certainly_assigned = operator == ":=" && value == Text::empty();
                // A shell expands the word only if it needs the alternative.
                let before = self.copy();
                let other = self.fragments(pieces).into_iter().fold(Text::empty(), Text::followed_by);
                self.join_with(before);
                let name = &parameter.name;
                if !operator.ends_with('=') || !is_name(name) || value.values.is_never_absent() {
                    return substituted(operator, value, other);
                }
                if is_certainly_assigned {
                    let has_attribute = self.state.attributes.contains_key(name);
                    self.set_variable(name, other.clone(), span.clone(), None);
                    let assigned = self.look_up(name);
                    // Older versions of bash expand to the word itself.
                    return if has_attribute { assigned.or(other) } else { assigned };
                }
                if !self.state.attributes.contains_key(name) {
                    let text = substituted(operator, value, other);
                    self.maybe_set_variable(name, text.clone(), span.clone());
                    return text;
                }
                // An attribute changes only a value that is assigned.
                let before = self.copy();
                self.set_variable(name, other.clone(), span.clone(), None);
                let assigned = self.look_up(name);
                self.join_with(before);
                substituted(operator, value, assigned.or(other))
            }
            // `${name:?}` ends the shell if the variable is empty.
            Operation::Alternative(operator, pieces) => {
                let value = self.look_up(&parameter.name);
                self.fragments(pieces);
                let (empty, filled) = partition(&value, &[Pattern::Known(Vec::new())]);
                if operator == ":?" && empty.is_some() {
                    self.end_shell(Tristate::NEVER);
                }
                match filled {
                    Some(filled) if operator == ":?" => {
                        self.state.narrow(Some(&parameter.name), &filled);
                        filled
                    }
                    None if operator == ":?" => {
                        self.state.ended = true;
                        value
                    }
                    _ => value,
                }
            }
            Operation::Other(pieces) => self.operation(&parameter.name, pieces),
        }
    }

    /// Applies `set -u` to the use of a variable: if it may be unset, the shell may end.
    pub(super) fn check_unset(&mut self, name: &str) {
        if self.state.options.nounset.can_be_true && !matches!(name, "@" | "*" | "#" | "?" | "$" | "-") {
            let (empty, _) = partition(&self.look_up(name), &[Pattern::Known(Vec::new())]);
            if empty.is_some() {
                self.end_shell(Tristate::NEVER);
            }
        }
    }

    /// Evaluates `${#name}`, `${!name}`, `${name%pattern}` and similar operations.
    fn operation(&mut self, name: &str, pieces: &[Piece]) -> Text {
        if let ("", [Piece { kind: PieceKind::Literal(text), .. }]) = (name, pieces)
            && let Some(name) = text.strip_prefix('#').filter(|name| is_name(name))
        {
            self.check_unset(name);
            return length(self.look_up(name));
        }
        if let Some((name, operation)) = Some(pieces).filter(|_| name.is_empty()).and_then(indirect) {
            self.check_unset(name);
            let Some(name) = self.look_up(name).single().filter(|name| is_name(name)).cloned() else {
                // A value that lacks the form of a name is an error.
                self.discard_here();
                // A value such as `name[@]` leads to several words.
                return Text::unknown(COMPUTED).with_reason(UNKNOWN_ELEMENTS);
            };
            return self.parameter(&Parameter { name, operation }, &pieces[0].span);
        }
        self.check_unset(name);
        let value = self.look_up(name);
        let Some(Piece { kind: PieceKind::Literal(first), .. }) = pieces.first() else {
            self.fragments(pieces);
            return Text::unknown(COMPUTED);
        };
        // The first element of `BASH_SOURCE` is the current file.
        let first = if name == "BASH_SOURCE" { first.strip_prefix("[0]").unwrap_or(first) } else { first };
        let is_set = value.single().is_some_and(|value| !value.is_empty());
        let has_alternative = name == "BASH_SOURCE" && first.starts_with([':', '-']) && is_set;
        let is_whole = first.is_empty() && pieces.len() == 1;
        if is_whole || has_alternative && first.trim_start_matches(':').starts_with('-') {
            return value;
        }
        self.transformed(value, pieces)
    }

    /// Evaluates `%pattern` and similar operations on a known value.
    pub(super) fn transformed(&mut self, value: Text, pieces: &[Piece]) -> Text {
        let Some((Piece { kind: PieceKind::Literal(first), span }, rest)) = pieces.split_first() else {
            self.fragments(pieces);
            return Text::unknown(COMPUTED);
        };
        let operators = ["%%", "%", "##", "#", "^^", ",,"];
        let operator = operators.into_iter().find(|operator| first.starts_with(operator));
        let (Some(operator), AbstractValue::OneOf(texts)) = (operator, &value.values) else {
            self.fragments(pieces);
            return Text::unknown(COMPUTED);
        };
        let first = Piece { kind: PieceKind::Literal(first[operator.len()..].to_owned()), span: span.clone() };
        let word = Word { pieces: std::iter::once(first).chain(rest.iter().cloned()).collect(), span: span.clone() };
        let pattern = self.pattern(&word);
        let convert = |text: &String| match operator {
            "^^" | ",," if word.literal().as_deref() != Some("") => None,
            "^^" => Some(text.to_uppercase()),
            ",," => Some(text.to_lowercase()),
            _ => pattern.removed_from(text, operator),
        };
        match texts.iter().map(convert).collect::<Option<Vec<String>>>() {
            Some(texts) => Text::one_of(texts, value.reasons),
            None => Text::unknown(COMPUTED),
        }
    }

    /// Splits a text at placeholders, which are replaced by the values of their expressions.
    pub fn with_expressions(&self, text: &str) -> Vec<Text> {
        let mut texts = Vec::new();
        let mut literal = String::new();
        for character in text.chars() {
            let index = u32::from(character).checked_sub(FIRST_PLACEHOLDER);
            match index.and_then(|index| self.values.get(index as usize)) {
                Some(value) => {
                    texts.push(Text::known(std::mem::take(&mut literal)));
                    texts.push(value.clone());
                }
                None => literal.push(character),
            }
        }
        texts.push(Text::known(literal));
        texts.retain(|text| text.single().is_none_or(|text| !text.is_empty()));
        texts
    }
}

/// The name of the variable with a name, and the operation on the variable of that name, in `${!name}` and
/// `${!name:-text}`; `None` for other forms.
fn indirect(pieces: &[Piece]) -> Option<(&str, Operation)> {
    let (Piece { kind: PieceKind::Literal(first), span }, rest) = pieces.split_first()? else { return None };
    let text = first.strip_prefix('!')?;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, text) = text.split_at(end);
    let is_parameter = is_name(name) || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() && rest.is_empty() {
        return is_parameter.then_some((name, Operation::None));
    }
    let operator = [":-", ":?", ":+", "-", "?", "+"].into_iter().find(|operator| text.starts_with(operator))?;
    let kind = PieceKind::Literal(text[operator.len()..].to_owned());
    let word = std::iter::once(Piece { kind, span: span.clone() }).chain(rest.iter().cloned()).collect();
    is_parameter.then(|| (name, Operation::Alternative(operator.to_owned(), word)))
}

/// The number of characters of a value. That of others than ASCII depends on the locale.
pub(super) fn length(value: Text) -> Text {
    match &value.values {
        AbstractValue::OneOf(texts) if texts.iter().all(|text| text.is_ascii()) => {
            Text::one_of(texts.iter().map(|text| text.len().to_string()), value.reasons.clone())
        }
        _ => Text::non_empty(COMPUTED),
    }
}

/// The characters at which a shell splits values without the variable `IFS`.
const DEFAULT_SEPARATORS: &str = " \t\n";

/// The fields of a value, and whether the first one is not a part of the field before the value, and the last one not
/// of the field after it; None if the result depends on what is around the value.
pub(super) fn fields_of<'t>(text: &'t str, separators: &str) -> Option<(bool, Vec<&'t str>, bool)> {
    let is_separator = |c: char| separators.contains(c);
    if text.chars().filter(|c| is_separator(*c)).all(|c| DEFAULT_SEPARATORS.contains(c)) {
        let parts = text.split(is_separator).filter(|part| !part.is_empty()).collect();
        return Some((text.starts_with(is_separator), parts, text.ends_with(is_separator)));
    }
    // Each other separator ends a field, which may be empty.
    let parts: Vec<&str> = text.split(is_separator).collect();
    let is_plain = parts.iter().all(|part| !part.is_empty());
    is_plain.then_some((false, parts, false))
}

/// The bytes of scripts that are searched for the name of a file at the cost of one command.
const SCANNED_BYTES: usize = 4;

/// Why the content of a file is not known.
const CONTENT: &str = "the content of a file is not known";

/// The file that `$(<FILE)` reads: the only redirection of a command without words.
fn file_of_substitution(list: &List) -> Option<&Word> {
    let [AndOr { first, rest, in_background: false, .. }] = list.items.as_slice() else { return None };
    let [Command { kind: CommandKind::Simple(simple), redirects, .. }] = first.commands.as_slice() else { return None };
    let [redirect] = redirects.as_slice() else { return None };
    let is_read = redirect.operator == RedirectOperator::Input
        && redirect.here_document.is_none()
        && redirect.descriptor.as_deref().is_none_or(|it| it == "0");
    let is_alone = rest.is_empty() && !first.is_negated && simple.words.is_empty() && simple.assignments.is_empty();
    (is_read && is_alone).then_some(&redirect.target)
}

fn joined_path(directory: &str, path: &str) -> String {
    if path.is_empty() { directory.to_owned() } else { format!("{directory}/{path}") }
}

/// The words to which a shell expands the braces in a word.
fn braces(word: &Word) -> Vec<Word> {
    let mut expanded = vec![word.clone()];
    // Each round expands the first braces of each word.
    for _ in 0..4 {
        let mut next = Vec::new();
        let mut is_changed = false;
        for word in &expanded {
            match first_braces(word) {
                Some(words) => {
                    is_changed = true;
                    next.extend(words);
                }
                None => next.push(word.clone()),
            }
        }
        if !is_changed || next.len() > WORDS {
            break;
        }
        expanded = next;
    }
    expanded
}

/// Expands the first braces of a word, if they are in one unquoted piece and contain no others.
fn first_braces(word: &Word) -> Option<Vec<Word>> {
    if word.assignment().is_some() {
        return None;
    }
    let (at, before, inside, after) = word.pieces.iter().enumerate().find_map(|(at, piece)| {
        let PieceKind::Literal(text) = &piece.kind else { return None };
        let (before, rest) = text.split_once('{')?;
        let (inside, after) = rest.split_once('}')?;
        (!inside.contains('{')).then_some((at, before, inside, after))
    })?;
    let texts: Vec<String> = match inside.split_once("..") {
        Some((first, last)) if !inside.contains(',') => sequence(first, last)?,
        _ if inside.contains(',') => inside.split(',').map(str::to_owned).collect(),
        _ => return None,
    };
    let with = |text: String| {
        let mut pieces = word.pieces.clone();
        pieces[at].kind = PieceKind::Literal(format!("{before}{text}{after}"));
        Word { pieces, span: word.span.clone() }
    };
    Some(texts.into_iter().map(with).collect())
}

/// The texts of a sequence such as `{1..3}` or `{a..c}`.
fn sequence(first: &str, last: &str) -> Option<Vec<String>> {
    let texts: Vec<String> = match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(from), Ok(to)) if from.abs_diff(to) < WORDS as u64 => {
            let is_padded = |text: &str| text.len() > 1 && text.trim_start_matches('-').starts_with('0');
            if is_padded(first) || is_padded(last) {
                return None;
            }
            let numbers = from.min(to)..=from.max(to);
            numbers.map(|number| number.to_string()).collect()
        }
        _ => {
            let one = |text: &str| text.chars().next().filter(|c| text.len() == 1 && c.is_ascii_alphabetic());
            let (from, to) = (one(first)?, one(last)?);
            if from.is_ascii_lowercase() != to.is_ascii_lowercase() {
                return None;
            }
            (from.min(to)..=from.max(to)).map(String::from).collect()
        }
    };
    let descends = match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(from), Ok(to)) => from > to,
        _ => first > last,
    };
    Some(if descends { texts.into_iter().rev().collect() } else { texts })
}

/// Whether the text of a piece depends on the variables of the shell, or on what a command prints.
fn is_expansion(piece: &Piece) -> bool {
    match &piece.kind {
        PieceKind::Parameter(_) => true,
        // The commands of a word whose value is kept are not interpreted again.
        PieceKind::Command(list) => !list.items.is_empty(),
        _ => false,
    }
}

/// Whether a piece is arithmetic, or an element of an array whose index is arithmetic.
fn calculates(piece: &Piece) -> bool {
    match &piece.kind {
        PieceKind::Arithmetic(_) => true,
        PieceKind::DoubleQuoted(pieces) => pieces.iter().any(calculates),
        PieceKind::Parameter(Parameter { operation, .. }) => match operation {
            Operation::None => false,
            Operation::Alternative(_, pieces) => pieces.iter().any(calculates),
            Operation::Other(pieces) => {
                let has_index = |piece: &Piece| piece.literal().is_some_and(|text| text.contains(['[', ':']));
                pieces.iter().any(|piece| calculates(piece) || has_index(piece))
            }
        },
        _ => false,
    }
}

/// Whether the arithmetic in a piece may assign a variable.
fn assigns(piece: &Piece) -> bool {
    match &piece.kind {
        PieceKind::Arithmetic(expression) => {
            expression.pieces.iter().any(|piece| piece.literal().is_none_or(|text| may_assign(&text)))
        }
        PieceKind::DoubleQuoted(pieces) => pieces.iter().any(assigns),
        PieceKind::Parameter(parameter) if calculates(piece) => operation_may_assign(&parameter.operation),
        _ => false,
    }
}

/// Whether an operation of an expansion may assign a variable.
fn operation_may_assign(operation: &Operation) -> bool {
    match operation {
        Operation::None => false,
        Operation::Alternative(operator, pieces) => operator.ends_with('=') || pieces.iter().any(calculates),
        Operation::Other(pieces) => {
            let has_sign = |text: &str| ["=", "++", "--"].iter().any(|sign| text.contains(sign));
            pieces.iter().any(|piece| calculates(piece) || piece.literal().is_some_and(|text| has_sign(&text)))
        }
    }
}

/// Whether a shell may expand braces in a text to several words.
pub(super) fn has_braces(text: &str) -> bool {
    text.find('{').is_some_and(|at| text[at..].contains('}') && (text[at..].contains(',') || text[at..].contains("..")))
}
