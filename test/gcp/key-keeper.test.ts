/** An operator that uploads keys where nobody publishes the issuer: what it remembers, and what makes it forget. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { recordOf } from "../../src/core/base/index.ts";
import { type KubernetesObject, storeKeyName } from "../../src/providers/kubernetes/index.ts";
import { distrustInKeeper, KeyKeeper, keptByOperator, restoreInKeeper } from "../../src/publisher/index.ts";
import { TestClock } from "../support/clock.ts";
import { parse } from "../support/config-text.ts";
import { FakeCluster, MemoryLog, newKey } from "../support/publisher.ts";
import { until } from "../support/until.ts";
import { googleEnvironment, googleWorld, projectNumber } from "./google-world.ts";

const issuer = "https://oidc.example.test";
const text = `stack: prod\nissuer: ${issuer}\ngcp: [{project: shop-project, projectNumber: "${projectNumber}"}]\n`;
const secret = { namespace: "podtrust", name: "podtrust-keys" };
const day = 86_400_000;

/** A cluster with one Secret, or none. */
class ClusterWithSecret extends FakeCluster {
  object: KubernetesObject | undefined = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...secret, resourceVersion: "1" },
  };

  /** The Secret of keys that proves what stands in the other one. */
  readonly #keys: KubernetesObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...secret, name: storeKeyName(secret.name) },
    data: { key: Buffer.from("k".repeat(43)).toString("base64") },
  };

  read({ name }: { readonly name: string }): Promise<KubernetesObject | undefined> {
    return Promise.resolve(name === secret.name ? this.object : this.#keys);
  }

  replace(next: KubernetesObject): Promise<KubernetesObject> {
    this.object = next;
    return Promise.resolve(next);
  }

  create(): Promise<never> {
    return Promise.reject(new Error("nothing is made here"));
  }
}

interface World {
  readonly cluster: ClusterWithSecret;
  readonly clock: TestClock;
  readonly uploaded: () => string;
  /** Runs one; the function that is given ends it. */
  start(): { readonly keeper: KeyKeeper; end(): Promise<void> };
  /** Waits until Google has just these. */
  has(...kids: readonly string[]): Promise<void>;
  distrust(kid: string, force?: boolean): Promise<string | undefined>;
  restore(kid: string): Promise<string | undefined>;
  /** What the Secret says of each key. */
  states(): Promise<Readonly<Record<string, string>> | undefined>;
}

async function world(t: TestContext): Promise<World> {
  const made = await googleWorld(t);
  await made.up();
  const { google } = made;
  const env = await googleEnvironment(t, google);
  const cluster = new ClusterWithSecret(issuer);
  const clock = new TestClock();
  const config = await parse(text);
  const deps = { cluster, clock, logger: new MemoryLog() };
  const uploaded = (): string => {
    const oidc = recordOf(google.iam.provider("prod", "prod")?.fields["oidc"]);
    const { keys } = JSON.parse(String(oidc["jwksJson"])) as { keys: { kid: string }[] };
    return keys
      .map(({ kid }) => kid)
      .sort()
      .join(" ");
  };
  return {
    cluster,
    clock,
    uploaded,
    start() {
      const over = new AbortController();
      const keeper = new KeyKeeper({ ...deps, config, secret, keyFolder: "/nonexistent", env });
      const running = keeper.run(over.signal);
      const end = async (): Promise<void> => {
        over.abort();
        await running;
      };
      t.after(end);
      return { keeper, end };
    },
    async has(...kids) {
      const wanted = kids.toSorted().join(" ");
      // The clock stands unless it is moved, and what talks to Google sleeps on it too.
      const look = async (): Promise<boolean> => {
        await clock.advance(500);
        return uploaded() === wanted;
      };
      await until(`Google has ${wanted}`, look, { everyMs: 2, detail: uploaded });
    },
    distrust: (kid, force) => distrustInKeeper({ config, secret }, kid, deps, force),
    restore: (kid) => restoreInKeeper({ config, secret }, kid, deps),
    async states() {
      const kept = await keptByOperator({ config, secret }, deps);
      return kept && Object.fromEntries(kept.keys.map((key) => [key.kid, key.state]));
    },
  };
}

const kidsOf = ({ cluster }: World): readonly string[] => cluster.keys.map(({ kid }) => kid);

describe("an operator that keeps the keys", () => {
  test("remembers in its Secret a key that the cluster lost, so that its successor leaves it for its time", async (t) => {
    const at = await world(t);
    const first = at.start();
    const [gone = ""] = kidsOf(at);
    await at.has("first", gone);
    const has = "Google project shop-project, provider prod/prod: has them";
    await until("it has looked", async () => {
      await at.clock.advance(500);
      return first.keeper.said.join().startsWith(has);
    });
    await first.end();
    assert.deepEqual([first.keeper.said, first.keeper.degraded], [[], []]);
    at.cluster.keys = [newKey()];
    await at.clock.advance(day / 2);
    const second = at.start();
    await at.has("first", gone, ...kidsOf(at));
    await second.end();
    await at.clock.advance(day);
    at.start();
    await at.has(...kidsOf(at));
  });

  test("takes a key out at once that somebody distrusts in the Secret, and the cluster shows on", async (t) => {
    const at = await world(t);
    at.cluster.keys = [newKey(), newKey()];
    at.start();
    const [stolen = "", other = ""] = kidsOf(at);
    await at.has("first", stolen, other);
    assert.equal(await at.distrust(stolen), "Secret podtrust/podtrust-keys");
    await at.has("first", other);
    await at.clock.advance(120_000);
    assert.equal(at.uploaded(), ["first", other].toSorted().join(" "));
  });

  test("is asked again before it distrusts what the cluster may sign with, tells what it remembers, and trusts a key again", async (t) => {
    const at = await world(t);
    at.cluster.keys = [newKey(), newKey()];
    at.start();
    const [kid = "", other = ""] = kidsOf(at);
    await at.has("first", kid, other);
    await assert.rejects(at.distrust(kid, false), { code: "publisher-key-signs", message: /may|not known/u });
    assert.deepEqual(await at.states(), { [kid]: "current", [other]: "current" });
    await at.distrust(kid, true);
    await at.has("first", other);
    assert.deepEqual(await at.states(), { [kid]: "distrusted", [other]: "current" });
    await assert.rejects(at.distrust(other, true), { code: "publisher-last-key" });
    await assert.rejects(at.restore("nobody"), { code: "publisher-key-unknown" });
    assert.equal(await at.restore(kid), "Secret podtrust/podtrust-keys");
    await at.has("first", kid, other);
  });

  test("says what is missing where there is no Secret, and uploads nothing: a distrusted key might be among them", async (t) => {
    const at = await world(t);
    at.cluster.object = undefined;
    assert.deepEqual(
      [await at.distrust("any"), await at.restore("any"), await at.states()],
      [undefined, undefined, undefined],
    );
    const { keeper } = at.start();
    // It looks for its key on the disk, of which the clock knows nothing.
    await until(
      "it says what is missing",
      async () => {
        await at.clock.advance(10_000);
        return /there is no Secret podtrust\/podtrust-keys/u.test(keeper.degraded.join());
      },
      { detail: () => keeper.degraded.join() },
    );
    assert.equal(at.uploaded(), "first");
  });

  test("is not asked to trust a key again where nothing proves that it wrote its Secret", async (t) => {
    const at = await world(t);
    const times = { firstSeen: 1, lastSeen: 1, distrustedAt: 1 };
    const keys = [{ jwk: at.cluster.keys[0], ...times }];
    const stored = JSON.stringify({ format: 1, issuer, keys });
    at.cluster.object = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { ...secret, resourceVersion: "2" },
      data: { "documents.prod": Buffer.from(stored).toString("base64") },
    };
    await assert.rejects(at.restore(kidsOf(at)[0] ?? ""), { code: "publisher-store-key" });
  });
});
