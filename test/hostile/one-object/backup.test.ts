/** Somebody who may write into the bucket of backups: the recipient is no secret, so the backup opens. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sealed } from "../../../src/backup/index.ts";
import { newIdentity } from "../../../src/core/age/index.ts";
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
});
