import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined, silentLogger } from "../core/base/index.ts";
import { inject, injectParties, type Surroundings } from "../rules/injection/index.ts";
import type { KubernetesObject } from "../providers/kubernetes/index.ts";
import { settle, TestClock } from "../../test/support/clock.ts";
import { Canary, trialAnnotations } from "./canary.ts";

const account = { namespace: "podtrust", name: "podtrust-canary" };
const serviceAccount: KubernetesObject = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: {
    ...account,
    annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::000000000000:role/podtrust-canary" },
  },
};
const namespace: KubernetesObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "podtrust" } };
const around: Surroundings = { serviceAccount, namespace };

/** What a trial came to at an API server that makes this of each pod; with annotations by which it asks for more. */
async function tried(
  admit: (pod: KubernetesObject) => object,
  annotations?: Readonly<Record<string, string>>,
): Promise<string> {
  const clock = new TestClock();
  const canary = new Canary({
    api: {
      read: ({ kind }) => Promise.resolve(kind === "Namespace" ? namespace : serviceAccount),
      create: (pod) => Promise.resolve(admit(pod) as KubernetesObject),
    },
    account,
    ...defined({ annotations }),
    events: { record: () => Promise.resolve() },
    clock,
    logger: silentLogger,
  });
  const looking = canary.look(() => false, new AbortController().signal);
  await settle(20);
  await clock.advance(10_000);
  await looking;
  return `${canary.status.state}: ${canary.status.text}`;
}

const forAws = (pod: KubernetesObject): object => inject(pod, around).pod;

describe("a trial of injection", () => {
  test("is for AWS alone unless OpenBao tokens are injected too", async () => {
    assert.equal(await tried(forAws), "injecting: a pod made for trial got its token");
    assert.match(await tried((pod) => pod), /^dead: a pod made for trial has no AWS_/u);
  });

  test("is dead as well where a pod that asks for both gets AWS's token alone", async () => {
    const both = (pod: KubernetesObject): object => injectParties(inject(pod, around).pod, around).pod;
    assert.equal(await tried(both, trialAnnotations), "injecting: a pod made for trial got its token");
    assert.match(
      await tried(forAws, trialAnnotations),
      /^dead: a pod made for trial has no volume openbao-token/u,
    );
  });
});
