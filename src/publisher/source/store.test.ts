import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { newKey } from "../../../test/support/publisher.ts";
import type { KnownKey } from "./keys.ts";
import { emptyState, type SourceState } from "./state.ts";
import { documentStore } from "./store.ts";

const issuer = "https://oidc.example.test";

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-store-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const stateOf = (ring: readonly KnownKey[]): SourceState => ({
  ...emptyState,
  from: "disk",
  ring,
  confirmedAt: 5,
  changedAt: 4,
});

describe("the publisher's store", () => {
  test("the record of a key comes back from the disk as it was", async (t) => {
    const folder = await folderOf(t);
    const ring: KnownKey[] = [
      { jwk: newKey(), firstSeen: 1, lastSeen: 2, absentSince: 3, signed: { first: 1, last: 2 } },
      { jwk: newKey("RSA"), firstSeen: 1, lastSeen: 2, distrustedAt: 4 },
      { jwk: newKey(), firstSeen: 1, lastSeen: 2, takenBack: 4 },
    ];
    const store = documentStore(folder, "test", issuer);
    await store.save(stateOf(ring));
    assert.deepEqual(await store.load(), { state: stateOf(ring) });
  });

  test("more distrusted keys than may be published at once are all remembered after a restart", async (t) => {
    const folder = await folderOf(t);
    const ring = Array.from({ length: 120 }, () => ({
      jwk: newKey(),
      firstSeen: 1,
      lastSeen: 2,
      distrustedAt: 3,
    }));
    const store = documentStore(folder, "test", issuer);
    await store.save(stateOf(ring));
    const { state, warning } = await store.load();
    assert.equal(warning, undefined);
    assert.equal(state.ring.filter((key) => key.distrustedAt === 3).length, 120);
  });

  test("a key that AWS turns out not to take is left out, and the others are kept", async (t) => {
    const folder = await folderOf(t);
    const store = documentStore(folder, "test", issuer);
    const [good, bad] = [newKey(), newKey()];
    await store.save(stateOf([good, bad].map((jwk) => ({ jwk, firstSeen: 1, lastSeen: 2 }))));
    const file = join(folder, "test.json");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(`"x": "${bad.x}"`, '"x": "AA"'));
    const { state, warning } = await store.load();
    assert.equal(warning, undefined);
    assert.deepEqual(
      state.ring.map(({ jwk }) => jwk.kid),
      [good.kid],
    );
  });

  test("a file that names a kid twice is damaged, and set aside", async (t) => {
    const folder = await folderOf(t);
    const store = documentStore(folder, "test", issuer);
    const [one, other] = [newKey(), newKey()];
    await store.save(
      stateOf([one, { ...other, kid: one.kid }].map((jwk) => ({ jwk, firstSeen: 1, lastSeen: 2 }))),
    );
    assert.match((await store.load()).warning ?? "", /is damaged \(a kid is there twice\)/u);
  });
});
