#!/usr/bin/env node
// Runs instead of the binary of slugproof in the test of the program that starts the binary.
"use strict";

const [action, ...values] = process.argv.slice(2);

// Says that a signal may come, and waits for it.
function wait() {
  process.stdout.write("ready\n");
  setTimeout(() => {}, 10_000);
}

switch (action) {
  case "exit":
    process.exitCode = Number(values[0]);
    break;
  case "words":
    process.stdout.write(values.map((value) => `<${value}>`).join(""));
    break;
  case "streams":
    process.stdin.pipe(process.stdout);
    process.stderr.write("to standard error\n");
    break;
  case "catch":
    process.on(`SIG${values[0]}`, () => process.exit(42));
    wait();
    break;
  case "twice":
    // Ends at the second signal.
    process.once("SIGINT", () => {
      process.once("SIGINT", () => process.exit(43));
      process.stdout.write("again\n");
    });
    wait();
    break;
  case "wait":
    wait();
    break;
}
