/**
 * `npm run record -- aws|gcp|azure`: asks a real vendor the conformance cases and what nobody has published of it, and writes
 * what it answers, without a token or an id. test/record/README.md says how.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { systemClock } from "../../src/core/base/index.ts";
import { request } from "../../src/core/http/index.ts";
import { readOptions, type RecordOptions, UsageError } from "./options.ts";
import type { Send } from "./vendor.ts";
import { openRun } from "./wiring.ts";

const once: Send = async (url, sent) => {
  const { status, body } = await request(url, { ...sent, timeoutMs: 30_000 });
  return { status, text: body.toString("utf8") };
};

async function run(options: RecordOptions): Promise<void> {
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => ending.abort(new Error(`${name}: what was made is taken away`)));
  const say = (line: string): void => console.log(line);
  const { signal } = ending;
  const { out } = options;
  const opened = await openRun(options, { env: process.env, clock: systemClock, signal, say, once });
  const recording = await opened.go();
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, await opened.text(recording));
  say(`${out}: ${recording.cases.length} cases, ${recording.questions.length} open questions`);
  say("npm test -- test/conformance/recordings compares it with our rules.");
}

try {
  await run(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
