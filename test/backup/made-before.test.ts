/** What podtrusts of 282057bf and 0b0af9b left is read: test/vectors/earlier/, written by their own code. */
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { documentStore } from "../../src/publisher/source/store.ts";
import { distrustIn, publishedKeys } from "../../src/publisher/source/keys.ts";
import { podtrustHere } from "../support/cli.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const earlier = join(import.meta.dirname, "../vectors/earlier");
const issuer = "https://oidc.example.test";

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-before-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function keysOf(commit: string): Promise<Readonly<Record<string, string>>> {
  return JSON.parse(await readFile(join(earlier, commit, "keys.json"), "utf8")) as Record<string, string>;
}

/** What a publisher of now starts with in this folder: the IDs of published keys and of distrusted ones. */
async function startsWith(folder: string) {
  const { state, ...found } = await documentStore(folder, "prod", issuer).load();
  const isDistrusted = distrustIn(state.ring);
  return {
    found,
    published: publishedKeys(state.ring).map(({ kid }) => kid),
    distrusted: state.ring.filter(({ jwk }) => isDistrusted(jwk) !== undefined).map(({ jwk }) => jwk.kid),
  };
}

describe("a publisher's state", () => {
  for (const commit of ["282057bf", "0b0af9b"])
    test(`that ${commit} wrote has the same keys published, and the same one distrusted`, async (t) => {
      const folder = await folderOf(t);
      const { old, gone, signs, stolen, back } = await keysOf(commit);
      await cp(join(earlier, commit, "publisher.json.txt"), join(folder, "prod.json"));
      const { found, published, distrusted } = await startsWith(folder);
      assert.deepEqual(found, {});
      const expected = [old, gone, signs, back].filter((kid) => kid !== undefined);
      assert.deepEqual(new Set(published), new Set(expected));
      assert.deepEqual(distrusted, [stolen]);
    });
});

describe("a backup that 282057bf made", () => {
  const file = join(earlier, "282057bf/publisher.age");
  const identity = join(earlier, "282057bf/identity.txt");

  test("is opened and verified, and restored with the keys that a person names, its distrust in force", async (t) => {
    const cwd = await folderOf(t);
    const { old = "", signs = "", stolen = "" } = await keysOf("282057bf");
    await mkdir(join(cwd, "state"), { mode: 0o700 });
    for (const name of ["ca.pem", "token"]) await writeFile(join(cwd, name), "x");
    const config = {
      stack: "prod",
      issuer,
      publisher: {
        source: { server: "https://127.0.0.1:1", caFile: "ca.pem", tokenFile: "token" },
        stateDir: "state",
        https: { acme: { email: "ops@example.com" } },
      },
    };
    await writeFile(join(cwd, "podtrust.yaml"), JSON.stringify(config));
    const podtrust = (...args: readonly string[]) =>
      podtrustHere([...args, "--identity", identity, "--connect-to", "oidc.example.test:443:127.0.0.1:1"], {
        cwd,
        clock: new SwiftClock(),
        env: { HOME: cwd },
      });
    const verified = await podtrust("backup", "verify", file);
    assert.match(verified.out + verified.err, new RegExp(signs, "u"));
    const keys = [old, signs].flatMap((kid) => ["--key", kid]);
    const restored = await podtrust("restore", file, ...keys, "--yes");
    assert.equal(restored.code, 0, restored.out + restored.err);
    const { published, distrusted } = await startsWith(join(cwd, "state/publisher"));
    assert.deepEqual(new Set(published), new Set([old, signs]));
    assert.deepEqual(distrusted, [stolen]);
  });
});
