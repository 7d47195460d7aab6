//! Laws of the pipeline as a whole.

use slug_resolver::{Provider, Variable};

use crate::case::TestCase;
use crate::law::{Law, LawContext, Violation, ensure};
use crate::secret::{CANARY, SET};

/// The product and the specification written as code say the same of everything.
pub const AGREEMENT: Law = Law {
    id: "agreement",
    statement: "the resolver and the reference resolver give the same answer, and choose it from the same providers",
    check: agreement,
};

fn agreement(context: &LawContext<'_>) -> Result<(), Violation> {
    let expected = context.reference();
    ensure!(
        context.resolution == *expected,
        "the resolver says {:?}; the reference says {expected:?}",
        context.resolution
    );
    let is_coherent = context.resolution.is_coherent();
    ensure!(is_coherent == expected.code.is_none(), "{:?} is called coherent: {is_coherent}", expected.code);
    // The reference says which variables are shadowed by picking from these.
    let (names, expected) = (context.case.dataset.policy.variable_names(), context.case.dataset.variable_names());
    ensure!(names == expected, "the policy is said to read {names:?}; by its document it reads {expected:?}");

    // Credentials hide candidates: so they are compared as such, and each gets its turn.
    let TestCase { dataset, runtime, .. } = context.case;
    let slug = context.resolution.slug;
    let found = context.implementation.candidates(dataset, runtime, slug);
    let expected = dataset.model_classes().candidates(&dataset.registry, dataset.policy.template_of(runtime), slug);
    let names = |providers: &[&Provider]| providers.iter().map(|provider| provider.name.clone()).collect::<Vec<_>>();
    let same = found.iter().map(|provider| &provider.name).eq(expected.iter().map(|provider| &provider.name));
    ensure!(same, "candidates for `{slug}` are {:?}; by the reference {:?}", names(&found), names(&expected));
    for provider in expected.iter().filter(|_| expected.len() > 1) {
        let case = TestCase { ambient: provider.auth_env.clone(), ..context.case.clone() };
        let context = LawContext::new(context.implementation, &case);
        let (found, expected) = (&context.resolution, context.reference());
        let present = &case.ambient;
        ensure!(found == expected, "with {present:?} the resolver says {found:?}; the reference says {expected:?}");
    }
    Ok(())
}

/// Nothing but whether a secret is set has any effect, and its value is nowhere to be seen.
pub(crate) const SECRET_NONINTERFERENCE: Law = Law {
    id: "secret-noninterference",
    statement: "the value of a secret changes nothing and appears in nothing that is said; of an environment the names are",
    check: secret_noninterference,
};

fn secret_noninterference(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = &context.case.dataset.policy;
    let mut case = context.case.clone();
    for (name, value) in &mut case.variables {
        let secret = matches!(policy.variable(name), None | Some(Variable::Key(_)));
        if secret && !value.is_empty() {
            *value = CANARY.into();
        }
    }
    let found = context.implementation.resolve(&case);
    ensure!(found == context.resolution, "another secret value changes {:?} to {found:?}", context.resolution);
    let report = context.implementation.report(&case);
    ensure!(!report.contains(CANARY), "the value of a secret is shown");
    let set = policy.variable_names().iter().filter(|name| case.set_to(name).is_some());
    let names: Vec<String> = set.map(|name| format!("{name:?}")).collect();
    let named = format!("Env{{{}}}", names.join(", "));
    ensure!(report.contains(&named), "the environment is not shown as {named}");
    Ok(())
}

/// What is written can be read, and says the same.
pub(crate) const ROUNDTRIP: Law = Law {
    id: "roundtrip",
    statement: "registry, policy and case survive being written and read back, and come to the same; of a secret only that it is set is written",
    check: roundtrip,
};

fn roundtrip(context: &LawContext<'_>) -> Result<(), Violation> {
    let reread =
        context.implementation.reread(context.case).map_err(|error| format!("what was written is refused: {error}"))?;
    let is_secret = |name: &String| matches!(reread.dataset.policy.variable(name), Some(Variable::Key(_)));
    let told = reread.variables.iter().find(|(name, value)| is_secret(name) && !value.is_empty() && *value != SET);
    ensure!(told.is_none(), "what was written tells the value of a secret");
    ensure!(reread == context.case.masked(), "what was read back differs: {reread:?}");
    let found = context.implementation.resolve(&reread);
    ensure!(found == context.resolution, "what was read back comes to {found:?}, not {:?}", context.resolution);
    Ok(())
}

/// The same question has the same answer, always.
pub(crate) const DETERMINISTIC: Law = Law {
    id: "deterministic",
    statement: "asking twice gives the same answer and the same fixes",
    check: deterministic,
};

fn deterministic(context: &LawContext<'_>) -> Result<(), Violation> {
    let again = context.implementation.resolve(context.case);
    ensure!(again == context.resolution, "asked again, {:?} becomes {again:?}", context.resolution);
    ensure!(context.implementation.fixes(context.case) == context.fixes(), "asked again, the fixes differ");
    Ok(())
}
