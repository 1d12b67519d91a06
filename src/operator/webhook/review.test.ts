import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { array, assert as holds, asyncProperty, constant, jsonValue, oneof, record } from "fast-check";
import { azureAccount, azureCases } from "../../../test/support/azure-cases.ts";
import { googleAccount, googleCases } from "../../../test/support/gcp-cases.ts";
import { aroundOf } from "../../../test/support/party-case.ts";
import { expectedPod, injectionCases } from "../../../test/support/injection-cases.ts";
import { openbaoCases } from "../../../test/support/openbao-cases.ts";
import { applyPatch } from "../../../test/support/json-patch.ts";
import type { JsonRecord } from "../../core/base/index.ts";
import { inject, injectParties } from "../../rules/injection/index.ts";
import { answerReview as answerRead, type FindAround, type ReviewAnswer } from "./review.ts";
import { runs } from "../../../test/support/runs.ts";

const role = "arn:aws:iam::111122223333:role/web";
const serviceAccount = { metadata: { annotations: { "eks.amazonaws.com/role-arn": role } } };
const pod: JsonRecord = { metadata: {}, spec: { serviceAccountName: "web", containers: [{ name: "app" }] } };

function review(object: unknown, more: JsonRecord = {}): JsonRecord {
  const resource = { group: "", version: "v1", resource: "pods" };
  const request = { uid: "u-1", namespace: "shop", operation: "CREATE", resource, object, ...more };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
}

const answerReview = (asked: unknown, around: FindAround): Promise<ReviewAnswer> =>
  answerRead(() => Promise.resolve(asked), around);

interface Answered {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patchType?: string;
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

const answered = async (...asked: Parameters<typeof answerReview>): Promise<Answered> =>
  (await answerReview(...asked)).body["response"] as Answered;
const patched = (object: JsonRecord, { patch = "W10=" }: Answered): JsonRecord =>
  applyPatch(object, JSON.parse(Buffer.from(patch, "base64").toString()) as Parameters<typeof applyPatch>[1]);

describe("the answer to an AdmissionReview", () => {
  test("makes of every case's pod what it says, and of that nothing more", async () => {
    for (const one of injectionCases) {
      const around = async () => ({
        serviceAccount: { metadata: { annotations: one.serviceAccount } },
        namespace: { metadata: { annotations: one.namespace ?? {} } },
      });
      const first = patched(one.pod, await answered(review(one.pod), around));
      assert.deepEqual(first, expectedPod(one), one.name);
      const again = await answered(review(first), around);
      assert.equal(again.patch, undefined, one.name);
    }
  });

  test("gives OpenBao's token to pods that ask, with a role of AWS and without", async () => {
    for (const { name, pod: asking, injected } of openbaoCases) {
      const alone = await answered(review(asking), async () => ({ serviceAccount: { metadata: {} } }));
      assert.deepEqual(patched(asking, alone), injected ?? asking, name);
      const both = patched(asking, await answered(review(asking), async () => ({ serviceAccount })));
      const expected = injectParties(inject(asking, { serviceAccount }).pod, { serviceAccount }).pod;
      assert.deepEqual(both, expected, name);
    }
  });

  test("gives Google's and Azure's tokens to pods whose ServiceAccount asks, and says what cannot be used", async () => {
    for (const one of [...azureCases, ...googleCases]) {
      const answer = await answered(review(one.pod), async () => aroundOf(one));
      assert.deepEqual(patched(one.pod, answer), one.injected ?? one.pod, one.name);
      assert.deepEqual(answer.warnings ?? [], one.warnings ?? [], one.name);
      assert.equal(answer.allowed, true);
    }
  });

  test("has the uid of the question, allows the pod, and is the same for a dry run", async () => {
    const around = async (namespace: string, account: string) => {
      assert.deepEqual([namespace, account], ["shop", "web"]);
      return { serviceAccount };
    };
    const answer = await answerReview(review(pod), around);
    assert.equal(answer.outcome, "injected");
    const { apiVersion, kind, response } = answer.body;
    assert.deepEqual([apiVersion, kind], ["admission.k8s.io/v1", "AdmissionReview"]);
    const { uid, allowed, patchType } = response as Answered;
    assert.deepEqual([uid, allowed, patchType], ["u-1", true, "JSONPatch"]);
    assert.deepEqual((await answerReview(review(pod, { dryRun: true }), around)).body, answer.body);
  });

  test("carries warnings, also where the pod has all of it already", async () => {
    const annotations = { ...serviceAccount.metadata.annotations, "podtrust.dev/fs-group": "wheel" };
    const around = async () => ({ serviceAccount: { metadata: { annotations } } });
    const first = await answered(review(pod), around);
    const warnings = [
      'podtrust: InjectionAnnotationInvalid: annotation podtrust.dev/fs-group of the ServiceAccount is "wheel": it is not the number of a group, and not used',
    ];
    assert.deepEqual(first.warnings, warnings);
    const second = await answerReview(review(patched(pod, first)), around);
    assert.equal(second.outcome, "unchanged");
    assert.deepEqual((second.body["response"] as Answered).warnings, warnings);
  });

  test("leaves alone what is no pod that is made, without looking for anything", async () => {
    const never = (): never => assert.fail("nothing is to be looked for");
    for (const more of [
      { operation: "UPDATE" },
      { subResource: "binding" },
      { resource: { group: "apps", resource: "deployments" } },
    ]) {
      const { outcome, body } = await answerReview(review(pod, more), never);
      assert.equal(outcome, "untouched");
      assert.deepEqual(body["response"], { uid: "u-1", allowed: true });
    }
  });

  test("is none where the question is no review, with what it lacks", async () => {
    const around = async () => ({ serviceAccount });
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /no AdmissionReview/u],
      [[], /no AdmissionReview/u],
      [
        { ...review(pod), apiVersion: "admission.k8s.io/v1beta1" },
        /no AdmissionReview of admission\.k8s\.io\/v1/u,
      ],
      [{ ...review(pod), request: null }, /no request/u],
      [review(pod, { uid: "" }), /no uid/u],
      [review(pod, { uid: 1 }), /no uid/u],
      [review("pod"), /no object/u],
      [review(pod, { namespace: undefined }), /no namespace/u],
      [review(pod, { namespace: "n".repeat(64) }), /longer name than there can be/u],
      [review({ spec: { serviceAccountName: "s".repeat(254) } }), /longer name than there can be/u],
    ];
    for (const [body, message] of wrong)
      await assert.rejects(answerReview(body, around), { name: "TypeError", message });
  });

  test("is none for a pod of more than a thousand containers, or with an annotation that is no text, and names it", async () => {
    const around = async () => ({ serviceAccount });
    const containers = Array.from({ length: 1001 }, (_, index) => ({ name: `c-${index}` }));
    await assert.rejects(answerReview(review({ spec: { containers } }), around), {
      name: "TypeError",
      message: "its pod has 1001 containers, and 1000 are the most",
    });
    const annotations = { "eks.amazonaws.com/skip-containers": {} };
    await assert.rejects(answerReview(review({ ...pod, metadata: { annotations } }), around), {
      name: "TypeError",
      message: "the annotation eks.amazonaws.com/skip-containers of its pod is no text",
    });
  });

  test("stands, with a warning, where the namespace has an annotation that is no text", async () => {
    const namespace = { metadata: { annotations: { "podtrust.dev/region": { toString: 1 } } } };
    const { allowed } = await answered(review(pod), async () => ({ serviceAccount, namespace }));
    assert.equal(allowed, true);
  });

  test("reads the review anew after it waited, and holds nothing of it meanwhile", async () => {
    let reads = 0;
    const read = async (): Promise<unknown> => {
      reads += 1;
      return review(pod);
    };
    await answerRead(read, () => ({ serviceAccount }));
    assert.equal(reads, 1);
    await answerRead(read, async () => ({ serviceAccount }));
    assert.equal(reads, 3);
  });

  test("is a TypeError or an answer, whatever the question, and a patch leads to what injection makes of the pod", async () => {
    const annotations = { ...serviceAccount.metadata.annotations, ...googleAccount, ...azureAccount };
    const around = async () => ({ serviceAccount: { metadata: { annotations } } });
    const object = record({
      metadata: oneof(jsonValue(), constant({ annotations: { "eks.amazonaws.com/skip-containers": "a" } })),
      spec: oneof(
        jsonValue(),
        record({
          containers: oneof(
            jsonValue(),
            array(record({ name: jsonValue(), env: jsonValue(), volumeMounts: jsonValue() })),
          ),
          volumes: oneof(jsonValue(), array(jsonValue())),
          securityContext: jsonValue(),
        }),
      ),
    });
    await holds(
      asyncProperty(oneof(jsonValue(), object), async (value) => {
        const asked = review(value);
        try {
          const { body } = await answerReview(asked, around);
          const once = patched(value as JsonRecord, body["response"] as Answered);
          assert.equal((await answerReview(review(once), around)).outcome, "unchanged");
        } catch (error) {
          assert.ok(error instanceof TypeError, String(error));
        }
      }),
      { numRuns: runs(2000) },
    );
  });
});
