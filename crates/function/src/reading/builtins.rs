//! Simple commands: assignments, builtin commands and calls of functions.

use std::collections::{BTreeSet, VecDeque};

use slug_shell::is_name;
use slug_shell::syntax::{Assignment, Piece, PieceKind, Simple, Span, Word};

use super::commands::DECLARATIONS;
use super::conditional::compares_own_path;
use super::eval::{Facts, Frame, FunctionEval, Status, meet};
use super::expand::SPLITS_AS_CALLER;
use super::jq::{self, Field};
use super::state::{DEFAULT_SEPARATORS, Elements, Input, Separators, State, Stream, Variable, separators};
use super::value::{Part, Value};

/// The letters of `set` that change no answer.
const SET_LETTERS: &str = "euxfEhBTvo";

/// The long options of `set` that change no answer.
const SET_OPTIONS: [&str; 9] =
    ["errexit", "nounset", "xtrace", "noglob", "pipefail", "errtrace", "functrace", "verbose", "hashall"];

/// The options of `shopt` that change no answer where patterns for files are not followed.
const SHOPT_OPTIONS: [&str; 5] = ["nullglob", "failglob", "dotglob", "globstar", "inherit_errexit"];

impl<'a> FunctionEval<'a> {
    pub fn simple(&mut self, simple: &'a Simple, span: &'a Span, state: &mut State) -> Status {
        if simple.words.is_empty() {
            for assignment in &simple.assignments {
                self.assignment(assignment, state);
            }
            let substitutes = simple.assignments.iter().any(|assignment| has_command(&assignment.value.pieces));
            self.facts = Facts::default();
            return if substitutes { None } else { Some(true) };
        }
        let name = simple.words[0].literal();
        let is_function = name.as_deref().is_some_and(|name| state.functions.contains_key(name));
        if let Some(name) = name.as_deref().filter(|name| DECLARATIONS.contains(name) && !is_function) {
            let status = self.declaration(name, &simple.words[1..], span, state);
            self.facts = Facts::default();
            return status;
        }
        if let (Some("[" | "test"), false, [_, left, operator, right, ..]) =
            (name.as_deref(), is_function, simple.words.as_slice())
            && let Some(operator) = operator.literal().filter(|operator| matches!(&**operator, "=" | "==" | "!="))
            && compares_own_path(left, right)
        {
            self.facts = Facts::default();
            return Some(operator == "!=");
        }
        let frame = self.temporary(&simple.assignments, state);
        let outer = std::mem::take(&mut self.is_open);
        let lists = self.all_fields(&simple.words, state);
        if std::mem::replace(&mut self.is_open, outer) && !matches!(name.as_deref(), Some("echo" | "printf" | ":")) {
            self.not_followed(span, "passes an array whose number of elements depends on the environment");
        }
        // What the words do says nothing about the result.
        self.facts = Facts::default();
        let is_certain = lists.len() == 1;
        let mut ends = Vec::new();
        for list in lists {
            let mut inner = state.clone();
            let status = match list.split_first() {
                None => Some(true),
                Some((name, arguments)) => self.run(name, arguments, &frame, span, &mut inner),
            };
            ends.push((inner, status));
        }
        if !is_certain {
            self.facts = Facts::default();
        }
        meet(ends, state)
    }

    /// The assignments before a command.
    fn temporary(&mut self, assignments: &'a [Assignment], state: &mut State) -> Frame {
        let mut frame = Frame::new();
        for assignment in assignments {
            let value = self.text(&assignment.value.pieces, state);
            frame.insert(assignment.name.clone(), Variable { value, elements: None, is_own: true });
        }
        frame
    }

    fn assignment(&mut self, assignment: &'a Assignment, state: &mut State) {
        let Assignment { name, value, span, .. } = assignment;
        if let Some(subscript) = &assignment.subscript {
            let reason = "assigns an element of an array by an index";
            self.not_followed(span, reason);
            let index = self.text(subscript, state);
            self.calculate(&index, reason, span, state);
            let element = self.text(&value.pieces, state);
            return self.assign(name, Value::derived(element.sources()), span, state);
        }
        if let [Piece { kind: PieceKind::Array(words), .. }] = value.pieces.as_slice() {
            let elements = self.array(words, span, state);
            return self.set_elements(assignment, elements, state);
        }
        let is_array = state.variable(name).is_some_and(|(_, variable)| variable.elements.is_some());
        if is_array {
            self.not_followed(span, "assigns an array as if it were a text");
        }
        if is_own_default(name, value) {
            // As `: "${name:=word}"`: a second call finds what the first one left, and leaves it.
            let is_in_command = std::mem::replace(&mut self.is_in_command, false);
            let text = self.text(&value.pieces, state);
            self.is_in_command = is_in_command;
            return self.assign(name, text, span, state);
        }
        let mut text = self.text(&value.pieces, state);
        if assignment.appends {
            text = self.variable(name, false, span, state).concat(&text);
        }
        self.assign(name, text, span, state);
    }

    fn array(&mut self, words: &'a [Word], span: &Span, state: &mut State) -> Elements {
        let has_index = |word: &Word| match word.pieces.first().map(|piece| &piece.kind) {
            Some(PieceKind::Literal(text)) => text.starts_with('['),
            _ => false,
        };
        for word in words.iter().filter(|word| has_index(word)) {
            let reason = "has an array with computed or named indices";
            self.not_followed(span, reason);
            let element = self.text(&word.pieces, state);
            self.calculate_subscript(&element, reason, span, state);
        }
        let outer = std::mem::take(&mut self.is_open);
        let lists = self.all_fields(words, state);
        let is_open = std::mem::replace(&mut self.is_open, outer);
        match <[_; 1]>::try_from(lists) {
            Ok([list]) if is_open => Elements::Any(list.into_iter().reduce(|left, right| left.union(&right))),
            Ok([list]) => Elements::Known(list),
            Err(lists) => Elements::Any(lists.into_iter().flatten().reduce(|left, right| left.union(&right))),
        }
    }

    fn set_elements(&mut self, assignment: &Assignment, added: Elements, state: &mut State) {
        let Assignment { name, span, .. } = assignment;
        let before = state.variable(name).map(|(_, variable)| variable.clone());
        let elements = if assignment.appends {
            if before.as_ref().is_none_or(|variable| !variable.is_own) {
                self.carries(name);
            }
            match (before.and_then(|variable| variable.elements), added) {
                (Some(Elements::Known(mut known)), Elements::Known(added)) if known.len() < 64 => {
                    known.extend(added);
                    Elements::Known(known)
                }
                (None, added) => added,
                (Some(before), added) => Elements::Any(match (before.any(), added.any()) {
                    (Some(before), Some(added)) => Some(before.union(&added)),
                    (one, other) => one.or(other),
                }),
            }
        } else {
            added
        };
        self.assign_elements(name, elements, span, state);
    }

    /// `local`, `declare` and their relatives.
    fn declaration(&mut self, command: &str, words: &'a [Word], span: &'a Span, state: &mut State) -> Status {
        let mut is_local = matches!(command, "local" | "declare" | "typeset") && state.frames.len() > 1;
        if command == "local" && !is_local {
            self.not_followed(span, "calls `local` outside of a function, which is an error");
        }
        let (mut is_array, mut is_integer) = (false, false);
        let mut is_read_only = command == "readonly";
        let is_option = |word: &Word| word.literal().is_some_and(|text| text.len() > 1 && text.starts_with(['-', '+']));
        let asks_functions = command != "local"
            && words
                .first()
                .and_then(Word::literal)
                .is_some_and(|text| text.starts_with('-') && text.contains(['f', 'F']));
        if words.iter().all(is_option) && !asks_functions {
            self.not_followed(span, "prints all variables");
        }
        for word in words {
            if let Some(assignment) = word.assignment() {
                let (mut value, elements) = self.declared(word, &assignment, state);
                if assignment.subscript.is_some() {
                    let reason = "assigns an element of an array by an index";
                    self.not_followed(span, reason);
                    let element = self.text(&word.pieces, state);
                    self.calculate_subscript(&element, reason, span, state);
                }
                if is_integer {
                    value = self.calculate(&value, "declares a variable with `-i`", span, state);
                }
                if is_local {
                    let is_changed = assignment.appends || assignment.subscript.is_some();
                    let value = if is_changed { Value::derived(value.sources()) } else { value };
                    self.declare_local(&assignment.name, value, elements, &assignment.name_span, state);
                } else {
                    if assignment.appends || assignment.subscript.is_some() {
                        self.not_followed(span, "appends to a variable in a declaration");
                    }
                    match elements {
                        Some(elements) => {
                            self.assign_elements(&assignment.name, elements, &assignment.name_span, state);
                        }
                        None => self.assign(&assignment.name, value, &assignment.name_span, state),
                    }
                    if is_read_only {
                        state.read_only.insert(assignment.name.clone());
                    }
                }
                continue;
            }
            let Some(text) = word.literal() else {
                self.not_followed(&word.span, "declares a variable whose name is computed");
                continue;
            };
            if let Some(letters) = text.strip_prefix(['-', '+']) {
                for letter in letters.chars() {
                    match letter {
                        'r' => is_read_only = text.starts_with('-'),
                        'x' | 't' => {}
                        'g' => is_local = false,
                        'a' => is_array = true,
                        'f' | 'F' if command != "local" => {
                            self.asks_functions(words, span, state);
                            self.prints_computed(span, state);
                            return None;
                        }
                        _ => {
                            is_integer |= letter == 'i';
                            self.not_followed(span, format!("declares a variable with `-{letter}`"));
                        }
                    }
                }
            } else if is_name(&text) {
                let elements = is_array.then(|| Elements::Known(Vec::new()));
                if is_local {
                    self.declare_local(&text, Value::default(), elements, &word.span, state);
                } else if let Some(elements) = elements {
                    self.assign_elements(&text, elements, &word.span, state);
                }
                if is_read_only && !is_local {
                    state.read_only.insert(text.into_owned());
                }
            } else {
                self.not_followed(&word.span, "declares a variable whose name is not valid");
            }
        }
        // A failing substitution in a declaration changes no status.
        Some(true)
    }

    /// `declare -f` and `declare -F` with the names of functions.
    fn asks_functions(&mut self, words: &[Word], span: &Span, state: &State) {
        let names = words.iter().map(Word::literal);
        let names: Vec<_> =
            names.skip_while(|name| name.as_deref().is_some_and(|name| name.starts_with('-'))).collect();
        let is_defined = |name: &str| state.functions.contains_key(name);
        if names.is_empty() || !names.iter().all(|name| name.as_deref().is_some_and(is_defined)) {
            self.not_followed(span, "asks for a function that its files may not define");
        }
    }

    /// The value of a declaration.
    fn declared(&mut self, word: &'a Word, assignment: &Assignment, state: &mut State) -> (Value, Option<Elements>) {
        // The pieces after `name=`, which the word shares with the assignment except for its first literal.
        if let [_, Piece { kind: PieceKind::Array(words), .. }] = word.pieces.as_slice() {
            let elements = self.array(words, &word.span, state);
            return (elements.any().unwrap_or_default(), Some(elements));
        }
        let rest = &word.pieces[word.pieces.len() - (assignment.value.pieces.len().min(word.pieces.len()))..];
        let begins_with_literal = assignment.value.pieces.len() == word.pieces.len();
        if !begins_with_literal {
            return (self.text(rest, state), None);
        }
        let first = assignment.value.pieces.first().and_then(Piece::literal).unwrap_or_default().into_owned();
        let after = self.text(&rest[1..], state);
        let value = Value::literal(&first).concat(&after);
        if let Some(text) = value.sole_literal() {
            self.originates(&text, &word.span);
        }
        (value, None)
    }

    fn declare_local(&mut self, name: &str, value: Value, elements: Option<Elements>, span: &Span, state: &mut State) {
        let index = state.frames.len() - 1;
        self.refuses_read_only(name, span, state);
        state.frames[index].insert(name.to_owned(), Variable { value: Value::default(), elements: None, is_own: true });
        match elements {
            Some(elements) => self.assign_elements(name, elements, span, state),
            None => self.assign(name, value, span, state),
        }
    }

    /// Runs a command whose words are expanded.
    fn run(&mut self, name: &Value, arguments: &[Value], frame: &Frame, span: &'a Span, state: &mut State) -> Status {
        let Some(names) = name.literals() else {
            self.uses(name);
            self.not_followed(span, "calls a command whose name is computed");
            return None;
        };
        let is_several = names.len() > 1;
        let mut ends = Vec::new();
        for name in names {
            let mut inner = state.clone();
            let status = if inner.functions.contains_key(&name) {
                self.call(&name, arguments.to_vec(), frame.clone(), span, &mut inner)
            } else {
                self.builtin(&name, arguments, frame, span, &mut inner)
            };
            ends.push((inner, status));
        }
        if is_several {
            self.facts = Facts::default();
        }
        meet(ends, state)
    }

    fn builtin(&mut self, name: &str, arguments: &[Value], frame: &Frame, span: &'a Span, state: &mut State) -> Status {
        match name {
            ":" | "true" => Some(true),
            "false" => Some(false),
            "echo" => {
                self.echo(arguments, span, state);
                Some(true)
            }
            "printf" => self.printf(arguments, span, state),
            "read" => self.read(arguments, frame, span, state),
            "test" => self.test_arguments(arguments, span, state),
            "[" => match arguments.split_last() {
                Some((last, rest)) if last.sole_literal().as_deref() == Some("]") => {
                    self.test_arguments(rest, span, state)
                }
                _ => {
                    self.not_followed(span, "has no `]` after `[`");
                    None
                }
            },
            "shift" => self.shift(arguments, span, state),
            "set" => self.set(arguments, span, state),
            "shopt" => {
                let sets = |argument: &Value| matches!(argument.sole_literal().as_deref(), Some("-s" | "-u"));
                if !arguments.iter().any(sets) {
                    self.not_followed(span, "asks for an option of the shell that calls it, with `shopt`");
                    self.prints_computed(span, state);
                    return None;
                }
                for argument in arguments {
                    let word = argument.sole_literal().unwrap_or_default();
                    if !matches!(word.as_str(), "-s" | "-u" | "-q" | "extglob")
                        && !SHOPT_OPTIONS.contains(&word.as_str())
                    {
                        self.not_followed(span, "changes how bash runs commands or compares texts, with `shopt`");
                    }
                }
                self.prints_computed(span, state);
                self.changes_state(span, "changes an option of the shell");
                None
            }
            "return" | "exit" => {
                if name == "return" {
                    self.returns(state);
                } else {
                    self.exits(span, state);
                }
                None
            }
            "break" | "continue" => {
                let levels = arguments.first().map_or(Some(1), |levels| levels.sole_literal()?.parse().ok());
                let Some(levels) = levels else {
                    self.not_followed(span, format!("has a computed argument of `{name}`"));
                    return None;
                };
                self.leaves_loop(levels, name == "break", state);
                None
            }
            "unset" => {
                self.unset(arguments, span, state);
                Some(true)
            }
            "let" => {
                for argument in arguments {
                    self.calculate(argument, "calculates with a variable", span, state);
                }
                None
            }
            "command" | "builtin" | "type" => self.command_builtin(name, arguments, frame, span, state),
            "cat" => self.cat(arguments, span, state),
            "jq" => self.jq(arguments, span, state),
            _ => {
                for argument in arguments {
                    self.uses(argument);
                }
                self.not_followed(span, foreign(name));
                if let Some(reason) = changes(name) {
                    self.changes_state(span, reason);
                }
                let sources = arguments.iter().flat_map(Value::sources).collect();
                self.print(&Value::derived(sources), span, state);
                None
            }
        }
    }

    fn echo(&mut self, arguments: &[Value], span: &Span, state: &mut State) {
        let mut rest = arguments;
        let mut end = "\n";
        while let Some(option) = rest.first().and_then(Value::sole_literal) {
            let letters = option.strip_prefix('-').unwrap_or_default();
            if letters.is_empty() || !letters.chars().all(|letter| matches!(letter, 'n' | 'e' | 'E')) {
                break;
            }
            if letters.contains('n') {
                end = "";
            }
            let has_escape = |value: &Value| {
                !value.sources().is_empty()
                    || value.literals().is_none_or(|texts| texts.iter().any(|text| text.contains('\\')))
            };
            if letters.contains('e') && rest[1..].iter().any(has_escape) {
                self.not_followed(span, "interprets backslashes with `echo -e`; use `printf`");
            }
            rest = &rest[1..];
        }
        let text = self.join_values(rest, &Value::literal(" "), span);
        self.print(&text.concat(&Value::literal(end)), span, state);
    }

    fn printf(&mut self, arguments: &[Value], span: &Span, state: &mut State) -> Status {
        let word = |index: usize| arguments.get(index).and_then(Value::sole_literal);
        let mut arguments = arguments;
        let mut target = None;
        if word(0).as_deref() == Some("-v") {
            let names = arguments.get(1).and_then(Value::literals).unwrap_or_default();
            if names.is_empty() || !names.iter().all(|name| is_name(name)) {
                let reason = "assigns a variable whose name is computed";
                self.not_followed(span, reason);
                arguments.iter().skip(1).take(1).for_each(|name| self.calculate_subscript(name, reason, span, state));
            }
            target = Some(names);
            arguments = arguments.get(2..).unwrap_or_default();
        }
        if arguments.first().and_then(Value::sole_literal).as_deref() == Some("--") {
            arguments = &arguments[1..];
        }
        let Some((format, values)) = arguments.split_first() else { return Some(false) };
        let texts = format.literals();
        let formats = texts.unwrap_or_default();
        let mut result: Option<Value> = None;
        for format in &formats {
            let text = self.formatted(format, values, span);
            result = Some(result.map_or(text.clone(), |result| result.union(&text)));
        }
        let result = result.unwrap_or_else(|| {
            if !format.sources().is_empty() {
                self.uses(format);
                self.not_followed(
                    span,
                    "takes the value of a variable for a format; write `printf '%s\\n' \"$value\"`",
                );
            }
            // A value without a percent sign or a backslash is printed as it is.
            let parts = |text: &super::value::Text| {
                let plain = |part: &Part| match part {
                    Part::Literal(text) => Part::Literal(text.replace("\\n", "\n")),
                    other => other.clone(),
                };
                text.iter().map(plain).collect()
            };
            format.map(parts)
        });
        match target {
            Some(names) => {
                for name in &names {
                    let value = match state.variable(name) {
                        Some((_, variable)) if names.len() > 1 => result.clone().union(&variable.value),
                        _ => result.clone(),
                    };
                    self.assign(name, value, span, state);
                }
            }
            None => self.print(&result, span, state),
        }
        // A number that is none makes `printf` fail.
        let converts = |format: &String| format.replace("%%", "").replace("%s", "").contains('%');
        if formats.is_empty() || formats.iter().any(converts) { None } else { Some(true) }
    }

    /// The text that `printf` prints.
    fn formatted(&mut self, format: &str, values: &[Value], span: &Span) -> Value {
        let mut all = Value::default();
        // The text after the last value of `all`.
        let mut constant = String::new();
        let mut values = values.iter();
        loop {
            let before = values.len();
            let mut characters = format.chars().peekable();
            while let Some(character) = characters.next() {
                let text = match (character, characters.peek().copied()) {
                    ('\\', Some(next)) => {
                        characters.next();
                        match next {
                            'n' => "\n".to_owned(),
                            't' => "\t".to_owned(),
                            '\\' | '"' | '\'' => next.to_string(),
                            _ => {
                                self.not_followed(span, format!("prints the escape `\\{next}`"));
                                String::new()
                            }
                        }
                    }
                    ('%', Some('%')) => {
                        characters.next();
                        "%".to_owned()
                    }
                    ('%', _) => {
                        let mut conversion = String::new();
                        for next in characters.by_ref() {
                            conversion.push(next);
                            if next.is_ascii_alphabetic() || next == ')' {
                                break;
                            }
                        }
                        let value = if conversion.starts_with('(') {
                            self.not_followed(span, "prints the time");
                            Value::derived(BTreeSet::new())
                        } else {
                            values.next().cloned().unwrap_or_default()
                        };
                        let value = if conversion == "s" || value.sources().is_empty() && conversion == "d" {
                            value
                        } else {
                            if !value.sources().is_empty() {
                                self.not_followed(
                                    span,
                                    format!("prints a variable with the conversion `%{conversion}`"),
                                );
                            }
                            Value::derived(value.sources())
                        };
                        all = all.concat(&Value::literal(&std::mem::take(&mut constant))).concat(&value);
                        self.builds(&all, span);
                        continue;
                    }
                    (other, _) => other.to_string(),
                };
                constant.push_str(&text);
            }
            if values.len() == 0 || values.len() == before {
                return all.concat(&Value::literal(&constant));
            }
        }
    }

    fn read(&mut self, arguments: &[Value], frame: &Frame, span: &Span, state: &mut State) -> Status {
        let mut names = Vec::new();
        let mut is_raw = false;
        for argument in arguments {
            match argument.sole_literal().as_deref() {
                Some("-r") => is_raw = true,
                Some(name) if is_name(name) => names.push(name.to_owned()),
                _ => {
                    let reason = "has an argument of `read` that is not supported";
                    self.not_followed(span, reason);
                    self.calculate_subscript(argument, reason, span, state);
                    return None;
                }
            }
        }
        if names.is_empty() {
            names.push("REPLY".to_owned());
        }
        let separators = frame.get("IFS").map_or_else(|| state.separators(), |variable| separators(&variable.value));
        if separators == Separators::Unknown {
            self.not_followed(span, "splits a line at separators that are not known");
            return None;
        }
        let (line, status) = match &mut state.input {
            Input::Inherited => {
                self.not_followed(span, "reads its input");
                (Value::derived(BTreeSet::new()), None)
            }
            Input::Any(line) => (line.clone().union(&Value::default()), None),
            Input::Lines(texts) => {
                let is_more = texts.iter().any(|lines| !lines.is_empty());
                let is_end = texts.iter().any(VecDeque::is_empty);
                let lines = texts.iter_mut().map(|lines| lines.pop_front().unwrap_or_default());
                let line = lines.reduce(|left, right| left.union(&right)).unwrap_or_default();
                (line, if is_more && is_end { None } else { Some(is_more) })
            }
        };
        // Without a second name, `read` removes separators at the ends only.
        let splits = |line: &String| match names.len() {
            1 => line.chars().next().into_iter().chain(line.chars().last()).collect(),
            _ => line.clone(),
        };
        if line.literals().is_some_and(|lines| lines.iter().map(splits).any(|line| separators.may_differ(&line))) {
            self.not_followed(span, SPLITS_AS_CALLER);
        }
        let separators = separators.characters();
        let is_exact = line.literals().is_some() || separators.is_empty();
        if !line.sources().is_empty() && !is_exact {
            let advice =
                if names.len() == 1 { "removes blanks around a value; write `IFS= read -r`" } else { "splits a value" };
            self.not_followed(span, advice);
            self.uses(&line);
        }
        if !is_raw && (line.literals().is_none_or(|lines| lines.iter().any(|line| line.contains('\\')))) {
            self.not_followed(span, "reads a value without `-r`, so that backslashes change it");
        }
        let count = names.len();
        let split =
            line.literals().map(|lines| lines.iter().map(|line| fields(line, separators, count)).collect::<Vec<_>>());
        for (index, name) in names.iter().enumerate() {
            let value = match &split {
                Some(lines) => {
                    let values = lines.iter().map(|fields| Value::literal(&fields[index]));
                    values.reduce(|left, right| left.union(&right)).unwrap_or_default()
                }
                None if count == 1 => line.clone(),
                None if index == 0 || !separators.is_empty() => Value::derived(line.sources()),
                None => Value::default(),
            };
            let value = if index == 0 && separators.is_empty() { line.clone() } else { value };
            self.assign(name, value, span, state);
        }
        status
    }

    fn shift(&mut self, arguments: &[Value], span: &Span, state: &mut State) -> Status {
        let count = arguments.first().map_or(Some(1), |count| count.sole_literal()?.parse::<usize>().ok());
        match count.filter(|_| !state.arguments_vary) {
            Some(count) if count <= state.arguments.len() => {
                state.arguments.drain(..count);
                Some(true)
            }
            Some(_) => Some(false),
            None => {
                self.not_followed(span, "shifts a number of arguments that is not known");
                None
            }
        }
    }

    fn set(&mut self, arguments: &[Value], span: &Span, state: &mut State) -> Status {
        let mut rest = arguments;
        while let Some((first, after)) = rest.split_first() {
            let word = first.sole_literal();
            match word.as_deref() {
                Some("--") => {
                    state.arguments = after.to_vec();
                    state.arguments_vary = false;
                    if state.frames.len() == 1 {
                        self.changes_state(span, "sets the arguments of the shell");
                    }
                    return Some(true);
                }
                Some(word) if word.len() > 1 && word.starts_with(['-', '+']) => {
                    let letters = &word[1..];
                    let option = after.first().and_then(Value::sole_literal);
                    let is_long = letters.contains('o');
                    self.ends_on_unset |= letters.contains('u') || option.as_deref() == Some("nounset");
                    if !letters.chars().all(|letter| SET_LETTERS.contains(letter))
                        || is_long && !option.as_deref().is_some_and(|option| SET_OPTIONS.contains(&option))
                    {
                        self.not_followed(span, "sets an option of the shell that is not supported");
                    }
                    self.changes_state(span, "changes an option of the shell");
                    rest = after.get(usize::from(is_long)..).unwrap_or_default();
                }
                _ => {
                    self.not_followed(span, "sets arguments without `--`");
                    state.arguments = rest.to_vec();
                    return None;
                }
            }
        }
        if arguments.is_empty() {
            self.not_followed(span, "prints all variables");
        }
        Some(true)
    }

    fn unset(&mut self, arguments: &[Value], span: &Span, state: &mut State) {
        let mut is_function = false;
        for argument in arguments {
            match argument.sole_literal().as_deref() {
                Some("-v") => is_function = false,
                Some("-f") => is_function = true,
                Some(name) if is_function => {
                    state.functions.remove(name);
                    state.perhaps_undefined.remove(name);
                    self.changes_state(span, format!("removes the function `{name}`"));
                }
                Some("IFS") => self.assign("IFS", Value::literal(DEFAULT_SEPARATORS), span, state),
                Some(name) if is_name(name) => self.assign(name, Value::default(), span, state),
                _ => {
                    let reason = "removes a variable whose name is computed";
                    self.not_followed(span, reason);
                    self.calculate_subscript(argument, reason, span, state);
                }
            }
        }
    }

    fn command_builtin(
        &mut self,
        name: &str,
        arguments: &[Value],
        frame: &Frame,
        span: &'a Span,
        state: &mut State,
    ) -> Status {
        let word = |index: usize| arguments.get(index).and_then(Value::sole_literal);
        let asks = name == "type" || matches!(word(0).as_deref(), Some("-v" | "-V"));
        if asks {
            let asked = arguments.iter().filter_map(Value::sole_literal).filter(|word| !word.starts_with('-'));
            let asked: Vec<String> = asked.collect();
            self.prints_computed(span, state);
            if asked.iter().all(|name| state.functions.contains_key(name)) && !asked.is_empty() {
                let is_certain = asked.iter().all(|name| !state.perhaps_undefined.contains(name));
                return is_certain.then_some(true);
            }
            self.not_followed(span, "asks whether a program is installed");
            return None;
        }
        match (word(0), name) {
            (Some(called), _) if !called.starts_with('-') => self.builtin(&called, &arguments[1..], frame, span, state),
            _ => {
                self.not_followed(span, format!("calls `{name}` in a form that is not supported"));
                None
            }
        }
    }

    /// Prints a text that no value of the environment decides and that is not followed.
    fn prints_computed(&mut self, span: &Span, state: &mut State) {
        self.print(&Value::derived(BTreeSet::new()), span, state);
    }

    fn cat(&mut self, arguments: &[Value], span: &Span, state: &mut State) -> Status {
        let is_input = |argument: &Value| argument.sole_literal().as_deref() == Some("-");
        if arguments.len() > 1 || !arguments.iter().all(is_input) {
            self.not_followed(span, "reads a file");
            self.print(&Value::derived(BTreeSet::new()), span, state);
            return None;
        }
        let text = match std::mem::replace(&mut state.input, Input::Lines(vec![VecDeque::new()])) {
            Input::Inherited => {
                self.not_followed(span, "reads its input");
                Value::derived(BTreeSet::new())
            }
            Input::Any(line) => Value::derived(line.sources()),
            Input::Lines(texts) => {
                let mut all: Option<Value> = None;
                for lines in texts {
                    // Each line ends in a newline.
                    let end = (!lines.is_empty()).then(Value::default);
                    let lines: Vec<Value> = lines.into_iter().chain(end).collect();
                    let text = self.join_values(&lines, &Value::literal("\n"), span);
                    all = Some(all.map_or(text.clone(), |all| all.union(&text)));
                }
                all.unwrap_or_default()
            }
        };
        self.print(&text, span, state);
        Some(true)
    }

    fn jq(&mut self, arguments: &[Value], span: &Span, state: &mut State) -> Status {
        let Some(fields) = self.jq_fields(arguments, span, state) else {
            self.not_followed(span, "calls `jq` in another form than `jq -n --arg name value '{KEY: $name}'`");
            self.print(&Value::derived(arguments.iter().flat_map(Value::sources).collect()), span, state);
            return None;
        };
        let mut text = Value::literal("{");
        for (index, (key, value)) in fields.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            text = text.concat(&Value::literal(&format!("{comma}\"{key}\":"))).concat(value);
            if state.stdout == Stream::Output {
                self.prints(key, span);
            }
        }
        if state.stdout == Stream::Output {
            // The values of an object are no part of the answer, so this does not use them.
            state.output = state.output.concat(&text).concat(&Value::literal("}\n"));
        }
        Some(true)
    }

    /// Reads the arguments of `jq`; returns the keys with their values, or `None` if the form is not supported.
    fn jq_fields(&mut self, arguments: &[Value], span: &Span, state: &State) -> Option<Vec<(String, Value)>> {
        let mut given = Vec::new();
        let mut program = None;
        let mut has_null_input = false;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let text = word.sole_literal()?;
            match text.as_str() {
                "--arg" | "--argjson" => given.push((words.next()?.sole_literal()?, words.next()?.clone())),
                "-n" | "-nc" | "-cn" | "--null-input" => has_null_input = true,
                "-c" | "--compact-output" => {}
                other if other.starts_with('-') || program.is_some() => return None,
                _ => program = Some(text),
            }
        }
        let fields = jq::object(&program.filter(|_| has_null_input)?)?;
        let mut result = Vec::new();
        for (key, field) in fields {
            let value = match field {
                Field::Argument(name) => given.iter().find(|(given, _)| *given == name)?.1.clone(),
                Field::Environment(name) => self.variable(&name, true, span, state),
                Field::Constant => Value::default(),
            };
            result.push((key, Value::derived(value.sources())));
        }
        Some(result)
    }
}

/// Whether the value of an assignment is the variable itself or a constant, as in `X="${X:-word}"`.
fn is_own_default(name: &str, value: &Word) -> bool {
    fn is(name: &str, pieces: &[Piece]) -> bool {
        match pieces {
            [Piece { kind: PieceKind::DoubleQuoted(pieces), .. }] => is(name, pieces),
            [Piece { kind: PieceKind::Parameter(parameter), .. }] => {
                use slug_shell::syntax::Operation;
                parameter.name == name
                    && match &parameter.operation {
                        Operation::Alternative(operator, word) => {
                            operator.ends_with('-') && word.iter().all(|piece| piece.literal().is_some())
                        }
                        _ => false,
                    }
            }
            _ => false,
        }
    }
    is(name, &value.pieces)
}

fn has_command(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| match &piece.kind {
        PieceKind::Command(_) => true,
        PieceKind::DoubleQuoted(pieces) => has_command(pieces),
        _ => false,
    })
}

/// Splits a line as `read` does.
fn fields(line: &str, separators: &str, count: usize) -> Vec<String> {
    let is_blank = |next: char| separators.contains(next) && matches!(next, ' ' | '\t' | '\n');
    let mut fields = Vec::new();
    let mut rest = line.trim_matches(is_blank);
    while fields.len() + 1 < count && !rest.is_empty() {
        let end = rest.find(|next| separators.contains(next)).unwrap_or(rest.len());
        fields.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches(is_blank);
        // One separator that is not a blank ends the field, with the blanks around it.
        if let Some(after) = rest.strip_prefix(|next| separators.contains(next)) {
            rest = after.trim_start_matches(is_blank);
        }
    }
    fields.push(rest.to_owned());
    fields.resize(count, String::new());
    fields
}

/// Why a command is not followed.
fn foreign(name: &str) -> String {
    match name {
        "eval" => "runs a computed command with `eval`".to_owned(),
        "source" | "." => "reads another file; name it in `function.source`".to_owned(),
        "trap" => "sets a trap".to_owned(),
        "mapfile" | "readarray" => format!("reads an array with `{name}`"),
        "getopts" => "reads options with `getopts`".to_owned(),
        "date" => "calls `date`, which reads the time".to_owned(),
        "cd" | "pushd" | "popd" | "pwd" => format!("calls `{name}`, which depends on the directory"),
        "exec" | "wait" | "kill" | "jobs" | "bg" | "fg" | "ulimit" | "umask" | "times" | "hash" | "alias"
        | "unalias" | "enable" | "caller" | "compgen" | "complete" | "compopt" | "dirs" | "disown" | "fc" | "help"
        | "history" | "logout" | "suspend" | "bind" => format!("calls `{name}`, which is not supported"),
        _ => format!("calls the program `{name}`"),
    }
}

/// The state that a builtin command changes beyond the call.
fn changes(name: &str) -> Option<&'static str> {
    match name {
        "trap" => Some("sets a trap"),
        "cd" | "pushd" | "popd" => Some("changes the directory"),
        "alias" | "unalias" | "enable" | "exec" | "ulimit" | "umask" => Some("changes the shell"),
        "eval" | "getopts" | "mapfile" | "readarray" | "source" | "." => Some("may assign a global variable"),
        _ => None,
    }
}
