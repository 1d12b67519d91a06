/** What a person sees on a real terminal (a pseudo-terminal of util-linux) as wide as its window, beside what a pipe gets. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { shellWord, systemClock } from "../../src/core/base/index.ts";
import { policyText } from "../../src/rules/trust/index.ts";
import { discovery, roleArn, sign, signer, trust } from "../conformance/fixture.ts";
import { podtrustScript, podtrustHere } from "../support/cli.ts";
import { assertFits, assertSameWords } from "../support/narrow.ts";
import { onTerminal } from "../support/pty.ts";
import { configText, sandboxEnvironment, stackWorld, type StackWorld } from "../support/stack-world.ts";

const explain =
  "explain --token token --role ROLE --discovery discovery.json --jwks jwks.json --trust-policy trust.json --at 2040-01-01T00:00:00Z";

/** What is typed, the exit code, and what it is about. */
const asked: readonly (readonly [line: string, code: number, said: RegExp])[] = [
  ["--help", 0, /stand-ins: one workload/u],
  ["plan", 0, /to create/u],
  ["status", 3, /provider/u],
  [explain.replace("ROLE", roleArn), 3, /expired/iu],
  ["plan -f absent.yaml", 2, /absent\.yaml/u],
];

/** Without how long an answer took. */
const untimed = (text: string): string => text.replaceAll(/\bin\s+[\d.]+\s+ms\b/gu, "in a moment");

/** A stack that is not there yet, and what `explain` reads, in a folder where `podtrust` is found. */
async function begun(t: TestContext): Promise<StackWorld> {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  const file = (name: string, text: string): Promise<void> => writeFile(join(world.folder, name), text);
  await file("discovery.json", discovery());
  await file("jwks.json", JSON.stringify({ keys: [signer.jwk] }));
  await file("trust.json", policyText(trust()));
  await file("token", await sign());
  await mkdir(join(world.folder, "bin"));
  const program = `#!/bin/sh\n${podtrustScript}\n`;
  await writeFile(join(world.folder, "bin", "podtrust"), program, { mode: 0o755 });
  return world;
}

test("on a real terminal of 60 and of 80 columns lines end between words: help, plan, status, explain, an error", async (t) => {
  const world = await begun(t);
  const keys = sandboxEnvironment(world.sandbox.url, world.sandbox.admin);
  const env = { ...keys, NO_COLOR: "1", NODE_NO_WARNINGS: "1" };
  for (const [line, code, said] of asked) {
    const words = [...line.split(" "), ...(/^(?:plan|status)/u.test(line) ? world.route : [])];
    const piped = await podtrustHere(words, { cwd: world.folder, clock: systemClock, env });
    assert.match(piped.out + piped.err, said);
    const typed = ["podtrust", ...words.map(shellWord)].join(" ");
    for (const columns of [60, 80]) {
      const place = { columns, cwd: world.folder, bin: join(world.folder, "bin"), env };
      const shown = await onTerminal(typed, place);
      assert.equal(shown.code, code, shown.text);
      assertFits(shown.text, columns);
      assertSameWords(untimed(shown.text), untimed(piped.out + piped.err));
    }
  }
});
