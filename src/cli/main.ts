#!/usr/bin/env node
import { systemClock } from "../base/index.ts";
import { run } from "./run.ts";

const ending = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  // `once`: a second signal ends the process at once, whatever it is doing.
  process.once(name, () => ending.abort(new Error(`ended by ${name}`)));
}
// A reader that has seen enough (`podtrust … | head`) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  program: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: ending.signal,
  clock: systemClock,
});
