//! Filters without a script: a radio button for each kind of item, and a rule that hides every other item.

use std::collections::BTreeSet;

use maud::{Markup, Render, html};

use crate::render::grouped;

/// The class of every item that a filter can hide.
const ITEM: &str = "x";

/// The filters that keep an item, by their ids. The default is of an item that every filter keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    ids: BTreeSet<&'static str>,
    is_item: bool,
}

impl Tags {
    /// The tags of one item.
    pub fn of(ids: impl IntoIterator<Item = &'static str>) -> Self {
        Self { ids: ids.into_iter().collect(), is_item: true }
    }

    /// The tags of a group: it is kept if an item of it is.
    pub fn of_all<'t>(items: impl IntoIterator<Item = &'t Self>) -> Self {
        Self { ids: items.into_iter().flat_map(|tags| tags.ids.iter().copied()).collect(), is_item: true }
    }
}

impl Render for Tags {
    fn render_to(&self, buffer: &mut String) {
        if !self.is_item {
            return;
        }
        buffer.push_str(ITEM);
        for id in &self.ids {
            buffer.push_str(" is-");
            buffer.push_str(id);
        }
    }
}

/// The filters of a page. One of them applies at a time.
#[derive(Default)]
pub struct Filters {
    choices: Vec<Choice>,
    all: usize,
}

struct Choice {
    id: &'static str,
    label: String,
    count: usize,
}

impl Filters {
    /// Filters of a number of items.
    pub fn of(all: usize) -> Self {
        Self { choices: Vec::new(), all }
    }

    /// Adds a filter, unless it would keep nothing or everything. An id is a word of letters, digits and hyphens.
    pub fn add(&mut self, id: &'static str, label: impl Into<String>, count: usize) {
        if (1..self.all).contains(&count) && !self.choices.iter().any(|choice| choice.id == id) {
            self.choices.push(Choice { id, label: label.into(), count });
        }
    }

    /// The rules of the page's own style.
    pub(super) fn rules(&self) -> String {
        let rule = |choice: &Choice| {
            let id = choice.id;
            format!("body:has(#only-{id}:checked) .{ITEM}:not(.is-{id}){{display:none}}\n")
        };
        self.choices.iter().map(rule).collect()
    }

    /// The radio buttons.
    pub(super) fn controls(&self) -> Markup {
        let button = |id: &str, label: &str, count: usize, checked: bool| {
            html! {
                label {
                    input type="radio" name="only" id={ "only-" (id) } autocomplete="off" checked[checked];
                    span { (label) " " b { (grouped(count as u128)) } }
                }
            }
        };
        html! {
            @if !self.choices.is_empty() {
                fieldset class="filters" {
                    legend { "Show" }
                    (button("everything", "everything", self.all, true))
                    @for choice in &self.choices { (button(choice.id, &choice.label, choice.count, false)) }
                }
            }
        }
    }
}
