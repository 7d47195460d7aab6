//! The files of one compilation target and the imports between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::slice;

use super::source::{Import, Source};

/// A library or a binary.
pub struct Target {
    /// Each file by the path of its module; the path of the root is empty.
    pub modules: BTreeMap<Vec<String>, (PathBuf, Source)>,
}

/// Maximum number of re-exports that are followed from a name to its definition.
const MAX_REEXPORTS: usize = 8;

impl Target {
    /// Reads a target from its root file.
    pub fn read(root: &Path) -> Self {
        let mut target = Self { modules: BTreeMap::new() };
        target.add(Vec::new(), root, root.parent().expect("a file is in a directory"));
        target
    }

    fn add(&mut self, module: Vec<String>, file: &Path, directory: &Path) {
        let source = Source::parse(&fs::read_to_string(file).expect("the file is readable"));
        for child in &source.modules {
            let below = directory.join(child);
            let files = [below.with_extension("rs"), below.join("mod.rs")];
            let file = files.iter().find(|file| file.is_file()).expect("a module has a file");
            self.add([module.as_slice(), slice::from_ref(child)].concat(), file, &below);
        }
        self.modules.insert(module, (file.to_owned(), source));
    }

    /// Every file of the target.
    pub fn files(&self) -> Vec<PathBuf> {
        self.modules.values().map(|(file, _)| file.clone()).collect()
    }

    /// Files that import each other in a cycle, each with its import from the next.
    pub fn cycle(&self) -> Option<String> {
        let mut edges: BTreeMap<&[String], BTreeMap<&[String], &Import>> = BTreeMap::new();
        for (module, (_, source)) in &self.modules {
            let targets =
                source.imports.iter().filter_map(|import| Some((self.resolve(module, &import.path, 0)?, import)));
            edges.insert(module, targets.filter(|(target, _)| *target != module.as_slice()).collect());
        }
        // A file that imports no remaining file, or that no remaining file imports, is in no cycle.
        loop {
            let before = edges.len();
            let left: BTreeSet<&[String]> = edges.keys().copied().collect();
            edges.values_mut().for_each(|targets| targets.retain(|target, _| left.contains(target)));
            let imported: BTreeSet<&[String]> = edges.values().flat_map(|targets| targets.keys().copied()).collect();
            edges.retain(|module, targets| !targets.is_empty() && imported.contains(module));
            if edges.len() == before {
                break;
            }
        }
        let mut trail = vec![*edges.keys().next()?];
        loop {
            let (next, _) = edges[trail[trail.len() - 1]].iter().next()?;
            if let Some(start) = trail.iter().position(|module| module == next) {
                trail.drain(..start);
                trail.push(next);
                break;
            }
            trail.push(next);
        }
        let file = |module: &[String]| super::shown(&self.modules[module].0);
        let step = |pair: &[&[String]]| {
            format!("  {} imports `{}` from {}", file(pair[0]), edges[pair[0]][pair[1]].path.join("::"), file(pair[1]))
        };
        Some(trail.windows(2).map(step).collect::<Vec<_>>().join("\n"))
    }

    /// The module that defines the item of a path, if it is in this target.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<&[String]> {
        let (first, mut rest) = path.split_first()?;
        let mut at: Vec<String> = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => module.split_last()?.1.to_vec(),
            child => [module, &[child.to_owned()]].concat(),
        };
        while let Some((name, after)) = rest.split_first() {
            if name == "super" {
                at.pop();
            } else if self.modules.contains_key(&[at.as_slice(), slice::from_ref(name)].concat()) {
                at.push(name.clone());
            } else {
                break;
            }
            rest = after;
        }
        let (at, (_, source)) = self.modules.get_key_value(&at)?;
        let Some(name) = rest.first().filter(|name| depth < MAX_REEXPORTS && !source.defines(name)) else {
            return Some(at);
        };
        if let Some(import) = source.use_items.iter().find(|import| import.name == *name) {
            return self.resolve(at, &import.path, depth + 1);
        }
        let mut globs = source.use_items.iter().filter(|import| import.name == "*").filter_map(|import| {
            let (_, glob) = import.path.split_last()?;
            let found = self.resolve(at, &[glob, rest].concat(), depth + 1)?;
            self.modules[found].1.defines(name).then_some(found)
        });
        Some(globs.next().unwrap_or(at))
    }
}
