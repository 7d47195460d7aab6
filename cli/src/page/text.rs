//! Text on a page: names, sentences with code in backticks, and the Markdown of the explanations of codes.

use maud::{Markup, PreEscaped, Render, html};
use slug_redact::mask_credentials;

use crate::codes::{self, ITEM};
use crate::render::{printable, shown};

/// A name or a value as [`shown`], with a mask for anything that looks like a credential.
pub fn value(text: &str) -> String {
    mask_credentials(&shown(text))
}

/// A name or a [`value`] that the browser may break after punctuation.
pub fn name(text: &str) -> Markup {
    let mut escaped = String::new();
    for (number, part) in value(text).split_inclusive(['_', '/', '=', '.', ':']).enumerate() {
        if number > 0 {
            escaped.push_str("<wbr>");
        }
        part.render_to(&mut escaped);
    }
    PreEscaped(escaped)
}

/// A text of several lines, with a mask for anything that looks like a credential.
pub fn block(text: &str) -> Markup {
    html! { pre tabindex="0" { (mask_credentials(&printable(text))) } }
}

/// A sentence, with code where it has backticks, and with a mask for anything that looks like a credential.
pub fn prose(text: &str) -> Markup {
    let text = mask_credentials(&printable(text));
    let mut parts = text.split('`');
    let mut markup = html! { (parts.next().unwrap_or_default()) };
    let mut rest: Vec<&str> = parts.collect();
    // A backtick without a second one is text.
    let last = (rest.len() % 2 == 1).then(|| rest.pop()).flatten();
    for pair in rest.chunks(2) {
        markup.0 += &html! { code { (pair[0]) } (pair[1]) }.0;
    }
    if let Some(last) = last {
        markup.0 += &html! { "`" (last) }.0;
    }
    markup
}

/// The Markdown of an explanation: paragraphs, lists and blocks of code.
pub fn rich(markdown: &str) -> Markup {
    let block = |block: &str| {
        let (_language, block) = block.split_once('\n').unwrap_or_default();
        html! { pre tabindex="0" { (block.trim_end()) } }
    };
    let paragraph = |paragraph: String| {
        html! {
            @if paragraph.starts_with(ITEM) {
                ul { @for line in paragraph.lines() { li { (prose(line.trim_start_matches(ITEM))) } } }
            } @else {
                p { (prose(&paragraph)) }
            }
        }
    };
    html! {
        @for (number, part) in markdown.split("```").enumerate() {
            @if number % 2 == 1 {
                (block(part))
            } @else {
                @for text in codes::paragraphs(part) { (paragraph(text)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_between_two_backticks() {
        for (text, markup) in [
            ("a `b` c", "a <code>b</code> c"),
            ("`b`", "<code>b</code>"),
            ("a ` b", "a ` b"),
            ("`<b>` `", "<code>&lt;b&gt;</code> `"),
            ("``", "<code></code>"),
            ("", ""),
        ] {
            assert_eq!(prose(text).0, markup, "{text}");
        }
        assert_eq!(name("a_b<").0, "a_<wbr>b&lt;");
    }
}
