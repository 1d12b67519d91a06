/** Somebody who may write the Secret of publisher.distrustSecret, and nothing else. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { type IssuerOptions, startPublisher } from "../../../src/publisher/index.ts";
import { SharedStore } from "../../../src/publisher/replicas/store.ts";
import type { PublicJwk } from "../../../src/rules/keys/index.ts";
import { TestClock } from "../../support/clock.ts";
import { leastOwnTime } from "../../support/processor-time.ts";
import { runs } from "../../support/runs.ts";
import { OneSecret } from "../../support/one-secret.ts";
import { MemoryLog, newKey, startTestPublisher, type TestPublisher } from "../../support/publisher.ts";
import { kidsOf } from "../../publisher/support.ts";
import { until } from "../../support/until.ts";
import { anyWrite, manyDistrusts, pass } from "./writes.ts";

const entry = "distrusted.test";
const issuer = "https://oidc.example.test";

interface Attacked {
  readonly to: TestPublisher;
  readonly secret: OneSecret;
  readonly store: SharedStore;
}

/** A publisher of these keys whose distrusts are kept in a Secret too. */
async function attacked(
  keys: PublicJwk[] = [newKey(), newKey()],
  issuerOptions: Partial<IssuerOptions> = {},
): Promise<Attacked> {
  const secret = new OneSecret();
  const clock = new TestClock();
  const names = { namespace: "podtrust", name: "podtrust-distrusted" };
  const store = new SharedStore(names, { cluster: secret, clock, logger: new MemoryLog() });
  const distrusts = store.documents({ stack: "test", issuer, keyRetention: 86_400_000, part: "distrusted" });
  const to = await startTestPublisher({ keys, clock, issuerOptions: { distrusts, ...issuerOptions } });
  await to.publisher.ready();
  return { to, secret, store };
}

const text = (keys: readonly object[], more: object = {}): string =>
  JSON.stringify({ format: 1, issuer, keys, ...more });

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
    secret.write(
      entry,
      text([{ jwk: newKey(), firstSeen: now, lastSeen: now }], { confirmedAt: now, changedAt: now }),
    );
    await pass(to, 10_000);
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
    await pass(to, 10_000);
    assert.deepEqual(await kidsOf(to), [second]);
    await store.close();
  });

  test("does not take the last key: it is published on, with an alarm in log, status and metrics", async () => {
    const { to, secret, store } = await attacked([newKey()]);
    await using _ended = to;
    const [jwk] = to.cluster.keys;
    const now = to.clock.now();
    secret.write(entry, text([{ jwk, firstSeen: now, lastSeen: now, distrustedAt: now }]));
    await pass(to, 60_000);
    assert.deepEqual(await kidsOf(to), [jwk?.kid]);
    const said = to.log.of("error").filter((line) => line.includes("Secret of distrusts"));
    assert.equal(said.length, 1);
    assert.match(to.publisher.status().issuers[0]?.warnings.join() ?? "", /would leave none/u);
    assert.match((await to.admin("/metrics")).text, /podtrust_distrusts_withheld\{stack="test"\} 1/u);
    await store.close();
  });

  test("keeps neither the alarm on nor a distrust of the publisher's own off once a person has deleted the entry", async () => {
    const keys = [newKey(), newKey()];
    const { to, secret, store } = await attacked(keys);
    await using _ended = to;
    const [stolen = "", other = ""] = keys.map(({ kid }) => kid);
    await to.publisher.distrust(stolen, { force: true });
    const now = to.clock.now();
    secret.write(entry, text([{ jwk: keys[1], firstSeen: now, lastSeen: now, distrustedAt: now }]));
    const untilWithheld = (count: number): Promise<unknown> =>
      until(`${count} is withheld`, async () => {
        await pass(to, 20_000);
        const { text: metrics } = await to.admin("/metrics");
        return metrics.includes(`podtrust_distrusts_withheld{stack="test"} ${count}\n`);
      });
    await untilWithheld(1);
    secret.delete(entry);
    await untilWithheld(0);
    assert.deepEqual(await kidsOf(to), [other]);
    await until("its own stands there again", async () => {
      await pass(to, 20_000);
      return secret.text(entry)?.includes(stolen);
    });
    assert.ok(!secret.text(entry)?.includes(other));
    await store.close();
  });

  test("does not take the key that the cluster is seen to sign with, and takes another", async () => {
    const keys = [newKey(), newKey()];
    const [signs = "", other = ""] = keys.map(({ kid }) => kid);
    const { to, secret, store } = await attacked(keys);
    await using _ended = to;
    const now = to.clock.now();
    const credential = { kind: "token", from: "a test", kid: signs, issuedAt: now } as const;
    Object.assign(to.cluster, { sentCredential: () => credential });
    const saying = (jwk: PublicJwk | undefined): object => ({
      jwk,
      firstSeen: now,
      lastSeen: now,
      distrustedAt: now,
    });
    await pass(to, 20_000);
    secret.write(entry, text([saying(keys[0])]));
    await pass(to, 60_000);
    assert.deepEqual(new Set(await kidsOf(to)), new Set([signs, other]));
    secret.write(entry, text(keys.map(saying)));
    await until("the other one is out", async () => {
      await pass(to, 20_000);
      return (await kidsOf(to)).join() === signs;
    });
    await store.close();
  });

  test("costs a publisher a moment by a mebibyte of distrusts, and keeps none of its own from being kept", async () => {
    const { to, secret, store } = await attacked();
    await using _ended = to;
    const spent = await leastOwnTime(3, async () => {
      secret.write(entry, manyDistrusts(issuer, 1800));
      await to.clock.advance(5000);
    });
    // Reading all of it takes three seconds.
    assert.ok(spent < 1000, `${spent} ms`);
    secret.write(entry, manyDistrusts(issuer, 200));
    await pass(to, 20_000);
    const [stolen = ""] = to.cluster.keys.map(({ kid }) => kid);
    const { outlivesIn } = await to.publisher.distrust(stolen, { force: true });
    assert.equal(outlivesIn, "Secret podtrust/podtrust-distrusted");
    const { keys } = JSON.parse(secret.text(entry) ?? "") as { keys: { jwk: { kid: string } }[] };
    assert.ok(keys.length > 1 && keys.length <= 200);
    assert.ok(keys.some(({ jwk }) => jwk.kid === stolen));
    await store.close();
  });

  test("whatever is written for an hour, no foreign key is published, no distrust lifted, and never none published", async () => {
    const keys = [newKey(), newKey(), newKey()];
    const own = [newKey(), newKey()];
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyWrite({ issuer, keys: [...keys, ...own] }), { minLength: 30, maxLength: 30 }),
        async (writes) => {
          const { to, secret, store } = await attacked([...keys]);
          await using _ended = to;
          const [stolen = ""] = keys.map(({ kid }) => kid);
          await to.publisher.distrust(stolen, { force: true });
          for (const write of writes) {
            secret.write(entry, write(to.clock.now(), secret.text(entry)));
            await pass(to, 120_000);
            const published = await kidsOf(to);
            assert.ok(published.length > 0);
            for (const kid of published) assert.ok(keys.some((key) => key.kid === kid) && kid !== stolen);
          }
          await store.close();
        },
      ),
      { numRuns: runs(3) },
    );
  });
});
