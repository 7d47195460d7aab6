//! Laws of the whole pipeline.

use slug_resolver::Provider;

use crate::case::TestCase;
use crate::law::{Law, LawContext, Violation, ensure};
use crate::reference;
use crate::secret::{CANARY, SECRET_PLACEHOLDER};

/// The resolver agrees with the reference, which is the specification as code.
pub const AGREEMENT: Law = Law {
    id: "agreement",
    statement: "the resolver and the reference resolver return the same resolution and the same candidates; for both, \
                a key that is empty and counts as set holds no credential",
    check: agreement,
};

fn agreement(context: &LawContext<'_>) -> Result<(), Violation> {
    let expected = context.reference();
    ensure!(
        context.resolution == *expected,
        "the resolver returns {:?}; the reference returns {expected:?}",
        context.resolution
    );
    let TestCase { dataset, variables, ambient, .. } = context.case;
    if !dataset.policy.document().empty_is_set.is_empty() {
        let found = context.case.with_empty_keys(context.resolution);
        let expected = reference::checked(*expected, &dataset.policy, variables, ambient);
        ensure!(found == expected, "with empty keys, the resolver returns {found:?}; the reference {expected:?}");
    }
    let is_contradiction = context.resolution.is_contradiction();
    ensure!(
        is_contradiction == expected.code.is_some() && !(is_contradiction && context.resolution.is_coherent()),
        "{:?} is reported as a contradiction: {is_contradiction}",
        expected.code
    );
    // The reference reports shadowed variables as a subset of these names.
    let (names, expected) = (context.case.dataset.policy.variable_names(), context.case.dataset.variable_names());
    ensure!(names == expected, "the policy reports that it reads {names:?}; by its document it reads {expected:?}");

    // Credentials hide candidates, so compare the candidates themselves and give each one its credentials.
    let TestCase { dataset, runtime, .. } = context.case;
    let slug = context.resolution.slug;
    let found = context.implementation.candidates(dataset, runtime, slug);
    let expected = dataset.model_classes().candidates(&dataset.registry, dataset.policy.template_of(runtime), slug);
    let names = |providers: &[&Provider]| providers.iter().map(|provider| provider.name.clone()).collect::<Vec<_>>();
    let same = found.iter().map(|provider| &provider.name).eq(expected.iter().map(|provider| &provider.name));
    ensure!(same, "the candidates for `{slug}` are {:?}; by the reference {:?}", names(&found), names(&expected));
    for provider in expected.iter().filter(|_| expected.len() > 1) {
        let case = TestCase { ambient: provider.auth_env.names().to_vec(), ..context.case.clone() };
        let context = LawContext::new(context.implementation, &case);
        let (found, expected) = (&context.resolution, context.reference());
        let present = &case.ambient;
        ensure!(
            found == expected,
            "with {present:?} the resolver returns {found:?}; the reference returns {expected:?}"
        );
    }
    Ok(())
}

/// Only the presence of a secret has an effect; no output contains its value.
pub(crate) const SECRET_NONINTERFERENCE: Law = Law {
    id: "secret-noninterference",
    statement: "the value of a secret has no effect and appears in no output; an environment is printed with names \
                only",
    check: secret_noninterference,
};

fn secret_noninterference(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = &context.case.dataset.policy;
    let (case, fixes) = context.with_canaries();
    let found = context.implementation.resolve(case);
    ensure!(found == context.resolution, "another secret value changes {:?} to {found:?}", context.resolution);
    let report = context.implementation.report(case, fixes);
    ensure!(!report.contains(CANARY), "the output contains the value of a secret");
    let set = policy.variable_names().iter().filter(|name| case.set_to(name).is_some());
    let names: Vec<String> = set.map(|name| format!("{name:?}")).collect();
    let named = format!("Env{{{}}}", names.join(", "));
    ensure!(report.contains(&named), "the environment is not shown as {named}");
    Ok(())
}

/// Written documents can be read and have the same meaning.
pub(crate) const ROUNDTRIP: Law = Law {
    id: "roundtrip",
    statement: "a case that is written and read again is the same and has the same resolution; only the presence of a \
                secret is written; a policy that extends another inherits exactly the fields that it does not have",
    check: roundtrip,
};

fn roundtrip(context: &LawContext<'_>) -> Result<(), Violation> {
    let reread =
        context.implementation.reread(context.case).map_err(|error| format!("the written case is refused: {error}"))?;
    let policy = &reread.dataset.policy;
    let is_secret = |name: &String| policy.variable(name).is_some_and(|variable| policy.is_key(variable));
    let leaked = reread
        .variables
        .iter()
        .find(|(name, value)| is_secret(name) && !value.is_empty() && *value != SECRET_PLACEHOLDER);
    ensure!(leaked.is_none(), "the written case contains the value of a secret");
    ensure!(reread == context.case.masked(), "the case differs after writing and reading: {reread:?}");
    let found = context.implementation.resolve(&reread);
    ensure!(
        found == context.resolution,
        "after writing and reading, the case resolves to {found:?}, not {:?}",
        context.resolution
    );
    let dataset = &context.case.dataset;
    let extending = context.implementation.extending(dataset);
    let extending = extending.map_err(|error| format!("the policy is refused when it extends another: {error}"))?;
    for policy in &*extending {
        ensure!(*policy == dataset.policy, "the policy differs when it extends another:\n{}", policy.to_yaml());
    }
    Ok(())
}

/// The same case always has the same answer.
pub(crate) const DETERMINISTIC: Law = Law {
    id: "deterministic",
    statement: "resolving a case twice returns the same resolution and the same fixes",
    check: deterministic,
};

fn deterministic(context: &LawContext<'_>) -> Result<(), Violation> {
    let again = context.implementation.resolve(context.case);
    ensure!(again == context.resolution, "when resolved again, {:?} becomes {again:?}", context.resolution);
    let (_, again) = context.with_canaries();
    ensure!(again == context.fixes(), "when computed again, the fixes differ");
    Ok(())
}
