use std::collections::BTreeSet;

use super::super::{
    ChangedPaths, Export, FIRST_FILE_POSITION, Files, Input, ShellOptions, SourceFile, Variable, interpret,
};
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
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let inside = self.0.iter().filter_map(|(path, _)| path.strip_prefix(&prefix)?.split('/').next());
        inside.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn is_ignored(&self, path: &str) -> bool {
        path == "ignored.txt"
    }
}

/// The value of `SLUG` in each call with the text there, the assignment, `?` if something else may choose the
/// model and `~` if a settings file is not known, and the value written for later steps. `SLUG` is unset at the
/// start, `SET` is `s`.
fn slug(files: &[(&str, &str)], script: &str) -> String {
    slug_of(TARGET, files, script)
}

/// The same for another target.
fn slug_of(target: &str, files: &[(&str, &str)], script: &str) -> String {
    slug_in("", target, files, script)
}

/// The same for a checkout in a directory.
fn slug_in(root: &str, target: &str, files: &[(&str, &str)], script: &str) -> String {
    let set = |value: &str, export| Variable { value: Text::known(value.to_owned()), export, assigned: None };
    let env = [("SLUG", set("", Export::No)), ("SET", set("s", Export::Yes)), ("EMPTY", set("", Export::Yes))];
    let effects = interpret(&Input {
        script,
        placeholders: &[],
        targets: &[target],
        roots: &[root],
        names: &BTreeSet::from(["SLUG".to_owned()]),
        settings_reason: None,
        changed: ChangedPaths::NONE,
        files: &TestFiles(files),
        directory: Some(""),
        env: &env.into_iter().map(|(name, variable)| (name.to_owned(), variable)).collect(),
        runs_in_bash: true,
        options: ShellOptions::of(["-e"]),
        fuel: None,
    });
    let at = |span: &std::ops::Range<usize>| {
        let file = span.start / FIRST_FILE_POSITION;
        let text = if file == 0 { script } else { files[file - 1].1 };
        text[span.start % FIRST_FILE_POSITION..span.end % FIRST_FILE_POSITION].to_owned()
    };
    let text = |text: &Text| match &text.values {
        AbstractValue::OneOf(texts) => texts.join("|"),
        AbstractValue::WithSecret | AbstractValue::NonEmpty => "(set)".into(),
        AbstractValue::Any => "(anything)".into(),
    };
    let calls = effects.calls.iter().map(|call| {
        let (value, assigned) = match call.variables.get("SLUG") {
            Some(variable) => (text(&variable.value), variable.assigned.as_ref().map(&at)),
            None => ("(anything)".to_owned(), None),
        };
        let choice = match (&call.model_choice_reason, &call.unread_settings) {
            (Some(_), _) => "?",
            (None, Some(_)) => "~",
            (None, None) => "",
        };
        format!("{value}@{}{}{choice}", at(&call.span), assigned.map(|name| format!("={name}")).unwrap_or_default())
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
        // Whitespace at the end of a value, and an empty value after `+=`.
        ("export SLUG := x # c\ne2e:\n\tbash tests/run.sh", "make e2e", "x @tests/run.sh=SLUG"),
        ("SLUG ?= x\t# c\nexport SLUG\ne2e:\n\tbash tests/run.sh", "make e2e", "x\t@tests/run.sh=SLUG"),
        ("export SLUG = x \ne2e:\n\tbash tests/run.sh", "make e2e", "x @tests/run.sh=SLUG"),
        ("e2e: export SLUG = x # c\ne2e:\n\tbash tests/run.sh", "make e2e", "x @tests/run.sh=SLUG"),
        ("M = x # c\ne2e:\n\tSLUG=\"$(M)\" bash tests/run.sh", "make e2e", "x @tests/run.sh=SLUG"),
        ("M = x # c\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("export SLUG = x#c\nSLUG += # c\ne2e:\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        ("export SLUG := x\nSLUG +=\ne2e:\n\tbash tests/run.sh", "make e2e", "x@tests/run.sh=SLUG"),
        (".DEFAULT_GOAL := e2e # c\na:\n\ttrue\ne2e:\n\tbash tests/run.sh", "make", "@tests/run.sh"),
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
        // Not every shell has a trap of `ERR`.
        ("e2e:\n\ttrap : ERR", "make e2e || SLUG=x bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("e2e:\n\t$(MAKE) e2e", "make e2e; bash tests/run.sh", "(anything)@run.sh"),
        // Later steps.
        ("e2e:\n\techo SLUG=x >> $$GITHUB_ENV", "make e2e", ">x at echo SLUG=x >> $$GITHUB_ENV"),
        ("e2e:\n\techo SLUG=x >> $(GITHUB_ENV)", "make e2e", ">x at echo SLUG=x >> $(GITHUB_ENV)"),
    ] {
        assert_eq!(slug(&[("Makefile", makefile)], script), expected, "{makefile}\n{script}");
    }
}

/// A construct that is not interpreted makes each call that it names undecided.
#[test]
fn part_that_is_not_interpreted_is_undecided() {
    for (makefile, expected) in [
        ("e2e: ; $(shell which bash) tests/run.sh", "(anything)@$(shell which bash) (anything)@tests/run.sh"),
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
        (
            "unexport SLUG\nifdef CI\ninclude x.mk\nendif\ne2e:\n\tbash tests/run.sh",
            "(anything)@tests/run.sh=unexport SLUG",
        ),
        ("e2e:\n\tSLUG=$(shell date) bash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
        ("e2e:\n\techo done\nother:\n\tbash tests/run.sh", ""),
        // Commands that run while `make` reads the file.
        ("X := $(shell bash tests/run.sh)\ne2e: ; true", "(anything)@tests/run.sh"),
        ("X := $(shell SLUG=x bash tests/run.sh)\ne2e: ; true", "x@tests/run.sh=SLUG"),
        ("X := $(if a,$(shell bash tests/run.sh))\ne2e: ; true", "(anything)@tests/run.sh"),
        ("X != bash tests/run.sh\ne2e: ; true", "(anything)@tests/run.sh"),
        ("e2e: X != bash tests/run.sh\ne2e: ; true", "(anything)@tests/run.sh"),
        ("e2e: $(shell bash tests/run.sh) ; true", "(anything)@tests/run.sh (anything)@run.sh"),
        ("ifeq ($(shell bash tests/run.sh),)\nX = y\nendif\ne2e: ; true", "(anything)@tests/run.sh"),
        ("RUN = bash tests/run.sh\n$(info $(shell $(RUN)))\ne2e: ; true", "(anything)@$(RUN)"),
        ("X = $(shell bash tests/run.sh)\nifneq ($(X),)\nendif\ne2e: ; true", "(anything)@run.sh"),
        ("X = $(shell bash tests/run.sh)\ne2e: ; true", ""),
        ("X := $(shell cat tests/run.sh | wc -l)\ne2e: ; true", ""),
        ("X := $(wildcard tests/run.sh)\ne2e: ; true", ""),
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
        ("npm run missing; npm e2e; npm install left-pad; npm ci --ignore-scripts; yarn add x; yarn --version", ""),
        ("npm ci", "@tests/run.sh"),
        ("SLUG=y yarn --frozen-lockfile", "y@tests/run.sh=SLUG"),
        ("pnpm install --reporter silent; bun i", "@tests/run.sh"),
        ("node --run e2e", "@tests/run.sh"),
        ("SLUG=y node --no-warnings --run=e2e -- --all", "y@tests/run.sh=SLUG"),
        ("node --run fails", "@tests/run.sh"),
        ("node a.js --run e2e", ""),
        ("ls | xargs -n1 npm run e2e", "@tests/run.sh?"),
        ("docker exec app npm run e2e; docker compose run --rm app npm run e2e", "(anything)@tests/run.sh"),
        ("docker run -w /other img npm run e2e", ""),
        ("pip install npm run e2e; uv tool install npm run e2e; op run npm run e2e", "(anything)@tests/run.sh"),
        ("ssh host 'bash run.sh'", "(anything)@'bash run.sh'"),
        ("pip install npm run e2e; apt-get update && apt-get -y install npm run e2e", ""),
        // A program that is not known may start what its arguments name.
        ("doppler run -- npm run e2e", "(anything)@tests/run.sh"),
        ("docker_login && aws-vault exec ci npm run e2e", "(anything)@tests/run.sh"),
        ("su ci -c 'npm run e2e'", "(anything)@tests/run.sh"),
        ("ssh host 'npm run e2e'; npm run missing", "(anything)@tests/run.sh"),
        ("git commit -m 'npm run e2e'; apt-get install npm; gh issue create --title 'npm run e2e'", ""),
        ("flock /tmp/lock npm run e2e; find . -exec npm run e2e \\;", "@tests/run.sh"),
        ("yarn bash tests/run.sh; pnpm bash tests/run.sh", "@tests/run.sh @tests/run.sh"),
        ("yarn run e2e", "@tests/run.sh"),
        ("bun run e2e", "@tests/run.sh"),
        ("bun e2e", "@tests/run.sh"),
        ("bun x bash tests/run.sh", "@tests/run.sh"),
        ("bun run bash tests/run.sh", "@tests/run.sh"),
        ("bun bash tests/run.sh", "@tests/run.sh"),
        ("corepack yarn e2e", "@tests/run.sh"),
        ("node -r ./p.js --run e2e", "@tests/run.sh"),
        ("node --import tsx --run=e2e", "@tests/run.sh"),
        // What an installation runs.
        ("npm it", "@tests/run.sh"),
        ("npm cit", "@tests/run.sh"),
        ("npm rebuild", "@tests/run.sh"),
        ("npm ci $FLAGS", "(anything)@run.sh"),
        ("npm ci \"$FLAGS\"", "(anything)@run.sh"),
        ("yarn $FLAGS", "(anything)@run.sh"),
        ("npm ci $FLAGS --ignore-scripts", ""),
        ("npm_config_ignore_scripts=true npm ci; NPM_CONFIG_IGNORE_SCRIPTS=true npm ci", ""),
        ("NPM_CONFIG_IGNORE_SCRIPTS=false npm ci", "@tests/run.sh"),
        ("NPM_CONFIG_IGNORE_SCRIPTS=\"$UNKNOWN\" npm ci", "(anything)@run.sh"),
        ("npm config set ignore-scripts true; npm ci", ""),
        ("cd tests && pnpm run e2e", "@tests/run.sh"),
        (
            "npm run \"$NAME\"",
            "(anything)@run.sh (anything)@run.sh (anything)@run.sh (anything)@run.sh (anything)@run.sh >opaque",
        ),
    ] {
        assert_eq!(slug(&[("package.json", package)], script), expected, "{script}");
    }
    for (path, text, script, expected) in [
        (".npmrc", "ignore-scripts=true\n", "npm ci", ""),
        (".npmrc", "ignore-scripts=true\n", "yarn", "(anything)@run.sh"),
        (".npmrc", "ignore-scripts=true\n", "npm it", "(anything)@run.sh"),
        (".npmrc", "ignore-scripts = false\n", "npm ci", "@tests/run.sh"),
        (".npmrc", "ignore-scripts=true\n", "sed -i d .npmrc; npm ci", "(anything)@run.sh"),
    ] {
        assert_eq!(slug(&[("package.json", package), (path, text)], script), expected, "{text}: {script}");
    }
    // A byte order mark, and packages of a workspace.
    assert_eq!(slug(&[("package.json", &format!("\u{feff}{package}"))], "npm run e2e"), "@tests/run.sh");
    let packages = [
        ("package.json", "{\"workspaces\": [\"app\"]}"),
        ("app/package.json", "{\"scripts\": {\"prepare\": \"bash tests/run.sh\"}}"),
    ];
    assert_eq!(slug(&packages, "npm ci"), "(anything)@run.sh");
    assert_eq!(slug(&packages[1..], "npm ci"), "");
    // A command that starts itself ends.
    for start in ["yarn ", "yarn run ", "bun ", "env ", "command ", "exec ", "nice "] {
        let script = |count| format!("{}x; bash tests/run.sh", start.repeat(count));
        assert_eq!(slug(&[], &script(1000)), "(anything)@run.sh", "{start}");
        assert_eq!(slug(&[], &script(2)), if start == "exec " { "" } else { "@tests/run.sh" }, "{start}");
    }
    let package = r#"{"scripts": {"e2e": "bash ../tests/run.sh"}}"#;
    for script in ["npm --prefix app run e2e", "pnpm -C app e2e", "yarn --cwd=app e2e", "cd app; npm run e2e"] {
        assert_eq!(slug(&[("app/package.json", package)], script), "@../tests/run.sh", "{script}");
    }
}

/// A runner whose file is not interpreted may run what the file names.
#[test]
fn tasks_of_other_runners_may_call_the_target() {
    const TASKS: &str = "tasks:\n  lint:\n    cmds: [shfmt ci]\n\n  e2e:\n    cmds:\n      - bash tests/run.sh\n  \
                         all: {deps: [lint, e2e]}\n";
    const PACKAGE: &str = r#"{"name": "e2e", "bin": "tests/run.sh", "scripts": {
        "test:e2e": "bash tests/run.sh", "ci": "pnpm run test:e2e", "other": "bash tests/other.sh"}}"#;
    let run = "bash tests/run.sh";
    for (path, file, script, is_call) in [
        ("Taskfile.yml", run, "task e2e", true),
        ("Taskfile.yml", run, "cd app; go-task -v e2e", true),
        ("app/Taskfile.yml", run, "task -d app e2e", true),
        ("app/Taskfile.yml", run, "task e2e", false),
        ("Taskfile.yml", run, "task --list; echo task e2e", false),
        ("Taskfile.yml", "# bash tests/run.sh", "task e2e", false),
        ("Taskfile.yml", "bash ci/wrap.sh", "task e2e", true),
        ("Taskfile.yml", TASKS, "task e2e", true),
        ("Taskfile.yml", TASKS, "task all", true),
        ("Taskfile.yml", TASKS, "task lint", false),
        ("Taskfile.yml", TASKS, "task \"$NAME\"", true),
        ("Taskfile.yml", "tasks: {e2e: bash tests/run.sh}", "task lint", true),
        // Names that a task computes, and forms of YAML.
        ("Taskfile.yml", "tasks:\n  a:\n    - task: e2e-{{.K}}\n  e2e-x:\n    - bash tests/run.sh\n", "task a", true),
        ("Taskfile.yml", "tasks:\n  a:\n    - task {{.N}}e\n  e2e:\n    - bash tests/run.sh\n", "task a", true),
        ("Taskfile.yml", "tasks:\n  a:\n    - go test {{.X}}\n  e2e:\n    - bash tests/run.sh\n", "task a", false),
        ("Taskfile.yml", "tasks:\n  b: &x\n    - bash tests/run.sh\n  e2e: *x\n", "task e2e", true),
        ("Taskfile.yml", "tasks:\n  b:\n    - a && bash tests/run.sh\n  e2e: [x]\n", "task e2e", false),
        ("Taskfile.yml", "tasks:\n  \"e2e\" :\n    - bash tests/run.sh\n", "task e2e", true),
        ("Taskfile.yml", "tasks:\n  ? e2e\n  :\n    - bash tests/run.sh\n", "task e2e", true),
        ("Taskfile.yml", "tasks:\n  e2e:\n  - echo a: b\n  - bash tests/run.sh\n", "task e2e", true),
        // Included files, and paths in other directories than that of the file.
        ("Taskfile.yml", "includes:\n  x: ./inc\n", "task x:run", true),
        ("Taskfile.yml", "includes: {x: inc.yml}\n", "task x:run", true),
        ("Taskfile.yml", "tasks:\n  e2e:\n    dir: ci\n    cmds: [./wrap.sh]\n", "task e2e", true),
        ("app/project.json", "{\"targets\": {\"e2e\": {\"command\": \"bash ci/wrap.sh\"}}}", "nx e2e app", true),
        ("ci/BUILD", "sh_binary(name='e2e', srcs=['wrap.sh'])", "bazel run //ci:e2e", true),
        ("Rakefile", "sh 'tests/run.sh'", "bundle exec rake e2e", true),
        ("noxfile.py", run, "nox -s e2e", true),
        ("noxfile.py", run, "uv run nox -s e2e", true),
        ("noxfile.py", run, "python3 -m nox -s e2e", true),
        ("tox.ini", run, "timeout 5m tox -e e2e", true),
        ("tasks.py", run, "inv e2e", true),
        ("Makefile.toml", run, "cargo make e2e", true),
        ("Makefile.toml", run, "cargo test e2e", false),
        ("compose.yaml", run, "docker compose -p x up -d", true),
        ("compose.yaml", run, "docker compose pull", false),
        ("compose.yaml", run, "docker compose run e pytest --version", true),
        ("compose.yaml", run, "docker compose run --rm e -h db", true),
        ("compose.yaml", run, "docker compose run --help", false),
        ("compose.yaml", run, "podman compose up", true),
        ("compose.yaml", run, "nerdctl compose up -d", true),
        ("compose.override.yaml", run, "docker compose up", true),
        ("ci/c.yml", run, "COMPOSE_FILE=a.yml:ci/c.yml docker compose up", true),
        ("ci/c.yml", run, "docker compose up", false),
        ("noxfile.py", run, "python3 -u -m nox", true),
        ("mise.toml", run, "mise e2e", true),
        ("mise.toml", run, "mise install", false),
        (".config/mise.toml", run, "mise run e2e", true),
        ("mise-tasks/e2e", run, "mise run e2e", true),
        ("package.json", "{\"wireit\": {\"e2e\": {\"command\": \"bash tests/run.sh\"}}}", "wireit", true),
        ("Taskfile.yml", run, "mise x -- task e2e", true),
        ("composer.json", run, "composer e2e", true),
        ("composer.json", run, "composer validate", false),
        ("pyproject.toml", run, "uv run task e2e", true),
        ("pyproject.toml", run, "poetry run task e2e", true),
        ("lib/tasks/e2e.rake", run, "rake e2e", true),
        (".pre-commit-config.yaml", run, "prek", true),
        (".pre-commit-config.yaml", run, "prek install", false),
        ("package.json", PACKAGE, "run-s test:e2e", true),
        ("package.json", PACKAGE, "npm-run-all 'test:*'", true),
        ("package.json", "{\"scripts\": {\"t:e\": \"bash tests/run.sh\", \"a\": \"run-s t:*\"}}", "run-s a", true),
        ("package.json", PACKAGE, "concurrently 'npm:test:e2e'", true),
        ("package.json", PACKAGE, "concurrently 'npm run other'", false),
        ("apps/web.v2/project.json", run, "npx nx@latest e2e web", true),
        ("apps/web/package.json", "{\"nx\": {\"targets\": {\"e2e\": \"bash tests/run.sh\"}}}", "nx e2e web", true),
        ("apps/web/package.json", "\u{feff}{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}", "turbo run e2e", true),
        ("build.gradle", run, "./gradlew e2e", true),
        ("app/build.gradle", run, "./gradlew :app:e2e", true),
        ("apps/web/project.json", run, "npx nx e2e web", true),
        ("apps/web/package.json", PACKAGE, "turbo run test:e2e", true),
        ("apps/web/package.json", PACKAGE, "turbo run ci", true),
        ("apps/web/package.json", PACKAGE, "lerna run other", false),
        ("apps/web/package.json", "{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}", "yarn nx run web:e2e", true),
        ("apps/web/package.json", "{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}", "turbo run build", false),
        ("apps/web/package.json", "{\"scripts\": {\"deep\": \"bash tests/run.sh\"}}", "turbo run build", true),
        ("apps/web/package.json", "{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}", "npm run e2e -w web", true),
        ("apps/web/package.json", "{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}", "pnpm -r e2e", true),
        ("apps/web/package.json", "{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}", "pnpm -r build", false),
        ("apps/web/package.json", "{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}", "npm run e2e", false),
    ] {
        let files = [
            (path, file),
            ("ci/wrap.sh", run),
            ("inc/Taskfile.yml", "tasks:\n  run: bash tests/run.sh\n"),
            ("inc.yml", "tasks:\n  run: bash tests/run.sh\n"),
            ("turbo.json", "{\"tasks\": {\"build\": {\"dependsOn\": [\"^deep\"]}}}"),
        ];
        let expected = if is_call { "(anything)@run.sh" } else { "" };
        assert_eq!(slug(&files, script), expected, "{path}: {script}");
    }
}

/// The search for the tasks that run takes time linear in the file.
#[test]
fn chain_of_tasks_is_followed() {
    let tasks: Vec<String> = (0..3000).map(|index| format!("  t{index}: {{deps: [t{}]}}\n", index + 1)).collect();
    let file = format!("tasks:\n{}  t3000: bash tests/run.sh\n  other: x\n", tasks.concat());
    let files = [("Taskfile.yml", file.as_str())];
    let calls = |script: &str, count: usize| slug(&files, &vec![script; count].join("\n"));
    assert_eq!(calls("task t0", 10), "(anything)@run.sh");
    assert_eq!(calls("task other", 10), "");
}

#[test]
fn recipe_of_just_runs_with_its_variables() {
    for (justfile, script, expected) in [
        // Recipes and dependencies.
        ("e2e:\n    bash tests/run.sh", "just e2e", "@tests/run.sh"),
        ("e2e:\n    bash tests/run.sh", "just", "@tests/run.sh"),
        ("a:\n  true\ne2e:\n  bash tests/run.sh", "just", ""),
        ("@e2e: # c\n\t@bash tests/run.sh", "just --quiet e2e", "@tests/run.sh"),
        ("a: b\nb:\n  bash tests/run.sh", "just a", "@tests/run.sh"),
        ("a: && b\nb:\n  bash tests/run.sh", "just a", "@tests/run.sh"),
        ("a: (b 'x')\nb m:\n  SLUG={{m}} bash tests/run.sh", "just a", "x@tests/run.sh=SLUG"),
        ("a: b b\nb:\n  bash tests/run.sh", "just a b", "@tests/run.sh"),
        ("a: a\n  bash tests/run.sh", "just a", "@tests/run.sh"),
        ("alias t := e2e\ne2e:\n  bash tests/run.sh", "just t", "@tests/run.sh"),
        ("[private]\n[no-cd]\n_e2e:\n  bash tests/run.sh", "just _e2e", "@tests/run.sh"),
        ("e2e:\n  bash tests/run.sh", "just -n e2e; just --list; just other", ""),
        ("e2e:\n  false\n  bash tests/run.sh", "just e2e", ""),
        ("e2e:\n  -false\n  bash tests/run.sh", "just e2e", "@tests/run.sh"),
        ("e2e:\n  export SLUG=x\n  bash tests/run.sh", "just e2e", "@tests/run.sh"),
        ("e2e:\n  export SLUG=x; \\\n    bash tests/run.sh", "just e2e", "x@tests/run.sh=SLUG"),
        (
            "e2e:\n  #!/usr/bin/env bash\n  set -e\n  export SLUG=x\n  bash tests/run.sh",
            "just e2e",
            "x@tests/run.sh=SLUG",
        ),
        ("e2e:\n  #!/usr/bin/env python3\n  run('tests/run.sh')", "just e2e", "(anything)@run.sh"),
        ("set shell := ['bash', '-c']\ne2e:\n  [[ a ]] && bash tests/run.sh", "just e2e", "@tests/run.sh"),
        // Variables and parameters.
        ("m := 'x'\ne2e:\n  SLUG={{ m }} bash tests/run.sh", "just e2e", "x@tests/run.sh=SLUG"),
        ("m := n + \"y\"\nn := 'x' # c\ne2e:\n  SLUG={{m}} bash tests/run.sh", "just e2e", "xy@tests/run.sh=SLUG"),
        ("m := 'a' / 'b'\ne2e:\n  SLUG={{m}} bash tests/run.sh", "just e2e", "a/b@tests/run.sh=SLUG"),
        ("m := 'x'\ne2e:\n  SLUG={{m}} bash tests/run.sh", "just m=y e2e", "y@tests/run.sh=SLUG"),
        ("m := 'x'\ne2e:\n  SLUG={{m}} bash tests/run.sh", "just --set m y e2e", "y@tests/run.sh=SLUG"),
        ("SLUG := 'x'\ne2e:\n  bash tests/run.sh", "just e2e", "@tests/run.sh"),
        ("export SLUG := 'x'\ne2e:\n  bash tests/run.sh", "just e2e", "x@tests/run.sh=SLUG"),
        ("set export\nSLUG := 'x'\ne2e:\n  bash tests/run.sh", "just e2e", "x@tests/run.sh=SLUG"),
        ("e2e:\n  bash tests/run.sh", "SLUG=y just e2e", "y@tests/run.sh=SLUG"),
        ("e2e m='x':\n  SLUG={{m}} bash tests/run.sh", "just e2e", "x@tests/run.sh=SLUG"),
        ("e2e m='x':\n  SLUG={{m}} bash tests/run.sh", "just e2e y", "y@tests/run.sh=SLUG"),
        ("e2e $SLUG:\n  bash tests/run.sh", "just e2e x", "x@tests/run.sh=SLUG"),
        ("e2e m:\n  bash tests/run.sh", "just e2e", ""),
        ("e2e *a:\n  SLUG='{{a}}' bash tests/run.sh", "just e2e x y", "x y@tests/run.sh=SLUG"),
        ("m := env('SET', 'd')\ne2e:\n  SLUG={{m}} bash tests/run.sh", "just e2e", "s@tests/run.sh=SLUG"),
        ("m := env_var_or_default('NO', 'd')\ne2e:\n  SLUG={{m}} bash tests/run.sh", "just e2e", "d@tests/run.sh=SLUG"),
        (
            "set shell := [\"bash\", \"-c\"]\ne2e:\n  SLUG='{{{{x' bash tests/run.sh",
            "just e2e",
            "{{x@tests/run.sh=SLUG",
        ),
        ("set positional-arguments\ne2e m:\n  SLUG=$1 bash tests/run.sh", "just e2e x", "x@tests/run.sh=SLUG"),
        // What is not interpreted.
        ("m := `date`\ne2e:\n  SLUG={{m}} bash tests/run.sh", "just e2e", "(anything)@tests/run.sh=SLUG"),
        ("import 'x.just'\ne2e:\n  bash tests/run.sh", "just e2e", "(anything)@run.sh"),
        ("e2e:\n  bash tests/run.sh", "just \"$RECIPE\"", "(anything)@run.sh"),
        ("[script('sh')]\ne2e:\n  bash tests/run.sh", "just e2e", "(anything)@run.sh"),
        (
            "m := if 'a' == 'b' { 'x' } else { 'y' }\ne2e:\n  SLUG={{m}} bash tests/run.sh",
            "just e2e",
            "(anything)@tests/run.sh=SLUG",
        ),
    ] {
        assert_eq!(slug(&[("justfile", justfile)], script), expected, "{justfile}\n{script}");
    }
    let run = "e2e:\n  bash tests/run.sh";
    for script in ["cd app && just e2e", "just -f ./justfile e2e", "just --justfile=justfile -d . e2e"] {
        assert_eq!(slug(&[("justfile", run), ("app/x", "")], script), "@tests/run.sh", "{script}");
    }
}

#[test]
fn container_sees_what_is_passed() {
    let env = "# c\nSLUG=x\n";
    for (script, expected) in [
        // A mounted repository: exactly the variables that are passed.
        ("docker run -v .:/w -w /w img bash tests/run.sh", "@tests/run.sh"),
        ("SLUG=x; export SLUG; docker run -v $PWD:/w -w /w python:3.12 tests/run.sh", "@tests/run.sh"),
        (
            "export SLUG=x; docker run --rm -it -e SLUG -v \"$PWD:/w:ro\" -w /w img bash tests/run.sh",
            "x@tests/run.sh=SLUG",
        ),
        ("docker run -e SLUG=x --volume=$(pwd):/w img bash /w/tests/run.sh", "x@/w/tests/run.sh=SLUG=x"),
        (
            "docker run --env=SLUG=x --mount type=bind,source=.,target=/w library/node@sha256:a /w/tests/run.sh",
            "x@/w/tests/run.sh=--env=SLUG=x",
        ),
        ("docker run -eSLUG=x -v ./:/w -w /w img bash -c 'bash tests/run.sh'", "x@tests/run.sh=-eSLUG=x"),
        ("docker run -e \"SLUG=$SET\" -v ./:/w -w /w img bash tests/run.sh", "s@tests/run.sh=\"SLUG=$SET\""),
        ("docker run --env-file ci.env -v ./:/w -w /w img bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("docker run -e SLUG=y --env-file ci.env -v ./:/w -w /w img bash tests/run.sh", "y@tests/run.sh=SLUG=y"),
        ("podman run --env-file=ci.env -v ./:/w -w /w img bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("docker run -e SLUG=x -v ./tests:/t --entrypoint bash img /t/run.sh", "x@/t/run.sh=SLUG=x"),
        ("docker container run -v ./:/w -w /w --name n --network host img bash tests/run.sh", "@tests/run.sh"),
        ("docker run -e SLUG=x -v ./:/w -w /w img env SLUG=y bash tests/run.sh", "y@tests/run.sh=SLUG"),
        // The shell around the program expands the words of the command.
        ("V=o1; docker run -e V=i -v .:/w -w /w img bash -c \"SLUG=$V bash tests/run.sh\"", "o1@tests/run.sh=SLUG"),
        ("V=o; docker run -e V=i -v .:/w -w /w img bash -c 'SLUG=$V bash tests/run.sh'", "i@tests/run.sh=SLUG"),
        ("V=o; docker run -e V=i -v .:/w -w /w img env SLUG=$(echo $V) tests/run.sh", "o@tests/run.sh=SLUG"),
        // The program of an image may get a path as its argument.
        ("docker run -e SLUG=x -v .:/w -w /w img tests/run.sh", "(anything)@tests/run.sh"),
        ("docker compose run -e SLUG=x service tests/run.sh", "x@tests/run.sh=SLUG=x"),
        ("docker run -e SLUG=x -v .:/w -w /w img ./wrap.sh", "(anything)@run.sh"),
        ("docker run -e SLUG=x -v .:/w -w /w bats/bats:latest tests/run.sh", "(anything)@tests/run.sh"),
        ("docker run -e SLUG=x -v .:/w -w /w bats/bats:latest tests", "(anything)@run.sh"),
        ("docker run -v .:/w -w /w koalaman/shellcheck:stable -x tests/run.sh arg.sh", ""),
        ("docker run -v .:/w -w /w img shellcheck tests/run.sh", ""),
        ("docker run -v .:/w -w /w --entrypoint sh koalaman/shellcheck tests/run.sh", "@tests/run.sh"),
        ("podman run -v .:/w -w /w img env SLUG=\"$SET\" bash tests/run.sh", "s@tests/run.sh=SLUG"),
        ("docker run -e SET=i -v .:/w -w /w img bash arg.sh \"$SET\"", "s@tests/run.sh=SLUG"),
        ("V=o; V=i env SLUG=$(echo $V) bash tests/run.sh", "o@tests/run.sh=SLUG"),
        // What an image, a service or a container sets is not known.
        ("docker run -e SLUG=x img bash tests/run.sh", "x@tests/run.sh=SLUG=x"),
        ("docker run img bash tests/run.sh", "(anything)@tests/run.sh"),
        ("docker run -v cache:/w -w /w img bash tests/run.sh", "(anything)@tests/run.sh"),
        ("docker run --env-file other.env -v ./:/w -w /w img bash tests/run.sh", "(anything)@tests/run.sh"),
        ("docker run -e \"$KV\" -v ./:/w -w /w img bash tests/run.sh", "(anything)@tests/run.sh"),
        ("docker run $OPTIONS -v ./:/w img bash tests/run.sh", "(anything)@$OPTIONS (anything)@tests/run.sh"),
        ("docker compose run --rm -e SLUG=x e2e bash tests/run.sh", "x@tests/run.sh=SLUG=x"),
        ("docker compose -f c.yml run e2e bash tests/run.sh", "(anything)@tests/run.sh"),
        ("docker-compose exec -T -e SLUG=x e2e tests/run.sh", "x@tests/run.sh=SLUG=x"),
        ("docker exec -e SLUG=x name bash tests/run.sh", "x@tests/run.sh=SLUG=x"),
        ("docker exec name bash /app/tests/run.sh", "(anything)@/app/tests/run.sh"),
        ("docker build -t img tests; docker run img; docker ps", ""),
    ] {
        let files = [
            ("ci.env", env),
            ("arg.sh", "SLUG=$1 bash tests/run.sh"),
            ("tests/e2e.bats", "tests/run.sh"),
            ("wrap.sh", "SLUG=y bash tests/run.sh"),
        ];
        assert_eq!(slug(&files, script), expected, "{script}");
    }
}

/// The script of a target that exists may set the variables that it reads.
#[test]
fn script_of_target_adds_its_own_values() {
    for (target, script, expected) in [
        ("echo eval", "bash tests/run.sh", "@tests/run.sh"),
        ("SLUG=x python main.py", "bash tests/run.sh", "|x@tests/run.sh=SLUG"),
        ("export SLUG=x\npython main.py", "tests/run.sh", "|x@tests/run.sh=SLUG"),
        ("env SLUG=x python main.py", "timeout 5 bash tests/run.sh", "|x@tests/run.sh=SLUG"),
        ("SLUG=${SLUG:-x}", "bash tests/run.sh", "|x@tests/run.sh=SLUG"),
        ("SLUG=${SLUG:-x}", "SLUG=y bash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("export SLUG=\"${SLUG:-}\"", "SLUG=y bash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("[ -n \"$SLUG\" ] || SLUG=x", "SLUG=y bash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("SLUG=$1", "bash tests/run.sh x", "|x@tests/run.sh=SLUG"),
        ("f() { SLUG=x; }\nf", "bash tests/run.sh", "|x@tests/run.sh=SLUG"),
        ("f() { SLUG=x; }", "bash tests/run.sh", "@tests/run.sh"),
        ("source tests/lib.sh", "bash tests/run.sh", "|lib@tests/run.sh=SLUG"),
        ("echo eval", "SLUG=x; source tests/run.sh", "x@tests/run.sh=SLUG"),
        ("SLUG=x", "source tests/run.sh", "|x@tests/run.sh=SLUG"),
        ("unset SLUG", "SLUG=y bash tests/run.sh", "y|@tests/run.sh=SLUG"),
        ("OTHER=x", "bash tests/run.sh", "@tests/run.sh"),
        ("exit 0\nSLUG=x", "bash tests/run.sh", "@tests/run.sh"),
        ("SLUG=$(date)", "SLUG=y bash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
        ("bash tests/run.sh", "bash tests/run.sh", "@tests/run.sh"),
        ("echo SLUG=x >> $GITHUB_ENV", "bash tests/run.sh", "@tests/run.sh"),
        ("#!/usr/bin/env python3\nSLUG=1", "python3 tests/run.sh", "@tests/run.sh"),
        ("SLUG=x true", "for i in 1 2; do bash tests/run.sh; done", "|x@tests/run.sh=SLUG"),
    ] {
        let files = [("tests/run.sh", target), ("tests/lib.sh", "SLUG=lib")];
        assert_eq!(slug(&files, script), expected, "{target}\n{script}");
    }
}

/// An argument or a settings file may choose the model in place of the variables.
#[test]
fn argument_or_settings_file_may_choose_the_model() {
    let (chosen, unread, plain) = ("@tests/run.sh?", "@tests/run.sh~", "@tests/run.sh");
    let files = [
        (".env.ci", "SLUG=x\n"),
        ("plain.env", "# SLUG=x\nDEBUG=1\n"),
        ("config.json", "{\"llm\": {\"model\": \"x\"}}"),
        ("cases.json", "{\"cases\": []}"),
    ];
    for (script, expected) in [
        ("bash tests/run.sh --model x", chosen),
        ("bash tests/run.sh --model=x --verbose", chosen),
        ("bash tests/run.sh -v -m x", chosen),
        ("bash tests/run.sh --llm-provider \"$P\"", chosen),
        ("bash tests/run.sh --default-model=$M", chosen),
        ("bash tests/run.sh model=x", chosen),
        ("bash tests/run.sh SLUG=x", chosen),
        ("bash tests/run.sh $ARGS", chosen),
        ("bash tests/run.sh \"$ANY\"", chosen),
        ("A=--model; bash tests/run.sh $A x", chosen),
        ("go() { bash tests/run.sh \"$@\"; }; go --runtime x", chosen),
        ("timeout 5 bash tests/run.sh --config config.json", chosen),
        ("bash tests/run.sh --config=missing.yaml", unread),
        ("bash tests/run.sh -c missing.yaml", unread),
        ("bash tests/run.sh --verbose -c ../missing/app.toml smoke", unread),
        ("bash tests/run.sh --settings \"$HOME/app.json\"", plain),
        ("bash tests/run.sh -c missing.yaml --model x", chosen),
        ("bash tests/run.sh --env-file missing.txt", plain),
        ("bash tests/run.sh --env-file=missing.yaml", chosen),
        ("bash tests/run.sh --config .env.prod", chosen),
        ("bash tests/run.sh --data missing.json", plain),
        ("pytest --model x tests/run.sh", chosen),
        ("python3 tests/run.sh --engine x", chosen),
        ("uv run --env-file .env.ci tests/run.sh", chosen),
        ("node --env-file=missing.env tests/run.sh", chosen),
        ("uv run --env-file plain.env tests/run.sh", plain),
        ("bash tests/run.sh", plain),
        ("bash tests/run.sh smoke --verbose -k 'a and b' --shard=1/2", plain),
        ("bash tests/run.sh --shard \"$N\" --out result.json", plain),
        ("pytest -m slow tests/run.sh", plain),
        ("bash tests/run.sh --data cases.json", plain),
        ("bash tests/run.sh --settings plain.env", plain),
        // Files that the script writes.
        ("cp .env.ci .env; bash tests/run.sh", chosen),
        ("install -m 600 .env.ci .env; bash tests/run.sh", chosen),
        ("install plain.env .env; bash tests/run.sh", plain),
        ("mv -f .env.ci app/.env && bash tests/run.sh", chosen),
        ("cp config.json app/; bash tests/run.sh", chosen),
        ("echo SLUG=x > .env; bash tests/run.sh", chosen),
        ("echo \"SLUG=$X\" >> .env; bash tests/run.sh", chosen),
        ("printf '%s' \"$DOTENV\" > .env; bash tests/run.sh", chosen),
        ("cat > config.yaml <<EOF\nmodel: x\nEOF\nbash tests/run.sh", chosen),
        ("echo model: x | tee config.yaml; bash tests/run.sh", chosen),
        ("sed -i 's/^model:.*/model: x/' config.yaml; bash tests/run.sh", chosen),
        ("curl -o .env https://example; bash tests/run.sh", chosen),
        ("cp config.json app.json; bash tests/run.sh -c app.json", chosen),
        ("curl -o config.yaml https://example; bash tests/run.sh -c config.yaml", chosen),
        ("cp plain.env .env; bash tests/run.sh", plain),
        ("cp cases.json data.json; bash tests/run.sh", plain),
        ("echo \"TOKEN=$T\" > .env; bash tests/run.sh", plain),
        ("date > result.json; bash tests/run.sh", plain),
        ("bash tests/run.sh; cp .env.ci .env", plain),
        ("false && cp .env.ci .env; bash tests/run.sh", plain),
    ] {
        assert_eq!(slug(&files, script), expected, "{script}");
    }
}

#[test]
fn attribute_changes_what_is_assigned() {
    for (script, expected) in [
        ("set -o allexport; SLUG=x; bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("set -a; SLUG=x; set +o allexport; bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("typeset -u M=g0; export SLUG=$M; bash tests/run.sh", "G0@tests/run.sh=SLUG"),
        ("declare -lx SLUG=G0; bash tests/run.sh", "g0@tests/run.sh=SLUG"),
        ("declare -u SLUG; env SLUG=m bash tests/run.sh", "m@tests/run.sh=SLUG"),
        ("declare -u SLUG; SLUG=m bash tests/run.sh", "m@tests/run.sh=SLUG"),
        ("declare -ux SLUG; SLUG=m; unset SLUG; export SLUG=n; bash tests/run.sh", "n@tests/run.sh=SLUG"),
        ("readonly SLUG=x; export SLUG; bash tests/run.sh", "x@tests/run.sh=SLUG"),
        // Under a local variable that is unset, commands see the one that it hides.
        ("export SLUG=g; f() { local SLUG=l; unset SLUG; bash tests/run.sh; }; f", "|g@tests/run.sh=SLUG"),
        ("SLUG=g; f() { local SLUG=l; unset SLUG; bash tests/run.sh; }; f", "@tests/run.sh=SLUG"),
        (
            "export SLUG=g; u() { unset SLUG; bash tests/run.sh; }; f() { local SLUG=l; u; }; f",
            "(anything)@tests/run.sh=SLUG",
        ),
        ("readonly SLUG=x; export SLUG=y; bash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
    ] {
        assert_eq!(slug(&[], script), expected, "{script}");
    }
}

#[test]
fn number_of_words_decides_what_test_means() {
    let value = "V=; if a; then V=x; fi; ";
    for (script, expected) in [
        ("if [ -n \"$V\" ]; then SLUG=q$V bash tests/run.sh; fi", "qx@tests/run.sh=SLUG"),
        // Bash takes `[ -n ]` for true.
        ("if [ -n $V ]; then SLUG=q$V bash tests/run.sh; fi", "q|qx@tests/run.sh=SLUG"),
        ("if [ ! -n \"$V\" ]; then SLUG=q$V bash tests/run.sh; fi", "q@tests/run.sh=SLUG"),
        ("if [ ! -n \"$SET\" -o s = \"$SET\" ]; then bash tests/run.sh; fi", "@tests/run.sh"),
        ("if [ a = a -o a = b -a a = b ]; then bash tests/run.sh; fi", "@tests/run.sh"),
        ("if [ ! a = a -a a = b ]; then bash tests/run.sh; fi", ""),
        ("if [ -a -a x ]; then bash tests/run.sh; fi", "@tests/run.sh"),
    ] {
        assert_eq!(slug(&[], &format!("{value}{script}")), expected, "{script}");
    }
}

#[test]
fn each_run_of_a_file_and_each_write_counts() {
    let file = "M+=x\nbash tests/run.sh";
    for (script, expected) in [
        ("bash w.sh", "@tests/run.sh"),
        ("bash w.sh; bash w.sh", "@tests/run.sh"),
        // Another shell reads `M+=x` as the name of a command.
        ("bash w.sh; sh w.sh", "@tests/run.sh (anything)@run.sh"),
        ("sh w.sh; bash w.sh", "@tests/run.sh (anything)@run.sh"),
    ] {
        assert_eq!(slug(&[("w.sh", file)], script), expected, "{script}");
    }
    let computed = "A+=x\nfor t in tests/*; do bash $t; done";
    assert_eq!(slug(&[("w.sh", computed)], "sh w.sh"), "(anything)@tests");
    let files = [("l.sh", "set -- z"), ("m.sh", "SLUG=$1")];
    for (script, expected) in [
        ("source l.sh a; SLUG=$1 bash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
        ("set -- b; source m.sh a; export SLUG=$SLUG$1; bash tests/run.sh", "ab@tests/run.sh=SLUG"),
        ("return || true; echo SLUG=x >> $GITHUB_ENV", ">x? at echo SLUG=x >> $GITHUB_ENV"),
        ("f() { return; echo SLUG=x >> $GITHUB_ENV; }; f", ""),
        ("echo SLUG=x >> $GITHUB_ENV; echo B=y > $GITHUB_ENV", ""),
        ("echo -e 'SLUG=a\\\\nb' >> $GITHUB_ENV", ">a\\nb at echo -e 'SLUG=a\\\\nb' >> $GITHUB_ENV"),
        ("printf -- 'SLUG=%s\\n' 5% >> $GITHUB_ENV", ">5% at printf -- 'SLUG=%s\\n' 5% >> $GITHUB_ENV"),
        ("printf 'SLUG=%d\\n' 5 >> $GITHUB_ENV", ">opaque"),
        ("printf 'SLUG=x\\r\\n' >> $GITHUB_ENV", ">x at printf 'SLUG=x\\r\\n' >> $GITHUB_ENV"),
        ("echo 'SLUG=a<<b' >> $GITHUB_ENV", ">a<<b at echo 'SLUG=a<<b' >> $GITHUB_ENV"),
        // A text without a line break at its end is continued.
        ("echo -n SLUG=x >> $GITHUB_ENV", ">x at echo -n SLUG=x >> $GITHUB_ENV"),
        ("printf SLUG=x >> $GITHUB_ENV; echo B=y >> $GITHUB_ENV", ">xB=y at echo B=y >> $GITHUB_ENV"),
        ("(printf SLUG=x >> $GITHUB_ENV); echo B=y >> $GITHUB_ENV", ">xB=y at echo B=y >> $GITHUB_ENV"),
        (
            "printf A=t >> $GITHUB_ENV; (trap 'echo B=y >> $GITHUB_ENV' EXIT); echo SLUG=x >> $GITHUB_ENV",
            ">x at echo SLUG=x >> $GITHUB_ENV >opaque",
        ),
        ("(trap 'printf SLUG=x >> $GITHUB_ENV' EXIT); echo B=y >> $GITHUB_ENV", ">opaque"),
        (
            "trap 'echo Z=1 >> $GITHUB_ENV; exit 0' EXIT; printf SLUG=x >> $GITHUB_ENV; a; echo >> $GITHUB_ENV",
            ">x? at echo >> $GITHUB_ENV >opaque",
        ),
        ("printf 'B=y\\nSLUG=' >> $GITHUB_ENV; echo x >> $GITHUB_ENV", ">x at echo x >> $GITHUB_ENV"),
        ("if a; then printf SLUG=x >> $GITHUB_ENV; fi; echo B=y >> $GITHUB_ENV", ">opaque"),
        ("printf SLUG=x >> $GITHUB_ENV; echo B=y > $GITHUB_ENV", ""),
    ] {
        assert_eq!(slug(&files, script), expected, "{script}");
    }
}

/// A program may run a file whose name it computes, in addition to the known calls.
#[test]
fn command_with_added_words_may_be_a_call() {
    for (script, expected) in [
        ("ls tests/*.sh | xargs -n1 bash", "(anything)@xargs"),
        ("ls tests | xargs -I{} bash tests/{}", "(anything)@tests/{}"),
        ("ls tests | xargs -I % bash tests/%", "(anything)@tests/%"),
        ("ls tests | xargs -I{} bash other/{}", ""),
        ("ls tests | xargs -I{} bash tests/run.sh {}", "x@tests/run.sh=SLUG?"),
        ("find tests -name '*.sh' -exec bash {} \\;", "(anything)@{}"),
        ("find tests -name '*.sh' -execdir bash {} +", "(anything)@{}"),
        ("find tests -type f -exec test -x {} \\; -exec {} \\;", "(anything)@{}"),
        ("find tests -type f -exec bash tests/run.sh \\;", "x@tests/run.sh=SLUG"),
        ("find tests -name '*.log' -exec rm {} +", ""),
        ("ls tests | xargs -I{} sh -c 'bash {}'", "(anything)@'bash {}'"),
        ("find tests -exec sh -c 'bash \"$1\"' _ {} \\;", "(anything)@\"$1\""),
        ("M=$(ls tests/*.sh); eval 'bash \"$M\"'", "(anything)@\"$M\""),
        ("c=(bash $X tests/run.sh); SLUG=y \"${c[@]}\"", "(anything)@\"${c[@]}\""),
        ("c=(tests/*.sh); for f in \"${c[@]}\"; do SLUG=y bash \"$f\"; done", "(anything)@\"$f\""),
    ] {
        let known = "bash tests/run.sh; export SLUG=x; ";
        let expected = format!("@tests/run.sh {expected}");
        assert_eq!(slug(&[], &format!("{known}{script}")), expected.trim_end(), "{script}");
    }
}

/// A trap of `ERR` runs after each command that fails, with the variables and functions of that time.
#[test]
fn trap_of_err_runs_after_a_failure() {
    for (script, expected) in [
        ("trap 'SLUG=x bash tests/run.sh' ERR; false", "x@tests/run.sh=SLUG"),
        ("trap 'SLUG=x bash tests/run.sh' err; false", "x@tests/run.sh=SLUG"),
        ("trap 'SLUG=x bash tests/run.sh' ERR; true", ""),
        ("f() { SLUG=x bash tests/run.sh; }; trap f ERR; false", "x@tests/run.sh=SLUG"),
        ("f() { SLUG=x bash tests/run.sh; }; trap f EXIT ERR; true", "x@tests/run.sh=SLUG"),
        ("f() { SLUG=x bash tests/run.sh; }; trap f ERR; trap - ERR; false", ""),
        ("f() { SLUG=x bash tests/run.sh; }; trap f ERR; trap '' ERR; false", ""),
        ("trap 'echo $(SLUG=x bash tests/run.sh)' ERR; a", "x@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; false; bash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; a; bash tests/run.sh", "x|y@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; a || b; bash tests/run.sh", "x|y@tests/run.sh=SLUG"),
        ("export SLUG=x; a && trap 'SLUG=y' ERR; false; bash tests/run.sh", "x|y@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; false || true; bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; if false; then :; fi; bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; bash -c 'false; bash tests/run.sh'", "x@tests/run.sh=SLUG"),
        ("export SLUG=x; trap 'SLUG=y' ERR; f() { false; bash tests/run.sh; }; f", "x|y@tests/run.sh=SLUG"),
        ("export SLUG=x; trap \"$c\" ERR; false; bash tests/run.sh", "(anything)@tests/run.sh"),
        ("export SLUG=x; trap 'SLUG=${SLUG}z; false' ERR; false; bash tests/run.sh", "xz@tests/run.sh=SLUG"),
        (
            "export SLUG=x; trap 'SLUG=y; trap - ERR' ERR; false; SLUG=x; false; bash tests/run.sh",
            "x@tests/run.sh=SLUG",
        ),
        ("export SLUG=x; f() { echo; }; trap f ERR; f() { SLUG=y; }; false; bash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("export SLUG=x; f() { f; }; trap f ERR; false; bash tests/run.sh", "(anything)@tests/run.sh"),
        ("export SLUG=x; echo() { SLUG=y; }; trap 'echo failed' ERR; false; bash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("trap 'echo \"failed at $LINENO\" >&2; exit 1' ERR; false; SLUG=x bash tests/run.sh", ""),
        ("trap 'echo failed; exit 1' ERR; a; SLUG=x bash tests/run.sh", "x@tests/run.sh=SLUG"),
        (
            "f() { local s=$?; if [ $1 ]; then echo $1; fi; exit $s; }; trap 'f $LINENO' ERR; false; bash tests/run.sh",
            "",
        ),
        ("trap 'echo SLUG=x >> $GITHUB_ENV' ERR; a", ">x? at echo SLUG=x >> $GITHUB_ENV"),
        ("trap 'echo SLUG=x >> $GITHUB_ENV; exit' ERR; a", ">x? at echo SLUG=x >> $GITHUB_ENV"),
        ("trap 'echo SLUG=x >> $GITHUB_ENV; exit 1' ERR; a", ""),
        ("trap 'echo SLUG=x >> $GITHUB_ENV; exit $?' ERR; a", ">x? at echo SLUG=x >> $GITHUB_ENV"),
        ("trap 's=$?; echo SLUG=x >> $GITHUB_ENV; exit $s' ERR; a", ""),
        ("trap 'exit' ERR; echo SLUG=x >> $GITHUB_ENV; a", ">x at echo SLUG=x >> $GITHUB_ENV"),
        ("trap 'echo SLUG=x' ERR; { false; } >> $GITHUB_ENV", ">x at { false; } >> $GITHUB_ENV"),
    ] {
        assert_eq!(slug(&[], &format!("set +e; {script}")), expected, "{script}");
    }
    for (script, expected) in [
        ("trap 'SLUG=y' ERR; a; bash tests/run.sh", "x@tests/run.sh=SLUG"),
        ("trap 'SLUG=y bash tests/run.sh' ERR; a", "y@tests/run.sh=SLUG"),
        ("trap 'exit 0' ERR; a; SLUG=y bash tests/run.sh", "y@tests/run.sh=SLUG"),
    ] {
        assert_eq!(slug(&[], &format!("set -e; export SLUG=x; {script}")), expected, "{script}");
    }
}

/// A trap of `DEBUG` or `RETURN` may run at any time, with the variables of that time.
#[test]
fn trap_at_any_time_is_a_possible_call() {
    for (script, expected) in [
        ("trap 'SLUG=x bash tests/run.sh' DEBUG; false", "(anything)@run.sh"),
        ("trap 'SLUG=x bash tests/run.sh' \"$signal\"; false", "(anything)@run.sh"),
        ("trap 'SLUG=x bash tests/run.sh' INT; false", ""),
        ("trap \"rm -r $(mktemp -d); bash tests/run.sh\" EXIT", "(anything)@run.sh"),
        ("trap \"rm -r $(mktemp -d); bash tests/run.sh\" ERR", "(anything)@run.sh"),
        ("cp tests/run.sh /tmp/z; bash tests/run.sh; SLUG=x bash /tmp/z", "(anything)@run.sh @tests/run.sh"),
        ("trap 'SLUG=x bash tests/run.sh' sigexit; true", "x@tests/run.sh=SLUG"),
        ("f() { SLUG=x bash tests/run.sh; }; trap f SIGEXIT || trap f EXIT; true", "x@tests/run.sh=SLUG"),
    ] {
        let known = "bash tests/run.sh; ";
        let found = slug(&[], &format!("{known}{script}"));
        assert_eq!(found, format!("@tests/run.sh {expected}").trim_end(), "{script}");
    }
}

/// A target that is a task is called by each command that runs the task.
#[test]
fn task_of_a_target_is_recognised_in_other_words() {
    let makefile = "all: build e2e\nbuild: ; true\ne2e:\n\tnode e2e.js\n";
    let package = r#"{"scripts": {"e2e": "node e2e.js", "test": "node test.js", "ci": "true"}}"#;
    let files = [("Makefile", makefile), ("package.json", package)];
    for (target, script, is_call) in [
        ("make e2e", "make e2e", true),
        ("make e2e", "make -j2 e2e", true),
        ("make e2e", "make build e2e V=1", true),
        ("make e2e", "make all", true),
        ("make e2e", "make", true),
        ("make e2e", "make build", false),
        ("make e2e", "make -n e2e", false),
        ("make e2e", "make -C other e2e", false),
        ("npm run e2e", "npm run -s e2e -- --all", true),
        ("npm run e2e", "pnpm e2e", true),
        ("npm run e2e", "npm --prefix other run e2e", false),
        ("npm test", "npm run test", true),
        ("npm run ci", "npm ci", false),
        ("npm ci", "npm run ci", false),
    ] {
        let found = slug_of(target, &files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.starts_with("x@"), is_call, "{target}: {script}: {found}");
    }
}

/// A file that a step sources is not the script of the step.
#[test]
fn sourced_file_is_not_the_program() {
    let guarded = "main() { bash tests/run.sh; }\nif [[ \"${BASH_SOURCE[0]}\" == \"$0\" ]]; then SLUG=x main; fi";
    let files = [("m.sh", guarded), ("o.sh", ". ./m.sh")];
    for (script, expected) in [
        ("bash m.sh", "x@tests/run.sh=SLUG"),
        (". ./m.sh", ""),
        ("bash o.sh", ""),
        (". ./m.sh; SLUG=y main", "y@tests/run.sh=SLUG"),
        ("SLUG=$(basename \"$0\") bash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
    ] {
        assert_eq!(slug(&files, script), expected, "{script}");
    }
}

/// A file of bash that another shell sources may fail to parse, so that nothing in it runs.
#[test]
fn other_shell_may_not_read_a_sourced_file() {
    let files = [
        ("plain.sh", "SLUG=x"),
        (
            "bash.sh",
            "[[ -z $A || ! ( -z $B ) ]] || :
SLUG=x",
        ),
        (
            "outer.sh",
            ". ./bash.sh
SLUG=$SLUG bash tests/run.sh",
        ),
    ];
    let run = "SLUG=$SLUG bash tests/run.sh";
    for (script, expected) in [
        (format!("bash -c '. ./bash.sh; {run}'"), "x@tests/run.sh=SLUG"),
        (format!("sh -c '. ./plain.sh; {run}'"), "x@tests/run.sh=SLUG"),
        (format!("sh -c '. ./bash.sh; {run}'"), "(anything)@tests/run.sh=SLUG"),
        ("sh -c 'bash outer.sh'".to_owned(), "x@tests/run.sh=SLUG"),
        (format!("sh -c true; . ./bash.sh; {run}"), "x@tests/run.sh=SLUG"),
    ] {
        assert_eq!(slug(&files, &script), expected, "{script}");
    }
}

/// The exit status of a pipeline, a subshell and a file decides what runs after it.
#[test]
fn exit_status_is_exact() {
    let files = [
        ("fails.sh", "exit 1"),
        ("guard.sh", "main() { SLUG=x bash tests/run.sh; }\n(return 0 2>/dev/null) || main"),
        ("strict.sh", "#!/bin/bash -eo pipefail\nfalse | true\nSLUG=x bash tests/run.sh"),
    ];
    for (script, is_called) in [
        ("set -o pipefail; false | true; SLUG=x bash tests/run.sh", false),
        ("set -euo pipefail; true | false | cat; SLUG=x bash tests/run.sh", false),
        ("set -o pipefail; set +o pipefail; false | true; SLUG=x bash tests/run.sh", true),
        ("set -o pipefail; false | true || SLUG=x bash tests/run.sh", true),
        ("set -o pipefail; ! false | true && SLUG=x bash tests/run.sh", true),
        ("false | true || SLUG=x bash tests/run.sh", false),
        ("bash -o pipefail -c 'false | true' || SLUG=x bash tests/run.sh", true),
        ("bash -c 'false | true' || SLUG=x bash tests/run.sh", false),
        ("bash +e -c 'false; SLUG=x bash tests/run.sh'", true),
        ("./strict.sh || true", false),
        ("bash strict.sh", true),
        ("(exit 0) || SLUG=x bash tests/run.sh", false),
        ("(exit 1) && SLUG=x bash tests/run.sh", false),
        ("(exit 256) && SLUG=x bash tests/run.sh", true),
        ("(false; exit $?) || SLUG=x bash tests/run.sh", true),
        ("bash fails.sh && SLUG=x bash tests/run.sh", false),
        ("trap : EXIT INT ERR || SLUG=x bash tests/run.sh", false),
        ("trap : EXIT FOO || SLUG=x bash tests/run.sh", true),
        ("trap : SIGEXIT || SLUG=x bash tests/run.sh", true),
        ("trap : $SIGNAL || SLUG=x bash tests/run.sh", true),
        ("f() ( return 0; false ); f || SLUG=x bash tests/run.sh", false),
        (". ./guard.sh", false),
        ("bash guard.sh", true),
    ] {
        assert_eq!(slug(&files, script).contains('x'), is_called, "{script}");
    }
}

/// The command of a target runs at the top of the repository: the same words in another directory are another command.
#[test]
fn command_of_a_target_is_relative_to_the_top() {
    let (makefile, package, recipes) =
        ("e2e: ; true\nall: e2e\n", r#"{"scripts": {"e2e": "true"}}"#, "e2e:\n    true\n");
    let files = [
        ("Makefile", makefile),
        ("sub/Makefile", makefile),
        ("package.json", package),
        ("sub/package.json", package),
        ("justfile", recipes),
        ("sub/justfile", recipes),
        ("docs/readme", ""),
        ("evaluator", ""),
        ("main.py", ""),
        ("sub/main.py", ""),
    ];
    for (target, script, expected) in [
        ("make e2e", "cd sub && make e2e", ""),
        ("make e2e", "cd sub && make all", ""),
        ("make e2e", "make -C sub e2e", ""),
        ("make e2e", "make -f sub/Makefile e2e", ""),
        ("make e2e", "cd sub && make -C .. -j2 e2e", "x"),
        ("make e2e", "cd sub && make -f ../Makefile e2e", "x"),
        ("make e2e", "cd \"$GITHUB_WORKSPACE\" && make all", "x"),
        ("make e2e", "cd \"$D\" && make e2e", "(anything)"),
        ("make e2e", "make -C \"$D\" e2e", "(anything)"),
        ("make e2e", "make \"$D\"", "(anything)"),
        ("make -C sub e2e", "cd sub && make e2e", "x"),
        ("make -C sub e2e", "make e2e", ""),
        ("npm run e2e", "cd sub && npm run e2e", ""),
        ("npm run e2e", "cd docs && yarn e2e", "x"),
        ("npm run e2e", "npm --prefix \"$D\" run e2e", "(anything)"),
        ("just e2e", "cd sub && just e2e", ""),
        ("just e2e", "just sub/e2e", ""),
        ("just e2e", "cd docs && just e2e", "x"),
        ("python main.py", "cd sub && python main.py", ""),
        ("python main.py", "cd docs && python3 -u ../main.py", "x"),
        ("npx evaluate run", "cd sub && npx --yes evaluate@2 run", "x"),
        ("npx evaluate run", "npx evaluate list", ""),
        ("npx evaluate run", "npm exec -- evaluate run", "x"),
        ("npx evaluate run", "pnpm dlx evaluate@2 run && bunx evaluate run; yarn dlx evaluate run", "x"),
        ("npx evaluate run", "evaluate run --all", "x"),
        ("npx evaluate run", "npx evaluate --verbose run", "(anything)"),
        ("npx evaluate run", "npx evaluate --config run.yaml list", ""),
        ("npx evaluate run", "pip install evaluate; evaluate list", ""),
        ("python -m evaluate", "python -u -X dev -m evaluate --all", "x"),
        ("python -m evaluate", "uv run python3 -Bum evaluate", "x"),
        ("python -u -m evaluate", "python -m evaluate", "x"),
        ("python -m evaluate", "python -m other evaluate", ""),
        ("docker run ghcr.io/a/evaluate", "docker run ghcr.io/a/evaluate", "x"),
        ("docker run ghcr.io/a/evaluate", "docker run --rm -e KEY ghcr.io/a/evaluate:v1", "(anything)"),
        ("docker run ghcr.io/a/evaluate", "docker run --rm ghcr.io/a/other ghcr.io/a/evaluate", "(anything)"),
        ("agent", "npm install -g agent@latest && agent -V", ""),
        ("agent", "sudo npm i -g agent; uv tool install agent; go install github.com/acme/agent@latest", ""),
        ("agent", "docker pull agent; pip3 install -U agent; yarn global add agent; brew install acme/tap/agent", ""),
        ("agent", "npm install agent && agent -p hi", "x"),
        ("agent", "npx agent install", "x"),
        ("agent", "curl -fsSL \"$URL\" | bash -s -- agent", "(anything)"),
        ("agent", "agent -p hi", "x"),
        ("agent", "agent --version", ""),
        ("agent", "npm install --global left-pad && agent help", ""),
        ("agent", "agent --version -p hi", "x"),
        ("agent", "agent --verbose", "x"),
        ("npx agent", "npx --yes agent@2 -h", ""),
        ("npx agent", "npx agent hi", "x"),
        ("evaluator", "./evaluator --version", "x"),
        ("python main.py", "python main.py --help", "x"),
        ("python -m evals", "python -m evals --fast", "x"),
        ("python -m evals", "python3.12 -u -X dev -W ignore -m evals", "x"),
        ("python -m evals", "uv run python -um evals", "x"),
        ("python -m evals", "python -mevals", "x"),
        ("python -u -m evals", "python -m evals", "x"),
        ("python -m evals", "python -u -m pytest -k evals", ""),
        ("python -m evals", "python -m", ""),
        ("make e2e", "timeout -k 5s 10m make e2e", "x"),
        ("make e2e", "xvfb-run -s '-screen 0' nice -n 5 make e2e", "x"),
        ("make e2e", "sudo apt-get install make", ""),
        ("make e2e", "sudo -E make e2e", "x"),
        ("make e2e", "sudo make e2e", "(anything)"),
    ] {
        let found = slug_of(target, &files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{target}: {script}");
    }
}

/// A test that a runner finds in a directory may start the target.
#[test]
fn found_test_may_start_the_target() {
    let start = "import subprocess\nsubprocess.run(['bash', 'tests/run.sh'])";
    let files = [
        ("tests/run.sh", ""),
        ("tests/api/deep/test_e2e.py", start),
        ("tests/unit/test_unit.py", "# tests/run.sh\nassert True"),
        ("tests/unit/test_other.py", "assert True"),
        ("tests/helper/start.py", start),
        ("fixtures/conftest.py", start),
        ("spec/e2e.bats", "@test e2e {\n  tests/run.sh\n}"),
        ("spec/e2e.test.mjs", "spawn('../tests/run.sh')"),
        ("test/e2e.js", "spawn('../tests/run.sh')"),
        ("write/test_env.py", "open(os.environ['GITHUB_ENV'], 'a')"),
    ];
    for (script, is_undecided) in [
        ("pytest", true),
        ("pytest tests -q", true),
        ("python -m pytest tests/", true),
        ("uv run pytest -m fixtures tests/api", true),
        ("pytest --ignore tests/unit", true),
        ("pytest --ignore=tests/api --ignore fixtures --ignore=write", false),
        ("pytest tests --ignore tests/api/deep", false),
        ("pytest tests/unit", false),
        ("pytest tests/helper", false),
        ("pytest fixtures", true),
        ("pytest -q -c tests/unit", true),
        ("cd tests/api && pytest", true),
        ("cd tests/unit && pytest", false),
        ("exit 0; pytest", false),
        ("pytest write", true),
        ("python -m unittest", true),
        ("python -m unittest discover tests", true),
        ("python -m unittest discover -s tests/api -p 'test*.py'", true),
        ("python -m unittest tests.api.deep.test_e2e.Case.test_one", true),
        ("python -m unittest tests.unit.test_other.Case", false),
        ("python -m unittest discover -s tests/unit", false),
        ("bats spec", true),
        ("bats tests", false),
        ("npx vitest run spec", true),
        ("npx mocha test", true),
        ("npx jest --config tests/unit", true),
        ("npx jest tests/unit", false),
    ] {
        let found = slug(&files, &format!("export SLUG=x; {script}"));
        let is_so = found.starts_with("(anything)@") || found.contains(">opaque");
        assert_eq!(is_so, is_undecided, "{script}: {found}");
    }
}

/// A program that starts another one does not run a builtin of the shell, and a package may have any program.
#[test]
fn started_programs_are_no_builtins() {
    let first = |script: &str| slug(&[], script).split('@').next().unwrap_or_default().to_owned();
    let packages = ["npx", "yarn", "pnpm", "pnpm exec", "npm exec", "poetry run", "uv run", "hatch run", "pdm run"];
    let packages = packages.into_iter().chain(["pipenv run", "conda run", "bundle exec", "pipx run", "bunx"]);
    for launcher in packages.chain(["sudo", "timeout 5", "xargs", "nice", "env", "env -u OTHER"]) {
        for program in ["exit", "unset SLUG", "export SLUG=y", "eval 'exit 0'", "return", "set -- y", "shift", "cd sub"]
        {
            let script = format!("set -e; export SLUG=x; f() {{ {launcher} {program}; SLUG=$1 CALL; }}; f x");
            assert_eq!(first(&script.replace("CALL", "bash tests/run.sh")), "x", "{script}");
        }
    }
    for launcher in ["npx", "yarn", "pnpm", "poetry run", "uv run", "bundle exec"] {
        for program in ["test", "false", "[ ]", "test x = y"] {
            let script = format!("set -e; export SLUG=x; {launcher} {program}; bash tests/run.sh");
            assert_eq!(first(&script), "x", "{script}");
        }
    }
}

/// `sudo -E` keeps the environment, except what it sets itself.
#[test]
fn sudo_keeps_the_environment_if_asked() {
    for (script, expected) in [
        ("sudo -E bash tests/run.sh", "x"),
        ("sudo -nE -u user ./tests/run.sh", "x"),
        ("sudo --preserve-env -- tests/run.sh", "x"),
        ("sudo -E SLUG=y bash tests/run.sh", "y"),
        ("sudo -E env -u SLUG tests/run.sh", ""),
        ("sudo -E SET=i bash -c \"SLUG=$SET bash tests/run.sh\"", "s"),
        ("sudo -EH timeout 5 tests/run.sh", "x"),
        ("sudo -Ei tests/run.sh", "(anything)"),
        ("sudo --preserve-env=SET tests/run.sh", "(anything)"),
        ("sudo SLUG=y tests/run.sh", "(anything)"),
    ] {
        let found = slug(&[], &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}");
    }
}

/// The trap that is set when the shell ends runs, and no other one.
#[test]
fn last_trap_of_exit_runs() {
    let trap = "trap 'SLUG=x bash tests/run.sh' EXIT";
    for (script, is_called) in [
        (format!("{trap}; true"), true),
        (format!("{trap}; trap - EXIT"), false),
        (format!("{trap}; trap '' 0"), false),
        (format!("{trap}; trap EXIT"), false),
        (format!("{trap}; trap -p EXIT"), true),
        (format!("{trap}; trap 'echo end' EXIT INT"), false),
        (format!("{trap}; trap - INT"), true),
        (format!("{trap}; exit 1; trap - EXIT"), true),
        (format!("{trap}; program || exit 1; trap - EXIT"), true),
        (format!("{trap}; if program; then trap - EXIT; fi"), true),
        (format!("trap - EXIT; {trap}"), true),
        (format!("{trap}; (trap - EXIT)"), true),
        (format!("({trap})"), true),
        (format!("({trap}; trap - EXIT)"), false),
        (format!("f() {{ {trap}; }}; f"), true),
        (format!("f() {{ trap - EXIT; }}; {trap}; f"), false),
        (format!("f() {{ {trap}; }}; A=b f"), true),
    ] {
        assert_eq!(slug(&[], &script).contains('x'), is_called, "{script}");
    }
}

/// A trap that keeps the status of a failing script adds nothing to what later steps get after success.
#[test]
fn status_is_kept_by_usual_traps() {
    for (trap, is_kept) in [
        ("rm -rf tmp", true),
        ("status=$?; rm -rf tmp; exit $status", true),
        ("rm -rf tmp; exit", true),
        ("code=$?; if [ $code -ne 0 ]; then exit $code; fi", true),
        ("rm -rf tmp; exit 1", true),
        ("rm -rf tmp; exit 0", false),
        ("rm -rf tmp; exit $?", false),
        ("status=$?; [ $status = 2 ] && status=0; exit $status", false),
        // It ends only what ends after it.
        ("echo SLUG=a >> $GITHUB_ENV; program || exit 3; trap \"exit 0\" EXIT", true),
    ] {
        let write = |value: &str| format!("echo SLUG={value} >> $GITHUB_ENV");
        let script = match trap.contains("trap") {
            true => format!("{trap}; {}", write("b")),
            false => format!("trap '{trap}' EXIT; {}; program; {}", write("a"), write("b")),
        };
        let kept = format!(">b at {}", write("b"));
        assert_eq!(slug(&[], &script) == kept, is_kept, "{script}: {}", slug(&[], &script));
    }
}

/// The values that `read` assigns from a text of the script.
#[test]
fn lines_that_are_read_are_known() {
    let call = "bash tests/run.sh";
    for (script, expected) in [
        ("read -r SLUG <<< x; export SLUG; CALL", "x"),
        ("read SLUG <<< '  x  '; export SLUG; CALL", "x"),
        ("read -r A SLUG <<< 'a  x y '; export SLUG; CALL", "x y"),
        ("read -r SLUG A <<< 'x'; export SLUG; CALL", "x"),
        ("IFS=, read -r A SLUG B <<< 'a,x,b'; export SLUG; CALL", "x"),
        ("IFS= read -r SLUG <<< ' x'; export SLUG; CALL", " x"),
        ("IFS=: read -r A SLUG <<< 'a:x:'; export SLUG; CALL", "(anything)"),
        ("read SLUG <<< 'x\\y'; export SLUG; CALL", "(anything)"),
        ("read -r -d '' SLUG <<< x; export SLUG; CALL", "(anything)"),
        ("read -r SLUG < file; export SLUG; CALL", "(anything)"),
        ("read -r SLUG <<< \"$(cat file)\"; export SLUG; CALL", "(anything)"),
        ("echo x | read -r SLUG; export SLUG; CALL", ""),
        ("shopt -s lastpipe; echo x | read -r SLUG; export SLUG; CALL", "x"),
        ("shopt -s lastpipe; shopt -u lastpipe; echo x | read -r SLUG; export SLUG; CALL", ""),
        ("bash -O lastpipe -c 'echo x | read -r SLUG; export SLUG; CALL'", "x"),
        ("read -r SLUG <<E\nx\ny\nE\nexport SLUG; CALL", "x"),
        ("while read -r m; do SLUG=$m CALL; done <<E\nx\ny\nE", "x|y"),
        ("printf 'x\\ny\\n' | while read -r m; do SLUG=$m CALL; done", "x|y"),
        ("printf 'x\\ny' | while read -r m; do SLUG=$m CALL; done", "x"),
        ("while read -r m; do SLUG=$m; break; done <<E\nx\ny\nE\nexport SLUG; CALL", "x"),
        ("while read -r m; do [ $m = x ] && continue; SLUG=$m CALL; done <<E\nx\ny\nE", "y"),
        ("while read -r f; do SLUG=x bash \"$f\"; done <<< tests/run.sh", "x"),
        ("while read -r m; do SLUG=$m CALL; done </dev/null", "(anything)"),
        ("while read -r m && test \"$m\" != y; do SLUG=$m CALL; done <<E\nx\nE", "(anything)"),
    ] {
        let found = slug(&[], &format!("unset SLUG; {}", script.replace("CALL", call)));
        let expected: Vec<String> = expected.split('|').map(|value| format!("{value}@tests/run.sh=SLUG")).collect();
        assert_eq!(found.replace("\"$f\"", "tests/run.sh"), expected.join(" "), "{script}");
    }
}

/// A runner of tests may find the test that is a target in a directory.
#[test]
fn runner_may_find_a_test() {
    let files = [("tests/e2e_test.py", ""), ("tests/main.py", ""), ("tests/e2e.bats", ""), ("other/x_test.py", "")];
    for (target, script, expected) in [
        ("tests/e2e_test.py", "pytest tests/e2e_test.py::test_one -q", "x"),
        ("tests/e2e_test.py", "pytest tests/", "(anything)"),
        ("tests/e2e_test.py", "pytest", "(anything)"),
        ("tests/e2e_test.py", "pytest -k slow", "(anything)"),
        ("tests/e2e_test.py", "cd tests && python -m pytest", "(anything)"),
        ("tests/e2e_test.py", "cd other && python -m pytest", ""),
        ("tests/e2e_test.py", "pytest other", ""),
        ("tests/e2e_test.py", "pytest other/x_test.py", ""),
        ("tests/e2e_test.py", "bats tests", ""),
        ("tests/main.py", "pytest tests", ""),
        ("tests/e2e.bats", "bats tests", "(anything)"),
        ("tests/e2e.bats", "pytest tests", ""),
    ] {
        let found = slug_of(target, &files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{target}: {script}");
    }
}

/// A program that checks or formats a file does not run it, also if another program starts it.
#[test]
fn checker_runs_no_file() {
    let files = [("ci/black", "#!/bin/bash\nSLUG=y bash \"$1\""), ("tests/run.sh", "")];
    for (script, expected) in [
        ("ruff check tests/run.sh && ruff format --diff tests/run.sh", ""),
        ("black --check tests/run.sh; isort tests/run.sh; .venv/bin/mypy tests/run.sh", ""),
        ("npx eslint tests/run.sh; npx --yes prettier@3 --check tests/run.sh", ""),
        ("uv run --group dev ruff check tests/run.sh; uvx ruff@0.4 check tests/run.sh", ""),
        ("poetry run flake8 tests/run.sh; pipx run pylint tests/run.sh", ""),
        ("python -m py_compile tests/run.sh; python3 -Wd -m mypy tests/run.sh", ""),
        ("uv run python -m pyright tests/run.sh; timeout 60 npx tsc --noEmit tests/run.sh", ""),
        ("node --check tests/run.sh; php -l tests/run.sh; deno lint tests/run.sh", ""),
        ("git ls-files | xargs shellcheck tests/run.sh; yamllint tests/run.sh; shfmt -d tests/run.sh", ""),
        ("ruff check tests/run.sh && bash tests/run.sh", "x"),
        ("python -m mypy tests/run.sh; python tests/run.sh", "x"),
        ("node -r check tests/run.sh", "x"),
        ("uv run black-box tests/run.sh", "(anything)"),
        ("ci/black tests/run.sh", "(anything)"),
    ] {
        let found = slug(&files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
}

/// A program for another language finds its script by the name of a module, of a directory, or without its ending.
#[test]
fn program_finds_its_script_by_a_name() {
    let files = [
        ("tests/e2e.py", ""),
        ("main.py", ""),
        ("evals/__main__.py", ""),
        ("evals/__init__.py", ""),
        ("src/evals/run.py", ""),
        ("lib/other.py", ""),
        ("tests/run.js", ""),
        ("tests/index.js", ""),
        ("tests/app/index.ts", ""),
        ("ci/start.py", "run('tests/run.js')"),
        ("ci/write.py", "open(os.environ['GITHUB_ENV'])"),
        ("ci/__main__.py", "run('tests/e2e.py')"),
        ("ci/module.py", "run([python, '-m', 'tests.e2e'])"),
        ("start.py", "run('main.py')"),
    ];
    for (target, script, expected) in [
        ("tests/e2e.py", "python -m tests.e2e --all", "x"),
        ("tests/e2e.py", "python3.12 -u -X dev -m tests.e2e", "x"),
        ("tests/e2e.py", "python -Wd -um tests.e2e", "x"),
        ("tests/e2e.py", "python -mtests.e2e", "x"),
        ("tests/e2e.py", "cd tests && python -m e2e", "x"),
        ("tests/e2e.py", "cd lib && python -m e2e", ""),
        ("tests/e2e.py", "cd lib && python -m tests.e2e", "(anything)"),
        ("tests/e2e.py", "m=e2e; python -m \"tests.$m\"", "x"),
        ("tests/e2e.py", "SLUG=y timeout 600 python -m tests.e2e", "y"),
        ("tests/e2e.py", "nice poetry run python -m tests.e2e", "x"),
        ("tests/e2e.py", "own-tool python -m tests.e2e", "(anything)"),
        ("tests/e2e.py", "coverage run --branch -m tests.e2e", "x"),
        ("tests/e2e.py", "python -m coverage run -m tests.e2e", "x"),
        ("tests/e2e.py", "python -m tests.other; python -m e2e; python -c 'import x' -m tests.e2e2", ""),
        ("main.py", "python -m main", "x"),
        ("main.py", "uv run -m main", "x"),
        ("main.py", "uv run --extra dev --module main", "x"),
        ("main.py", "uv run --with-requirements r.txt python -m main", "x"),
        ("main.py", "uv run start.py", "(anything)"),
        ("evals/__main__.py", "python -m evals", "x"),
        ("evals/__main__.py", "python evals/ --all", "x"),
        ("evals/__main__.py", "uv run evals", "x"),
        ("python -m evals", "python -m evals", "x"),
        ("src/evals/run.py", "PYTHONPATH=src python -m evals.run", "x"),
        ("src/evals/run.py", "pip install -e .; python -m evals.run", "x"),
        ("lib/other.py", "export PYTHONPATH=src:$PWD/lib; python -m other", "x"),
        ("lib/other.py", "python -m other", ""),
        ("tests/run.js", "node tests/run", "x"),
        ("tests/index.js", "node --no-warnings tests", "x"),
        ("tests/app/index.ts", "npx tsx tests/app", "x"),
        ("tests/run.js", "python -m ci.start", "(anything)"),
        ("tests/e2e.py", "python -m ci", "(anything)"),
        ("tests/e2e.py", "python ci", "(anything)"),
        ("tests/e2e.py", "python ci/module.py", "(anything)"),
        ("tests/e2e.py", "python -m ci.write", ">opaque"),
    ] {
        let found = slug_of(target, &files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default().trim(), expected, "{target}: {script}: {found}");
    }
}

/// A file that is the input of a shell is its script.
#[test]
fn shell_runs_its_input() {
    let files = [("wrap.sh", "SLUG=y bash tests/run.sh")];
    for (script, expected) in [
        ("bash < tests/run.sh", "x"),
        ("bash -es <tests/run.sh", "x"),
        ("bash -s -- wrap.sh <tests/run.sh", "x"),
        ("cd tests && /bin/sh 0< run.sh", "x"),
        ("bash < wrap.sh", "y"),
        ("bash < /dev/null", ""),
        ("curl https://e.example/i.sh | bash -s -- tests/run.sh", "(anything)"),
        ("curl https://e.example/i.sh | bash -s -- wrap.sh", ""),
        ("echo 'SLUG=$1 bash tests/run.sh' | bash -s -- z wrap.sh", "z"),
    ] {
        let found = slug(&files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}");
    }
}

/// A program that starts the command in its arguments starts a script of the repository as well as a harness.
#[test]
fn launcher_starts_a_script_of_the_repository() {
    let files = [
        ("ci/wrap.sh", "#!/usr/bin/env bash\nSLUG=y bash tests/run.sh"),
        ("ci/notes.py", "run('tests/run.sh')"),
        ("ci/here.sh", "#!/bin/bash\nSLUG=y bash ../tests/run.sh"),
    ];
    for (script, expected) in [
        ("exec ci/wrap.sh", "y"),
        ("exec \"$PWD/ci/wrap.sh\" \"$@\"", "y"),
        ("timeout -k 9 10m ./ci/wrap.sh", "y"),
        ("nice -n 5 ci/wrap.sh", "y"),
        ("cd ci && nohup ./here.sh", "y"),
        ("strace -s 999 -f ci/wrap.sh", "y"),
        ("exec timeout 5 xvfb-run -a ci/wrap.sh", "y"),
        ("retry 3 -- ci/wrap.sh", "y"),
        ("go() { exec ./ci/wrap.sh; }; go", "y"),
        ("sudo ci/wrap.sh", "y"),
        ("doppler run --config ci/wrap.sh -- program", "y"),
        ("script -qec './ci/wrap.sh --all' log", "(anything)"),
        ("su - user --command='./ci/wrap.sh'", "(anything)"),
        ("nohup ci/notes.py", "(anything)"),
        ("timeout 5 cat ci/wrap.sh", ""),
        ("exec cp ci/wrap.sh other.sh", ""),
        ("exec ci/absent.sh", ""),
    ] {
        let found = slug(&files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
    // A program starts `sh` for a file without a first line that names a shell.
    let plain = [("ci/plain.sh", "[[ x ]] && export SLUG=y\nbash tests/run.sh")];
    assert!(slug(&plain, "exec ci/plain.sh").starts_with("y@"), "{}", slug(&plain, "exec ci/plain.sh"));
    assert!(slug(&plain, "nice ci/plain.sh").starts_with("(anything)@"));
    assert!(slug(&plain, "env A=b ci/plain.sh").starts_with("(anything)@"));
    assert!(slug(&[], "strace -E SLUG=x -f bash tests/run.sh").starts_with("(anything)"));
}

/// A path that leads out of the repository may be that of another file.
#[test]
fn same_name_elsewhere_is_no_certain_call() {
    for (script, expected) in [
        ("bash /opt/x/tests/run.sh", "(anything)"),
        ("/tests/run.sh", "(anything)"),
        ("bash ~/tests/run.sh", "(anything)"),
        ("bash ../tests/run.sh", "(anything)"),
        ("bash \"$HOME/tests/run.sh\"", "(anything)"),
        ("bash \"${RUNNER_TEMP}/a/tests/run.sh\"", "(anything)"),
        ("D=/srv; bash $D/tests/run.sh", "(anything)"),
        ("cd /srv; bash tests/run.sh", "(anything)"),
        ("cd && ./tests/run.sh", "(anything)"),
        ("cd ../x && ./tests/run.sh", "(anything)"),
        ("python3 /srv/tests/run.sh", "(anything)"),
        ("bash \"$GITHUB_WORKSPACE/tests/run.sh\"", "x"),
        ("ROOT=$(program); bash \"$ROOT/tests/run.sh\"", "x"),
        ("cd ..; cd - ; bash tests/run.sh", "x"),
        // `PATH` may have the directory.
        ("PATH=$PWD/tests:$PATH; run.sh", "(anything)"),
        ("run.sh --all", "(anything)"),
        ("run", ""),
        ("bash services/tests/run.sh", ""),
        ("bash /srv/other-tests/run.sh", ""),
    ] {
        let found = slug(&[], &format!("export SLUG=x; {script}"));
        assert_eq!(found.matches('@').count(), usize::from(!expected.is_empty()), "{script}: {found}");
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
    let of_command = |script| slug_of("python tests/run.py", &[("tests/run.py", "")], script);
    assert_eq!(of_command("SLUG=x python3 tests/run.py"), "x@python3=SLUG");
    assert_eq!(of_command("SLUG=x python3 /srv/tests/run.py"), "(anything)@python3");
}

/// `$(<FILE)`, `cat FILE` and `< FILE` are the content of a file.
#[test]
fn content_of_a_file_is_known() {
    let files = [
        ("name.txt", "x\n\n"),
        ("two.txt", "x\ny\n"),
        ("open.txt", "x"),
        ("ignored.txt", "x"),
        ("set.env", "export SLUG=x"),
        ("pair.env", "SLUG=x\n"),
        ("windows.env", "SLUG=x\r\n"),
        ("quoted.env", "SLUG=\"x\"\n"),
        ("windows.sh", "export SLUG=x\r\nbash tests/run.sh\r\n"),
        ("other.sh", "#!/bin/sh\nSLUG=$(<name.txt) bash tests/run.sh"),
    ];
    for (script, expected) in [
        ("SLUG=$(<name.txt) CALL", "x"),
        ("SLUG=\"$( < ./name.txt )\" CALL", "x"),
        ("SLUG=`< name.txt` CALL", "x"),
        ("[ \"$(<name.txt)\" = x ] && SLUG=y CALL", "y"),
        ("[ -z \"$(<name.txt)\" ] && exit 0; SLUG=y CALL", "y"),
        ("case $(<two.txt) in x*) SLUG=y CALL;; esac", "y"),
        ("eval \"$(<set.env)\"; CALL", "x"),
        ("export $(<pair.env); CALL", "x"),
        // A shell keeps a carriage return at the end of a line.
        (". windows.env; export SLUG; CALL", "(anything)"),
        ("bash windows.sh", "(anything)"),
        ("SLUG=$(<absent.txt) CALL", "(anything)"),
        ("SLUG=$(<\"$FILE\") CALL", "(anything)"),
        ("program > name.txt; SLUG=$(<name.txt) CALL", "(anything)"),
        ("bash -c 'program name.txt'; bash -c 'SLUG=$(<name.txt) CALL'", "(anything)"),
        ("SLUG=$(<name.txt 2>&1) CALL", ""),
        ("SLUG=$(cat name.txt) CALL", "x"),
        ("SLUG=$(cat name.txt | head -n1) CALL", "x"),
        ("SLUG=$(tail -1 two.txt) CALL", "y"),
        ("SLUG=$(grep '^SLUG=' pair.env | cut -d= -f2) CALL", "x"),
        ("read -r SLUG < name.txt; export SLUG; CALL", "x"),
        ("for SLUG in $(cat two.txt); do export SLUG; CALL; done", "x"),
        ("for m in $(cat $X/two.txt); do export SLUG=$m; CALL; done", "(anything)"),
        ("while read -r SLUG; do export SLUG; CALL; break; done < two.txt", "x"),
        ("while read -r SLUG || [ -n \"$SLUG\" ]; do export SLUG; CALL; done < open.txt", "x"),
        ("while read -r SLUG || [[ $SLUG ]]; do export SLUG; CALL; done < open.txt", "x"),
        ("while read -r SLUG || [ -n \"$X\" ]; do export SLUG; CALL; done < open.txt", "(anything)"),
        ("while read -r SLUG; do export SLUG; CALL; done < open.txt", ""),
        ("mapfile -t all < two.txt; SLUG=${all[1]} CALL", "y"),
        ("export $(cat pair.env | xargs); CALL", "x"),
        ("env $(grep -v '^#' pair.env) CALL", "x"),
        ("set -- $(cat two.txt); SLUG=$2 CALL", "y"),
        ("set -- $(program); SLUG=$2 CALL", "(anything)"),
        ("if grep -q y two.txt; then SLUG=y CALL; else SLUG=x CALL; fi", "y"),
        ("if [ -f name.txt ]; then SLUG=$(cat name.txt) CALL; fi", "x"),
        ("echo y > name.txt; SLUG=$(cat name.txt) CALL", "(anything)"),
        ("rm -f name.txt; SLUG=$(cat name.txt) CALL", "(anything)"),
        ("program name.txt; SLUG=$(cat name.txt) CALL", "(anything)"),
        ("f=name.txt; program \"$f\"; SLUG=$(cat name.txt) CALL", "(anything)"),
        ("f=name.txt; program \"$f\"; SLUG=$(cat \"$f\") CALL", "(anything)"),
        ("f=name.txt; SLUG=$(cat \"$f\") CALL", "x"),
        ("SLUG=$(cat ignored.txt) CALL", "(anything)"),
        ("f=name.txt; program $f; SLUG=$(cat $f) CALL", "(anything)"),
        ("# see name.txt\necho name.txt; SLUG=$(head -n 1 name.txt) CALL", "x"),
        ("grep x name.txt; if [ ! -f name.txt ]; then exit 1; fi; SLUG=$(<name.txt) CALL", "x"),
        ("cat > name.txt; SLUG=$(cat name.txt) CALL", "(anything)"),
        ("export $program; declare -f f > /dev/null && SLUG=x CALL", "x"),
        ("SLUG=$(2<name.txt) CALL", ""),
        ("if a; then b='x\\n'; else b=x; fi; SLUG=$(echo -e $b) CALL", "x"),
        ("SLUG=$(sed -n 's/^SLUG=//p' pair.env) CALL", "x"),
        ("SLUG=$(awk -F= '/^SLUG=/ {print $2}' pair.env) CALL", "x"),
        ("sed -i s/x/y/ name.txt; SLUG=$(<name.txt) CALL", "(anything)"),
        ("c='a; sed -i s/x/y/ name.txt'; program \"$c\"; SLUG=$(<name.txt) CALL", "(anything)"),
        ("c='a; awk -i inplace 1 name.txt'; program \"$c\"; SLUG=$(<name.txt) CALL", "(anything)"),
        ("c='a; sed s/x/y/ name.txt -i'; program \"$c\"; SLUG=$(<name.txt) CALL", "(anything)"),
        ("c='a; sed -n s/x/y/wname.txt two.txt'; program \"$c\"; SLUG=$(<name.txt) CALL", "(anything)"),
        ("SLUG=$(printf -%s x) CALL", "(anything)"),
        ("SLUG=$(bash -c 'echo $0' x) CALL", "x"),
        ("declare -u n=; SLUG=${n:=x} CALL", "X|x"),
        ("SLUG=x; declare -ux SLUG; : ${SLUG:=y}; CALL", "x"),
        ("ls | xargs -n2 bash -c '[ $# = 1 ] && SLUG=x CALL' _", "x"),
        ("awk -i inplace 1 name.txt; SLUG=$(<name.txt) CALL", "(anything)"),
        ("sed -n 's/x/y/w name.txt' two.txt; SLUG=$(<name.txt) CALL", "(anything)"),
        ("ls | xargs rm name.txt; SLUG=$(<name.txt) CALL", "(anything)"),
        ("cat() { echo y; }; for m in $(cat two.txt); do export SLUG=$m; CALL; done", "y"),
        // With several files, `grep` prints their names.
        ("SLUG=$(grep x name.txt open.txt) CALL", "(anything)"),
        ("export $(cat quoted.env | xargs); CALL", "(anything)"),
        ("v=x::y IFS=:; set -- $v; SLUG=$3 CALL", "(anything)"),
        ("export 1x || SLUG=x CALL", "x"),
        ("trap 'SLUG=x CALL' EXIT; v=$(<absent.txt); trap - EXIT; exit 0", "x"),
    ] {
        let found = slug(&files, &script.replace("CALL", "bash tests/run.sh"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
    let elsewhere = slug_in("r", TARGET, &files, "SLUG=$(cat name.txt) bash r/tests/run.sh");
    assert_eq!(elsewhere, "(anything)@r/tests/run.sh=SLUG");
    // Another shell than bash may read nothing.
    let found = slug(&files, "./other.sh");
    assert!(found.starts_with("|x@") || found.starts_with("x|@"), "{found}");
}

/// What a command may have changed is not read as committed.
#[test]
fn changed_file_is_not_known() {
    let files = [
        ("d/v.env", "SLUG=x\n"),
        ("d/w.sh", "SLUG=x bash tests/run.sh\n"),
        ("d/e.mk", "e2e:\n\tSLUG=x bash tests/run.sh\n"),
        ("d/package.json", "{\"scripts\": {\"e2e\": \"cd .. && SLUG=x bash tests/run.sh\"}}"),
        ("d/justfile", "e2e:\n  cd ..; SLUG=x bash tests/run.sh\n"),
        ("full/v.env", "SLUG=y\n"),
        ("tests/run.sh", ""),
        (".gitmodules", "[submodule \"d\"]\n\tpath = d\n"),
    ];
    let value = |script: &str| slug(&files, script).split('@').next().unwrap_or_default().to_owned();
    let call = "set -a; . d/v.env; bash tests/run.sh";
    for writer in [
        "echo SLUG=y > d/v.env",
        "program >> d/v.env",
        "program 2> d/v.env",
        "cd d; { echo SLUG=y; } > v.env; cd ..",
        "sed -i s/x/y/ d/v.env",
        "sed -Ei.bak s/x/y/ d/*.env",
        "perl -pi -e s/x/y/ d/v.env",
        "echo SLUG=y | tee d/v.env",
        "cp full/v.env d/v.env",
        "cp full/v.env d/",
        "cp -t d full/v.env",
        "cp -r full/. d",
        "rm -r d; mv full d",
        "install -m 644 full/v.env d/v.env",
        "ln -sf ../full/v.env d/v.env",
        "rsync -a full/ d",
        "dd if=full/v.env of=d/v.env",
        "patch d/v.env full.patch",
        "patch -p1 < full.patch",
        "curl -fsSLo d/v.env https://x.example/env",
        "wget -qO d/v.env https://x.example/env",
        "aws s3 cp s3://x/env d/v.env",
        "tar -xzf x.tgz -C d",
        "unzip x.zip -d d",
        "tar xzf x.tgz d",
        "tar -xzf x.tgz d/v.env",
        "tar xzf x.tgz",
        "tar -C . -xzf x.tgz",
        "tar -xf /tmp/x.tgz --strip-components 1",
        "unzip x.zip",
        "unzip -o x.zip d/v.env",
        "gh pr checkout 3",
        "gh run download 1 -D d",
        "gh release download v1 --dir=d",
        "git submodule update --init --remote",
        // Attached values of options, and paths of which only the end is known.
        "tar -xzf x.tgz -Cd",
        "tar xCf d x.tgz",
        "tar -xf x.tgz --directory=d",
        "cp --target-directory=d full/v.env",
        "cp -td full/v.env",
        "curl -fod/v.env https://x.example/env",
        "wget -qOd/v.env https://x.example/env",
        "wget -Pd https://x.example/v.env",
        "unzip -dd x.zip",
        "cd d; curl -fO 'https://x.example/v.env?a=b'; cd ..",
        "cd d; curl -fO \"$HOST/v.env\"; cd ..",
        "cd d; wget -q https://x.example/v.env; cd ..",
        "curl -O --output-dir d https://x.example/v.env",
        "cp \"$X/v.env\" d",
        "cp -r \"$X/d\" .",
        "cp \"$X\"/*.env d",
        "cp /tmp/x/*.env d",
        "cp \"$X\" d",
        "gpg -d -o d/v.env v.env.gpg",
        "sops --output=d/v.env -d v.env.enc",
        "git checkout release -- d/v.env",
        "git restore --source release d",
        "git checkout release",
        "git apply x.patch",
        "git pull",
        "git mv d/other.env d/v.env",
        "git rm -- d/v.env",
        "(cd d && git -C .. stash pop)",
        "sudo sed -i s/x/y/ d/v.env",
        "timeout 5 env A=b sed -i s/x/y/ d/v.env",
        "bash -c 'sed -i s/x/y/ d/v.env'",
        "(sed -i s/x/y/ d/v.env)",
        "if a; then sed -i s/x/y/ d/v.env; fi",
        "f() { sed -i s/x/y/ \"$1\"; }; f d/v.env",
        "find . -name '*.env' -exec sed -i s/x/y/ {} +",
        "find d -type f -exec sed -i s/x/y/ {} \\;",
        "find full d \\( -name '*.sh' -o -name v.env \\) -exec sudo sed -i s/x/y/ {} \\;",
        "find -name v.env -exec sh -c 'sed -i s/x/y/ \"$1\"' _ {} \\;",
        "find d -name '*.sh' -exec true {} \\; -o -type f -exec perl -pi -e s/x/y/ {} +",
        "find . -name v.env -exec cp full/v.env {} \\;",
        "find full -name v.env -exec cp {} d \\;",
        "find . -name v.env -delete",
        "(cd d; find . -name v.env -exec rm {} +)",
        "git ls-files | xargs sed -i s/x/y/",
        "grep -rl x . | xargs -I F sed -i s/x/y/ F",
        "find . -type d -name d -exec cp full/v.env {} \\;",
        "ls d | xargs -I{} sed -i s/x/y/ d/{}",
        "ls full | xargs -0I{} cp full/{} \"$PWD/d/{}\"",
        "find . -type d -exec sed -i s/x/y/ {}/v.env \\;",
        "find . -name v.env -exec sh -c 'sed -i s/x/y/ \"$0\"' {} \\;",
        "find . -name v.env -exec sh -c 'echo SLUG=y > \"$1\"' _ {} \\;",
        "git ls-files | xargs perl -pi -e s/x/y/",
        "git ls-files -z | xargs -0n 1 sed -i s/x/y/",
        "find . -type f ! -name '*.sh' -delete",
        "find . -iname v.env -exec rm {} +; find d -type f -delete",
        "find \"$DIR\" -name '*.env' -exec sed -i s/x/y/ {} +",
        "find -O3 d -type f -exec sed -i s/x/y/ {} +",
        "find . -path ./full -prune -o -name '*.env' -exec sed -i s/x/y/ {} +",
        "(cd d; ls | xargs -n1 env A=b sed -i s/x/y/)",
    ] {
        assert_eq!(value(&format!("{writer}; {call}")), "(anything)", "{writer}");
    }
    for reader in [
        "cat d/v.env > copy.env; sed s/x/y/ d/v.env > full/v.env",
        "chmod +x d/w.sh; bash -n d/w.sh; shellcheck d/w.sh",
        "cp d/v.env full/; cp d/v.env /tmp/v.env; cp full/v.env d/other/",
        "grep -o SLUG d/v.env; test -f d/v.env; jq . d/v.env; wc -l d/v.env",
        "git add d; git diff d; git checkout -b new; git fetch; git apply --check x.patch",
        "git checkout -- d/v.env; git restore d; git reset --hard HEAD; git merge --abort; git log merge",
        "(cd /tmp/x && git pull); git -C /tmp/x checkout v1",
        "gh pr view 3; gh run download 1 -D dist; git submodule update --init",
        "tar -czf x.tgz d; tar xzf x.tgz; curl -o x.tgz https://x.example/d",
        "cp \"$X/f\" .; cp \"$X/other.env\" d; cp -r \"$X/full\" .; cp -t d \"$X/e\" /tmp/f",
        "curl -O https://x.example/d/v.env; cd d; curl -fO https://x.example/other.env",
        "cd d; wget -O- https://x.example/v.env",
        "tar -czf x.tgz -Cd .",
        "curl -fsSLo t.tgz https://x.example/t.tgz; tar xzf t.tgz; tar --create --file=t.tar d; tar xf t.tar",
        "curl -fsSL https://x.example/t.tgz | tar xz; curl -Lo /tmp/t.zip https://x.example/t; unzip /tmp/t.zip",
        "tar tzf x.tgz; unzip -l x.zip; unzip x.zip other.env; tar xzf x.tgz other; unzip -q x.zip -d other",
        "docker build -f d/w.sh -t img d",
        "false && sed -i s/x/y/ d/v.env || true",
        "find . -name '*.sh' -exec sed -i s/x/y/ {} +; find full -type f -exec sed -i s/x/y/ {} +",
        "find . -name '*.sh' ! -path './d/*' -exec sed -i s/x/y/ {} +; find full -name v.env -exec rm {} +",
        "find d -name '*.env' -exec grep x {} +; git ls-files | xargs grep x; git ls-files | xargs sed s/x/y/",
        "find . -name '*.log' -delete; find . -mtime +3 -delete; find . -mtime +3 -exec rm {} +; ls | xargs rm -f",
        "(cd full; git ls-files | xargs sed -i s/x/y/); find /tmp/d -exec sed -i s/x/y/ {} +",
        "echo a > d/v.env.bak; mkdir -p d; rm -rf dist; head d/v.env 2>/dev/null || true",
    ] {
        assert_eq!(value(&format!("({reader}); {call}")), "x", "{reader}");
    }
    for call in [
        "bash d/w.sh",
        "./d/w.sh",
        "make -f d/e.mk e2e",
        "cd d; npm run e2e",
        "cd d; just e2e",
        "SLUG=$(<v.env) bash tests/run.sh",
        "docker run --env-file d/v.env -v .:/w -w /w img bash tests/run.sh",
        "BASH_ENV=d/v.env bash tests/run.sh",
    ] {
        let call = call.replace("<v.env", "<d/v.env");
        assert_ne!(value(&call), "(anything)", "{call}");
        assert_eq!(value(&format!("cp -r full/. d; {call}")), "(anything)", "{call}");
    }
}

/// Options that `shopt` sets decide what a pattern matches.
#[test]
fn option_of_bash_decides_what_a_pattern_matches() {
    for (script, expected) in [
        ("[[ A == a ]] && export SLUG=x", ""),
        ("shopt -s nocasematch; [[ A == a ]] && export SLUG=x", "|x"),
        ("shopt -s nocasematch; case A in a) export SLUG=x;; esac", "|x"),
        ("shopt -s nocasematch; shopt -u nocasematch; [[ A == a ]] && export SLUG=x", ""),
        ("if a; then shopt -s nocasematch; fi; [[ A == a ]] && export SLUG=x", "|x"),
        ("bash -O nocasematch -c '[[ A == a ]]' && export SLUG=x", "|x"),
        ("shopt -s nocasematch; [[ 1 == 2 ]] && export SLUG=x", ""),
        ("shopt -s \"$OPTION\"; [[ A == a ]] && export SLUG=x", "|x"),
        ("for f in none/*.env; do export SLUG=x; done", "x"),
        ("shopt -s nullglob; for f in none/*.env; do export SLUG=x; done", "|x"),
        ("shopt -s nullglob; for f in d/*.env; do export SLUG=x; done", "x"),
        ("shopt -s nullglob; [ a = b ] && export SLUG=x", ""),
        ("shopt -s nullglob; [ a = a ] && export SLUG=x", "x"),
        ("shopt -s nullglob; [ -n none/*.env ] && export SLUG=x", "|x"),
        ("shopt -s nullglob; [ none/*.env ] && export SLUG=x", "|x"),
        ("shopt -s nullglob; f=(none/*.env); [ ${#f[@]} -gt 0 ] && export SLUG=x", "|x"),
        ("shopt -s nullglob; f=(none/*.env); [ -e \"${f[0]}\" ] && export SLUG=x", "|x"),
    ] {
        let found = slug(&[("d/v.env", "")], &format!("set +e; {script}; bash tests/run.sh"));
        let mut values: Vec<&str> = found.split('@').next().unwrap_or_default().split('|').collect();
        values.sort_unstable();
        assert_eq!(values.join("|"), expected, "{script}: {found}");
    }
}

/// A shell splits values that are not in quotes at the characters in `IFS`.
#[test]
fn separators_split_values() {
    for (script, expected) in [
        ("IFS=,; for m in $L; do SLUG=$m CALL; done", "x|y z"),
        ("IFS=$'\\n'; for m in $L; do SLUG=$m CALL; done", "x,y z"),
        ("IFS=', '; for m in $L; do SLUG=$m CALL; done", "x|y|z"),
        ("IFS=:; for m in $L; do SLUG=$m CALL; done", "x,y z"),
        ("IFS=; for m in $L; do SLUG=$m CALL; done", "(anything)"),
        ("IFS=,; unset IFS; for m in $L; do SLUG=$m CALL; done", "(anything)"),
        ("IFS=,; set -- $L; SLUG=$2 CALL", "y z"),
        ("IFS=,; for m in \"$L\"; do SLUG=$m CALL; done", "x,y z"),
        ("IFS=,; for m in $L,; do SLUG=$m CALL; done", "x|y z,"),
        ("IFS=,; L=x,; for m in $L; do SLUG=$m CALL; done", "(anything)"),
        ("IFS=,; set -- a b; SLUG=\"$*\" CALL", "(anything)"),
        ("IFS=$UNKNOWN; for m in $L; do SLUG=$m CALL; done", "(anything)"),
        ("IFS=, program; for m in $L; do SLUG=$m CALL; done", "x,y|z"),
        ("IFS=,; for m in $(echo $L); do SLUG=$m CALL; done", "x y z"),
    ] {
        let found = slug(&[], &format!("L='x,y z'; {}", script.replace("CALL", "bash tests/run.sh")));
        let expected: Vec<String> = expected.split('|').map(|value| format!("{value}@tests/run.sh=SLUG")).collect();
        assert_eq!(found, expected.join(" "), "{script}");
    }
}

/// An assignment before the call of a function hides an exported variable, which `export -n` uncovers.
#[test]
fn hidden_variable_after_export_n_is_seen() {
    for (script, expected) in [
        ("export SLUG=x; f() { export -n SLUG; bash tests/run.sh; }; SLUG=y f", "(anything)"),
        ("export SLUG=x; f() { bash tests/run.sh; }; SLUG=y f", "y"),
        ("export SLUG=x; export -n SLUG; bash tests/run.sh", ""),
    ] {
        let found = slug(&[], script);
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
}

/// What follows a command that may have left a list is printed or not.
#[test]
fn output_after_a_command_that_may_leave_is_open() {
    let both = "|k";
    for (value, expected) in [
        ("for ((i = 0; i < 1; i++)); do test -e f || continue; echo k; done", both),
        ("i=0; while [ $i -lt 1 ]; do i=1; test -e f || break; echo k; done", both),
        ("for i in a; do test -e f || continue; echo k; done", both),
        ("test -e f || exit; echo k", both),
        ("test -e f || exit && echo k", both),
        ("f() { test -e f || return; echo k; }; f", both),
        ("f() { if test -e f; then echo k; return; fi; echo m; }; f", "|k|km|m"),
        ("for i in a b; do if test -e f; then break; fi; done; echo k", "k"),
        ("f() { test -e f && return; }; f; echo k", "k"),
        ("(exit 1); echo k", "k"),
        ("(test -e f || exit 1); echo k", "k"),
    ] {
        let found = slug(&[], &format!("v=$({value}); SLUG=$v bash tests/run.sh"));
        let found = found.split('@').next().unwrap_or_default().replace('\n', "");
        let mut values: Vec<&str> = found.split('|').collect();
        values.sort_unstable();
        assert_eq!(values.join("|"), expected, "{value}");
    }
}

/// `printenv` prints an exported variable, and fails if there is none.
#[test]
fn exported_variable_is_printed() {
    for (script, expected) in [
        ("SLUG=$(printenv SET) bash tests/run.sh", "s"),
        ("V=x; SLUG=$(printenv V) bash tests/run.sh", ""),
        ("export V=x; SLUG=$(printenv \"$N\") bash tests/run.sh", "x"),
        ("if [ -z \"$(printenv EMPTY)\" ]; then exit 0; fi; SLUG=x bash tests/run.sh", "-"),
        ("if [ -z \"$(printenv SET)\" ]; then exit 0; fi; SLUG=x bash tests/run.sh", "x"),
        ("printenv SET > /dev/null || exit 0; SLUG=x bash tests/run.sh", "x"),
        ("printenv SET && exit 0; SLUG=x bash tests/run.sh", "-"),
        ("printenv EMPTY && exit 0; SLUG=x bash tests/run.sh", "x"),
        ("SLUG=$(printenv OTHER) bash tests/run.sh", "(anything)"),
        ("SLUG=$(printenv SET EMPTY) bash tests/run.sh", "(anything)"),
        ("SLUG=$(printenv) bash tests/run.sh", "(anything)"),
        ("printenv -0 V; SLUG=$(printenv --null) bash tests/run.sh", "(anything)"),
    ] {
        let found = slug(&[], &format!("N=V; {script}"));
        assert_eq!(found.split_once('@').map_or("-", |(value, _)| value), expected, "{script}: {found}");
    }
}

/// Bash reads the file that `BASH_ENV` names before each script, also that of a harness.
#[test]
fn bash_reads_its_startup_file() {
    let files = [
        ("ci/env.sh", "export SLUG=y"),
        ("ci/plain.sh", "SLUG=y"),
        ("ci/other.sh", ": ${OTHER:=o}; SLUG=$OTHER"),
        ("wrap.sh", "#!/bin/bash\nbash tests/run.sh"),
        ("sh.sh", "#!/bin/sh\nSLUG=z; exec sh tests/run.sh"),
        ("tests/run.sh", "#!/usr/bin/env bash\n"),
    ];
    for (script, expected) in [
        ("BASH_ENV=ci/env.sh bash tests/run.sh", "y"),
        ("BASH_ENV=ci/plain.sh ./tests/run.sh", "y"),
        ("env BASH_ENV=ci/env.sh tests/run.sh", "y"),
        ("export BASH_ENV=$PWD/ci/env.sh; bash wrap.sh", "y"),
        ("OTHER=z; export BASH_ENV=ci/other.sh; bash tests/run.sh", "o"),
        ("export BASH_ENV='$GITHUB_WORKSPACE/ci/env.sh'; bash wrap.sh", "y"),
        ("export BASH_ENV=ci/env.sh; bash -c 'bash tests/run.sh'", "y"),
        ("BASH_ENV=absent.sh bash tests/run.sh", "(anything)"),
        ("BASH_ENV=$UNKNOWN bash tests/run.sh", "(anything)"),
        ("BASH_ENV= bash tests/run.sh", "x"),
        ("BASH_ENV=ci/env.sh; bash tests/run.sh", "x"),
        ("BASH_ENV=ci/env.sh sh tests/run.sh", "x"),
        ("BASH_ENV=ci/env.sh ./sh.sh", "z"),
        ("BASH_ENV=ci/env.sh python3 tests/run.sh", "x"),
        ("BASH_ENV=ci/env.sh . tests/run.sh", "x"),
        ("BASH_ENV=ci/env.sh bash wrap.sh; bash tests/run.sh", "x y"),
    ] {
        let found = slug(&files, &format!("export SLUG=x; {script}"));
        let values: Vec<&str> = found.split(' ').map(|call| call.split('@').next().unwrap_or_default()).collect();
        assert_eq!(values.join(" "), expected, "{script}: {found}");
    }
}

/// An option with which a shell starts counts like one that `set` sets.
#[test]
fn options_of_a_shell_export_and_end() {
    let files = [("wrap.sh", "#!/bin/bash -a\nSLUG=y\nbash tests/run.sh"), ("none.sh", "SLUG=y\nbash tests/run.sh")];
    for (script, expected) in [
        ("./wrap.sh", "y"),
        ("bash none.sh", ""),
        ("bash -a none.sh", "y"),
        ("bash -ec 'SLUG=y; bash tests/run.sh'", ""),
        ("bash -o allexport -c 'SLUG=y; bash tests/run.sh'", "y"),
        ("bash -a +a none.sh", ""),
    ] {
        let found = slug(&files, script);
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
    assert!(slug(&[], "bash -uc 'echo $EMPTY; echo SLUG=x >> $GITHUB_ENV'").contains("x?"));
}

/// What an included file defines counts as what the Makefile defines.
#[test]
fn included_makefile_is_read() {
    let files = |makefile| {
        [
            ("Makefile", makefile),
            ("v.mk", "SLUG = y\nM = m"),
            ("ci/a.mk", "SLUG := a\ninclude v.mk"),
            ("ci/e.mk", "sub:\n\tSLUG=$(M) bash tests/run.sh"),
            (".env", "SLUG=e"),
            ("big.mk", "$(eval $(call x))"),
        ]
    };
    for (makefile, expected) in [
        ("include v.mk\nexport\ne2e:\n\tbash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("include v.mk\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "m@tests/run.sh=SLUG"),
        ("-include .env\nexport SLUG\ne2e:\n\tbash tests/run.sh", "e@tests/run.sh=SLUG"),
        ("sinclude .env absent.env\nexport\ne2e:\n\tbash tests/run.sh", "e@tests/run.sh=SLUG"),
        ("export\ninclude ci/a.mk\ne2e:\n\tbash tests/run.sh", "y@tests/run.sh=SLUG"),
        ("include v.mk ci/e*.mk\ne2e: sub\n\tSLUG=$(M)2 bash tests/run.sh", "m2@tests/run.sh=SLUG m@tests/run.sh=SLUG"),
        ("-include absent.mk\nexport\ne2e:\n\tbash tests/run.sh", "@tests/run.sh"),
        ("$(info x)\ne2e:\n\tSLUG=k bash tests/run.sh", "k@tests/run.sh=SLUG"),
        ("include v.mk\nM = k\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "k@tests/run.sh=SLUG"),
        // What is not known may define everything.
        ("include absent.mk\ne2e:\n\tbash tests/run.sh", "(anything)@tests/run.sh"),
        ("include $(shell x)\nM = k\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "k@tests/run.sh=SLUG"),
        ("M = k\ninclude $(shell x)\ne2e:\n\tSLUG=$(M) bash tests/run.sh", "(anything)@tests/run.sh=SLUG"),
        ("ifdef X\ninclude v.mk\nendif\nexport\ne2e:\n\tbash tests/run.sh", "(anything)@tests/run.sh"),
        ("include big.mk\ne2e:\n\tbash tests/run.sh", "(anything)@tests/run.sh"),
        ("SHELL := bash\ninclude big.mk\ne2e:\n\t$(MAKE) sub\nsub:\n\t./tests/run.sh", "(anything)@./tests/run.sh"),
        ("ifdef X\nexport\nendif\nSLUG = y\ne2e:\n\tbash tests/run.sh", "y|@tests/run.sh=SLUG"),
        (
            "ifdef X\nSLUG = i\nendif\nSLUG = k\nexport\ne2e:\n\t$(MAKE) inner SLUG=sub\n\
             inner:\n\tbash tests/run.sh",
            "(anything)@tests/run.sh=SLUG",
        ),
    ] {
        let found = slug(&files(makefile), "make e2e");
        let mut calls: Vec<&str> = found.split(' ').collect();
        calls.sort_unstable_by_key(|call| std::cmp::Reverse(call.len()));
        assert_eq!(calls.join(" "), expected, "{makefile}");
    }
    assert_eq!(slug(&files("include v.mk ci/e.mk"), "make sub"), "m@tests/run.sh=SLUG");
    let set = files("SLUG = k\nexport\ne2e:\n\tbash tests/run.sh");
    assert!(slug(&set, "MAKEFLAGS=SLUG=y make e2e").starts_with("(anything)"));
    assert!(slug(&set, "MAKEFLAGS=-j4 make e2e").starts_with("k@"));
    let found = files("TESTS = $(wildcard tests/*.sh)\ne2e:\n\tfor t in $(TESTS); do bash $$t; done");
    assert_eq!(slug(&found, "make e2e"), "(anything)@tests");
}

/// An assignment before a special builtin persists in other shells than bash.
#[test]
fn special_builtin_keeps_an_assignment() {
    for (script, expected) in [
        ("sh -c 'SLUG=y :; bash tests/run.sh'", "x|y|"),
        ("bash -c 'SLUG=y :; bash tests/run.sh'", "x"),
        ("sh -c 'SLUG=y true; bash tests/run.sh'", "x"),
        ("dash -c 'SLUG=y trap - EXIT; bash tests/run.sh'", "x|y|"),
    ] {
        let found = slug(&[], &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
}

/// A program that is not known may start a command in another environment, or set variables from a file.
#[test]
fn unknown_launcher_may_change_the_environment() {
    let files = [("ci/wrap.sh", "bash tests/run.sh"), (".env", "SLUG=y")];
    for (script, expected) in [
        ("chamber exec app -- bash tests/run.sh", "(anything)"),
        ("own-tool --flag bash ci/wrap.sh", "(anything)"),
        ("npx dotenv-cli -e .env -- bash tests/run.sh", "(anything)"),
        ("node -r dotenv/config tests/run.sh", "(anything)"),
        ("pipenv run bash tests/run.sh", "(anything)"),
        ("UV_ENV_FILE=.env uv run bash tests/run.sh", "(anything)"),
        ("npm exec -- cross-env SLUG=z bash tests/run.sh", "z"),
        ("exec -c bash tests/run.sh", "(anything)"),
        ("poetry run bash tests/run.sh", "x"),
        ("UV_ENV_FILE= uv run bash tests/run.sh", "x"),
        ("flock /tmp/lock bash tests/run.sh", "x"),
        ("exec -a name bash tests/run.sh", "x"),
        ("unset -n SLUG; bash tests/run.sh", "x"),
        ("unset -fv SLUG; bash tests/run.sh", "x"),
        ("unset -v SLUG; bash tests/run.sh", ""),
        ("bash ~+/tests/run.sh", "x"),
    ] {
        let found = slug(&files, &format!("export SLUG=x; {script}"));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
}

/// The length of a known value is known, and so is the value of the variable that a value names.
#[test]
fn length_and_named_variable_are_known() {
    for (script, expected) in [
        ("[ ${#EMPTY} -ne 0 ] || exit 0; CALL", ""),
        ("[[ ${#SET} -eq 1 ]] && SLUG=y; CALL", "y"),
        ("SLUG=${#SET} CALL", "1"),
        ("v=SET; SLUG=${!v} CALL", "s"),
        ("v=EMPTY; [ -n \"${!v}\" ] || exit 0; CALL", ""),
        ("for v in EMPTY; do test \"${!v}\" || exit 0; done; CALL", ""),
        ("SET=é; SLUG=${#SET} CALL", "(set)"),
        ("SLUG=${#UNKNOWN} CALL", "(set)"),
        ("v=EMPTY; SLUG=${!v:-d} CALL", "d"),
        ("v=SET; SLUG=${!v:+d} CALL", "d"),
        ("v=EMPTY; : \"${!v:?}\"; CALL", ""),
        ("need() { [ -n \"${!1:-}\" ] || exit 0; }; need SET; CALL", "x"),
        ("need() { [ -n \"${!1:-}\" ] || exit 0; }; need EMPTY; CALL", ""),
        ("need() { local n=$1; [ -z \"${!n-}\" ] && exit; return 0; }; need EMPTY; CALL", ""),
        ("v=a[0]; SLUG=${!v} CALL", "(anything)"),
        ("SLUG=${!UNKNOWN} CALL", "(anything)"),
    ] {
        let found = slug(&[], &format!("export SLUG=x; {}", script.replace("CALL", "bash tests/run.sh")));
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{script}: {found}");
    }
}

/// A harness that removes a variable, or that reads variables from a place that is not known, changes what it sees.
#[test]
fn harness_may_remove_or_read_its_variables() {
    for (harness, expected) in [
        ("exec env -u SLUG program", "x|"),
        ("env --unset=SLUG program", "x|"),
        ("env -i PATH=$PATH program", "x|"),
        ("source .env", "(anything)"),
        ("export $(cat .env | xargs)", "(anything)"),
        ("while read -r line; do export \"$line\"; done < .env", "(anything)"),
        ("eval \"$(program)\"", "(anything)"),
        ("if program; then . ./absent.sh; fi", "(anything)"),
        (". ./lib.sh", "x"),
        ("env -u OTHER program", "x"),
        ("exit 0; source .env", "x"),
        ("docker run image program", "x"),
    ] {
        let files = [("tests/run.sh", harness), ("lib.sh", "OTHER=y")];
        let found = slug(&files, "export SLUG=x; bash tests/run.sh");
        assert_eq!(found.split('@').next().unwrap_or_default(), expected, "{harness}: {found}");
    }
}

/// What a script that is not interpreted names may run, also in files that it names.
#[test]
fn files_named_by_an_uninterpreted_script_may_run() {
    let files = [
        ("ci/run.py", "subprocess.run(['ci/wrap.sh', x])"),
        ("ci/wrap.sh", "#!/bin/sh\n[[ x ]] && . ci/lib.sh"),
        ("ci/lib.sh", "SLUG=y bash tests/*.sh # ci/wrap.sh"),
        ("ci/other.py", "subprocess.run(['ci/other.sh'])"),
        ("ci/other.sh", "true"),
    ];
    for (script, is_undecided) in [
        ("python3 ci/run.py", false),
        ("./ci/wrap.sh", true),
        ("sh ci/wrap.sh", true),
        ("sh -c '[[ x ]] && ci/lib.sh'", true),
        ("ci/run.py", true),
        ("python3 ci/other.py", false),
        ("ci/other.py", false),
    ] {
        assert_eq!(slug(&files, script).starts_with("(anything)@"), is_undecided, "{script}: {}", slug(&files, script));
    }
}

/// An array of known words is a command line.
#[test]
fn elements_of_an_array_are_words() {
    for (script, expected) in [
        ("c=(bash tests/run.sh); SLUG=y \"${c[@]}\"", "y@\"${c[@]}\"=SLUG"),
        ("c=(env SLUG=y); c+=(bash tests/run.sh --all); \"${c[@]}\"", "y@\"${c[@]}\"=\"${c[@]}\""),
        ("c=(env \"SLUG=y z\" ./tests/run.sh); run() { \"$@\"; }; run \"${c[@]}\"", "y z@\"$@\"=\"$@\""),
        ("c=(bash tests/run.sh); ${c[*]} x", "@${c[*]}"),
        ("a=(SLUG=y --all); env \"${a[@]:0:1}\" bash tests/run.sh \"${a[@]:1}\"", "y@tests/run.sh=\"${a[@]:0:1}\""),
        ("set -- x bash tests/run.sh; SLUG=y \"${@:2}\"", "y@\"${@:2}\"=SLUG"),
        ("c=(tests/run.sh); for f in \"${c[@]}\"; do SLUG=y bash \"$f\"; done", "y@\"$f\"=SLUG"),
        ("a=(); SLUG=${a[*]}n bash ${a[@]+\"${a[@]}\"} tests/run.sh", "n@tests/run.sh=SLUG"),
    ] {
        assert_eq!(slug(&[], script), expected, "{script}");
    }
}

/// The value of `SLUG` in the only call of a script.
fn value_of(script: &str) -> String {
    let found = slug(&[], &format!("set +e; {script}; export SLUG; bash tests/run.sh"));
    found.split('@').next().unwrap_or_default().to_owned()
}

#[test]
fn arrays_are_known() {
    for (script, expected) in [
        ("a=(x 'y z'); SLUG=${a[1]}-${a[-2]}-${#a[@]}-${#a[1]}", "y z-x-2-3"),
        ("a=(x y); SLUG=$a; a=z; SLUG+=${a[0]}${a[1]}", "xzy"),
        ("a=(x y); a+=(z); a[5]=w; SLUG=\"${a[*]}/${!a[*]}/${a[*]:2}\"", "x y z w/0 1 2 5/z w"),
        ("a=(x y z); unset 'a[1]'; SLUG=\"${a[*]}/${#a[@]}/${!a[*]}\"", "x z/2/0 2"),
        ("a=([2]=x y [1]=z); i=1; SLUG=${a[i]}${a[$i + 1]}${a[3]}", "zxy"),
        ("a=(x y); unset a; SLUG=${a[1]:-none}${a[1]-n}", "nonen"),
        ("a=(x); SLUG=${a[0]+s}${a[1]+t}${a[1]:-u}${a[0]%x}", "su"),
        ("declare -A a=([k]=x ['l m']=y); a[n]=z; SLUG=${a[k]}${a['l m']}${a[n]}${#a[@]}", "xyz3"),
        ("declare -A a=([k]=x); k=k; SLUG=${a[$k]}${!a[*]}", "xk"),
        ("declare -A a=([k]=x [l]=y); for v in \"${a[@]}\"; do SLUG=$v; done", "x|y"),
        ("a=(x y); f() { local -a a=(l); a+=(m); SLUG=${a[*]}; }; f; SLUG+=${a[*]}", "l mx y"),
        ("f() { local n=(); n+=(\"$1\"); SLUG+=${#n[@]}; }; f x; f y", "11"),
        ("readonly -a a=(x y); for v in \"${a[@]}\"; do SLUG+=$v; done", "xy"),
        ("mapfile -t a <<< $'x\\ny'; SLUG=${a[1]}${#a[@]}", "y2"),
        ("read -ra a <<< 'x y  z'; IFS=, read -r -a b <<< 'p,q'; SLUG=${a[2]}${b[*]}", "zp q"),
        ("for ((i = 0; i < 3; i++)); do a[i]=v$i; SLUG+=$i; done; SLUG=${a[*]-}", "(anything)"),
        ("a=(); for ((i = 0; i < 3; i++)); do a[i]=v$i; done; SLUG=${a[*]}", "v0 v1 v2"),
        ("a=(x y); i=0; while [ $i -lt ${#a[@]} ]; do SLUG+=${a[$i]}; i=$((i + 1)); done", "xy"),
        ("if [ -n \"$X\" ]; then a=(x y); else a=(x z); fi; SLUG=${a[0]}${a[1]}", "xz|xy"),
        ("a=(); if [ -n \"$X\" ]; then a+=(x); fi; SLUG=${#a[@]}", "(set)"),
        ("a=(x); a+=($X); SLUG=${#a[@]}", "(set)"),
        ("a=(x); a[$X]=y; SLUG=${a[0]}", "(anything)"),
        ("a=(x y); if b; then unset 'a[0]'; fi; SLUG=${a[1]}", "(anything)"),
        ("a=(x); a+=(\"$X\" y); SLUG=${a[2]}", "y"),
        ("a=(x); while b; do a+=(y); done; SLUG=${a[0]}${#a[@]}", "(set)"),
        ("a[1]=x; SLUG=${a[0]}", "(anything)"),
        ("declare -A a; a[k]=x; declare -a b; b+=(y); SLUG=${a[k]}${b[0]}", "xy"),
        ("export SLUG=x; SLUG=(y z)", ""),
        // Other commands set variables too.
        ("a=(x y); coproc a { :; }; SLUG=${a[1]}${#a[@]}", "(set)"),
        ("a_PID=x; coproc a { :; }; SLUG=$a_PID", "(anything)"),
        ("a=(x y); b & wait -n -p a; SLUG=${a[0]}", "(anything)"),
        ("a=x; b & wait -pa; SLUG=$a", "(anything)"),
        ("a=x; exec {a}> f; SLUG=$a", "(anything)"),
        ("a=(x y); b {a}> f; SLUG=${a[0]}", "(anything)"),
        ("declare -A a=([k]=x); mapfile -t a <<< x; SLUG=${#a[@]}", "(set)"),
        ("declare -A a=([k]=x); read -ra a <<< x; SLUG=${#a[@]}", "(set)"),
        // The value may be the name of an array and `[@]`.
        ("a=(p q r); r='a[@]'; b=(\"${!r}\"); SLUG=${#b[@]}", "(set)"),
        ("f() { SLUG=$#; }; a=(p q r); r='a[@]'; f \"${!r}\"", "(anything)"),
        ("f() { local a=(\"${!1}\"); SLUG=${#a[@]}; }; a=(p q r); f 'a[@]'", "(set)"),
        // The shell changes some arrays itself.
        ("BASH_REMATCH=; [[ v1 =~ v([0-9]+) ]]; SLUG=${BASH_REMATCH[1]}", "(anything)"),
        ("BASH_REMATCH=(x y); unset BASH_REMATCH; [[ v1 =~ v(.) ]]; SLUG=${BASH_REMATCH[1]}", "(anything)"),
        ("PIPESTATUS=(x y); true | false; SLUG=${PIPESTATUS[1]}${#PIPESTATUS[@]}", "(set)"),
        ("f() { local FUNCNAME=(x y); SLUG=${FUNCNAME[*]}; }; f", "(anything)"),
        ("declare -a DIRSTACK; DIRSTACK[1]=x; SLUG=${DIRSTACK[1]}", "(anything)"),
        ("BASH_ARGV=(x); unset 'BASH_ARGV[0]'; SLUG=${#BASH_ARGV[@]}", "(set)"),
        ("GROUPS=x; SLUG=$GROUPS", "(anything)"),
        ("SLUG=x\nGROUPS=(x); SLUG=y\n:", "y|x"),
        ("_=x; true y; SLUG=$_", "(anything)"),
        // An element in quotes is assigned too.
        ("declare -A m; k=a; declare \"m[$k]=2\"; SLUG=${m[a]}", "(anything)"),
        ("a=(1 2); f() { declare -g \"a[$1]=3\"; }; f 1; SLUG=${a[1]}", "(anything)"),
        ("f() { a=(1 2); local \"a[0]=9\"; SLUG=$a; }; f", "(anything)"),
        ("a=(1 2); typeset \"a[1]=$X\"; SLUG=${a[1]}", "(anything)"),
        ("a=(1 2); read -r 'a[1]' <<< x; SLUG=${a[1]}", "(anything)"),
        ("a=(1 2); read -r x \"a[1]\" <<< 'x y'; SLUG=${a[1]}", "(anything)"),
        // A local variable starts without the value that it hides.
        ("f() { local a+=(3); SLUG=${a[*]}; }; a=(1 2); f", "3"),
        ("f() { local -a a+=(3); SLUG=${a[*]}; }; a=1; f", "3"),
        ("f() { declare a[1]=9; SLUG=${a[*]}; }; a=(1 2); f; SLUG+=${a[*]}", "91 2"),
        ("f() { local -i n+=5; SLUG=$n; }; n=2; f", "5"),
        ("f() { local x+=y; SLUG=$x; }; x=x; f", "y"),
        ("f() { local \"x+=y\"; SLUG=$x; }; x=x; f", "(set)"),
        ("f() { if b; then local x; fi; local x+=y; SLUG=$x; }; x=x; f", "(set)"),
        ("f() { local x=x; local x+=y; SLUG=$x; }; f", "xy"),
        // A text in parentheses is elements.
        ("declare -a a='(1 2)'; SLUG=${#a[@]}", "(set)"),
        ("x='(1 2)'; declare -a a=$x; SLUG=${#a[@]}", "(set)"),
        ("x='(1 2)'; a=(1); declare a=$x; SLUG=${#a[@]}", "(set)"),
        ("declare -a a='1 2'; SLUG=${#a[@]}", "1"),
    ] {
        assert_eq!(value_of(script), expected, "{script}");
    }
}

#[test]
fn numbers_are_calculated() {
    for (script, expected) in [
        ("n=0; n=$((n + 1)); ((n++)); let n+=2; : $((n *= 3)); SLUG=$n", "12"),
        ("declare -i n=2+3; n+=2; SLUG=$n", "7"),
        ("f() { local n; ((n++)); SLUG=$n; }; n=5; f; SLUG+=$n", "15"),
        ("n=x; x=y+1; y=2; SLUG=$((n * 2))", "6"),
        ("SLUG=$((0x10 + 010 + 2#101 - 2 ** 3 % 5))", "26"),
        ("n=0; if [ -n \"$X\" ]; then n=1; fi; SLUG=$((n + 1))", "1|2"),
        ("n=0; if [ -n \"$X\" ]; then n=1; fi; if ((n > 0)); then SLUG=$n; fi", "|1"),
        ("n=0; if [ -n \"$X\" ]; then n=1; fi; [ $n -gt 0 ] || n=2; SLUG=$n", "1|2"),
        ("n=5; (( (n > 3 && n < 9) ? (SLUG = n) : (SLUG = 1) ))", "5"),
        ("n=$X; SLUG=$((n > 2))", "0|1"),
        ("n=$X; SLUG=$((n + 1))", "(set)"),
        ("n=0; ((n == 0)) && SLUG=x; ((n)) || SLUG+=y; [[ n+1 -eq 1 ]] && SLUG+=z", "xyz"),
        ("n=0; while ((n < 40)); do ((n++)); done; SLUG=$n", "(anything)"),
        ("n=0; for v in x y z; do if [ $v != y ]; then n=$((n + 1)); fi; done; SLUG=$n", "2"),
        ("echo $((n = 3)) $((n++)) > /dev/null; SLUG=$n", "4"),
        ("SLUG=$((1 / 0))", "(set)"),
        ("n=0; f() { SLUG=$1$2; }; f \"$n\" $((n++)); SLUG+=$n", "001"),
        ("n=0; while { ((n++ < 2)) || break; }; do SLUG+=$n; done", "12"),
        ("SECONDS=0; while [ $SECONDS -lt 60 ]; do a; done; SLUG=x", "x"),
        ("OPTIND=1; getopts ab option; SLUG=$((OPTIND - 1))", "(set)"),
        // After an error, a variable keeps its value.
        ("d=1; if [ -n \"$X\" ]; then d=0; fi; n=7; ((n = 5 / d)); SLUG=$n", "5|7"),
        ("n=7; let n=5/0 m=1; SLUG=$n$m", "71|7"),
        ("x=08; ((n = x)); SLUG=$n", "(anything)"),
        ("d=1; if [ -n \"$X\" ]; then d=0; fi; ((n = 2, m = 1 / d, n = 3)); SLUG=$n$m", "31|3|21|2"),
        ("d=1; if [ -n \"$X\" ]; then d=0; fi; n=7; [[ n=5/d -eq 5 ]]; SLUG=$n", "5|7"),
        ("d=1; if [ -n \"$X\" ]; then d=0; fi; a=(7); ((a[0] = 5 / d)); SLUG=$a", "5|7"),
        ("for ((n = 7; n > 0; n = 5 / 0)); do :; done; SLUG=$n", "7"),
        ("d=1; if [ -n \"$X\" ]; then d=0; fi; n=7; for ((n = 5 / d; n > 6;)); do :; done; SLUG=$n", "5|7"),
        // After an error in an expansion, bash skips the rest of the line.
        ("d=1; if [ -n \"$X\" ]; then d=0; fi\nn=7\nn=$((5 / d)); m=m\nSLUG=$n$m", "5m|5|7m|7"),
        ("d=1; if [ -n \"$X\" ]; then d=0; fi\nf() { local SLUG=l; n=$((5 / d)); SLUG=m; n=8; }\nf\nSLUG+=$n", "8|"),
        ("n=7\nif n=$((5 / 0)); then :; fi; SLUG=x; exit\nSLUG+=$n", "7"),
        ("d=1; if [ -n \"$X\" ]; then d=0; fi\ndeclare -i n=7\ndeclare -i n=5/d; SLUG=x\nSLUG+=$n", "x5|x7|5|7"),
        ("SLUG=x\na[5 / 0]=7; SLUG=y\n:", "y|x"),
        ("SLUG=x\n((a[5 / 0] = 7)); SLUG=y\n:", "y|x"),
        ("a=(x); SLUG=x\nn=${a[@]:5 / 0}; SLUG=y \\\n; SLUG=z\n:", "z|x"),
        ("SLUG=x\nv=$(n=$((5 / 0)); echo y); SLUG=z$v\n:", "zy|z"),
        ("eval $'SLUG=x; n=$((5 / 0)); SLUG=y\\n:'; SLUG+=z", "yz|xz"),
        ("SLUG=x\nf() { : $((5 / 0)); }\nSLUG=t f; SLUG=y\n:", "y|x|t"),
        ("readonly r=1; SLUG=x\nr=2; SLUG=y\n:", "(anything)"),
    ] {
        assert_eq!(value_of(script), expected, "{script}");
    }
}
