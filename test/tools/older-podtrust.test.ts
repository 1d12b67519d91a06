/**
 * A podtrust of 282057bf beside this one, on the laptop of a second administrator: that one believed the Secret in which this one shows
 * its record. Its own code runs, as it was committed, on its own API servers in memory.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { earlierRecord } from "../../src/control-plane/record/index.ts";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import { unpackEarlier, whyNoCommit } from "../support/earlier-code.ts";
import { RotationCluster } from "../support/rotation-cluster.ts";

const commit = "282057bf";

/** Its cluster with one Secret, as its `RecordSecret` asks for it. */
interface SecretApi {
  read(): Promise<KubernetesObject | undefined>;
  create(object: KubernetesObject): Promise<KubernetesObject>;
  replace(object: KubernetesObject): Promise<KubernetesObject>;
}

type Move = "prepare" | "promote" | "abort" | "finishPublication" | "finishVerifiers" | "look";

/** What this file needs of its modules. */
interface OlderCluster {
  readonly clock: object;
  readonly servers: readonly {
    readonly files: object;
    readonly running: { readonly verify: readonly string[] };
  }[];
  close(): Promise<void>;
}
interface Older {
  readonly cluster: OlderCluster;
  readonly rotation: (secret: SecretApi) => Readonly<Record<Move, (algorithm?: string) => Promise<unknown>>>;
}

async function older(t: TestContext): Promise<Older> {
  const { folder, remove } = await unpackEarlier(commit, ["src", "test/support"]);
  t.after(remove);
  const load = (path: string): Promise<unknown> => import(join(folder, path));
  const { RotationCluster: Cluster } = (await load("test/support/rotation-cluster.ts")) as {
    RotationCluster: { start(): Promise<OlderCluster> };
  };
  const { Rotation } = (await load("src/control-plane/rotation/index.ts")) as {
    Rotation: new (deps: object) => ReturnType<Older["rotation"]>;
  };
  const { RecordSecret } = (await load("src/control-plane/record/index.ts")) as {
    RecordSecret: new (secret: SecretApi) => object;
  };
  const cluster = await Cluster.start();
  t.after(() => cluster.close());
  return {
    cluster,
    rotation: (secret) =>
      new Rotation({
        servers: cluster.servers,
        record: new RecordSecret(secret),
        published: async () => {
          // Its publisher has what any server verifies.
          const kids = [...new Set(cluster.servers.flatMap(({ running }) => running.verify))];
          return Promise.resolve({ seen: [{ where: "over IPv4", kids }], failures: [] });
        },
        pods: async () => Promise.resolve([]),
        legacy: async () => Promise.resolve([]),
        times: { poll: 10_000, publisherCache: 60_000, relyingPartyCache: 60_000 },
        clock: cluster.clock,
        signal: new AbortController().signal,
        withdraw: () => Promise.reject(new Error("it withdraws nothing")),
        onStep: () => {},
        onMoved: async () => Promise.resolve(),
        onWait: () => {},
      }),
  };
}

/** A place for one Secret that counts what is written. */
function placeOf(held?: KubernetesObject): SecretApi & { readonly writes: () => number } {
  let [object, writes] = [held, 0];
  const write = async (next: KubernetesObject): Promise<KubernetesObject> => {
    writes += 1;
    object = { ...next, metadata: { ...next.metadata, resourceVersion: String(writes) } };
    return Promise.resolve(object);
  };
  return { read: async () => Promise.resolve(object), create: write, replace: write, writes: () => writes };
}

describe(`a podtrust of ${commit} beside this one`, { skip: whyNoCommit(commit) ?? false }, () => {
  test("refuses each move and each look once this one has begun a rotation, and changes neither Secret nor server", async (t) => {
    const world = await RotationCluster.start();
    t.after(() => world.close());
    await world.rotation().prepare("ES256");
    const { cluster, rotation } = await older(t);
    const place = placeOf(world.secret);
    const before = structuredClone(cluster.servers.map(({ files }) => files));
    const moves: readonly Move[] = [
      "look",
      "prepare",
      "promote",
      "abort",
      "finishPublication",
      "finishVerifiers",
    ];
    for (const move of moves)
      await assert.rejects(
        rotation(place)[move](move === "prepare" ? "ES256" : undefined),
        { code: "rotation-record" },
        move,
      );
    assert.equal(place.writes(), 0);
    assert.deepEqual(
      cluster.servers.map(({ files }) => files),
      before,
    );
  });

  test("does as ever where this one has begun nothing, and what it keeps is read by this one for what it is", async (t) => {
    const { rotation } = await older(t);
    const place = placeOf();
    await rotation(place).prepare("ES256");
    assert.ok(place.writes() > 0);
    const record = await earlierRecord(place, new AbortController().signal);
    assert.match(record?.next ?? "", /^[\w-]{43}$/u);
  });
});
