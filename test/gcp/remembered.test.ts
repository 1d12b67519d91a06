import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import { withRemembered } from "../../src/stack/parts/gcp/remembered.ts";
import { newKey } from "../support/publisher.ts";

const config = { stack: "prod", issuer: "https://oidc.example.com" };
const { signal } = new AbortController();
const [shown, gone, stolen] = [newKey(), newKey(), newKey()];

/** A cluster whose operator has this text in its Secret; undefined: there is no Secret. */
const clusterWith = (text: string | undefined) => ({
  read: (): Promise<KubernetesObject | undefined> =>
    Promise.resolve(
      text === undefined
        ? undefined
        : {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "podtrust-keys", namespace: "podtrust" },
            data: { "documents.prod": Buffer.from(text).toString("base64") },
          },
    ),
});
const stored = (issuer: string): string =>
  JSON.stringify({
    format: 1,
    issuer,
    keys: [{ jwk: shown }, { jwk: gone, absentSince: 1 }, { jwk: stolen, distrustedAt: 1 }],
  });
const kidsOf = async (text: string | undefined, keys: readonly object[]): Promise<readonly unknown[]> => {
  const found = await withRemembered(clusterWith(text), keys as never, config, signal);
  return found.map(({ kid }) => kid);
};

describe("the keys of a cluster whose operator uploads them", () => {
  test("have what it remembers beside them, and never what it distrusts, under whatever kid", async () => {
    const renamed = { ...stolen, kid: "another" };
    const text = stored(config.issuer);
    assert.deepEqual(await kidsOf(text, [shown, stolen, renamed]), [shown.kid, gone.kid]);
  });

  test("are the cluster's own where it remembers nothing, what is damaged, or another issuer's", async () => {
    for (const text of [undefined, "no JSON", "[]", stored("https://other.example.com")])
      assert.deepEqual(await kidsOf(text, [shown]), [shown.kid], String(text));
  });
});
