import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AccountQuotas } from "../../../providers/aws/index.ts";
import { PodtrustError, systemClock } from "../../../core/base/index.ts";
import { RememberedAnswers } from "./remembered.ts";

const quotas: AccountQuotas = {
  roles: { used: 1, quota: 1000 },
  policiesPerRole: 10,
  trustPolicySize: 2048,
  inlinePolicySize: 10_240,
};
const { signal } = new AbortController();

function account() {
  const asked: string[] = [];
  const state = { elapsed: 0, fails: false, policies: new Set(["there"]) };
  const answers = new RememberedAnswers(
    {
      quotas: () => {
        asked.push("quotas");
        if (state.fails) return Promise.reject(new PodtrustError("aws-unavailable", "trouble"));
        return Promise.resolve(quotas);
      },
      hasPolicy: (arn) => {
        asked.push(arn);
        if (state.fails) return Promise.reject(new PodtrustError("aws-unavailable", "trouble"));
        return Promise.resolve(state.policies.has(arn));
      },
    },
    { ...systemClock, elapsed: () => state.elapsed },
    45_000,
  );
  return { answers, asked, state };
}

describe("what an account said of itself", () => {
  test("is asked for once in its time, however many ask at once, and anew afterwards", async () => {
    const { answers, asked, state } = account();
    assert.deepEqual(await Promise.all([answers.quotas(signal), answers.quotas(signal)]), [quotas, quotas]);
    assert.deepEqual(
      await Promise.all([answers.hasPolicy("there", signal), answers.hasPolicy("there", signal)]),
      [true, true],
    );
    assert.deepEqual(asked, ["quotas", "there"]);
    state.elapsed = 45_000;
    await answers.quotas(signal);
    await answers.hasPolicy("there", signal);
    assert.deepEqual(asked, ["quotas", "there", "quotas", "there"]);
  });

  test("is not remembered where it failed; that a policy is missing is for its time", async () => {
    const { answers, asked, state } = account();
    state.fails = true;
    await assert.rejects(answers.quotas(signal), { code: "aws-unavailable" });
    await assert.rejects(answers.hasPolicy("late", signal), { code: "aws-unavailable" });
    state.fails = false;
    assert.equal(await answers.quotas(signal), quotas);
    assert.equal(await answers.hasPolicy("late", signal), false);
    state.policies.add("late");
    assert.equal(await answers.hasPolicy("late", signal), false);
    state.elapsed = 45_000;
    assert.equal(await answers.hasPolicy("late", signal), true);
    assert.deepEqual(asked, ["quotas", "late", "quotas", "late", "late"]);
  });
});
