/** Somebody who may write the Secret of publisher.distrustSecret, and nothing else. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startPublisher } from "../../../src/publisher/index.ts";
import { SharedStore } from "../../../src/publisher/shared/store.ts";
import { TestClock } from "../../support/clock.ts";
import { OneSecret } from "../../support/one-secret.ts";
import { MemoryLog, newKey, startTestPublisher, type TestPublisher } from "../../support/publisher.ts";
import { kidsOf } from "../../publisher/support.ts";

const entry = "distrusted.test";
const issuer = "https://oidc.example.test";

interface Attacked {
  readonly to: TestPublisher;
  readonly secret: OneSecret;
  readonly store: SharedStore;
}

/** A publisher of two keys whose distrusts are kept in a Secret too. */
async function attacked(): Promise<Attacked> {
  const secret = new OneSecret();
  const clock = new TestClock();
  const names = { namespace: "podtrust", name: "podtrust-distrusted" };
  const store = new SharedStore(names, { cluster: secret, clock, logger: new MemoryLog() });
  const distrusts = store.documents({ stack: "test", issuer, keyRetention: 86_400_000, part: "distrusted" });
  const to = await startTestPublisher({ keys: [newKey(), newKey()], clock, issuerOptions: { distrusts } });
  await to.publisher.ready();
  return { to, secret, store };
}

/** What a start on a new machine publishes, by the Secret alone. */
async function kidsOfNewMachine(to: TestPublisher): Promise<readonly string[]> {
  await to.publisher.close(0);
  await rm(join(to.stateDir, "publisher"), { recursive: true, force: true });
  const publisher = await startPublisher({ ...to.options, logger: new MemoryLog() });
  try {
    await publisher.ready();
    return await kidsOf({ ...to, publisher, port: publisher.addresses.https[0]?.port ?? 0 });
  } finally {
    await publisher.close(0);
  }
}

describe("who may write the Secret that keeps distrusts", () => {
  test("has no key published by it, neither by a running publisher nor by one on a new machine", async () => {
    const { to, secret, store } = await attacked();
    await using _ended = to;
    const shown = to.cluster.keys.map(({ kid }) => kid).sort();
    const now = to.clock.now();
    const own = newKey();
    const keys = [{ jwk: own, firstSeen: now, lastSeen: now }];
    secret.write(entry, JSON.stringify({ format: 1, issuer, confirmedAt: now, changedAt: now, keys }));
    await to.pass(10_000);
    assert.deepEqual([...(await kidsOf(to))].sort(), shown);
    assert.deepEqual([...(await kidsOfNewMachine(to))].sort(), shown);
    await store.close();
  });

  test("lifts no distrust by writing that it was taken back", async () => {
    const { to, secret, store } = await attacked();
    await using _ended = to;
    const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
    await to.publisher.distrust(first, { force: true });
    const kept = secret.text(entry) ?? "";
    assert.match(kept, /"distrustedAt"/u);
    secret.write(entry, kept.replaceAll('"distrustedAt"', '"takenBack"'));
    await to.pass(10_000);
    assert.deepEqual(await kidsOf(to), [second]);
    await store.close();
  });
});
