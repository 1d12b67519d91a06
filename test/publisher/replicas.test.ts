/** What replicas of a publisher know from each other, by the Secret that they share. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Config } from "../../src/config/index.ts";
import { distrustInSecret, handOverInSecret, makeStoreKey } from "../../src/publisher/index.ts";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import { kubernetesKid, type PublicJwk, renderJwkSet } from "../../src/rules/keys/index.ts";
import { PodtrustError } from "../../src/core/base/index.ts";
import { parse } from "../support/config-text.ts";
import { TestClock } from "../support/clock.ts";
import { OneSecret } from "../support/one-secret.ts";
import { MemoryLog, newKey, startTestPublisher } from "../support/publisher.ts";
import { until } from "../support/until.ts";
import { earlierStore } from "../support/earlier-store.ts";
import { issuer, keyFolderOf, startReplica, storeKey } from "../support/replicas.ts";
import { kidsOf } from "./support.ts";

const hour = 3_600_000;
const entry = "documents.test";
const kids = (...keys: readonly { readonly kid: string }[]): ReadonlySet<string> =>
  new Set(keys.map(({ kid }) => kid));

const world = (t: TestContext) => ({
  t,
  secret: new OneSecret(),
  clock: new TestClock(),
  folder: keyFolderOf(t),
});

describe("replicas of a publisher that are all started anew at once", () => {
  test("publish a key that the cluster dropped before, for what is left of its time", async (t) => {
    const place = world(t);
    const [old, next] = [newKey(), newKey()];
    const before = await startReplica(place, [old, next]);
    await before.to.publisher.ready();
    before.to.cluster.keys = [next];
    await before.to.publisher.refresh();
    await before.end();
    await place.clock.advance(23 * hour);
    const after = await startReplica(place, [next]);
    await after.to.publisher.ready();
    await after.to.publisher.refresh();
    assert.deepEqual(new Set(await kidsOf(after.to)), kids(old, next));
    await place.clock.advance(2 * hour);
    await after.to.publisher.refresh();
    assert.deepEqual(await kidsOf(after.to), [next.kid]);
    await after.end();
  });

  test("wait with their first documents while the Secret cannot be read, and know then what they knew before", async (t) => {
    const place = world(t);
    const [old, next] = [newKey(), newKey()];
    const before = await startReplica(place, [old, next]);
    await before.to.publisher.ready();
    await before.to.publisher.distrust(old.kid, { force: true });
    await before.end();
    place.secret.away = true;
    const after = await startReplica(place, [old, next]);
    after.to.cluster.fault = () => {
      throw new PodtrustError("cluster-unreachable", "connect ECONNREFUSED");
    };
    await after.to.publisher.refresh();
    assert.equal(after.to.publisher.status().ready, false);
    place.secret.away = false;
    await after.to.publisher.refresh();
    assert.deepEqual(await kidsOf(after.to), [next.kid]);
    await after.end();
  });

  test("take a distrust back that was taken back at one of them", async (t) => {
    const place = world(t);
    const keys = [newKey(), newKey()];
    const [first = ""] = keys.map(({ kid }) => kid);
    const [one, other] = [await startReplica(place, [...keys]), await startReplica(place, [...keys])];
    for (const { to } of [one, other]) await to.publisher.ready();
    const published = (count: number): Promise<unknown> =>
      until(`the other one publishes ${count}`, async () => {
        await place.clock.advance(5000);
        return (await kidsOf(other.to)).length === count;
      });
    await published(2);
    await one.to.publisher.distrust(first, { force: true });
    await published(1);
    await one.to.publisher.restore(first);
    await published(2);
    for (const each of [one, other]) await each.end();
  });
});

describe("what an earlier podtrust wrote, which proves nothing", () => {
  test("gives its distrusts and no key, once, and is replaced by what is proven", async (t) => {
    const place = world(t);
    const [old, out, shown] = [newKey(), newKey(), newKey()];
    const now = place.clock.now();
    const times = { firstSeen: now - hour, lastSeen: now };
    place.secret.write(
      entry,
      JSON.stringify({
        format: 1,
        issuer,
        confirmedAt: now,
        changedAt: now,
        keys: [
          { jwk: old, ...times },
          { jwk: out, ...times, distrustedAt: now },
          { jwk: shown, ...times },
        ],
      }),
    );
    const replica = await startReplica(place, [out, shown]);
    await replica.to.publisher.ready();
    assert.deepEqual(await kidsOf(replica.to), [shown.kid]);
    assert.match(
      replica.to.publisher.status().issuers[0]?.warnings.join() ?? "",
      /not written by a replica/u,
    );
    await replica.to.publisher.refresh();
    assert.notEqual(place.secret.text("proof.documents.test"), undefined);
    await replica.end();
  });
});

describe("a key that a person hands over to a publisher in pods", () => {
  const newPair = () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return {
      kid: kubernetesKid(publicKey),
      publicKey: publicKey.export({ type: "spki", format: "pem" }),
    };
  };
  const configOf = (): Promise<Config> =>
    parse(
      `stack: test\nissuer: ${issuer}\npublisher: {source: {kubeconfig: k}, store: {secret: {namespace: podtrust, name: podtrust-publisher}}, https: {acme: {}}}\n`,
    );

  /** The cluster, as somebody who may read the key of the store, or may not. */
  function clusterOf({ secret }: { readonly secret: OneSecret }, shown: readonly PublicJwk[], reads = true) {
    const key = { data: { key: Buffer.from(storeKey).toString("base64") } };
    return {
      read: ({ name }: { readonly name: string }) => {
        if (!name.endsWith("-store-key")) return secret.read();
        return reads
          ? Promise.resolve({ apiVersion: "v1", kind: "Secret", metadata: { name }, ...key })
          : Promise.reject(new PodtrustError("cluster-forbidden", "no"));
      },
      replace: (next: KubernetesObject) => secret.replace(next),
      create: () => secret.create(),
      oidcDocuments: () =>
        Promise.resolve({ discovery: Buffer.from("{}"), jwks: Buffer.from(renderJwkSet(shown)) }),
    };
  }

  test("is published by all of them, alone where the only key of the cluster is distrusted, and by their successors", async (t) => {
    const place = world(t);
    const stolen = newKey();
    const both = [await startReplica(place, [stolen]), await startReplica(place, [stolen])];
    for (const { to } of both) await to.publisher.ready();
    const fresh = newPair();
    const config = await configOf();
    const deps = { cluster: clusterOf(place, [stolen]), clock: place.clock, logger: new MemoryLog() };
    assert.equal(await handOverInSecret(config, fresh, deps), "Secret podtrust/podtrust-publisher");
    await assert.rejects(handOverInSecret(config, { ...fresh, kid: stolen.kid }, deps), {
      code: "publisher-key-differs",
    });
    const publish = (...expected: readonly string[]) =>
      until("all publish it", async () => {
        await place.clock.advance(5000);
        const found = await Promise.all(both.map(({ to }) => kidsOf(to)));
        return found.every((one) => [...one].sort().join() === expected.toSorted().join());
      });
    await publish(stolen.kid, fresh.kid);
    assert.equal(await distrustInSecret(config, stolen.kid, deps), "Secret podtrust/podtrust-publisher");
    await publish(fresh.kid);
    await assert.rejects(distrustInSecret(config, fresh.kid, deps), { code: "publisher-last-key" });
    for (const { end } of both) await end();
    const successor = await startReplica(place, [stolen]);
    await successor.to.publisher.ready();
    assert.deepEqual(await kidsOf(successor.to), [fresh.kid]);
    await successor.end();
  });

  test("is taken of nobody who may write their Secret and not read the key that proves it", async (t) => {
    const place = world(t);
    const shown = newKey();
    const replica = await startReplica(place, [shown]);
    await replica.to.publisher.ready();
    const before = place.secret.text(entry);
    const deps = { cluster: clusterOf(place, [shown], false), clock: place.clock, logger: new MemoryLog() };
    await assert.rejects(handOverInSecret(await configOf(), newPair(), deps), {
      code: "publisher-store-key",
    });
    assert.equal(place.secret.text(entry), before);
    await replica.end();
  });
});

describe("a replica of podtrust 282057bf beside one of now, as while pods are rolled out", () => {
  test("publishes what the cluster shows, as the other does; a distrust at either is followed by both, and the Secret is proven once the old one is gone", async (t) => {
    const place = world(t);
    const [first, second, third] = [newKey(), newKey(), newKey()];
    const keys = [first, second, third];
    const before = earlierStore(place.secret, place.clock);
    const old = await startTestPublisher({
      keys: [...keys],
      clock: place.clock,
      issuerOptions: { shared: before.store },
    });
    t.after(() => old[Symbol.asyncDispose]());
    await old.publisher.ready();
    const { to, end } = await startReplica(place, [...keys]);
    await to.publisher.ready();
    const publish = async (...expected: readonly { kid: string }[]): Promise<void> => {
      const wanted = expected.map(({ kid }) => kid).sort();
      for (const each of [old, to])
        await until("both publish the same", async () => {
          await Promise.all([old.publisher.refresh(), to.publisher.refresh()]);
          await place.clock.advance(5000);
          return [...(await kidsOf(each))].sort().join() === wanted.join();
        });
    };
    await publish(...keys);
    await old.publisher.distrust(first.kid, { force: true });
    await publish(second, third);
    await to.publisher.distrust(second.kid, { force: true });
    await publish(third);
    await old[Symbol.asyncDispose]();
    await before.close();
    await to.publisher.refresh();
    await place.clock.advance(hour);
    await to.publisher.refresh();
    await end();
    const fresh = await startReplica(place, [...keys]);
    await fresh.to.publisher.ready();
    assert.deepEqual(await kidsOf(fresh.to), [third.kid]);
    assert.doesNotMatch(fresh.to.publisher.status().issuers[0]?.warnings.join() ?? "", /not written/u);
    await fresh.end();
  });
});

describe("the key of a store", () => {
  test("is made once, and stays however often it is asked for and whatever is rendered beside it", async () => {
    const secret = new OneSecret();
    const name = { namespace: "podtrust", name: "podtrust-publisher-store-key" };
    assert.equal(await makeStoreKey(name, secret), "made");
    const key = secret.text("key") ?? "";
    assert.ok(key.length >= 43);
    for (let times = 0; times < 3; times += 1) assert.equal(await makeStoreKey(name, secret), "kept");
    assert.equal(secret.text("key"), key);
  });

  test("is changed while two are mounted: what either of them wrote is believed", async (t) => {
    const place = world(t);
    const [old, next] = [newKey(), newKey()];
    const before = await startReplica(place, [old, next]);
    await before.to.publisher.ready();
    await before.end();
    const both = keyFolderOf(t, { key: "n".repeat(43), previous: storeKey });
    const after = await startReplica({ ...place, folder: both }, [next]);
    await after.to.publisher.ready();
    await after.to.publisher.refresh();
    assert.deepEqual(new Set(await kidsOf(after.to)), kids(old, next));
    await after.end();
    const alone = await startReplica({ ...place, folder: keyFolderOf(t, { key: "n".repeat(43) }) }, [next]);
    await alone.to.publisher.ready();
    assert.deepEqual(new Set(await kidsOf(alone.to)), kids(old, next));
    await alone.end();
  });

  test("that a pod does not have yet keeps it neither from the cluster's keys nor from others' distrusts", async (t) => {
    const place = world(t);
    const [out, shown] = [newKey(), newKey()];
    const before = await startReplica(place, [out, shown]);
    await before.to.publisher.ready();
    await before.to.publisher.distrust(out.kid, { force: true });
    const proven = place.secret.text(entry);
    await before.end();
    const without = await startReplica({ ...place, folder: keyFolderOf(t, {}) }, [out, shown]);
    await without.to.publisher.ready();
    assert.deepEqual(await kidsOf(without.to), [shown.kid]);
    assert.match(without.to.log.of("warn").join(), /no key of .* is mounted/u);
    const warnings = (): string => without.to.publisher.status().issuers[0]?.warnings.join() ?? "";
    assert.match(warnings(), /no key of .* is mounted/u);
    await without.to.publisher.refresh();
    assert.equal(place.secret.text(entry), proven);
    assert.match(renderJwkSet(without.to.cluster.keys), /keys/u);
    await without.end();
  });

  test("is missed in the status from the first start on, also where nothing stands there yet, until it is mounted", async (t) => {
    const place = world(t);
    const folder = keyFolderOf(t, {});
    const { to, end } = await startReplica({ ...place, folder }, [newKey()]);
    await to.publisher.ready();
    const warnings = (): string => to.publisher.status().issuers[0]?.warnings.join() ?? "";
    assert.match(warnings(), /no key of .* is mounted/u);
    await writeFile(join(folder, "key"), storeKey);
    await until("it was seen", async () => {
      await place.clock.advance(60_000);
      return warnings() === "";
    });
    await end();
  });
});
