/** `podtrust sandbox` and `podtrust-sandbox` as processes: what both take, and how they end. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { sourceCommand } from "../../support/publisher-process.ts";

/** The program of @podtrust/sandbox, as its source. */
const sandboxFile = join(process.cwd(), "src/sandbox/cli/main.ts");

/** `podtrust sandbox` as a process of its own, and the address that it says. */
async function asProcess(
  t: TestContext,
  args: readonly string[],
  [program = "", ...before]: readonly string[] = [...sourceCommand, "sandbox"],
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(program, [...before, "--port", "0", "--json", ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let out = "";
  for await (const part of child.stdout ?? []) {
    out += String(part);
    if (out.includes("\n}\n")) break;
  }
  return { child, url: (JSON.parse(out) as { url: string }).url };
}

describe("podtrust sandbox", () => {
  test("ends with its standard input if asked to, and by a signal as well", async (t) => {
    const { child, url } = await asProcess(t, ["--end-with-stdin"]);
    child.stdin?.write("what comes in is passed over\n");
    assert.equal((await fetch(`${url}/_podtrust/health`)).status, 200);
    const exit = once(child, "exit");
    child.stdin?.destroy();
    assert.deepEqual(await exit, [0, null]);
    await assert.rejects(fetch(url));
    const other = await asProcess(t, ["--end-with-stdin"]);
    const ended = once(other.child, "exit");
    other.child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });

  test("is what podtrust-sandbox is, option by option, and an ending by a signal is the same", async (t) => {
    const options = (help: string): string => /\nOptions:\n([^]*?)\n\n/u.exec(help)?.[1] ?? "";
    const of = async (file: string, ...args: string[]): Promise<string> =>
      (await promisify(execFile)(process.execPath, [file, ...args, "--help"])).stdout;
    const alone = options(await of(sandboxFile));
    assert.ok(alone.includes("--end-with-stdin"), alone);
    assert.equal(
      alone.replace(/^ {2}-V, --version .*\n/mu, ""),
      options(await of(sourceCommand[1] ?? "", "sandbox")),
    );
    const { child, url } = await asProcess(t, [], [process.execPath, sandboxFile]);
    assert.equal((await fetch(`${url}/_podtrust/health`)).status, 200);
    const exit = once(child, "exit");
    child.kill("SIGINT");
    assert.deepEqual(await exit, [0, null]);
    const wrong = spawnSync(process.execPath, [sandboxFile, "--port", "x"], { encoding: "utf8" });
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /^error: --port x is not a port\n/u);
  });

  test("keeps running after its standard input ends, unless asked to end with it", async (t) => {
    const { child, url } = await asProcess(t, []);
    child.stdin?.destroy();
    // Each answer is a turn of its event loop, which would have seen the end.
    for (let turn = 0; turn < 20; turn += 1)
      assert.equal((await fetch(`${url}/_podtrust/health`)).status, 200);
  });
});
