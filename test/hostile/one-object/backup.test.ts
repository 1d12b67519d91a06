/** Somebody who may write into the bucket of backups: the recipient is no secret, so the backup opens. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type BackupSigner, sealed, signedBackup } from "../../../src/backup/index.ts";
import { signerOf } from "../../../src/backup/signature.ts";
import { newIdentity } from "../../../src/core/age/index.ts";
import { systemClock } from "../../../src/core/base/index.ts";
import type { PublicJwk } from "../../../src/rules/keys/index.ts";
import { podtrustHere } from "../../support/cli.ts";
import { newKey } from "../../support/publisher.ts";

const issuer = "https://oidc.example.test";

describe("who may write the backup that is restored", () => {
  test("has no key of theirs published, though nobody is asked and neither cluster nor name answers, and lifts no distrust", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-forged-backup-"));
    t.after(() => rm(folder, { recursive: true }));
    const { identity, recipient } = newIdentity();
    await writeFile(join(folder, "identity.txt"), `${identity}\n`, { mode: 0o600 });
    await writeFile(
      join(folder, "podtrust.yaml"),
      `stack: prod\nissuer: ${issuer}\npublisher: {source: {kubeconfig: nowhere}, stateDir: state, https: {certificateFile: a.pem, keyFile: a.key}}\n`,
    );
    const at = Date.now() - 60_000;
    const [ours, stolen, theirs] = [newKey(), newKey(), newKey()];
    const times = { firstSeen: at, lastSeen: at };
    const text = (keys: readonly object[]): string =>
      JSON.stringify({ format: 1, issuer, confirmedAt: at, changedAt: at, keys });
    const state = join(folder, "state/publisher/prod.json");
    await mkdir(join(folder, "state/publisher"), { recursive: true, mode: 0o700 });
    await writeFile(
      state,
      text([
        { jwk: ours, ...times },
        { jwk: stolen, ...times, distrustedAt: at },
      ]),
      {
        mode: 0o600,
      },
    );
    const forged = text([
      { jwk: theirs, ...times },
      { jwk: { ...newKey(), kid: ours.kid }, ...times },
      { jwk: stolen, ...times, takenBack: at },
    ]);
    const sealedKey = { publicKey: "-----BEGIN PUBLIC KEY-----", file: "AAAA" };
    const rotation = { version: 1, next: theirs.kid, sealed: sealedKey, keys: [], quiet: [] };
    const files = new Map([
      ["documents.json", Buffer.from(forged)],
      ["rotation.json", Buffer.from(JSON.stringify(rotation))],
    ] as const);
    const contents = { kind: "publisher", stack: "prod", issuer, madeAt: at, files } as const;
    await writeFile(join(folder, "prod.age"), await sealed(contents, { recipients: [recipient] }));
    const words = ["restore", "prod.age", "--identity", "identity.txt", "--yes", "--connect-to"];
    const { code, out, err } = await podtrustHere([...words, "oidc.example.test:443:127.0.0.1:1"], {
      cwd: folder,
    });
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`Not taken.*\\n.*${theirs.kid}`, "u"));
    const { keys } = JSON.parse(await readFile(state, "utf8")) as {
      keys: readonly { jwk: { kid: string; x: string }; distrustedAt?: number }[];
    };
    assert.deepEqual(
      new Map(keys.map(({ jwk, distrustedAt }) => [jwk.x, distrustedAt])),
      new Map([
        [ours.x, undefined],
        [stolen.x, at],
      ]),
    );
  });

  const hour = 3_600_000;
  const newSigner = (): BackupSigner =>
    signerOf(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }), "here");

  interface Restored {
    readonly code: number | null;
    readonly out: string;
    /** Kids that are published on the machine. */
    readonly published: readonly string[];
  }

  /** A machine that is new, of a config that names a signer; neither cluster nor name answers. */
  async function newMachine(t: TestContext, signer: BackupSigner) {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-signed-backup-"));
    t.after(() => rm(folder, { recursive: true }));
    const { identity, recipient } = newIdentity();
    await writeFile(join(folder, "identity.txt"), `${identity}\n`, { mode: 0o600 });
    await writeFile(
      join(folder, "podtrust.yaml"),
      `stack: prod
issuer: ${issuer}
publisher:
  source: {kubeconfig: nowhere}
  stateDir: state
  https: {certificateFile: a.pem, keyFile: a.key}
  backupSigners: [${signer.name}]
`,
    );
    type Contents = Parameters<typeof sealed>[0];
    return async (contents: Contents): Promise<Restored> => {
      await rm(join(folder, "state"), { recursive: true, force: true });
      await writeFile(join(folder, "prod.age"), await sealed(contents, { recipients: [recipient] }));
      const words = ["restore", "prod.age", "--identity", "identity.txt", "--yes", "--connect-to"];
      const { code, out, err } = await podtrustHere([...words, "oidc.example.test:443:127.0.0.1:1"], {
        cwd: folder,
        clock: systemClock,
      });
      const text = await readFile(join(folder, "state/publisher/prod.json"), "utf8").catch(() => "{}");
      const { keys = [] } = JSON.parse(text) as { keys?: { jwk: { kid: string }; distrustedAt?: number }[] };
      const published = keys.filter(({ distrustedAt }) => distrustedAt === undefined);
      return { code, out: out + err, published: published.map(({ jwk }) => jwk.kid) };
    };
  }

  /** A backup of keys that were last seen so long before now. */
  function backupOf(keys: readonly PublicJwk[], ago = hour): Parameters<typeof sealed>[0] {
    const at = Date.now() - ago;
    const ring = keys.map((jwk) => ({ jwk, firstSeen: at - hour, lastSeen: at }));
    const text = JSON.stringify({ format: 1, issuer, confirmedAt: at, changedAt: at, keys: ring });
    const files = new Map([["documents.json", Buffer.from(text)]] as const);
    return { kind: "publisher", stack: "prod", issuer, madeAt: at, files };
  }

  test("cannot change, strip or sign it anew: the publisher's own signature alone has its keys taken without --key", async (t) => {
    const [signer, thief] = [newSigner(), newSigner()];
    const restored = await newMachine(t, signer);
    const [ours, theirs] = [newKey(), newKey()];
    const good = await restored(signedBackup(backupOf([ours]), signer));
    assert.equal(good.code, 0, good.out);
    assert.match(good.out, /It is signed by ed25519:/u);
    assert.deepEqual(good.published, [ours.kid]);
    const own = signedBackup(backupOf([ours]), signer).files.get("signature.json") ?? Buffer.alloc(0);
    const forged = backupOf([ours, theirs]);
    const moved = { ...forged, files: new Map([...forged.files, ["signature.json", own] as const]) };
    for (const [backup, said] of [
      [forged, /It is not signed\./u],
      [signedBackup(forged, thief), /which is not in publisher\.backupSigners/u],
      [moved, /somebody has changed it/u],
    ] as const) {
      const { published, out } = await restored(backup);
      assert.deepEqual(published, [], out);
      assert.match(out, said);
      assert.match(out, /Not taken/u);
    }
  });

  test("has no key of an older signed backup published that was last seen before tokens of it ended, nor one of another stack", async (t) => {
    const signer = newSigner();
    const restored = await newMachine(t, signer);
    const stolen = newKey();
    // keyRetention and the time between two backups, a day each.
    const young = await restored(signedBackup(backupOf([stolen], 47 * hour), signer));
    assert.deepEqual(young.published, [stolen.kid], young.out);
    const replayed = await restored(signedBackup(backupOf([stolen], 49 * hour), signer));
    assert.deepEqual(replayed.published, [], replayed.out);
    assert.match(replayed.out, /the signature counts for keys that were seen since/u);
    const other = signedBackup({ ...backupOf([stolen]), stack: "test" }, signer);
    const foreign = await restored(other);
    assert.deepEqual([foreign.code, /backup-foreign/u.test(foreign.out)], [1, true], foreign.out);
    const relabelled = await restored({ ...other, stack: "prod" });
    assert.deepEqual(relabelled.published, [], relabelled.out);
  });
});
