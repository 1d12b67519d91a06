/** What a signer makes of the files of its keys, at a start and at each reading after it. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { promoteKey, reloadSigner, signerStatus } from "../../src/signer/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { pemOf, rejectsCode, signed, signerWorld } from "./world.ts";

describe("the files of a signer's keys", () => {
  for (const [what, spoil, words] of [
    ["that others may read", (path: string) => chmod(path, 0o644), /has mode 0644: it is for secrets/u],
    ["that others may write", (path: string) => chmod(path, 0o622), /has mode 0622/u],
    ["of another user", (path: string) => chown(path, 65_534, 65_534), /is owned by user 65534/u],
  ] as const)
    test(`a file ${what} is named by status, metric and log at the next reading, as at a start, whatever its key does`, async (t) => {
      if (what === "of another user" && process.getuid?.() !== 0)
        return t.skip("only root gives a file away");
      const { keys, state, serve, client, log } = await signerWorld(t);
      const [old, current] = [await keys.create("ES256"), await keys.create("ES256")];
      const serving = await serve();
      await promoteKey(state, { without: [] });
      const next = await keys.create("ES256");
      await reloadSigner(state);
      const asked = client();
      for (const { kid } of [old, current, next]) {
        const path = join(state, `${kid}.pem`);
        await spoil(path);
        await rejectsCode("state-permissions", reloadSigner(state));
        const { trouble = "" } = await signerStatus(state);
        assert.match(trouble, words);
        assert.ok(trouble.includes(path), trouble);
        assert.ok(log.lines.some((line) => line.includes("the old ones go on") && line.includes(path)));
        const text = await (await fetch(`http://127.0.0.1:${serving.address.port}/metrics`)).text();
        assert.match(text, /^podtrust_signer_keys_unread 1$/mu);
        const said = await podtrustHere(["signer", "status", "--state", state], { clock: systemClock });
        assert.equal(said.code, 3);
        assert.match(said.out, words);
        assert.equal((await signed(asked)).header.kid, current.kid, "the keys of before go on");
        await rejectsCode("state-permissions", promoteKey(state, { without: [] }));
        await rejectsCode("state-permissions", serve({ socket: join(state, "run2", "signer.sock") }));
        await chmod(path, 0o600);
        if (process.getuid?.() === 0) await chown(path, 0, 0);
        assert.equal((await reloadSigner(state)).trouble, undefined);
      }
      assert.equal((await promoteKey(state, { without: [] })).kid, next.kid);
      return undefined;
    });

  test("a key is imported from a file that its user alone may read, and from no other", async (t) => {
    const { folder, state } = await signerWorld(t);
    const file = join(folder, "sa.key");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(file, pemOf(privateKey, "pkcs8"), { mode: 0o600 });
    const bring = () => podtrustHere(["signer", "import", file, "--state", state], { clock: systemClock });
    for (const mode of [0o644, 0o640, 0o622]) {
      await chmod(file, mode);
      const said = await bring();
      assert.equal(said.code, 1, said.out);
      assert.match(said.err, /state-permissions/u);
      assert.match(said.err, /sa\.key .*has mode/u);
    }
    await chmod(file, 0o600);
    assert.equal((await bring()).code, 0);
  });

  test("a folder that others may enter is named at the next reading, as a start would refuse it", async (t) => {
    const { keys, state, folder, serve } = await signerWorld(t);
    await keys.create("ES256");
    await serve();
    for (const path of [state, join(folder, "run")]) {
      await chmod(path, 0o755);
      await rejectsCode("state-permissions", reloadSigner(state));
      assert.match((await signerStatus(state)).trouble ?? "", /has mode 0755/u);
      await chmod(path, 0o700);
      assert.equal((await reloadSigner(state)).trouble, undefined);
    }
  });

  test("a key that does not sign, and is gone or another's, is named and keeps no other from signing", async (t) => {
    const { keys, state, serve, client } = await signerWorld(t);
    const current = await keys.create("ES256");
    const next = await keys.create("ES256");
    await rm(join(state, `${next.kid}.pem`));
    await serve();
    const asked = client();
    assert.match(
      (await signerStatus(state)).trouble ?? "",
      new RegExp(`^next ${next.kid}: .* is not there$`, "u"),
    );
    assert.equal((await signed(asked)).header.kid, current.kid);
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(join(state, `${next.kid}.pem`), pemOf(other.privateKey, "pkcs8"), { mode: 0o600 });
    assert.match((await reloadSigner(state)).trouble ?? "", /does not verify by the key/u);
    assert.equal(
      (await podtrustHere(["signer", "status", "--state", state], { clock: systemClock })).code,
      3,
    );
    await writeFile(join(state, `${current.kid}.pem`), pemOf(other.privateKey, "pkcs8"));
    await rejectsCode("signer-key-source", reloadSigner(state));
    assert.equal((await signed(asked)).header.kid, current.kid);
  });
});
