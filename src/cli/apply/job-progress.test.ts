import assert from "node:assert/strict";
import { test } from "node:test";
import { podtrustHost } from "../../../test/support/cli.ts";
import { createContext } from "../../core/command-line/index.ts";
import { JobProgress } from "./job-progress.ts";

test("what a pod logs, and the reason it waits for, are shown and do not command the terminal", () => {
  let screen = "";
  const stream = { isTTY: true, columns: 80, write: (more: string) => (screen += more) };
  const host = { ...podtrustHost(), env: { NO_COLOR: "1", TERM: "dumb" }, stdout: stream, stderr: stream };
  const job = new JobProgress(createContext(host, { json: false, verbose: false }));
  const deadline = host.clock.elapsed() + 1000;
  job.report({ type: "waiting", what: "the pod", reason: "\u001B[2Jits image", deadline });
  job.report({ type: "running", pod: "demo-\u009B31m" });
  job.report({ type: "log", line: "\u001B]0;title\u0007I am root\u202E" });
  job.end(true);
  assert.equal(
    screen,
    String.raw`waiting for the pod: \u001b[2Jits image, at most 1 s
done: waited for the pod
pod demo-\u009b31m runs; its log:
\u001b]0;title\u0007I am root\u202e
`,
  );
});

test("what is waited for after something else is said under its own name", () => {
  let screen = "";
  const stream = { isTTY: true, columns: 80, write: (more: string) => (screen += more) };
  const host = { ...podtrustHost(), env: { NO_COLOR: "1", TERM: "dumb" }, stdout: stream, stderr: stream };
  const job = new JobProgress(createContext(host, { json: false, verbose: false }));
  const deadline = host.clock.elapsed() + 1000;
  job.report({ type: "waiting", what: "STS", reason: "IAM does not know it yet", deadline });
  job.report({ type: "waiting", what: "the pod", reason: "no node", deadline });
  job.end(true);
  assert.match(
    screen,
    /^waiting for STS: [^\n]*\ndone: waited for STS\nwaiting for the pod: [^\n]*\ndone: waited for the pod\n$/u,
  );
});
