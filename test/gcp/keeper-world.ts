import type { TestContext } from "node:test";
import { recordOf, textOf } from "../../src/core/base/index.ts";
import { type KubernetesObject, storeKeyName } from "../../src/providers/kubernetes/index.ts";
import { distrustInKeeper, KeyKeeper, keptByOperator, restoreInKeeper } from "../../src/publisher/index.ts";
import { TestClock } from "../support/clock.ts";
import { parse } from "../support/config-text.ts";
import { FakeCluster, MemoryLog } from "../support/publisher.ts";
import { until } from "../support/until.ts";
import { googleEnvironment, googleWorld, projectNumber } from "./google-world.ts";

export const issuer = "https://oidc.example.test";
const text = `stack: prod\nidentity: 3f2a91bc\nissuer: ${issuer}\ngcp: [{project: shop-project, projectNumber: "${projectNumber}"}]\n`;
export const secret = { namespace: "podtrust", name: "podtrust-keys" };
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

  /** Writes entries as somebody else who may; undefined deletes one. */
  write(entries: Readonly<Record<string, string | undefined>>): void {
    const data = { ...recordOf(this.object?.["data"]) };
    for (const [name, written] of Object.entries(entries))
      if (written === undefined) delete data[name];
      else data[name] = Buffer.from(written).toString("base64");
    const resourceVersion = String(Number(this.object?.metadata.resourceVersion ?? 0) + 1);
    const metadata = { ...secret, resourceVersion };
    this.object = { apiVersion: "v1", kind: "Secret", metadata, data };
  }

  /** What an entry holds. */
  text(entry: string): string | undefined {
    const encoded = textOf(recordOf(this.object?.["data"])[entry]);
    return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
  }
}

/** An operator that uploads a cluster's keys to Google. */
export interface KeeperWorld {
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

/** One of `first`, the key that `up` uploaded, and one key of the cluster. */
export async function keeperWorld(t: TestContext): Promise<KeeperWorld> {
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

/** The key IDs that the cluster shows. */
export const shownBy = ({ cluster }: KeeperWorld): readonly string[] => cluster.keys.map(({ kid }) => kid);
