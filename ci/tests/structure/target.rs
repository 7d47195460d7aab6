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

/// Maximum number of re-exports between the path of an import and the definition.
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
            let child_directory = directory.join(child);
            let files = [child_directory.with_extension("rs"), child_directory.join("mod.rs")];
            let file = files.iter().find(|file| file.is_file()).expect("a module has a file");
            self.add([module.as_slice(), slice::from_ref(child)].concat(), file, &child_directory);
        }
        self.modules.insert(module, (file.to_owned(), source));
    }

    /// Every file of the target.
    pub fn files(&self) -> Vec<PathBuf> {
        self.modules.values().map(|(file, _)| file.clone()).collect()
    }

    /// Describes a cycle of imports between files: one line per file, with the path of an import from
    /// the next file. Returns None if the imports have no cycle.
    pub fn cycle(&self) -> Option<String> {
        let mut edges: BTreeMap<&[String], BTreeMap<&[String], &Import>> = BTreeMap::new();
        for (module, (_, source)) in &self.modules {
            let imported =
                source.imports.iter().filter_map(|import| Some((self.resolve(module, &import.path, 0)?, import)));
            edges.insert(module, imported.filter(|(other, _)| *other != module.as_slice()).collect());
        }
        // A file of a cycle imports another file of the cycle and is imported by one. The loop removes
        // every other file, until only files in cycles and files between cycles remain.
        loop {
            let before = edges.len();
            let remaining: BTreeSet<&[String]> = edges.keys().copied().collect();
            edges.values_mut().for_each(|imports| imports.retain(|other, _| remaining.contains(other)));
            let imported: BTreeSet<&[String]> = edges.values().flat_map(|imports| imports.keys().copied()).collect();
            edges.retain(|module, imports| !imports.is_empty() && imported.contains(module));
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
        let file = |module: &[String]| super::relative_path(&self.modules[module].0);
        let step = |pair: &[&[String]]| {
            format!("  {} imports `{}` from {}", file(pair[0]), edges[pair[0]][pair[1]].path.join("::"), file(pair[1]))
        };
        Some(trail.windows(2).map(step).collect::<Vec<_>>().join("\n"))
    }

    /// Resolves the `path` of an item in `module` to the module that defines the item. Returns the last
    /// module of the path if the definition is not found there, and None if the path leads out of
    /// this target. `reexports` is the number of re-exports that were already followed.
    fn resolve(&self, module: &[String], path: &[String], reexports: usize) -> Option<&[String]> {
        let (first, mut rest) = path.split_first()?;
        let mut current: Vec<String> = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => module.split_last()?.1.to_vec(),
            child => [module, &[child.to_owned()]].concat(),
        };
        while let Some((name, after)) = rest.split_first() {
            if name == "super" {
                current.pop();
            } else if self.modules.contains_key(&[current.as_slice(), slice::from_ref(name)].concat()) {
                current.push(name.clone());
            } else {
                break;
            }
            rest = after;
        }
        let (current, (_, source)) = self.modules.get_key_value(&current)?;
        let Some(name) = rest.first().filter(|name| reexports < MAX_REEXPORTS && !source.defines(name)) else {
            return Some(current);
        };
        if let Some(import) = source.use_items.iter().find(|import| import.name == *name) {
            return self.resolve(current, &import.path, reexports + 1);
        }
        let mut definitions = source.use_items.iter().filter(|import| import.name == "*").filter_map(|import| {
            let (_, prefix) = import.path.split_last()?;
            let found = self.resolve(current, &[prefix, rest].concat(), reexports + 1)?;
            self.modules[found].1.defines(name).then_some(found)
        });
        Some(definitions.next().unwrap_or(current))
    }
}
