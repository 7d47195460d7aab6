use super::super::{Export, FIRST_FILE_POSITION, Files, Input, SourceFile, Variable, interpret};
use slug_value::{AbstractValue, Text};

const TARGET: &str = "tests/run.sh";

/// The files of a test, by path.
struct TestFiles<'f>(&'f [(&'f str, &'f str)]);

impl Files for TestFiles<'_> {
    fn read(&self, path: &str) -> Option<SourceFile> {
        let index = self.0.iter().position(|(known, _)| *known == path)?;
        Some(SourceFile { text: self.0[index].1.into(), base: FIRST_FILE_POSITION * (index + 1) })
    }

    fn list(&self, directory: &str) -> Vec<String> {
        let inside = self.0.iter().filter_map(|(path, _)| path.strip_prefix(directory)?.strip_prefix('/'));
        inside.map(str::to_owned).collect()
    }
}

/// The value of `SLUG` in each call with the text there and the assignment, and the value written for later
/// steps. `SLUG` is unset at the start, `SET` is `s`.
fn slug(files: &[(&str, &str)], script: &str) -> String {
    let set = |value: &str, export| Variable { value: Text::known(value.to_owned()), export, assigned: None };
    let env = [("SLUG", set("", Export::No)), ("SET", set("s", Export::Yes)), ("EMPTY", set("", Export::Yes))];
    let effects = interpret(&Input {
        script,
        placeholders: &[],
        targets: &[TARGET],
        roots: &[""],
        files: &TestFiles(files),
        directory: Some(""),
        env: &env.into_iter().map(|(name, variable)| (name.to_owned(), variable)).collect(),
        ends_on_failure: true,
    });
    let at = |span: &std::ops::Range<usize>| {
        let file = span.start / FIRST_FILE_POSITION;
        let text = if file == 0 { script } else { files[file - 1].1 };
        text[span.start % FIRST_FILE_POSITION..span.end % FIRST_FILE_POSITION].to_owned()
    };
    let text = |text: &Text| match &text.values {
        AbstractValue::OneOf(texts) => texts.join("|"),
        AbstractValue::NonEmpty => "(set)".into(),
        AbstractValue::Any => "(anything)".into(),
    };
    let calls = effects.calls.iter().map(|call| {
        let (value, assigned) = match call.variables.get("SLUG") {
            Some(variable) => (text(&variable.value), variable.assigned.as_ref().map(&at)),
            None => ("(anything)".to_owned(), None),
        };
        format!("{value}@{}{}", at(&call.span), assigned.map(|name| format!("={name}")).unwrap_or_default())
    });
    let written = effects
        .written
        .get("SLUG")
        .map(|it| format!(">{}{} at {}", text(&it.value), if it.is_conditional { "?" } else { "" }, at(&it.span)));
    let opaque = effects.opaque.map(|_| ">opaque".to_owned());
    calls.chain(written).chain(opaque).collect::<Vec<_>>().join(" ")
}

#[test]
fn recipe_runs_with_the_variables_of_make() {
    for (makefile, script, expected) in [
        // Goals and prerequisites.
        ("e2e:\n\tbash tests/run.sh", "make e2e", "@tests/run.sh"),
        ("e2e:\n\tbash tests/run.sh", "make", "@tests/run.sh"),
        (".PHONY: e2e\na:\n\ttrue\ne2e:\n\tbash tests/run.sh", "make", ""),
        (".DEFAULT_GOAL := e2e\na:\n\ttrue\ne2e:\n\tbash tests/run.sh", "make", "@tests/run.sh"),
        ("all: e2e e2e\ne2e:\n\tbash tests/run.sh", "make all", "@tests/run.sh"),
        ("a: b\nb: a\n\tbash tests/run.sh", "make a", "@tests/run.sh"),
        ("e2e: ; SLUG=x bash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("a:\n\tSLUG=a bash tests/run.sh\nb:\n\tSLUG=b ./tests/run.sh", "make b", "b@./tests/run.sh=SLUG"),
        ("e2e:\n\tbash tests/run.sh", "make -n e2e; make other", ""),
        ("e2e:\n\tbash tests/run.sh", "make -sj 4 e2e", "@tests/run.sh"),
        ("e2e:\n\tbash tests/run.sh", "make \"$GOAL\"", "(anything)@run.sh"),
        ("NAME = e2e\n$(NAME): prep\n\tbash tests/run.sh\nprep:\n\ttrue", "make e2e", "@tests/run.sh"),
        // Variables.
        ("M = x\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("M = $(N)\nN = x\ne2e:\n\tSLUG=${M} bash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("M := $(N)\nN = x\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "make e2e", "@tests/run.sh=SLUG"),
        ("M = x\nM += y\ne2e:\n\tSLUG='$(M)' bash tests/run.sh", "make e2e", "x y@tests/run.sh=SLUG"),
        ("M = x\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "make e2e M=y", "y@tests/run.sh=SLUG"),
        ("export SLUG = x\ne2e:\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("SLUG = x\ne2e:\n\tbash tests/run.sh", "make e2e", "@tests/run.sh"),
        ("SLUG = x\nexport SLUG\ne2e:\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("SLUG = x\nexport\nunexport SLUG\ne2e:\n\tbash tests/run.sh", "make e2e", "@tests/run.sh=SLUG"),
        ("e2e: export SLUG = x\ne2e:\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("SLUG = x\ne2e:\n\tbash tests/run.sh", "SLUG=y make e2e", "x@tests/run.sh=SLUG"),
        ("SLUG ?= x\ne2e:\n\tbash tests/run.sh", "SLUG=y make e2e", "y@tests/run.sh=SLUG"),
        ("export SLUG ?= x\ne2e:\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("e2e:\n\tbash tests/run.sh", "make e2e SLUG=x", "x@tests/run.sh=SLUG=x"),
        (
            "export SLUG\nSLUG += x\nexport SET\nSET += x\ne2e:\n\tSLUG='$(SLUG)$(SET)' bash tests/run.sh",
            "make e2e",
            "xs x@tests/run.sh=SLUG",
        ),
        ("unexport SLUG\nexport SLUG ?= x\ne2e:\n\tbash tests/run.sh", "make e2e", "@tests/run.sh=unexport SLUG"),
        ("SET ?= x\ne2e:\n\tSLUG=$(SET) bash tests/run.sh", "make e2e", "s@tests/run.sh=SLUG"),
        ("EMPTY ?= x\ne2e:\n\tSLUG=$(EMPTY) bash tests/run.sh", "make e2e", "@tests/run.sh=SLUG"),
        ("RUN = bash tests/run.sh\ne2e:\n\tSLUG=x $(RUN) --all", "make e2e", "x@$(RUN)=SLUG"),
        ("unexport SET\ne2e:\n\tSLUG=$(SET)$$SET bash tests/run.sh", "make e2e", "s@tests/run.sh=SLUG"),
        // The shell of a recipe.
        ("e2e:\n\tM=x; SLUG=$$M bash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("e2e:\n\texport SLUG=x\n\tbash tests/run.sh", "make e2e", "@tests/run.sh"),
        (".ONESHELL:\ne2e:\n\texport SLUG=x\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("e2e:\n\t@SLUG=x \\\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("e2e:\n\tcd tests && ./run.sh\n\t./run.sh", "make e2e", "@./run.sh"),
        ("e2e:\n\tfalse\n\tbash tests/run.sh", "make e2e", ""),
        ("e2e:\n\t-false\n\tbash tests/run.sh", "make e2e", "@tests/run.sh"),
        (
            "e2e: a b\n\tbash tests/run.sh\na:\n\tfalse\nb:\n\tSLUG=b bash tests/run.sh",
            "make -k e2e",
            "b@tests/run.sh=SLUG",
        ),
        ("run.sh: ; true\ntests/run.sh: ; bash $@", "make tests/run.sh", "@$@"),
        ("a: tests/run.sh x\n\tbash $<", "make a", "@$<"),
        ("SHELL := bash\ne2e:\n\t[[ a ]] && SLUG=x bash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("e2e:\n\t[[ a ]] && SLUG=x bash tests/run.sh", "make e2e", "(anything)@run.sh"),
        ("e2e:\n\t$(MAKE) other SLUG=x\nother:\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG=x"),
        ("SLUG = z\ne2e:\n\t$(MAKE) other\nother:\n\tbash tests/run.sh", "make e2e SLUG=x", "x@tests/run.sh=SLUG=x"),
        ("e2e:\n\t$(MAKE) e2e", "make e2e; bash tests/run.sh", "(anything)@run.sh"),
        // Later steps.
        ("e2e:\n\techo SLUG=x >> $$GITHUB_ENV", "make e2e", ">x at echo SLUG=x >> $$GITHUB_ENV"),
        ("e2e:\n\techo SLUG=x >> $(GITHUB_ENV)", "make e2e", ">x at echo SLUG=x >> $(GITHUB_ENV)"),
    ] {
        assert_eq!(slug(&[("Makefile", makefile)], script), expected, "{makefile}\n{script}");
    }
}

/// What is not interpreted makes each call that it names undecided.
#[test]
fn part_that_is_not_interpreted_is_undecided() {
    for (makefile, expected) in [
        ("e2e: ; $(shell which bash) tests/run.sh", "(anything)@tests/run.sh"),
        ("define E\nbash tests/run.sh\nendef\ne2e:\n\t$(E)", "(anything)@run.sh"),
        ("define E\nbash tests/run.sh $(1)\nendef\ne2e:\n\t$(call E,x)", "(anything)@run.sh"),
        ("e2e:\n\t$(foreach x,1 2,bash tests/run.sh;)", "(anything)@run.sh"),
        ("ifdef CI\nRUN = bash tests/run.sh\nelse\nRUN = true\nendif\ne2e:\n\t$(RUN)", "(anything)@run.sh"),
        ("ifdef CI\ne2e:\n\tbash tests/run.sh\nendif", "(anything)@run.sh"),
        ("e2e:\nifdef CI\n\tbash tests/run.sh\nendif", "(anything)@run.sh"),
        ("include x.mk\nRUN = bash tests/run.sh", "(anything)@run.sh"),
        ("e%: ; bash tests/run.sh", "(anything)@run.sh"),
        ("$(eval $(x))\nall: ; bash tests/run.sh", "(anything)@run.sh"),
        ("ifdef CI\nexport SLUG = x\nendif\ne2e:\n\tbash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
        ("e2e:\n\tSLUG=$(shell date) bash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
        ("e2e:\n\techo done\nother:\n\tbash tests/run.sh", ""),
    ] {
        assert_eq!(slug(&[("Makefile", makefile)], "make e2e"), expected, "{makefile}");
    }
}

#[test]
fn makefile_is_found_in_its_directory() {
    let e2e = "e2e:\n\tbash ../tests/run.sh";
    for script in
        ["make -C app e2e", "make -Capp e2e", "make --directory=app e2e", "cd app && make e2e", "make -C . -C app"]
    {
        assert_eq!(slug(&[("Makefile", "e2e: ; true"), ("app/Makefile", e2e)], script), "@../tests/run.sh", "{script}");
    }
    let run = "e2e:\n\tbash tests/run.sh";
    for script in ["make -f ci/x.mk e2e", "make --file=ci/x.mk", "make -fci/x.mk"] {
        assert_eq!(slug(&[("Makefile", "e2e: ; true"), ("ci/x.mk", run)], script), "@tests/run.sh", "{script}");
    }
    assert_eq!(slug(&[("Makefile", "e2e: ; true"), ("GNUmakefile", run)], "make"), "@tests/run.sh");
}

/// References that repeat or contain themselves end in bounded time.
#[test]
fn growing_value_is_unknown() {
    let mut makefile = "A0 = xxxxxxxx\n".to_owned();
    for index in 0..40 {
        makefile += &format!("A{} = $(A{index})$(A{index})\n", index + 1);
    }
    makefile += "B = $(B)\ne2e:\n\tSLUG=$(A40)$(B) bash tests/run.sh";
    assert_eq!(slug(&[("Makefile", &makefile)], "make e2e"), "(anything)@run.sh");
}

#[test]
fn package_script_runs_in_its_directory() {
    let package = r#"{"scripts": {"e2e": "bash tests/run.sh", "pree2e": "echo pre", "x": "SLUG=x npm run e2e",
        "args": "bash",
        "env": "SLUG=a cross-env SLUG=b bash tests/run.sh", "fails": "bash tests/run.sh", "prefails": "false",
        "both": "[[ a ]] && bash tests/run.sh", "loop": "npm run loop", "write": "echo SLUG=x >> $GITHUB_ENV",
        "install": "bash tests/run.sh"}}"#;
    for (script, expected) in [
        ("npm run e2e", "@tests/run.sh"),
        ("npm run-script --silent e2e", "@tests/run.sh"),
        ("SLUG=y npm run e2e", "y@tests/run.sh=SLUG"),
        ("npm run x", "x@tests/run.sh=SLUG"),
        ("npm run env", "b@tests/run.sh=SLUG"),
        ("npm run args -- tests/run.sh", "@tests/run.sh"),
        ("pnpm args tests/run.sh", "@tests/run.sh"),
        ("npm run fails", ""),
        ("npm run both", "(anything)@run.sh"),
        ("npm run loop; bash tests/run.sh", "(anything)@run.sh"),
        ("npm run write", ">x at echo SLUG=x >> $GITHUB_ENV"),
        ("npm ci; yarn install; npm run missing; npm e2e", ""),
        ("yarn run e2e", "@tests/run.sh"),
        ("bun run e2e", "@tests/run.sh"),
        ("cd tests && pnpm run e2e", "@tests/run.sh"),
        (
            "npm run \"$NAME\"",
            "(anything)@run.sh (anything)@run.sh (anything)@run.sh (anything)@run.sh (anything)@run.sh >opaque",
        ),
    ] {
        assert_eq!(slug(&[("package.json", package)], script), expected, "{script}");
    }
    let package = r#"{"scripts": {"e2e": "bash ../tests/run.sh"}}"#;
    for script in ["npm --prefix app run e2e", "pnpm -C app e2e", "yarn --cwd=app e2e", "cd app; npm run e2e"] {
        assert_eq!(slug(&[("app/package.json", package)], script), "@../tests/run.sh", "{script}");
    }
}
