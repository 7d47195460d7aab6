//! Programs that run a command in a container: `docker run`, `docker exec` and their like.

use super::super::files::ResolvedPath;
use super::super::forge::WORKSPACE;
use super::super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::super::state::{Export, Variable, Variables};
use super::super::syntax::{Piece, Word, is_name};
use super::checkers::is_checker;
use super::declare::Pair;
use super::launch::is_test_runner;
use super::runners::runs_files;
use slug_value::Text;

/// Options of these programs without a value.
const FLAGS: [&str; 24] = [
    "--build",
    "--detach",
    "--disable-content-trust",
    "--init",
    "--interactive",
    "--no-TTY",
    "--no-deps",
    "--no-healthcheck",
    "--no-tty",
    "--oom-kill-disable",
    "--privileged",
    "--publish-all",
    "--quiet",
    "--quiet-pull",
    "--read-only",
    "--remove-orphans",
    "--rm",
    "--service-ports",
    "--sig-proxy",
    "--tls",
    "--tty",
    "--use-aliases",
    "-P",
    "-T",
];

/// Images whose containers start the command itself, by their names without a version.
const PLAIN_IMAGES: [&str; 17] = [
    "alpine",
    "amazonlinux",
    "archlinux",
    "bash",
    "busybox",
    "centos",
    "debian",
    "eclipse-temurin",
    "fedora",
    "golang",
    "node",
    "php",
    "python",
    "rockylinux",
    "ruby",
    "rust",
    "ubuntu",
];

/// Why a script that is named after an image may not be called.
const ENTRYPOINT: &str = "the image may have a program of its own, to which this path is an argument";

/// Where a command line runs a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a new container of an image.
    Image,
    /// In a new container of a service, whose image and environment are defined elsewhere.
    Service,
    /// In a container that has started before.
    Running,
}

/// A command line that runs a command in a container.
#[derive(Default)]
struct Container {
    /// The name of the image, service or container without a version, if it is known.
    name: Option<String>,
    /// The variables that it passes from files, in order.
    from_files: Vec<(String, Variable)>,
    /// The variables that it passes in place of those from files, in order.
    passed: Vec<(String, Variable)>,
    /// The directories of the repository that it mounts, with their paths in the container.
    mounts: Vec<(String, String)>,
    directory: Option<String>,
    entrypoint: Option<Word>,
    /// The command.
    command: Vec<Word>,
    /// The reason why it may pass other variables, if it may.
    unknown: Option<String>,
}

impl Interpreter<'_> {
    /// Interprets a command that runs in a container; `None` if the words run none.
    ///
    /// The command sees the variables that are passed. If the repository is mounted, it sees no others; if not,
    /// what it runs is in an image, which can have others.
    pub(super) fn container(&mut self, program: &str, words: &[Word]) -> Option<Outcome> {
        let (first, place) = container_command(program, words)?;
        let container = self.container_of(&words[first..])?;
        let passed: Vec<_> = container.from_files.iter().chain(&container.passed).cloned().collect();
        for (name, variable) in &passed {
            self.note_assigned(name, &variable.value, variable.assigned.as_ref());
        }
        if container.command.is_empty() && container.entrypoint.is_none() {
            // The image says what runs.
            return None;
        }
        // The shell around the program expands the words of the command, before the container has its variables.
        let mut command: Vec<Word> = Vec::new();
        for word in container.entrypoint.iter().chain(&container.command) {
            command.push(self.frozen(word));
        }
        let before = self.copy();
        self.resolve(&own_spans(&words[..words.len() - container.command.len()]));
        match container.unknown.clone().or_else(|| {
            let is_known = place == Place::Image && !container.mounts.is_empty();
            (!is_known).then(|| format!("`{program}` may start it with another environment"))
        }) {
            Some(reason) => {
                self.havoc(&reason);
                self.state.variables.extend(passed);
            }
            None => {
                let unset = || Variable { value: Text::empty(), export: Export::No, assigned: None };
                let names: Vec<String> = self.state.variables.keys().cloned().collect();
                self.state.variables = names.into_iter().map(|name| (name, unset())).collect::<Variables>();
                self.state.others_unknown = None;
                self.state.variables.extend(passed);
            }
        }
        // An image often has the repository as its working directory.
        let is_likely = container.directory.is_none() && self.state.others_unknown.is_some();
        if !is_likely {
            self.state.directory = container.directory.as_deref().and_then(|path| container.in_repository(path));
        }
        for word in command.iter_mut().skip(usize::from(container.entrypoint.is_some())) {
            if let Some(path) = self.expand_again(word).single().and_then(|path| container.in_repository(path)) {
                *word = self.value_word(Text::known(format!("{WORKSPACE}/{path}")), &word.span);
            }
        }
        let image = container.name.filter(|_| place == Place::Image && container.entrypoint.is_none());
        let image = image.unwrap_or_default();
        let is_plain = PLAIN_IMAGES.contains(&image.as_str()) || place != Place::Image;
        let is_own_command = command.len() > 1 && command[0].literal().is_some_and(|program| runs_files(&program));
        if is_checker(&image) && !is_own_command || self.checks_files(&command) {
            self.resolve(&own_spans(words));
        } else if container.entrypoint.is_none() && !is_plain && self.is_path_of_script(&command[0]) {
            self.note_possible_script(&command[0]);
        } else {
            if is_test_runner(&image) && !is_own_command {
                // The program of such an image has the name of the image.
                let span = command[0].span.clone();
                command.insert(0, self.value_word(Text::known(image), &span));
            }
            self.command_of_words(&command);
        }
        self.restore(before);
        Some(Outcome::unknown(Output::unknown(format!("the output of `{program}` is not known"))))
    }

    /// Whether a word is the path of a file of the repository or of a target.
    fn is_path_of_script(&mut self, word: &Word) -> bool {
        let text = self.expand_again(word);
        text.single().is_some_and(|path| self.is_script(path))
    }

    /// Records the targets that a script may call which the program of an image may run, and the script itself if it
    /// is one.
    fn note_possible_script(&mut self, word: &Word) {
        let text = self.expand_again(word);
        let Some(path) = text.single() else { return };
        for (index, target) in self.targets.iter().enumerate() {
            if self.is_path_of(path, target) && !self.is_inside(index) {
                self.resolve(&own_spans(std::slice::from_ref(word)));
                self.record_possible_call(index, word, ENTRYPOINT);
            }
        }
        self.read_by_argument(&text);
    }

    /// Reads the options and the command after them; `None` without an image.
    fn container_of(&mut self, words: &[Word]) -> Option<Container> {
        let mut container = Container::default();
        let mut index = 0;
        while let Some(word) = words.get(index) {
            let option = self.option_text(word);
            if !option.starts_with('-') || option == "-" {
                break;
            }
            index += 1;
            let is_flags = option.len() > 1 && option[1..].chars().all(|letter| "ditqTP".contains(letter));
            if FLAGS.contains(&option.as_str()) || is_flags {
                continue;
            }
            let value = match option.split_once('=') {
                Some((name, _)) if name.starts_with("--") => (name.to_owned(), self.option_value(word, name.len() + 1)),
                _ if option.len() > 2 && !option.starts_with("--") => {
                    (option[..2].to_owned(), self.option_value(word, 2))
                }
                _ => {
                    index += 1;
                    (option.clone(), Some(words.get(index - 1)?.clone()))
                }
            };
            self.container_option(&mut container, &value.0, value.1.as_ref());
        }
        // The image, the service or the container.
        let word = words.get(index)?;
        let text = self.expand_again(word);
        let name = text.single().map(|name| name.rsplit('/').next().unwrap_or_default());
        container.name = name.map(|name| name.split([':', '@']).next().unwrap_or_default().to_owned());
        if container.name.is_none() && word.literal().is_none() {
            return None;
        }
        container.command = words[index + 1..].to_vec();
        Some(container)
    }

    /// The text of a word, or its known start.
    fn option_text(&mut self, word: &Word) -> String {
        let text = self.field(word);
        let start = || word.pieces.first().and_then(Piece::literal).unwrap_or_default().into_owned();
        text.single().cloned().unwrap_or_else(start)
    }

    /// The value of an option in the same word, after a number of bytes.
    fn option_value(&mut self, word: &Word, after: usize) -> Option<Word> {
        let text = self.field(word);
        let known = text.single()?.get(after..)?.to_owned();
        Some(self.value_word(Text::known(known), &word.span))
    }

    fn container_option(&mut self, container: &mut Container, name: &str, value: Option<&Word>) {
        let unknown = |what: &str| Some(format!("{what} of a container is not known"));
        let text = value.and_then(|word| self.field(word).single().cloned());
        match (name, value, text) {
            ("-e" | "--env", Some(word), text) => {
                let pair = match &text {
                    Some(text) if is_name(text) => Pair::Names(text.clone()),
                    _ => self.pair(word),
                };
                match pair {
                    Pair::Assigns(name, value) => {
                        let variable = Variable { value, export: Export::Yes, assigned: Some(word.span.clone()) };
                        container.passed.push((name, variable));
                    }
                    Pair::Names(name) if is_name(&name) => container.passed.push(self.passed_on(&name)),
                    _ => container.unknown = unknown("a variable"),
                }
            }
            ("-e" | "--env", None, _) => container.unknown = unknown("a variable"),
            ("--env-file", _, text) => match text.as_deref().and_then(|path| self.unchanged_file_at(path)) {
                Some(file) => {
                    let mut start = file.base;
                    for line in file.text.split_inclusive('\n') {
                        let written = line.trim_start();
                        let at = start + line.len() - written.len();
                        start += line.len();
                        match written.trim_end_matches(['\n', '\r']).split_once('=') {
                            _ if written.starts_with('#') => {}
                            Some((name, value)) if is_name(name) => {
                                let value = Text::known(value.to_owned());
                                let assigned = Some(at..at + name.len());
                                let variable = Variable { value, export: Export::Yes, assigned };
                                container.from_files.push((name.to_owned(), variable));
                            }
                            _ if is_name(written.trim()) => container.from_files.push(self.passed_on(written.trim())),
                            _ => {}
                        }
                    }
                }
                None => container.unknown = unknown("an env file"),
            },
            ("-v" | "--volume", _, text) => match text {
                Some(text) => {
                    let mut parts = text.split(':');
                    if let (Some(source), Some(target)) = (parts.next(), parts.next()) {
                        self.mount(container, source, target);
                    }
                }
                None => container.unknown = unknown("a mount"),
            },
            ("--mount", _, text) => match text {
                Some(text) => {
                    let field = |names: [&str; 3]| {
                        let mut fields = text.split(',').filter_map(|field| field.split_once('='));
                        fields.find(|(name, _)| names.contains(name)).map(|(_, value)| value)
                    };
                    let (source, target) = (field(["source", "src", ""]), field(["target", "destination", "dst"]));
                    if let (Some(source), Some(target)) = (source, target) {
                        self.mount(container, source, target);
                    }
                }
                None => container.unknown = unknown("a mount"),
            },
            ("-w" | "--workdir", _, text) => container.directory = text,
            ("--entrypoint", Some(word), _) => container.entrypoint = Some(word.clone()),
            ("--entrypoint", None, _) => container.unknown = unknown("the program"),
            _ => {}
        }
    }

    /// A variable that a container gets with its value, if it is set.
    fn passed_on(&self, name: &str) -> (String, Variable) {
        let unset = match &self.state.others_unknown {
            Some(reason) => Variable { value: Text::unknown(reason.clone()), export: Export::Maybe, assigned: None },
            None => Variable { value: Text::empty(), export: Export::No, assigned: None },
        };
        let variable = self.state.variables.get(name).cloned().unwrap_or(unset);
        (name.to_owned(), variable.visible())
    }

    fn mount(&self, container: &mut Container, source: &str, target: &str) {
        // A name without a slash is that of a volume.
        let is_path = source.starts_with('.') || source.contains('/') || source.starts_with(WORKSPACE);
        if let ResolvedPath::Repository(path) = ResolvedPath::of(source, self.state.directory.as_deref())
            && is_path
        {
            container.mounts.push((path, target.trim_end_matches('/').to_owned()));
        }
    }
}

impl Container {
    /// The path in the repository to which a path in the container leads, if it is mounted.
    fn in_repository(&self, path: &str) -> Option<String> {
        self.mounts.iter().rev().find_map(|(source, target)| {
            let rest = path.strip_prefix(target.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{source}{rest}").trim_matches('/').to_owned())
        })
    }
}

/// The index of the first word after `run` or `exec`, and where it runs a command.
fn container_command(program: &str, words: &[Word]) -> Option<(usize, Place)> {
    let is_compose = match program {
        "docker-compose" | "podman-compose" => true,
        "docker" | "podman" | "nerdctl" => words
            .iter()
            .skip(1)
            .take_while(|word| word.literal().as_deref() != Some("run"))
            .any(|word| word.literal().as_deref() == Some("compose")),
        _ => return None,
    };
    let at = words.iter().position(|word| matches!(word.literal().as_deref(), Some("run" | "exec")))?;
    let place = match words[at].literal().as_deref() {
        Some("run") if is_compose => Place::Service,
        Some("run") => Place::Image,
        _ => Place::Running,
    };
    Some((at + 1, place))
}
