//! Finds the arguments and settings files that may choose the model of a call. The variables that choose a
//! model are handled elsewhere.

use super::super::array::SPLIT;
use super::super::files::{ResolvedPath, joined};
use super::super::interpreter::{Interpreter, Output, own_spans};
use super::super::placeholder::is_placeholder;
use super::super::syntax::{Command, CommandKind, Piece, PieceKind, Word, flattened};
use super::basename;
use super::launch::is_test_runner;
use slug_value::{AbstractValue, Text};

/// Words in the name of an option or a setting that chooses a model, a runtime or a provider.
const MODEL_WORDS: [&str; 6] = ["engine", "llm", "model", "provider", "runtime", "slug"];

/// Extensions of the files in which programs keep their settings.
const SETTINGS_EXTENSIONS: [&str; 9] =
    [".cfg", ".conf", ".env", ".ini", ".json", ".properties", ".toml", ".yaml", ".yml"];

/// Words in the name of a settings file, and of an option whose value is a settings file.
const SETTINGS_WORDS: [&str; 6] = ["conf", "config", "dotenv", "env", "profile", "settings"];

/// Those of [`SETTINGS_WORDS`] that name a file of environment variables, which are what a policy reads.
const ENVIRONMENT_WORDS: [&str; 2] = ["dotenv", "env"];

/// The text that replaces an unknown part of an output. It cannot be a part of a key.
const UNKNOWN_TEXT: &str = "\u{fffd}";

/// Commands that write to the path in their last argument.
pub(super) const COPY_COMMANDS: [&str; 4] = ["cp", "install", "ln", "mv"];

/// Whether a name contains a word for a model, a runtime or a provider, or a word that begins with `model`. An
/// option or a setting with such a name may choose the model.
#[must_use]
pub fn is_model_option_name(name: &str) -> bool {
    let is_model_word =
        |word: &str| MODEL_WORDS.iter().any(|known| word == *known || word.strip_suffix('s') == Some(known));
    words_of(name).iter().any(|word| is_model_word(word) || word.starts_with("model"))
}

/// Whether a path has an extension of settings files, or a name that begins with `.env`.
fn has_settings_extension(path: &str) -> bool {
    let name = basename(path);
    name.starts_with(".env") || SETTINGS_EXTENSIONS.iter().any(|extension| name.ends_with(extension))
}

/// The words of a name such as `--llm-model` or `defaultModel`, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_after_lower = false;
    for character in name.chars() {
        let starts = !character.is_alphanumeric() || character.is_uppercase() && is_after_lower;
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        is_after_lower = character.is_lowercase();
    }
    words
}

/// Whether a script contains an extension of settings files, so that it may write such a file.
#[must_use]
pub fn mentions_settings_file(script: &str) -> bool {
    SETTINGS_EXTENSIONS.iter().any(|extension| script.contains(extension))
}

/// Whether a word in the name of a file, such as `config`, shows that the file holds settings, and not other
/// data in the same format.
fn has_settings_word(path: &str) -> bool {
    has_word_of(basename(path).as_str(), &SETTINGS_WORDS)
}

/// Whether a name has one of these words.
fn has_word_of(name: &str, words: &[&str]) -> bool {
    words_of(name).iter().any(|word| words.contains(&word.as_str()))
}

/// The names before `=` and `:` in the text of a settings file, or in the script that writes it.
fn keys(text: &str) -> impl Iterator<Item = &str> {
    let is_comment = |line: &&str| line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//");
    text.lines().filter(move |line| !is_comment(line)).flat_map(|line| {
        line.match_indices(['=', ':']).filter_map(|(at, _)| {
            let before = line[..at].trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'']);
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            let name = &before[before.trim_end_matches(is_part).len()..];
            (!name.is_empty()).then_some(name)
        })
    })
}

/// Whether the shell may split a word into several arguments, because the word contains an unquoted value or an
/// unquoted placeholder.
fn may_be_split(word: &Word, text: &Text) -> bool {
    let has_placeholder = |piece: &Piece| match &piece.kind {
        PieceKind::Literal(literal) => literal.contains(is_placeholder),
        _ => false,
    };
    text.reasons.contains(SPLIT) || word.pieces.iter().any(has_placeholder)
}

/// Whether a word contains a command substitution, which divides the span of the word.
pub(super) fn has_command_substitution(word: &Word) -> bool {
    own_spans(std::slice::from_ref(word)).len() > 1
}

/// The literal text in the words of a command, a substitute for the output of the command if the output is not
/// fully known.
fn literals(command: &Command) -> String {
    let CommandKind::Simple(simple) = &command.kind else { return String::new() };
    let words = simple.words.iter().map(|word| {
        let pieces = flattened(&word.pieces).into_iter().filter_map(Piece::literal);
        pieces.map(std::borrow::Cow::into_owned).collect::<String>()
    });
    words.collect::<Vec<_>>().join("\n")
}

/// What the arguments of a call say.
#[derive(Default)]
pub(super) struct Arguments {
    /// The reason why they may choose the model, if they may.
    pub choice_reason: Option<String>,
    /// The first settings file that is not known.
    pub unread_settings: Option<String>,
    /// The known arguments.
    pub known: Vec<String>,
}

impl Interpreter<'_> {
    /// Evaluates the arguments of a call. `command` is the program that runs the target.
    pub(super) fn evaluate_arguments(&mut self, command: &str, words: &[Word]) -> Arguments {
        let mut option: Option<String> = None;
        let mut arguments = Arguments::default();
        for word in words {
            let text = if has_command_substitution(word) {
                Text::unknown("a command substitution computes the argument")
            } else {
                self.field(word)
            };
            let known: Vec<String> = match &text.values {
                AbstractValue::OneOf(texts) => texts.clone(),
                _ => match word.pieces.first().map(|piece| &piece.kind) {
                    Some(PieceKind::Literal(start)) if start.contains('=') => vec![start.clone()],
                    // The unknown value of an option is harmless if it is certainly one word.
                    _ if option.is_some() && !may_be_split(word, &text) => {
                        option = None;
                        continue;
                    }
                    _ => {
                        let reason = "an unknown argument may choose the model of the call";
                        arguments.choice_reason.get_or_insert_with(|| reason.to_owned());
                        continue;
                    }
                },
            };
            for argument in &known {
                self.read_argument(command, option.as_deref(), argument, &mut arguments);
            }
            option = known.first().filter(|argument| argument.starts_with('-') && !argument.contains('=')).cloned();
            arguments.known.extend(known);
        }
        arguments
    }

    /// Notes whether an argument may choose the model. `option` is the option before the argument.
    fn read_argument(&self, command: &str, option: Option<&str>, argument: &str, arguments: &mut Arguments) {
        let mut choice = |reason: String| {
            arguments.choice_reason.get_or_insert(reason);
        };
        let (name, value) = argument.split_once('=').map_or((argument, None), |(name, value)| (name, Some(value)));
        let is_name = argument.starts_with('-') || value.is_some();
        // The option `-m` of test runners selects tests, and not a model.
        let is_value_of_m = option == Some("-m") && !argument.starts_with('-') && !is_test_runner(command);
        if is_name && (is_model_option_name(name) || self.names.contains(name)) {
            return choice(format!("the argument `{name}` may choose the model of the call"));
        }
        if is_value_of_m || name == "-m" && value.is_some() {
            return choice("the argument `-m` may choose the model of the call".to_owned());
        }
        let (option, path) = value.map_or((option, argument), |value| (Some(name), value));
        if !has_settings_extension(path) {
            return;
        }
        if let Some(file) = self.unchanged_file_at(path) {
            let key = self.model_key(&file.text);
            key.map(|key| format!("`{path}` sets `{key}`, which may choose the model of the call")).map(choice);
            return;
        }
        let option_has = |words: &[&str]| option.is_some_and(|name| has_word_of(name, words));
        let names_settings = option == Some("-c") || option_has(&SETTINGS_WORDS);
        if names_settings && (option_has(&ENVIRONMENT_WORDS) || has_word_of(&basename(path), &ENVIRONMENT_WORDS)) {
            choice(match self.change_of(path) {
                Some(change) => format!("{change}, which may choose the model of the call"),
                None => format!("the unknown file `{path}` may choose the model of the call"),
            });
        } else if names_settings {
            arguments.unread_settings.get_or_insert_with(|| path.to_owned());
        }
    }

    /// The first key in a text whose name may choose a model, or that is one of the variables that decide what
    /// a target does.
    fn model_key<'t>(&self, text: &'t str) -> Option<&'t str> {
        keys(text).find(|key| is_model_option_name(key) || self.names.contains(*key))
    }

    /// Records that a script may write a file, if the file may choose the model of a later call. `text` is the
    /// content of the file, or the known part of it if not `is_complete`.
    fn note_written_file(&mut self, path: &str, text: &str, is_complete: bool) {
        if !has_settings_extension(path) || self.state.ended || self.settings_reason.is_some() {
            return;
        }
        let name = basename(path);
        self.settings_reason = match self.model_key(text) {
            Some(key) => Some(format!("a script writes `{key}` to `{name}`, which may choose the model of the call")),
            None if !is_complete && has_settings_word(path) && keys(text).next().is_none() => {
                Some(format!("a script writes `{name}`, which may choose the model of the call"))
            }
            None => None,
        };
    }

    /// Records that a file of the repository, whose variables the next targets get, may choose their model.
    pub(super) fn note_settings(&mut self, path: &str, text: &str) {
        let key =
            self.model_key(text).map(|key| format!("`{path}` sets `{key}`, which may choose the model of the call"));
        self.settings_reason = self.settings_reason.take().or(key);
    }

    /// Records the files that `--env-file` gives to a program that runs a target.
    pub(super) fn note_env_files(&mut self, words: &[Word]) {
        let mut option = String::new();
        for word in words {
            let text = self.expand_again(word).single().cloned();
            let known = text.as_deref().unwrap_or_default();
            let (name, path) = match known.split_once('=') {
                Some((name, path)) if name.starts_with("--") => (name, path),
                _ => (option.as_str(), known),
            };
            if name == "--env-file" {
                match self.unchanged_file_at(path) {
                    Some(file) => self.note_settings(path, &file.text),
                    None => {
                        let file = self.change_of(path).map(|change| format!("{change}, which"));
                        let file = file.unwrap_or_else(|| "an unknown env file".to_owned());
                        self.settings_reason = Some(format!("{file} may choose the model of the call"));
                    }
                }
            }
            option = known.to_owned();
        }
    }

    /// Records that the output of a command is written to a file.
    pub(crate) fn note_output_file(&mut self, path: &str, output: &Output, command: Option<&Command>) {
        let known = output.texts.iter().map(|text| text.single().map_or(UNKNOWN_TEXT, String::as_str));
        let (text, is_complete) = (known.collect::<String>(), output.texts.iter().all(|text| text.single().is_some()));
        let text = if is_complete { text } else { format!("{text}\n{}", command.map(literals).unwrap_or_default()) };
        self.note_written_file(path, &text, is_complete);
    }

    /// Records that `tee` writes an output to the files in its arguments.
    pub(super) fn note_tee_files(&mut self, arguments: &[Word], output: &Output) {
        for word in arguments {
            if let Some(path) = self.expand_again(word).single().cloned() {
                self.note_output_file(&path, output, None);
            }
        }
    }

    /// Records the settings files that a command writes, as far as the arguments of the command show.
    pub(super) fn note_files_written_by(&mut self, command: &str, words: &[Word]) {
        if !(COPY_COMMANDS.contains(&command) || matches!(command, "sed" | "yq" | "curl" | "wget")) {
            return;
        }
        let paths: Vec<Option<String>> =
            words[1..].iter().map(|word| self.expand_again(word).single().cloned()).collect();
        let known: Vec<&String> = paths.iter().flatten().collect();
        match command {
            "sed" | "yq"
                if known.iter().any(|word| word.starts_with("-i") || *word == "--in-place" || *word == "--inplace") =>
            {
                let is_separator = |c: char| !(c.is_alphanumeric() || c == '_');
                let identifiers = known.iter().flat_map(|word| word.split(is_separator));
                let key =
                    identifiers.map(str::to_owned).find(|word| is_model_option_name(word) || self.names.contains(word));
                if let (Some(key), Some(path)) = (key, known.last().filter(|_| paths.iter().all(Option::is_some))) {
                    // The key alone, written as an assignment, is the text in which the key is found.
                    self.note_written_file(path, &format!("{key}="), true);
                }
            }
            "curl" | "wget" => {
                let is_option =
                    |word: &&String| matches!(word.as_str(), "-o" | "-O" | "--output" | "--output-document");
                let option = known.iter().position(is_option);
                if let Some(path) = option.and_then(|at| known.get(at + 1)) {
                    self.note_written_file(path, "", false);
                }
            }
            _ if COPY_COMMANDS.contains(&command) => {
                let files: Vec<&String> = known.iter().copied().filter(|word| !word.starts_with('-')).collect();
                let Some((destination, sources)) = files.split_last() else { return };
                for source in sources {
                    let path = if has_settings_extension(destination) {
                        (*destination).clone()
                    } else {
                        joined(destination, &basename(source))
                    };
                    let is_written = has_settings_extension(destination)
                        || destination.ends_with(['/', '.'])
                        || self.is_directory(destination);
                    if is_written {
                        let content = self.unchanged_file_at(source);
                        let text = content.as_ref().map_or("", |file| &file.text);
                        self.note_written_file(&path, text, content.is_some());
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        matches!(ResolvedPath::of(path, self.state.directory.as_deref()),
            ResolvedPath::Repository(path) if path.is_empty() || !self.files.list(&path).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_words_for_models_match() {
        for name in
            ["--model", "MODEL", "llm_model", "defaultModel", "--modelName", "providers", "agent.runtime", "slug"]
        {
            assert!(is_model_option_name(name), "{name}");
        }
        for name in ["--verbose", "-k", "--remodel", "TIMEOUT", "--run-time", "path", ""] {
            assert!(!is_model_option_name(name), "{name}");
        }
    }

    #[test]
    fn keys_are_names_before_equals_signs_and_colons() {
        let of = |text: &'static str| keys(text).collect::<Vec<_>>();
        assert_eq!(of("A=1\nexport B=2\n# c\nD E"), ["A", "B"]);
        assert_eq!(of("a:\n  - model: x\n  url: https://h/p?q=1"), ["a", "model", "url", "https", "q"]);
        assert_eq!(of("{\"model\": \"x\", \"n\":1}"), ["model", "n"]);
        assert!(of("# A=1\n // b: c\n; d=e").is_empty());
    }
}
