//! References that a forge does not expand: variables of a shell, and expressions without `${{ }}` around them.

use super::expression::{Part, parts, paths_of};

/// Stands for the value of an expression in a text.
const EXPRESSION: char = '\u{fffd}';

/// The text of a template, with the same character in place of each expression.
#[must_use]
pub fn without_expressions(template: &str) -> String {
    let piece = |part: Part<'_>| match part {
        Part::Literal(literal) => literal.to_owned(),
        Part::Expression(_) | Part::Unclosed => EXPRESSION.to_string(),
    };
    parts(template).into_iter().map(piece).collect()
}

/// Whether a text is a variable of a shell or a bare expression, or begins like another reference of a shell or of an
/// expression.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let is_variable = |(start, end): (&str, &str)| {
        let name = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        name.is_some_and(|name| !name.is_empty() && name.chars().all(is_inside_name))
    };
    [("$", ""), ("$env:", ""), ("%", "%")].into_iter().any(is_variable)
        || ["${", "$(", "{{"].iter().any(|start| text.starts_with(start))
        || is_bare_expression(text)
}

/// Whether a text is a reference, or has a variable of a shell or a reference in braces in it.
#[must_use]
pub fn has_reference(text: &str) -> bool {
    let is_start = |c: char| is_inside_name(c) && !c.is_ascii_digit() || matches!(c, '{' | '(');
    let mut after_sign = text.split('$').skip(1);
    is_reference(text) || text.contains("{{") || after_sign.any(|rest| rest.starts_with(is_start))
}

fn is_inside_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric() || c == EXPRESSION
}

/// Whether a text is an expression that reads values which a workflow passes on, such as `secrets.NAME`, perhaps with
/// signs of other notations around it.
fn is_bare_expression(text: &str) -> bool {
    let inside = text.trim_start_matches(['$', '@', '{', ' ']).trim_end_matches(['}', ' ']);
    let is_value = |path: &Vec<String>| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        matches!(
            path.as_slice(),
            ["secrets" | "vars" | "inputs" | "env" | "matrix", _, ..]
                | ["github" | "gitea", "event", _, ..]
                | ["needs" | "steps", _, "outputs", _, ..]
        )
    };
    let paths = paths_of(inside);
    !paths.is_empty() && paths.iter().all(is_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_that_nothing_expands_are_found() {
        for (text, is_whole, is_part) in [
            ("$MODEL", true, true),
            ("${MODEL}", true, true),
            ("${ vars.M }", true, true),
            ("$(cat model.txt)", true, true),
            ("{{ secrets.KEY }}", true, true),
            ("$env:KEY", true, true),
            ("%KEY%", true, true),
            ("secrets.KEY", true, true),
            ("secrets['KEY']", true, true),
            ("{secrets.KEY}", true, true),
            ("$ {{ secrets.KEY }}", true, true),
            ("@secrets.KEY", true, true),
            ("secrets.KEY || vars.KEY", true, true),
            ("steps.pick.outputs.model", true, true),
            ("github.event.inputs.model", true, true),
            ("acme/$MODEL", false, true),
            ("acme/${MODEL}", false, true),
            ("acme/{{ vars.M }}", false, true),
            ("m-1", false, false),
            ("s3$x", false, true),
            ("us$5.x", false, false),
            ("secrets", false, false),
            ("acme/matrix.large", false, false),
            ("github.gpt-4o", false, false),
            ("steps.large", false, false),
            ("{\"type\": \"service_account\"}", false, false),
            ("claude-opus-4[1m]", false, false),
            ("'secrets.KEY'", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_reference(text), has_reference(text)), (is_whole, is_part), "{text}");
        }
    }

    #[test]
    fn expression_after_a_sign_is_a_reference() {
        for (template, is_whole) in [("$${{ secrets.KEY }}", true), ("Bearer ${{ secrets.KEY }}", false)] {
            assert_eq!(is_reference(&without_expressions(template)), is_whole, "{template}");
        }
        assert!(has_reference(&without_expressions("acme/$${{ vars.M }}")));
        assert!(!has_reference(&without_expressions("acme/${{ vars.M }}")));
    }
}
