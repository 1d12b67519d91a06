/** The list of test/injection/cases/, by the function. Real API servers run it in test/cluster/injection-policy.test.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { awsWebhook } from "../../../test/support/aws-webhook-model.ts";
import { expectedPod, injectionCases } from "../../../test/support/injection-cases.ts";
import { inject, injectionFault, type Surroundings } from "./index.ts";

const around = (one: (typeof injectionCases)[number]): Surroundings => ({
  serviceAccount: { metadata: { annotations: one.serviceAccount } },
  namespace: { metadata: { annotations: one.namespace ?? {} } },
});

describe("every case of injection", () => {
  for (const one of injectionCases) {
    test(`${one.name}: ${one.promise}`, () => {
      const result = inject(one.pod, around(one));
      assert.deepEqual(result.pod, expectedPod(one));
      assert.deepEqual(result.outcome === "injected" ? undefined : result.reason, one.untouched);
      const notes = result.notes.map(({ text }) => text);
      assert.deepEqual(notes, one.notes ?? []);
      assert.equal(inject(result.pod, around(one)).pod, result.pod);
    });
  }

  test("there are more than a hundred cases, and AWS's contract is more than forty of them", () => {
    assert.ok(injectionCases.length > 100);
    assert.ok(injectionCases.filter(({ contract }) => contract === "aws").length > 40);
  });

  test("a pod of AWS's contract is the same from AWS's webhook", () => {
    const skips = ({ pod }: (typeof injectionCases)[number]): boolean =>
      JSON.stringify(pod).includes("skip-containers");
    const theirs = injectionCases.filter((one) => one.contract === "aws" && !skips(one));
    assert.ok(theirs.length > 30);
    for (const one of theirs) {
      const account = { metadata: { annotations: one.serviceAccount } };
      assert.deepEqual(expectedPod(one), awsWebhook(one.pod, account), one.name);
    }
  });

  test("a pod that was injected has no fault but what its own variables and volumes are", () => {
    const faults = injectionCases.flatMap((one) => {
      const fault = injectionFault(expectedPod(one), around(one));
      return fault === undefined ? [] : [`${one.name}: ${fault.reason}`];
    });
    assert.deepEqual(faults, [
      "aws-duplicate-variables: PodRoleDiffers",
      "aws-injected-with-another-role: PodRoleDiffers",
      "aws-own-role: PodRoleDiffers",
      "aws-own-token-file: PodRoleDiffers",
      "aws-volume-of-the-name: PodTokenNotMounted",
      "mount-paths-taken: PodTokenNotMounted",
      "profile-annotation-there: PodInjectionStale",
    ]);
  });
});
