//! Arguments and settings files that may choose the model of a target, besides its variables.

use super::super::files::{ResolvedPath, joined};
use super::super::interpreter::{Interpreter, Output, SPLIT, own_spans};
use super::super::placeholder::is_placeholder;
use super::super::syntax::{Command, CommandKind, Piece, PieceKind, Word};
use super::basename;
use super::external::flattened;
use super::launch::is_test_runner;
use slug_value::{AbstractValue, Text};

/// Words in the name of an option or a setting that chooses a model, a runtime or a provider.
const WORDS: [&str; 6] = ["engine", "llm", "model", "provider", "runtime", "slug"];

/// Endings of the files in which programs keep their settings.
const ENDINGS: [&str; 9] = [".cfg", ".conf", ".env", ".ini", ".json", ".properties", ".toml", ".yaml", ".yml"];

/// Words in the name of an option whose value is a file with settings.
const FILE_OPTIONS: [&str; 6] = ["conf", "config", "dotenv", "env", "profile", "settings"];

/// Commands that write their last argument.
pub(super) const COPIES: [&str; 4] = ["cp", "install", "ln", "mv"];

/// Whether a name says that something chooses a model, a runtime or a provider: one of its words does.
#[must_use]
pub fn names_choice(name: &str) -> bool {
    let is_choice = |word: &str| WORDS.iter().any(|known| word == *known || word.strip_suffix('s') == Some(known));
    words_of(name).iter().any(|word| is_choice(word) || word.starts_with("model"))
}

/// Whether a path is that of a settings file.
fn is_settings_file(path: &str) -> bool {
    let name = basename(path);
    name.starts_with(".env") || ENDINGS.iter().any(|ending| name.ends_with(ending))
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

/// Whether a script may write a settings file.
#[must_use]
pub fn may_write_settings(script: &str) -> bool {
    ENDINGS.iter().any(|ending| script.contains(ending))
}

/// Whether the name of a file says that it holds settings, not results.
fn is_settings_name(path: &str) -> bool {
    words_of(basename(path).as_str()).iter().any(|word| FILE_OPTIONS.contains(&word.as_str()))
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

/// Whether a word may become several arguments: it is not quoted.
fn may_be_split(word: &Word, text: &Text) -> bool {
    let has_expression = |piece: &Piece| match &piece.kind {
        PieceKind::Literal(text) => text.contains(is_placeholder),
        _ => false,
    };
    text.reasons.contains(SPLIT) || word.pieces.iter().any(has_expression)
}

/// The literal parts of a command, which show what a command prints if its values are not known.
fn literals(command: &Command) -> String {
    let CommandKind::Simple(simple) = &command.kind else { return String::new() };
    let words = simple.words.iter().map(|word| {
        let pieces = flattened(&word.pieces).into_iter().filter_map(Piece::literal);
        pieces.map(std::borrow::Cow::into_owned).collect::<String>()
    });
    words.collect::<Vec<_>>().join("\n")
}

impl Interpreter<'_> {
    /// The reason why the arguments of a target may choose its model, if they may, and the known arguments.
    /// `command` starts the target.
    pub(super) fn choice_of_arguments(&mut self, command: &str, words: &[Word]) -> (Option<String>, Vec<String>) {
        let mut option: Option<String> = None;
        let (mut reason, mut arguments) = (None, Vec::new());
        for word in words {
            let is_computed = own_spans(std::slice::from_ref(word)).len() > 1;
            let text = if is_computed { Text::unknown("a command computes it") } else { self.field(word) };
            let known: Vec<String> = match &text.values {
                AbstractValue::OneOf(texts) => texts.clone(),
                _ => match word.pieces.first().map(|piece| &piece.kind) {
                    Some(PieceKind::Literal(start)) if start.contains('=') => vec![start.clone()],
                    // An option may have any value, if that is one word.
                    _ if option.is_some() && !may_be_split(word, &text) => {
                        option = None;
                        continue;
                    }
                    _ => {
                        reason.get_or_insert_with(|| "an argument that is not known may choose its model".to_owned());
                        continue;
                    }
                },
            };
            for argument in &known {
                reason = reason.or_else(|| self.choice_of_argument(command, option.as_deref(), argument));
            }
            option = known.first().filter(|argument| argument.starts_with('-') && !argument.contains('=')).cloned();
            arguments.extend(known);
        }
        (reason, arguments)
    }

    /// The reason why an argument may choose a model. `option` is the option before it.
    fn choice_of_argument(&self, command: &str, option: Option<&str>, argument: &str) -> Option<String> {
        let (name, value) = argument.split_once('=').map_or((argument, None), |(name, value)| (name, Some(value)));
        let is_name = argument.starts_with('-') || value.is_some();
        let is_short = option == Some("-m") && !argument.starts_with('-') && !is_test_runner(command);
        if is_name && (names_choice(name) || self.names.contains(name)) {
            return Some(format!("the argument `{name}` may choose its model"));
        }
        if is_short || name == "-m" && value.is_some() {
            return Some("the argument `-m` may choose its model".to_owned());
        }
        let (option, path) = value.map_or((option, argument), |value| (Some(name), value));
        if !is_settings_file(path) {
            return None;
        }
        let is_given = option == Some("-c")
            || option.is_some_and(|name| words_of(name).iter().any(|word| FILE_OPTIONS.contains(&word.as_str())));
        match self.file_at(path) {
            Some(file) => {
                self.setting_of(&file.text).map(|key| format!("`{path}` sets `{key}` and may choose its model"))
            }
            None => is_given.then(|| format!("`{path}` is not known and may choose its model")),
        }
    }

    /// The first name in a text that chooses a model or is a variable of a policy.
    fn setting_of<'t>(&self, text: &'t str) -> Option<&'t str> {
        keys(text).find(|key| names_choice(key) || self.names.contains(*key))
    }

    /// Records that a file may be written. `text` is its content, or what is known of it.
    fn note_written_file(&mut self, path: &str, text: &str, is_whole: bool) {
        if !is_settings_file(path) || self.state.ended || self.settings.is_some() {
            return;
        }
        let name = basename(path);
        self.settings = match self.setting_of(text) {
            Some(key) => Some(format!("a script writes `{key}` to `{name}`, which may choose its model")),
            None if !is_whole && is_settings_name(path) && keys(text).next().is_none() => {
                Some(format!("a script writes `{name}`, which may choose its model"))
            }
            None => None,
        };
    }

    /// Records that a file of the repository gives its settings to the targets that are called next.
    pub(super) fn note_settings(&mut self, path: &str, text: &str) {
        let key = self.setting_of(text).map(|key| format!("`{path}` sets `{key}`, which may choose its model"));
        self.settings = self.settings.take().or(key);
    }

    /// Records the files of variables that the options of a program name, which starts a target.
    pub(super) fn note_option_files(&mut self, words: &[Word]) {
        let mut option = String::new();
        for word in words {
            let text = self.expand_again(word).single().cloned();
            let known = text.as_deref().unwrap_or_default();
            let (name, path) = match known.split_once('=') {
                Some((name, path)) if name.starts_with("--") => (name, path),
                _ => (option.as_str(), known),
            };
            if name == "--env-file" {
                match self.file_at(path) {
                    Some(file) => self.note_settings(path, &file.text),
                    None => {
                        self.settings = Some("a file of variables that is not known may choose its model".to_owned());
                    }
                }
            }
            option = known.to_owned();
        }
    }

    /// Records that the output of a command is written to a file.
    pub(crate) fn note_output_file(&mut self, path: &str, output: &Output, command: Option<&Command>) {
        let known = output.texts.iter().map(|text| text.single().map_or("\u{fffd}", String::as_str));
        let (text, is_whole) = (known.collect::<String>(), output.texts.iter().all(|text| text.single().is_some()));
        let text = if is_whole { text } else { format!("{text}\n{}", command.map(literals).unwrap_or_default()) };
        self.note_written_file(path, &text, is_whole);
    }

    /// Records that an output is written to the files in the arguments of `tee`.
    pub(super) fn note_output_arguments(&mut self, arguments: &[Word], output: &Output) {
        for word in arguments {
            if let Some(path) = self.expand_again(word).single().cloned() {
                self.note_output_file(&path, output, None);
            }
        }
    }

    /// Records the settings files that a command writes by its arguments.
    pub(super) fn note_written_arguments(&mut self, command: &str, words: &[Word]) {
        if !(COPIES.contains(&command) || matches!(command, "sed" | "yq" | "curl" | "wget")) {
            return;
        }
        let paths: Vec<Option<String>> =
            words[1..].iter().map(|word| self.expand_again(word).single().cloned()).collect();
        let known: Vec<&String> = paths.iter().flatten().collect();
        match command {
            "sed" | "yq"
                if known.iter().any(|word| word.starts_with("-i") || *word == "--in-place" || *word == "--inplace") =>
            {
                let program: Vec<&str> = known.iter().map(|word| word.as_str()).collect();
                let chooses = program.iter().flat_map(|word| word.split(|c: char| !(c.is_alphanumeric() || c == '_')));
                let key = chooses.map(str::to_owned).find(|word| names_choice(word) || self.names.contains(word));
                if let (Some(key), Some(path)) = (key, known.last().filter(|_| paths.iter().all(Option::is_some))) {
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
            _ if COPIES.contains(&command) => {
                let files: Vec<&String> = known.iter().copied().filter(|word| !word.starts_with('-')).collect();
                let Some((target, sources)) = files.split_last() else { return };
                for source in sources {
                    let path =
                        if is_settings_file(target) { (*target).clone() } else { joined(target, &basename(source)) };
                    let is_written =
                        is_settings_file(target) || target.ends_with(['/', '.']) || self.is_directory(target);
                    if is_written {
                        let content = self.file_at(source);
                        let text = content.as_ref().map_or("", |file| &file.text);
                        self.note_written_file(&path, text, content.is_some());
                    }
                }
            }
            _ => {}
        }
    }

    fn is_directory(&self, path: &str) -> bool {
        matches!(ResolvedPath::of(path, self.state.directory.as_deref()),
            ResolvedPath::Repository(path) if path.is_empty() || !self.files.list(&path).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_word_for_model_is_choice() {
        for name in
            ["--model", "MODEL", "llm_model", "defaultModel", "--modelName", "providers", "agent.runtime", "slug"]
        {
            assert!(names_choice(name), "{name}");
        }
        for name in ["--verbose", "-k", "--remodel", "TIMEOUT", "--run-time", "path", ""] {
            assert!(!names_choice(name), "{name}");
        }
    }

    #[test]
    fn keys_of_settings_are_names_before_signs() {
        let of = |text: &'static str| keys(text).collect::<Vec<_>>();
        assert_eq!(of("A=1\nexport B=2\n# c\nD E"), ["A", "B"]);
        assert_eq!(of("a:\n  - model: x\n  url: https://h/p?q=1"), ["a", "model", "url", "https", "q"]);
        assert_eq!(of("{\"model\": \"x\", \"n\":1}"), ["model", "n"]);
        assert_eq!(of("# A=1\n // b: c\n; d=e"), [""; 0]);
    }
}
