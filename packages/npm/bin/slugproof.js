#!/usr/bin/env node
// Runs the binary in the package of this platform, which npm installs as an optional dependency. The
// binary gets the arguments, the standard streams and the signals of this process, which then ends as
// the binary does.
"use strict";

const { spawn } = require("node:child_process");
const { statSync } = require("node:fs");
const { constants } = require("node:os");
const { optionalDependencies } = require("../package.json");

// The exit code of slugproof for input that cannot be read.
const CANNOT_RUN = 2;

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(CANNOT_RUN);
}

function findBinary() {
  const name = `slugproof-${process.platform}-${process.arch}`;
  const suffix = process.platform === "win32" ? ".exe" : "";
  try {
    return require.resolve(`${name}/bin/slugproof${suffix}`);
  } catch {
    if (name in optionalDependencies) {
      fail(
        `the package \`${name}\` with the binary of this platform is missing; install slugproof again, ` +
          "without `--omit=optional`, `--no-optional` and a lock file of another platform",
      );
    }
    const known = Object.keys(optionalDependencies).map((known) => known.replace("slugproof-", ""));
    fail(
      `slugproof has no npm package for \`${process.platform}-${process.arch}\`, only for ${known.join(", ")}; ` +
        "install it with `cargo install slugproof`, which compiles it",
    );
  }
}

function run(binary) {
  // On Windows the console sends Ctrl+C to the binary as well, and other signals do not exist.
  const forward = (signal) => process.platform === "win32" || child.kill(signal);
  const signals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"];
  const handled = signals.filter((signal) => signal in constants.signals);
  const cannotRun = (error) => fail(`cannot run \`${binary}\`: ${error.message}; install slugproof again`);
  // The system would run an empty file as a shell script, which succeeds.
  if (statSync(binary).size === 0) {
    cannotRun(new Error("the file is empty"));
  }
  // Before the start of the binary, so that no signal ends this process alone.
  handled.forEach((signal) => process.on(signal, forward));
  let child;
  try {
    child = spawn(binary, process.argv.slice(2), { stdio: "inherit" });
  } catch (error) {
    // Some errors are thrown, such as too many arguments; the others are events.
    cannotRun(error);
  }
  child.on("error", cannotRun);
  child.on("exit", (code, signal) => {
    handled.forEach((signal) => process.removeListener(signal, forward));
    if (signal === null) {
      process.exit(code);
    }
    // Ends by the same signal. A signal that cannot end this process becomes the exit code of a shell.
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + constants.signals[signal]), 1000);
  });
}

run(findBinary());
