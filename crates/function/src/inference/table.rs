//! The cases of one question, reduced to what the answers depend on.

use std::collections::HashMap;

use slug_resolver::policy::condition::host_of;
use slug_resolver::policy::{Membership, Test};

use super::mask::Mask;
use crate::case::Case;
use crate::space::Space;

/// The values of the runtime or of a variable that no condition distinguishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The variable is unset.
    Unset,
    /// A text that a condition can name; empty for a variable that counts as set if it is empty.
    Text(String),
    /// Every URL with a host, and one of them.
    Host { host: String, url: String },
    /// A text that is compared with nothing, which represents all such texts.
    Other(String),
}

/// The runtime or one variable.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The variable; `None` for the runtime.
    pub(super) variable: Option<String>,
    pub(super) classes: Vec<Class>,
    /// The value that an unset variable has.
    pub(super) default: Option<String>,
    /// True if the variable counts as set if it is empty.
    pub(super) is_empty_set: bool,
}

/// One case: its class on each axis, and the effects that give its answer.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) classes: Box<[u8]>,
    /// The numbers of the effects, ascending.
    pub(super) effects: Vec<u16>,
    /// The number of the case.
    pub(super) case: usize,
}

/// A set of classes of one axis with equal answers.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) axis: usize,
    /// The classes. The first represents the others.
    pub(super) classes: Vec<u8>,
}

/// Examples over some axes.
pub(super) struct Table<'a> {
    pub(super) axes: &'a [Axis],
    /// The groups of all axes; a [`Mask`] has their numbers.
    pub(super) groups: Vec<Group>,
    /// The groups of each axis.
    pub(super) of_axis: Vec<Mask>,
    pub(super) rows: Vec<Row>,
    /// The groups of each row.
    pub(super) masks: Vec<Mask>,
}

impl Class {
    /// The value of the variable.
    pub(super) fn value(&self) -> Option<&str> {
        match self {
            Self::Unset => None,
            Self::Text(text) | Self::Host { url: text, .. } | Self::Other(text) => Some(text),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

impl Axis {
    /// The axes of a space: the runtime, then the variables.
    pub(super) fn all(space: &Space) -> Vec<Self> {
        let mut runtimes: Vec<Class> = space.runtimes.iter().cloned().map(Class::Text).collect();
        if let Some(unknown) = runtimes.last_mut() {
            *unknown = Class::Other(unknown.value().unwrap_or_default().to_owned());
        }
        let mut axes = vec![Self { variable: None, classes: runtimes, default: None, is_empty_set: false }];
        for dimension in &space.dimensions {
            let texts: Vec<&str> = dimension.values.iter().flatten().map(String::as_str).collect();
            let is_host = |text: &str| {
                let host = host_of(text)?;
                let others = texts.iter().filter(|other| **other != text).copied();
                let has_host = |other: &str| host_of(other).is_some_and(|other| other.eq_ignore_ascii_case(host));
                let mut others = others.chain(dimension.near_misses.iter().map(String::as_str));
                (!others.any(has_host)).then(|| host.to_ascii_lowercase())
            };
            let class = |(position, value): (usize, &Option<String>)| match value {
                None => Class::Unset,
                Some(text) if position + 1 == dimension.values.len() => Class::Other(text.clone()),
                Some(text) => match is_host(text) {
                    Some(host) => Class::Host { host, url: text.clone() },
                    None => Class::Text(text.clone()),
                },
            };
            let classes = dimension.values.iter().enumerate().map(class).collect();
            axes.push(Self { variable: Some(dimension.name.clone()), classes, default: None, is_empty_set: false });
        }
        axes
    }

    /// The number of the class with a value.
    pub(super) fn class_of(&self, value: Option<&str>) -> Option<u8> {
        let position = self.classes.iter().position(|class| class.value() == value)?;
        u8::try_from(position).ok()
    }

    /// The value in a case.
    pub(super) fn value_in<'c>(&self, case: &'c Case) -> Option<&'c str> {
        match &self.variable {
            None => Some(&case.runtime),
            Some(name) => {
                let named = case.variables.iter().find(|(variable, _)| variable == name);
                named.map(|(_, value)| value.as_str())
            }
        }
    }
}

/// Groups rows that differ in one axis only.
pub(super) fn contexts<'r>(rows: &'r [Row], axis: usize) -> Vec<Vec<(u8, &'r Row)>> {
    let mut by_context: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut contexts: Vec<Vec<(u8, &'r Row)>> = Vec::new();
    for row in rows {
        let mut context = row.classes.to_vec();
        let class = std::mem::replace(&mut context[axis], u8::MAX);
        let index = *by_context.entry(context).or_insert_with(|| {
            contexts.push(Vec::new());
            contexts.len() - 1
        });
        contexts[index].push((class, row));
    }
    contexts
}

impl<'a> Table<'a> {
    /// Reduces rows: a class that another class represents is dropped, and so is an axis with one class.
    ///
    /// A class `v` represents `w` if every effect that is right for `v` is right for `w` wherever the other
    /// values are equal, and if the conditions that a policy needs for `v` can include `w`. Then a list of
    /// rules for all rows exists if and only if one for the reduced rows exists. Returns `None` if more
    /// groups remain than a [`Mask`] has.
    pub(super) fn new(axes: &'a [Axis], mut rows: Vec<Row>) -> Option<Self> {
        let mut classes: Vec<Vec<Vec<u8>>> = axes
            .iter()
            .map(|axis| (0..axis.classes.len()).filter_map(|class| Some(vec![u8::try_from(class).ok()?])).collect())
            .collect();
        let mut is_changed = true;
        while is_changed {
            is_changed = false;
            for (axis, groups) in classes.iter_mut().enumerate() {
                is_changed |= reduce(&axes[axis], axis, groups, &mut rows);
            }
        }
        let mut groups = Vec::new();
        let mut of_axis = Vec::new();
        let mut numbers: HashMap<(usize, u8), usize> = HashMap::new();
        for (axis, of) in classes.into_iter().enumerate() {
            let first = groups.len();
            if of.len() > 1 {
                for classes in of {
                    numbers.insert((axis, classes[0]), groups.len());
                    groups.push(Group { axis, classes });
                }
            }
            if groups.len() > Mask::MOST {
                return None;
            }
            of_axis.push((first..groups.len()).collect());
        }
        let mask_of = |row: &Row| {
            let classes = row.classes.iter().enumerate();
            classes.filter_map(|(axis, class)| numbers.get(&(axis, *class)).copied()).collect()
        };
        let masks = rows.iter().map(mask_of).collect();
        Some(Self { axes, groups, of_axis, rows, masks })
    }

    /// The set of all groups.
    pub(super) fn all(&self) -> Mask {
        (0..self.groups.len()).collect()
    }

    /// The variables of which only the presence matters, each with the class of a value.
    pub(super) fn keys(&self) -> Vec<(usize, u8)> {
        let key = |axis: usize| {
            let groups = self.of_axis[axis];
            let is_presence = groups.len() == 2 && groups.iter().any(|group| self.is_unset(group));
            let other = groups.iter().find(|group| !self.is_unset(*group)).filter(|_| is_presence)?;
            let classes = &self.groups[other].classes;
            let is_other = |class: &&u8| matches!(self.class(axis, **class), Class::Other(_));
            classes.iter().find(is_other).map(|class| (axis, *class))
        };
        (0..self.axes.len()).filter_map(key).collect()
    }

    /// The region of all rows, then the regions in which one variable has a value.
    pub(super) fn presences(&self) -> Vec<Mask> {
        let unset = (0..self.groups.len()).filter(|group| self.is_unset(*group));
        let without = |group: usize| self.all().without(&std::iter::once(group).collect());
        std::iter::once(self.all()).chain(unset.map(without)).collect()
    }

    fn class(&self, axis: usize, number: u8) -> &Class {
        &self.axes[axis].classes[usize::from(number)]
    }

    fn classes_of(&self, group: usize) -> impl Iterator<Item = &Class> {
        let Group { axis, classes } = &self.groups[group];
        classes.iter().map(|number| self.class(*axis, *number))
    }

    /// True if a list of texts can name every class of a group.
    fn is_named(&self, group: usize) -> bool {
        self.classes_of(group).all(Class::is_text)
    }

    fn is_unset(&self, group: usize) -> bool {
        self.axes[self.groups[group].axis].variable.is_some()
            && self.classes_of(group).all(|class| *class == Class::Unset)
    }

    fn host(&self, group: usize) -> Option<&str> {
        match self.classes_of(group).next() {
            Some(Class::Host { host, .. }) => Some(host),
            _ => None,
        }
    }

    /// True if a variable can have a value in a group.
    pub(super) fn can_be_set(&self, group: usize) -> bool {
        self.classes_of(group).any(|class| *class != Class::Unset)
    }

    /// The largest part of a set of groups of one axis that contains `seed` and that one test can express.
    fn expressible_on(&self, axis: usize, groups: Mask, seed: usize) -> Option<Mask> {
        let left_out = self.of_axis[axis].without(&groups);
        let is_one_unset = left_out.len() == 1 && left_out.iter().all(|group| self.is_unset(group));
        if is_one_unset || left_out.iter().all(|group| self.is_named(group)) {
            return Some(groups);
        }
        if self.is_named(seed) {
            return Some(groups.iter().filter(|group| self.is_named(*group)).collect());
        }
        (self.is_unset(seed) || self.host(seed).is_some()).then(|| std::iter::once(seed).collect())
    }

    /// The largest part of a region that contains a row and that a condition can express.
    pub(super) fn expressible(&self, region: Mask, seed: Mask) -> Option<Mask> {
        let mut expressed = Mask::default();
        for (axis, all) in self.of_axis.iter().enumerate() {
            if let Some(seed) = seed.and(all).iter().next() {
                expressed = expressed.or(&self.expressible_on(axis, region.and(all), seed)?);
            }
        }
        Some(expressed)
    }

    /// The tests of a condition that holds for the groups `needed` and for no group outside `allowed`, by
    /// axis; the shortest on each.
    pub(super) fn tests(&self, needed: Mask, allowed: Mask) -> Vec<(usize, Test)> {
        let test = |axis: usize| {
            let all = self.of_axis[axis];
            let left_out = all.without(&allowed);
            if left_out.is_empty() {
                return None;
            }
            let needed = needed.and(&all);
            let mut needed_groups = needed.iter();
            if left_out.iter().all(|group| self.is_unset(group)) {
                return Some((axis, Test::Set));
            }
            if needed.len() == 1
                && let Some(group) = needed_groups.next()
            {
                if self.is_unset(group) {
                    return Some((axis, Test::Unset));
                }
                if let Some(host) = self.host(group) {
                    return Some((axis, Test::Host(host.to_owned())));
                }
            }
            let is_positive = needed.iter().all(|group| self.is_named(group));
            let (one_of, none_of) = (self.texts(needed), self.texts(left_out));
            let is_negative = left_out.iter().all(|group| self.is_named(group));
            let membership = if is_positive && !(is_negative && none_of.len() + 1 < one_of.len()) {
                Membership::OneOf(one_of)
            } else {
                Membership::NoneOf(none_of)
            };
            Some((axis, Test::Value(membership)))
        };
        (0..self.axes.len()).filter_map(test).collect()
    }

    /// The length of the condition of [`tests`](Self::tests).
    pub(super) fn cost(&self, needed: Mask, allowed: Mask) -> usize {
        let cost = |(_, test): &(usize, Test)| match test {
            Test::Set | Test::Unset => 2,
            Test::Host(_) => 3,
            Test::Value(Membership::OneOf(texts)) => 1 + texts.len(),
            Test::Value(Membership::NoneOf(texts)) => 4 + texts.len(),
        };
        self.tests(needed, allowed).iter().map(cost).sum()
    }

    /// The texts of some groups, in the order of the classes.
    fn texts(&self, groups: Mask) -> Vec<String> {
        let mut numbers: Vec<(usize, u8)> = Vec::new();
        for group in groups.iter() {
            let Group { axis, classes } = &self.groups[group];
            numbers.extend(classes.iter().map(|class| (*axis, *class)));
        }
        numbers.sort_unstable();
        let texts = numbers.into_iter().filter_map(|(axis, number)| match self.class(axis, number) {
            Class::Text(text) => Some(text.clone()),
            Class::Unset | Class::Host { .. } | Class::Other(_) => None,
        });
        texts.collect()
    }
}

/// Merges groups of one axis, and drops the rows that another row represents. Returns true if it did.
fn reduce(of: &Axis, axis: usize, groups: &mut Vec<Vec<u8>>, rows: &mut Vec<Row>) -> bool {
    let count = of.classes.len();
    // `represents[v][w]`: no context shows the contrary.
    let mut represents = vec![vec![true; count]; count];
    for context in contexts(rows, axis) {
        for (w, row) in &context {
            for (v, represented) in represents.iter_mut().enumerate() {
                let by = context.iter().find(|(class, _)| usize::from(*class) == v);
                let is_right = |by: &Row| by.effects.iter().all(|effect| row.effects.contains(effect));
                represented[usize::from(*w)] &= by.is_some_and(|(_, by)| is_right(by));
            }
        }
    }
    let class = |group: &[u8]| &of.classes[usize::from(group[0])];
    let may_merge = |by: &[u8], merged: &[u8], groups: &[Vec<u8>]| {
        represents[usize::from(by[0])][usize::from(merged[0])]
            && match (class(by), class(merged)) {
                (Class::Other(_), Class::Text(_) | Class::Unset | Class::Host { .. })
                | (Class::Text(_), Class::Text(_)) => true,
                (Class::Unset, Class::Other(_)) => {
                    !groups.iter().any(|group| matches!(class(group), Class::Host { .. }))
                }
                _ => false,
            }
    };
    let mut is_changed = false;
    loop {
        let pairs = (0..groups.len()).flat_map(|by| (0..groups.len()).map(move |merged| (by, merged)));
        let rank = |(by, _): &(usize, usize)| match class(&groups[*by]) {
            Class::Other(_) => 0,
            Class::Unset => 1,
            Class::Text(_) | Class::Host { .. } => 2,
        };
        let found = pairs.filter(|(by, merged)| by != merged && may_merge(&groups[*by], &groups[*merged], groups));
        let Some((by, merged)) = found.min_by_key(rank) else { return is_changed };
        let dropped = groups[merged].clone();
        rows.retain(|row| row.classes[axis] != dropped[0]);
        groups[by].extend(dropped);
        groups.remove(merged);
        is_changed = true;
    }
}
