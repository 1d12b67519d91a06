import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined } from "../../../core/base/index.ts";
import { loadPartyPolicies } from "../index.ts";

const openbao = await loadPartyPolicies("openbao");
assert.ok(openbao.askedBy === "pod");

interface Condition {
  readonly expression: string;
}

describe("the admission policy for OpenBao", () => {
  test("is one policy and its binding, of the version that the cluster's minor has", () => {
    for (const [minor, version] of [
      ["1.35", "v1beta1"],
      ["1.36", "v1"],
      [undefined, "v1"],
    ] as const) {
      const [policy, binding, ...others] = openbao.policies(defined({ kubernetes: minor }));
      assert.deepEqual(others, []);
      assert.equal(policy?.["apiVersion"], `admissionregistration.k8s.io/${version}`);
      assert.equal(policy["kind"], "MutatingAdmissionPolicy");
      assert.deepEqual(binding?.["spec"], { policyName: "podtrust-openbao" });
    }
  });

  test("refuses a pod without its volume by one more, where that is wanted, asked about the same pods", () => {
    const [injecting, , policy, binding, ...others] = openbao.policies({ deny: true });
    assert.deepEqual(others, []);
    const [spec, of] = [policy, injecting].map(
      (one) => one?.["spec"] as { readonly matchConditions: object },
    );
    assert.deepEqual(spec?.matchConditions, of?.matchConditions);
    assert.deepEqual(binding?.["spec"], {
      policyName: "podtrust-openbao-injected",
      validationActions: ["Deny"],
    });
  });

  test("is asked about pods that name a server alone, and leaves out those with the label of what is skipped", () => {
    const [policy] = openbao.policies();
    const spec = policy?.["spec"] as {
      readonly matchConditions: readonly Condition[];
      readonly matchConstraints: { readonly objectSelector: object };
      readonly variables: readonly Condition[];
    };
    const [asks, ...more] = spec.matchConditions;
    assert.deepEqual(more, []);
    assert.match(asks?.expression ?? "", /annotations\[\?"openbao\.podtrust\.dev\/address"\]/u);
    assert.match(asks?.expression ?? "", /!= "windows"/u);
    assert.deepEqual(spec.matchConstraints.objectSelector, {
      matchExpressions: [{ key: "eks.amazonaws.com/skip-pod-identity-webhook", operator: "DoesNotExist" }],
    });
    for (const { expression } of spec.variables) assert.doesNotMatch(expression, /undefined|\[object/u);
  });
});
