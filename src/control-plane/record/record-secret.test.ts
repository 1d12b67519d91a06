import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { describe, test } from "node:test";
import { recordOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { emptyRecord, type RotationRecord } from "../../rules/rotation/index.ts";
import { earlierRecord, type SecretCluster, showRecord, shownRecord } from "./index.ts";

const { signal } = new AbortController();
const record: RotationRecord = {
  ...emptyRecord,
  next: "k2",
  before: "k1",
  keys: [{ kid: "k2", everywhereSince: 5 }],
};

/** A cluster with room for one Secret. */
function oneSecret(text?: string): SecretCluster & { held: KubernetesObject | undefined } {
  const world: SecretCluster & { held: KubernetesObject | undefined } = {
    held: undefined,
    read: () => Promise.resolve(world.held),
    apply: (object) => Promise.resolve((world.held = object)),
  };
  if (text !== undefined)
    world.held = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "podtrust-rotation", namespace: "kube-system" },
      data: { "record.json": Buffer.from(text).toString("base64") },
    };
  return world;
}

const textOf = ({ held }: ReturnType<typeof oneSecret>): string =>
  Buffer.from(String(recordOf(held?.["data"])["record.json"]), "base64").toString();

/** What a podtrust of 282057bf reads of a text: its own reader, as it was committed. */
async function readBefore(text: string): Promise<unknown> {
  const file = new URL("../../../test/vectors/rotation-record/282057bf.ts.txt", import.meta.url);
  const base = new URL("../../core/base/index.ts", import.meta.url).href;
  const source = stripTypeScriptTypes(await readFile(file, "utf8")).replaceAll(
    "../../core/base/index.ts",
    base,
  );
  const code = `data:text/javascript,${encodeURIComponent(source)}`;
  const { parseRecord } = (await import(code)) as { parseRecord: (text: string) => unknown };
  return parseRecord(text);
}

describe("the record of a rotation in the cluster", () => {
  test("is written for others to see, without what is encrypted, and no reader takes it for the record itself", async () => {
    const world = oneSecret();
    assert.deepEqual(await shownRecord(world, signal), emptyRecord);
    await showRecord(world, { ...record, sealed: { publicKey: "PEM", file: "AAAA" } }, signal);
    assert.deepEqual(await shownRecord(world, signal), record);
    assert.doesNotMatch(textOf(world), /AAAA|PEM/u);
    assert.equal(await earlierRecord(world, signal), undefined);
  });

  test("is refused by a podtrust of 282057bf, which kept its record there", async () => {
    const world = oneSecret();
    await showRecord(world, record, signal);
    assert.equal(await readBefore(textOf(world)), undefined);
    assert.deepEqual(await readBefore(JSON.stringify(record)), record);
  });

  test("that a podtrust of 282057bf kept there is read as such", async () => {
    assert.deepEqual(await earlierRecord(oneSecret(JSON.stringify(record)), signal), record);
    assert.equal(await earlierRecord(oneSecret("{}"), signal), undefined);
  });

  test("of another form is refused by the Secret's name, for who wants to see it", async () => {
    await assert.rejects(shownRecord(oneSecret('{"version":3}'), signal), {
      code: "rotation-record",
      message: /Secret kube-system\/podtrust-rotation/u,
    });
  });
});
