/** What pods get that ask for OpenBao. A real API server makes the same of them in test/cluster/injection-parties.test.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonRecord } from "../../core/base/index.ts";
import { openbaoCases } from "../../../test/support/openbao-cases.ts";
import { inject, injectionPatch, injectionView, injectParties, partyFault } from "./index.ts";

const injectOpenBao = (pod: JsonRecord): JsonRecord => injectParties(pod, { serviceAccount: undefined }).pod;

describe("every case of OpenBao's injection", () => {
  for (const { name, pod, injected } of openbaoCases)
    test(`${name}: is as it says, and injected again the same object`, () => {
      const result = injectOpenBao(pod);
      assert.deepEqual(result, injected ?? pod);
      if (injected === undefined) assert.equal(result, pod);
      assert.equal(injectOpenBao(result), result);
      assert.doesNotThrow(() => injectionPatch(pod, result));
    });
});

describe("a pod that asks for AWS and OpenBao", () => {
  const pod = {
    metadata: { name: "web", annotations: { "openbao.podtrust.dev/address": "https://bao.example.com" } },
    spec: { serviceAccountName: "web", containers: [{ name: "web" }] },
  };
  const role = "arn:aws:iam::111122223333:role/web";
  const around = {
    serviceAccount: { metadata: { annotations: { "eks.amazonaws.com/role-arn": role } } },
    namespace: { metadata: {} },
  };

  test("has a volume and a token for each audience, whichever came first", () => {
    const both = injectOpenBao(inject(pod, around).pod);
    const spec = both["spec"] as {
      readonly volumes: readonly { readonly name: string }[];
      readonly containers: readonly { readonly volumeMounts: readonly object[] }[];
    };
    assert.deepEqual(
      spec.volumes.map(({ name }) => name),
      ["openbao-token", "aws-iam-token"],
    );
    assert.equal(spec.containers[0]?.volumeMounts.length, 2);
    assert.match(
      JSON.stringify(spec.volumes),
      /"audience":"https:\/\/bao\.example\.com".*"sts\.amazonaws\.com"/u,
    );
    const other = inject(injectOpenBao(pod), around).pod["spec"] as typeof spec;
    assert.equal(other.volumes.length, 2);
    assert.doesNotThrow(() => injectionPatch(pod, both));
  });

  test("has of AWS what a pod has that asks for AWS alone", () => {
    const { annotations: _annotations, ...metadata } = pod.metadata;
    const alone = { ...pod, metadata };
    assert.equal(injectOpenBao(alone), alone);
    const injected = inject(alone, around).pod;
    assert.equal(injectOpenBao(injected), injected);
  });
});

const noAccount = { serviceAccount: undefined };

describe("a pod that is looked for because it asks for OpenBao", () => {
  for (const { name, pod, injected } of openbaoCases)
    test(`${name}: is reported until it has its token, whole or as the operator keeps it`, () => {
      for (const seen of [pod, injectionView(pod) ?? {}]) {
        const fault = partyFault(seen, noAccount);
        const volumes = (pod["spec"] as { volumes?: { name: string }[] } | undefined)?.volumes ?? [];
        const isFaulty = injected !== undefined && !volumes.some((one) => one.name === "openbao-token");
        assert.equal(fault?.reason, isFaulty ? "PodNotInjected" : undefined);
      }
      assert.equal(partyFault(injectOpenBao(pod), noAccount), undefined);
    });

  test("names the volume and the annotation that asks for it", () => {
    const annotations = { "openbao.podtrust.dev/address": "https://bao.example.com" };
    const pod = { metadata: { name: "web", annotations }, spec: { containers: [{ name: "web" }] } };
    assert.equal(
      partyFault(pod, noAccount)?.text,
      "has no volume openbao-token, for which its annotation openbao.podtrust.dev/address asks",
    );
  });
});
