import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { decrypt } from "../../src/core/age/index.ts";
import { publicJwk } from "../../src/rules/keys/index.ts";
import { shellWord } from "../../src/core/base/index.ts";
import { StateFolder } from "../../src/core/files/index.ts";
import { mainFile, podtrustChild } from "../support/cli.ts";
import { maxWait } from "../support/until.ts";

const passphrase = "six words that nobody guesses";

describe("a passphrase", () => {
  test("is asked for at a terminal, twice, and shown nowhere; without a terminal there is none", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-passphrase-"));
    t.after(() => rm(folder, { recursive: true }));
    const issuer = "https://oidc.example.com";
    const config = { stack: "prod", issuer, publisher: { stateDir: "state", https: { acme: {} } } };
    await writeFile(join(folder, "podtrust.yaml"), JSON.stringify(config));
    const jwk = publicJwk(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);
    const keys = [{ jwk, firstSeen: 1, lastSeen: 2 }];
    const state = new StateFolder(join(folder, "state", "publisher"));
    await state.replace(
      "prod.json",
      JSON.stringify({ format: 1, issuer, confirmedAt: 2, changedAt: 1, keys }),
    );

    const words = ["backup", "create", "--passphrase", "--output", "prod.age"];
    const none = await podtrustChild(words, { cwd: folder });
    assert.deepEqual([none.code, /at a terminal alone/u.test(none.err)], [2, true], none.err);

    const line = [process.execPath, mainFile, ...words].map(shellWord).join(" ");
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TERM: "xterm", NODE_NO_WARNINGS: "1" };
    const child = spawn("script", ["-qefc", line, "/dev/null"], { cwd: folder, env, timeout: maxWait });
    let [seen, answered] = ["", 0];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      seen += text;
      // Each question once, when it stands there.
      const asked = [...seen.matchAll(/at least: |Once more: /gu)].length;
      for (; answered < asked; answered += 1) child.stdin.write(`${passphrase}x\u007F\r`);
    });
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0, seen);
    assert.doesNotMatch(seen, /nobody/u);
    const opened = await decrypt(await readFile(join(folder, "prod.age")), { passphrase });
    assert.match(opened.toString("latin1", 0, 20), /^backup\.json/u);
  });
});
