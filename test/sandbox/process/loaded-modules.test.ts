import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { describe, test } from "node:test";
import { promisify } from "node:util";

/** Starts a sandbox, and prints which rooms of the clouds beside AWS have been loaded by then. */
const program = (options: string): string => `
import { registerHooks } from "node:module";
const rooms = new Set();
registerHooks({
  load(url, context, next) {
    const [, room] = /\\/src\\/((?:sandbox\\/(?:gcp|front)|rules\\/gcp))\\//u.exec(url) ?? [];
    if (room !== undefined) rooms.add(room);
    return next(url, context);
  },
});
const { startSandbox } = await import("${new URL("../../../src/sandbox/index.ts", import.meta.url).href}");
const sandbox = await startSandbox(${options});
await sandbox.close();
console.log(JSON.stringify([...rooms].sort()));
`;

async function loadedBy(options: string): Promise<unknown> {
  const args = ["--input-type=module", "--eval", program(options)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

describe("a sandbox", () => {
  test("of AWS alone loads no module of another cloud", async () => {
    assert.deepEqual(await loadedBy("{}"), []);
  });

  test("with Google beside it loads that, and its front", async () => {
    assert.deepEqual(await loadedBy("{ gcp: {} }"), ["rules/gcp", "sandbox/front", "sandbox/gcp"]);
  });
});
