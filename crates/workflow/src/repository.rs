//! The workflow files of one run and the calls between them. Each distinct text is parsed once.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::calls::{called_path, normalized};
use super::document::{self, Node, Unreadable, Value};
use super::model::Workflow;

/// A workflow file. Clones share the parsed tree.
#[derive(Clone, Debug)]
pub struct File {
    /// The path, as given.
    pub path: String,
    /// The text.
    pub text: Rc<str>,
    /// The syntax tree of the text.
    pub root: Rc<Node>,
    /// The workflow model of the tree.
    pub workflow: Rc<Workflow>,
}

impl File {
    /// The paths of the called files in the same repository.
    pub fn called_paths(&self) -> impl Iterator<Item = String> {
        self.workflow.jobs.iter().filter_map(|job| called_path(&self.path, &job.call()?.workflow))
    }
}

/// Parses workflow files and caches the results by text.
pub struct Parser {
    results: RefCell<HashMap<Rc<str>, Result<Parsed, Unreadable>>>,
    /// Total bytes of the texts in `results`.
    bytes: Cell<usize>,
    /// Bytes above which unused results are evicted.
    limit: Cell<usize>,
    parsed: Cell<usize>,
}

type Parsed = (Rc<Node>, Rc<Workflow>);

/// Maximum bytes of unused texts in the cache.
const UNUSED_BYTES: usize = 4 << 20;

impl Default for Parser {
    fn default() -> Self {
        Self { results: RefCell::default(), bytes: Cell::new(0), limit: Cell::new(UNUSED_BYTES), parsed: Cell::new(0) }
    }
}

impl Parser {
    /// Parses the text of a file.
    ///
    /// # Errors
    ///
    /// Fails if [`document::read`] fails, or if the document has no mapping `jobs`.
    pub fn parse(&self, path: &str, text: &str) -> Result<File, Unreadable> {
        let known = self.results.borrow().get_key_value(text).map(|(text, result)| (Rc::clone(text), result.clone()));
        let (text, result) = known.unwrap_or_else(|| self.parse_new(text));
        result.map(|(root, workflow)| File { path: path.to_owned(), text, root, workflow })
    }

    /// The number of texts that have been parsed; cache hits do not count.
    #[must_use]
    pub fn parsed(&self) -> usize {
        self.parsed.get()
    }

    fn parse_new(&self, text: &str) -> (Rc<str>, Result<Parsed, Unreadable>) {
        if self.bytes.get() + text.len() > self.limit.get() {
            self.evict_unused();
        }
        let text: Rc<str> = text.into();
        let result = parse(&text);
        self.parsed.set(self.parsed.get() + 1);
        self.bytes.set(self.bytes.get() + text.len());
        self.results.borrow_mut().insert(Rc::clone(&text), result.clone());
        (text, result)
    }

    fn evict_unused(&self) {
        let mut results = self.results.borrow_mut();
        results.retain(|_, result| result.as_ref().is_ok_and(|(root, _)| Rc::strong_count(root) > 1));
        self.bytes.set(results.keys().map(|text| text.len()).sum());
        self.limit.set(self.bytes.get() + UNUSED_BYTES);
    }
}

fn parse(text: &str) -> Result<Parsed, Unreadable> {
    let root = document::read(text)?;
    if !matches!(root.get("jobs").map(|jobs| &jobs.value), Some(Value::Mapping(_))) {
        let message = "not a workflow file: no top-level `jobs` mapping; correct it or leave it out".to_owned();
        return Err(Unreadable { byte: 0, message });
    }
    let workflow = Workflow::of(&root);
    Ok((Rc::new(root), Rc::new(workflow)))
}

/// Identifies a job of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobId {
    /// The index of its workflow file.
    pub file: usize,
    /// The index of the job in the file.
    pub job: usize,
}

/// The files of one run and the calls between them.
#[derive(Clone, Debug)]
pub struct Repository {
    files: Vec<Rc<File>>,
    /// The calling jobs, by the index of the called file.
    callers: Rc<HashMap<usize, Vec<JobId>>>,
    /// The index of the called file, by the calling job.
    called: Rc<HashMap<JobId, usize>>,
    /// The called workflows that are not among the files.
    missing: Rc<BTreeSet<String>>,
}

impl Repository {
    /// Resolves the calls between files.
    #[must_use]
    pub fn new(files: Vec<File>) -> Self {
        let indices: HashMap<String, usize> =
            files.iter().enumerate().map(|(index, file)| (normalized(&file.path), index)).collect();
        let mut callers: HashMap<usize, Vec<JobId>> = HashMap::new();
        let (mut called_files, mut missing) = (HashMap::new(), BTreeSet::new());
        for (index, file) in files.iter().enumerate() {
            for (job, call) in file.workflow.jobs.iter().enumerate().filter_map(|(job, it)| Some((job, it.call()?))) {
                match called_path(&file.path, &call.workflow).and_then(|path| indices.get(&path)) {
                    Some(&called) => {
                        let caller = JobId { file: index, job };
                        callers.entry(called).or_default().push(caller);
                        called_files.insert(caller, called);
                    }
                    None => drop(missing.insert(call.workflow.clone())),
                }
            }
        }
        let files = files.into_iter().map(Rc::new).collect();
        Self { files, callers: Rc::new(callers), called: Rc::new(called_files), missing: Rc::new(missing) }
    }

    /// The files, in the order given.
    #[must_use]
    pub fn files(&self) -> &[Rc<File>] {
        &self.files
    }

    /// The jobs that call a file.
    #[must_use]
    pub fn callers(&self, file: usize) -> &[JobId] {
        self.callers.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The file that a job calls, if it is among the files.
    #[must_use]
    pub fn called(&self, job: JobId) -> Option<usize> {
        self.called.get(&job).copied()
    }

    /// The called workflows that are not among the files, as written in `uses`.
    #[must_use]
    pub fn missing_workflows(&self) -> &BTreeSet<String> {
        &self.missing
    }

    /// A copy in which one file has another workflow. The workflow must have the same jobs in the
    /// same order, and they must call the same files.
    #[must_use]
    pub fn with_workflow(&self, file: usize, workflow: Workflow) -> Self {
        let mut changed = self.clone();
        let unchanged = &self.files[file];
        changed.files[file] = Rc::new(File { workflow: Rc::new(workflow), ..File::clone(unchanged) });
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "on: push\njobs: {a: {uses: ./.github/workflows/b.yml}, b: {uses: o/r/w.yml@v1}}\n";
    const CALLED: &str = "on: workflow_call\njobs: {a: {steps: []}}\n";

    #[test]
    fn parser_parses_each_distinct_text_once() {
        let parser = Parser::default();
        for (path, text) in [("a.yml", CALLER), ("b.yml", CALLED), ("c.yml", CALLED), ("a.yml", CALLER)] {
            let file = parser.parse(path, text).unwrap();
            assert_eq!((file.path.as_str(), &*file.text), (path, text));
        }
        assert!(parser.parse("d.yml", "on: push").is_err() && parser.parse("d.yml", "on: push").is_err());
        assert_eq!(parser.parsed(), 3);
    }

    #[test]
    fn parser_above_limit_evicts_unused_results() {
        let parser = Parser::default();
        let text = |number: usize| format!("{CALLED}# {number} {}", "x".repeat(1 << 19));
        let used = parser.parse("used.yml", CALLER).unwrap();
        for number in 0..100 {
            parser.parse("a.yml", &text(number)).unwrap();
            assert!(parser.bytes.get() <= CALLER.len() + UNUSED_BYTES);
        }
        parser.parse("a.yml", &text(99)).unwrap();
        assert!(Rc::ptr_eq(&parser.parse("used.yml", CALLER).unwrap().root, &used.root));
        assert_eq!(parser.parsed(), 101);
        parser.parse("a.yml", &text(0)).unwrap();
        assert_eq!(parser.parsed(), 102);
    }

    #[test]
    fn repository_resolves_calls_by_path() {
        let parser = Parser::default();
        let file = |path: &str, text: &str| parser.parse(path, text).unwrap();
        let repository = Repository::new(vec![
            file("x/.github/workflows/b.yml", CALLED),
            file("./x\\.github\\workflows\\a.yml", CALLER),
        ]);
        assert_eq!((repository.callers(0), repository.callers(1)), (&[JobId { file: 1, job: 0 }][..], &[][..]));
        assert_eq!(repository.missing_workflows(), &BTreeSet::from(["o/r/w.yml@v1".to_owned()]));
        let called: Vec<String> = repository.files()[1].called_paths().collect();
        assert_eq!(called, ["x/.github/workflows/b.yml"]);
    }
}
