import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { systemClock } from "../core/base/index.ts";
import {
  fullestSigner,
  heldElsewhere,
  KeyFolder,
  keptSigner,
  readKeptSigner,
  signerFolder,
  writeKeptSigner,
} from "./index.ts";

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-kept-signer-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A signer's folder with a key that signs, the next one in an HSM, and one that verifies alone; and what is kept of it. */
async function kept(t: TestContext): Promise<{ readonly folder: string; readonly text: string }> {
  const folder = await folderOf(t);
  const keys = new KeyFolder(join(folder, "state"), systemClock);
  await keys.create("ES256");
  const [held, old] = [1, 2].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);
  assert.ok(held !== undefined && old !== undefined);
  await keys.addHeld(held.export({ type: "spki", format: "der" }), "pkcs11:sa");
  await keys.importVerifier(old.export({ type: "spki", format: "pem" }), "old.pub");
  const text = await keptSigner(signerFolder(join(folder, "state")));
  assert.ok(text !== undefined);
  return { folder, text };
}

interface Parts {
  ring: { keys: { holder?: string; publicKey: string }[] };
  files: Record<string, string>;
}

describe("what is kept of a signer", () => {
  test("becomes a folder of the same keys, with the private halves that were files and no other", async (t) => {
    const { folder, text } = await kept(t);
    const read = readKeptSigner(text);
    const again = join(folder, "again");
    await writeKeptSigner(again, read);
    const [before, after] = [
      new KeyFolder(join(folder, "state"), systemClock),
      new KeyFolder(again, systemClock),
    ];
    assert.deepEqual(await after.read(), await before.read());
    const names = (await readdir(join(folder, "state"))).filter((name) => name !== "keys.lock");
    assert.deepEqual((await readdir(again)).toSorted(), names.toSorted());
    const [signs] = read.ring.keys;
    await after.holder.open(signs?.holder?.slice("file:".length) ?? "", "ES256");
    for (const name of names) assert.equal((await stat(join(again, name))).mode & 0o777, 0o600, name);
    assert.equal((await stat(again)).mode & 0o777, 0o700);
    assert.deepEqual(
      heldElsewhere(read.ring).map(({ holder }) => holder),
      ["pkcs11:sa"],
    );
    // Nothing of a signer that is there already is written over.
    await assert.rejects(writeKeptSigner(again, read), { code: "file-unwritable" });
  });

  test("of several is that of the one that has every key of the others, and nothing where none has", async (t) => {
    const folder = await folderOf(t);
    const [one, two] = [
      new KeyFolder(join(folder, "one"), systemClock),
      new KeyFolder(join(folder, "two"), systemClock),
    ];
    const at = async (where: string) => ({
      where,
      text: (await keptSigner(signerFolder(join(folder, where)))) ?? "",
    });
    const first = await one.create("ES256");
    await two.importSigner((await one.folder.readSecret(`${first.kid}.pem`)) ?? "", "sa.key");
    assert.equal(fullestSigner([]), undefined);
    await two.create("ES256");
    const full = await at("two");
    assert.equal(fullestSigner([await at("one"), full]), full.text);
    const other = await one.create("ES256");
    const both = [await at("one"), full];
    assert.throws(() => fullestSigner(both), {
      code: "signer-state",
      message: new RegExp(`one has .*${other.kid}; two has`, "u"),
    });
  });

  test("is nothing for a folder without keys", async (t) => {
    assert.equal(await keptSigner(signerFolder(await folderOf(t))), undefined);
  });

  test("is refused where a private half is missing, another key's, unasked for, or named as a path", async (t) => {
    const { text } = await kept(t);
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const pem = other.export({ type: "pkcs8", format: "pem" });
    const changed = (change: (parts: Parts) => void): string => {
      const parts = JSON.parse(text) as Parts;
      change(parts);
      return JSON.stringify(parts);
    };
    const name = Object.keys((JSON.parse(text) as Parts).files)[0] ?? "";
    const escape = "../../etc/cron.d/x";
    for (const [why, bad] of [
      [/is missing/u, changed(({ files }) => delete files[name])],
      [/is not the key that the list names/u, changed(({ files }) => (files[name] = pem))],
      [/the list does not name: "more\.pem"/u, changed(({ files }) => (files["more.pem"] = pem))],
      [
        /is no name of a key's file/u,
        changed(({ ring, files }) => {
          const [key] = ring.keys;
          assert.ok(key !== undefined);
          key.holder = `file:${escape}`;
          files[escape] = files[name] ?? "";
        }),
      ],
      [/is not JSON/u, "nonsense"],
      [/no list and no files/u, "{}"],
    ] as const)
      assert.throws(() => readKeptSigner(bad), { code: "signer-state", message: why });
  });
});
