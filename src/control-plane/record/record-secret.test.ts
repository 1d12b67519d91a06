import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { emptyRecord, parseRecord, recordText } from "../../rules/rotation/index.ts";
import { keptRecord, RecordSecret, recordSecret } from "./index.ts";

const { signal } = new AbortController();
const record = { ...emptyRecord, next: "k2" };

/** A cluster with room for one Secret; a write with another version than it has is a conflict. */
function oneSecret(held?: KubernetesObject): {
  held: KubernetesObject | undefined;
  readonly calls: string[];
  readonly cluster: ConstructorParameters<typeof RecordSecret>[0];
} {
  const calls: string[] = [];
  const keep = (what: string, object: KubernetesObject): Promise<KubernetesObject> => {
    calls.push(what);
    if (world.held?.metadata.resourceVersion !== object.metadata.resourceVersion)
      throw new PodtrustError("cluster-conflict", "the object has been modified");
    const resourceVersion = String(calls.length);
    world.held = { ...object, metadata: { ...object.metadata, resourceVersion } };
    return Promise.resolve(world.held);
  };
  const world = {
    held,
    calls,
    cluster: {
      read: () => Promise.resolve(world.held),
      create: (object: KubernetesObject) => keep("create", object),
      replace: (object: KubernetesObject) => keep("replace", object),
    } as ConstructorParameters<typeof RecordSecret>[0],
  };
  return world;
}

const secretOf = (text: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { ...recordSecret, resourceVersion: "7" },
  data: { "record.json": Buffer.from(text).toString("base64") },
});

describe("the record of a rotation in the cluster", () => {
  test("is empty where there is no Secret, made by the first run, and replaced by the next", async () => {
    const world = oneSecret();
    const store = new RecordSecret(world.cluster);
    assert.deepEqual(await store.read(signal), emptyRecord);
    assert.equal(await keptRecord(world.cluster, signal), undefined);
    await store.keep(record, signal);
    await store.keep({ ...record, before: "k1" }, signal);
    assert.deepEqual(world.calls, ["create", "replace"]);
    assert.deepEqual(await new RecordSecret(world.cluster).read(signal), { ...record, before: "k1" });
    const kept = await keptRecord(world.cluster, signal);
    assert.deepEqual(parseRecord(kept ?? ""), { ...record, before: "k1" });
  });

  test("that another run has changed since it was read is not written over", async () => {
    const world = oneSecret(secretOf(recordText(record)));
    const [one, other] = [new RecordSecret(world.cluster), new RecordSecret(world.cluster)];
    await Promise.all([one.read(signal), other.read(signal)]);
    await other.keep({ ...record, before: "k1" }, signal);
    await assert.rejects(one.keep(record, signal), { code: "rotation-elsewhere" });
    assert.equal((await other.read(signal)).before, "k1");
  });

  test("of another form is refused by the Secret's name", async () => {
    const { cluster } = oneSecret(secretOf("{}"));
    await assert.rejects(new RecordSecret(cluster).read(signal), {
      code: "rotation-record",
      message: /Secret kube-system\/podtrust-rotation/u,
    });
  });
});
