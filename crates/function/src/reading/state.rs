//! The state of the reader at one point of a script.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::value::{Source, Value};

/// A variable that a script assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub value: Value,
    /// The elements, if the variable is an array.
    pub elements: Option<Elements>,
    /// Whether the call that runs assigned it.
    pub is_own: bool,
}

/// The elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Elements {
    /// Exactly these.
    Known(Vec<Value>),
    /// Any number of elements with these values; `None` if there may be none at all.
    Any(Option<Value>),
}

impl Elements {
    /// The union of all elements.
    pub fn any(&self) -> Option<Value> {
        match self {
            Self::Known(values) => values.iter().cloned().reduce(|left, right| left.union(&right)),
            Self::Any(value) => value.clone(),
        }
    }

    fn join(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        Self::Any(match (self.any(), other.any()) {
            (Some(left), Some(right)) => Some(left.union(&right)),
            (one, other) => one.or(other),
        })
    }
}

/// Where a stream of a command leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    /// The standard error or `/dev/null`.
    Elsewhere,
}

/// The input of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// That of the whole script.
    Inherited,
    /// The lines of one of these texts.
    Lines(Vec<VecDeque<Value>>),
    /// Any number of these lines.
    Any(Value),
}

/// The characters at which bash splits words by default.
pub(super) const DEFAULT_SEPARATORS: &str = " \t\n";

/// The characters at which bash splits words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Separators {
    /// The function or its files set these.
    Known(String),
    /// Those of the shell that calls the function.
    OfCaller,
    /// The function or its files set others in some environments.
    Unknown,
}

impl Separators {
    /// The characters, or the default ones if they are not known.
    pub fn characters(&self) -> &str {
        match self {
            Self::Known(characters) => characters,
            Self::OfCaller | Self::Unknown => DEFAULT_SEPARATORS,
        }
    }

    /// Whether another shell may split a text at other places. Scripts set `IFS` to one of these characters.
    pub fn may_differ(&self, text: &str) -> bool {
        *self == Self::OfCaller && text.contains([' ', '\t', '\n', ',', ':', ';', '|'])
    }
}

/// The most texts that an input is one of.
const INPUTS: usize = 64;

impl Input {
    fn join(&self, other: &Self) -> Self {
        if let (Self::Lines(left), Self::Lines(right)) = (self, other) {
            let mut all = left.clone();
            all.extend(right.iter().filter(|lines| !left.contains(lines)).cloned());
            if all.len() <= INPUTS {
                return Self::Lines(all);
            }
        }
        Self::Any(self.any().union(&other.any()))
    }

    /// Any number of the lines.
    pub fn rest(&self) -> Self {
        Self::Any(self.any())
    }

    fn any(&self) -> Value {
        match self {
            Self::Inherited => Value::default(),
            Self::Lines(texts) => texts.iter().flatten().fold(Value::default(), Value::union),
            Self::Any(line) => line.clone(),
        }
    }
}

/// The state of the reader at one point of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The variables: the global ones, then those of each function that is being called.
    pub frames: Vec<BTreeMap<String, Variable>>,
    /// The possible definitions of each function.
    pub functions: BTreeMap<String, BTreeSet<usize>>,
    /// The functions that some way to this point does not define.
    pub perhaps_undefined: BTreeSet<String>,
    /// The global variables that some way to this point makes read-only.
    pub read_only: BTreeSet<String>,
    pub arguments: Vec<Value>,
    /// Whether the number of arguments depends on the environment.
    pub arguments_vary: bool,
    /// The text that was printed.
    pub output: Value,
    pub input: Input,
    /// The redirection that the input belongs to.
    pub input_region: usize,
    pub stdout: Stream,
    pub stderr: Stream,
    /// The variables of the environment that are set wherever this point is reached.
    pub set: BTreeSet<String>,
    /// Whether `$?` is the status of a command before the call.
    pub has_status_of_caller: bool,
    /// Whether this point is never reached.
    pub is_dead: bool,
}

impl State {
    pub fn new() -> Self {
        Self {
            frames: vec![BTreeMap::new()],
            functions: BTreeMap::new(),
            perhaps_undefined: BTreeSet::new(),
            read_only: BTreeSet::new(),
            arguments: Vec::new(),
            arguments_vary: false,
            output: Value::default(),
            input: Input::Inherited,
            input_region: 0,
            stdout: Stream::Output,
            stderr: Stream::Elsewhere,
            set: BTreeSet::new(),
            has_status_of_caller: true,
            is_dead: false,
        }
    }

    /// The frame that has a variable, and the variable.
    pub fn variable(&self, name: &str) -> Option<(usize, &Variable)> {
        self.frames.iter().enumerate().rev().find_map(|(index, frame)| Some((index, frame.get(name)?)))
    }

    /// The characters at which bash splits words.
    pub fn separators(&self) -> Separators {
        match self.variable("IFS") {
            None => Separators::OfCaller,
            Some((_, variable)) => separators(&variable.value),
        }
    }

    /// An estimate of the memory of the state, without the texts, which copies of the state share.
    pub fn bytes(&self) -> usize {
        /// The bytes of a variable, an argument or a line.
        const ENTRY: usize = 64;
        let elements = |variable: &Variable| match &variable.elements {
            Some(Elements::Known(values)) => values.len(),
            Some(Elements::Any(_)) | None => 0,
        };
        let variables = self.frames.iter().flat_map(BTreeMap::values).map(|variable| 1 + elements(variable));
        let lines = match &self.input {
            Input::Lines(texts) => texts.iter().map(VecDeque::len).sum(),
            Input::Inherited | Input::Any(_) => 0,
        };
        ENTRY * (variables.sum::<usize>() + self.functions.len() + self.arguments.len() + lines)
    }

    /// The state where two branches meet.
    pub fn join(&mut self, other: &Self) {
        if other.is_dead || self == other {
            return;
        }
        if self.is_dead {
            *self = other.clone();
            return;
        }
        for index in 0..self.frames.len().min(other.frames.len()) {
            let names: BTreeSet<String> =
                self.frames[index].keys().chain(other.frames[index].keys()).cloned().collect();
            for name in names {
                let joined = joined(&self.at(&name, index), &other.at(&name, index));
                self.frames[index].insert(name, joined);
            }
        }
        let is_in_both = |name: &&String| self.functions.contains_key(*name) && other.functions.contains_key(*name);
        let names = self.functions.keys().chain(other.functions.keys());
        let one_sided: Vec<String> = names.filter(|name| !is_in_both(name)).cloned().collect();
        self.perhaps_undefined.extend(one_sided);
        self.perhaps_undefined.extend(other.perhaps_undefined.iter().cloned());
        self.read_only.extend(other.read_only.iter().cloned());
        for (name, definitions) in &other.functions {
            self.functions.entry(name.clone()).or_default().extend(definitions);
        }
        if self.arguments != other.arguments {
            self.arguments_vary |= self.arguments.len() != other.arguments.len();
            let length = self.arguments.len().max(other.arguments.len());
            self.arguments.resize(length, Value::default());
            for (index, argument) in self.arguments.iter_mut().enumerate() {
                let other = other.arguments.get(index).cloned().unwrap_or_default();
                *argument = std::mem::take(argument).union(&other);
            }
        }
        self.arguments_vary |= other.arguments_vary;
        self.has_status_of_caller |= other.has_status_of_caller;
        self.set.retain(|name| other.set.contains(name));
        self.output = std::mem::take(&mut self.output).union(&other.output);
        if self.input != other.input {
            self.input = self.input.join(&other.input);
        }
    }

    /// The variable as a frame sees it.
    fn at(&self, name: &str, frame: usize) -> Variable {
        let found = self.frames[..=frame].iter().rev().find_map(|frame| frame.get(name));
        let of_environment =
            || Variable { value: Value::source(Source::of_variable(name)), elements: None, is_own: false };
        found.cloned().unwrap_or_else(of_environment)
    }
}

/// The separators that a value of `IFS` is.
pub(super) fn separators(value: &Value) -> Separators {
    if *value == Value::source(Source::Separators) {
        return Separators::OfCaller;
    }
    value.sole_literal().map_or(Separators::Unknown, Separators::Known)
}

fn joined(left: &Variable, right: &Variable) -> Variable {
    let elements = match (&left.elements, &right.elements) {
        (Some(left), Some(right)) => Some(left.join(right)),
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(Elements::Any(one.any())),
    };
    Variable { value: left.value.clone().union(&right.value), elements, is_own: left.is_own && right.is_own }
}
