import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type KubernetesObject, proofOf } from "../../src/providers/kubernetes/index.ts";
import { withRemembered } from "../../src/stack/parts/gcp/remembered.ts";
import { newKey } from "../support/publisher.ts";
import { storeKey } from "../support/replicas.ts";

const config = { stack: "prod", issuer: "https://oidc.example.com" };
const { signal } = new AbortController();
const [shown, gone, stolen] = [newKey(), newKey(), newKey()];

/** A cluster whose operator has this text in its Secret; undefined: there is no Secret. */
const clusterWith = (text: string | undefined, prover = storeKey) => ({
  read({ name }: { readonly name: string }): Promise<KubernetesObject | undefined> {
    const secret = (data: Readonly<Record<string, string>>): KubernetesObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "podtrust" },
      data: Object.fromEntries(
        Object.entries(data).map(([entry, value]) => [entry, Buffer.from(value).toString("base64")]),
      ) as Record<string, string>,
    });
    if (name === "podtrust-keys-store-key") return Promise.resolve(secret({ key: storeKey }));
    if (text === undefined) return Promise.resolve(undefined);
    const proof = proofOf(prover, "documents.prod", text);
    return Promise.resolve(secret({ "documents.prod": text, "proof.documents.prod": proof }));
  },
});
const stored = (issuer: string): string =>
  JSON.stringify({
    format: 1,
    issuer,
    keys: [{ jwk: shown }, { jwk: gone, absentSince: 1 }, { jwk: stolen, distrustedAt: 1 }],
  });
const kidsOf = async (
  text: string | undefined,
  keys: readonly object[],
  prover?: string,
): Promise<readonly unknown[]> => {
  const found = await withRemembered(clusterWith(text, prover), keys as never, config, signal);
  return found.map(({ kid }) => kid);
};

describe("the keys of a cluster whose operator uploads them", () => {
  test("have what it remembers beside them, and never what it distrusts, under whatever kid", async () => {
    const renamed = { ...stolen, kid: "another" };
    const text = stored(config.issuer);
    assert.deepEqual(await kidsOf(text, [shown, stolen, renamed]), [shown.kid, gone.kid]);
  });

  test("have no key beside them that its operator did not write, and are not all taken away by what it did not", async () => {
    const forger = "f".repeat(43);
    const text = stored(config.issuer);
    assert.deepEqual(await kidsOf(text, [shown, stolen], forger), [shown.kid]);
    assert.deepEqual(await kidsOf(text, [stolen], forger), [stolen.kid]);
    assert.deepEqual(await kidsOf(text, [stolen]), [shown.kid, gone.kid]);
  });

  test("are the cluster's own where it remembers nothing, what is damaged, or another issuer's", async () => {
    for (const text of [undefined, "no JSON", "[]", stored("https://other.example.com")])
      assert.deepEqual(await kidsOf(text, [shown]), [shown.kid], String(text));
  });
});
