use slug_testkit::expression::check_expression;

#[test]
fn check_expression_describes_the_possible_values() {
    for (template, expected) in [
        ("plain", "one of [\"plain\"]"),
        ("${{ secrets.A }}", "some text"),
        ("${{ inputs.a }}", "anything"),
        ("${{ inputs.a && 'x' || 'y' }}", "one of [\"x\", \"y\"]"),
    ] {
        assert_eq!(check_expression(template).as_deref(), Ok(expected), "{template}");
    }
}
