use slug_testkit::expression::check_expression;

#[test]
fn check_expression_says_what_a_template_can_be() {
    for (template, expected) in [
        ("plain", "one of [\"plain\"]"),
        ("${{ secrets.A }}", "some text"),
        ("${{ inputs.a }}", "anything"),
        ("${{ inputs.a && 'x' || 'y' }}", "one of [\"x\", \"y\"]"),
    ] {
        assert_eq!(check_expression(template).as_deref(), Ok(expected), "{template}");
    }
}
