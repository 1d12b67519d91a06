/** The demo's OpenBao server where its start fails. OpenBao's own, whose port was taken: test/peers/openbao-demo.test.ts. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { startOpenBao } from "../../src/demo/parties/openbao-server.ts";

/** A program that notes each start with its port, and starts as `fails` says, JavaScript with `starts` and `port`. */
async function programOf(t: TestContext, fails: string) {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-openbao-server-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [program, noted] = [join(folder, "bao"), join(folder, "starts")];
  const script = `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const port = Number(process.argv.at(-1).split(":").at(-1));
appendFileSync(${JSON.stringify(noted)}, port + "\\n");
const starts = readFileSync(${JSON.stringify(noted)}, "utf8").trim().split("\\n").length;
const answer = (request, response) => {
  const isOurs = request.headers["x-vault-token"] === process.env.BAO_DEV_ROOT_TOKEN_ID;
  response.writeHead(isOurs ? 200 : 403).end("{}");
};
const listen = () => createServer(answer).listen(port, "127.0.0.1");
${fails}
listen();
`;
  await writeFile(program, script, { mode: 0o755 });
  const signal = t.signal;
  const environment = { folder, connectTo: [], clock: systemClock };
  return {
    start: () => startOpenBao(program, { environment, path: process.env["PATH"] ?? "", signal }),
    ports: async () => (await readFile(noted, "utf8")).trim().split("\n"),
  };
}

describe("the demo's OpenBao server", () => {
  test("is restarted on another port if another process took its port meanwhile", async (t) => {
    // Two servers on one port: what the second says is the system's own refusal.
    const { start, ports } = await programOf(t, "if (starts < 3) listen();");
    const server = await start();
    try {
      const [first, second, third] = await ports();
      assert.equal(new Set([first, second, third]).size, 3);
      assert.equal(server.address, `http://127.0.0.1:${third}`);
      assert.equal((await server.ask("sys/mounts", server.rootToken)).status, 200);
    } finally {
      await server.close();
    }
  });

  test("is given up where its port was taken five times", async (t) => {
    const { start, ports } = await programOf(t, "listen();");
    await assert.rejects(start(), { code: "demo-not-ready", message: /found its port taken 5 times/u });
    assert.equal((await ports()).length, 5);
  });

  test("that ends for any other reason is not started again", async (t) => {
    const { start, ports } = await programOf(t, 'process.stderr.write("no license\\n"); process.exit(1);');
    await assert.rejects(start(), { code: "demo-not-ready", message: /ended before it answered/u });
    assert.equal((await ports()).length, 1);
  });
});
