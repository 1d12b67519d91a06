import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDescribedTarget } from "./index.ts";

const pool = "projects/123456789012/locations/global/workloadIdentityPools/prod";
const provider = {
  name: `${pool}/providers/cluster`,
  state: "ACTIVE",
  attributeMapping: { "google.subject": "assertion.sub" },
  oidc: { issuerUri: "https://oidc.example.test" },
};
const used = { state: "ACTIVE", disabled: false };

describe("what gcloud describes", () => {
  test("is read of a provider alone: its pool is taken to be in use", () => {
    assert.deepEqual(readDescribedTarget([provider]), {
      name: { projectNumber: "123456789012", pool: "prod", provider: "cluster" },
      target: {
        pool: used,
        provider: {
          ...used,
          issuerUri: "https://oidc.example.test",
          allowedAudiences: [],
          attributeMapping: { "google.subject": "assertion.sub" },
        },
      },
    });
  });

  test("is read of a provider with all that it may have, its pool, and a service account's policy, in any order", () => {
    const policy = {
      bindings: [
        { role: "roles/iam.workloadIdentityUser", members: ["a"] },
        { role: "roles/iam.serviceAccountTokenCreator", members: ["b"] },
        { role: "roles/viewer", members: ["c"] },
        { role: "roles/iam.workloadIdentityUser", members: ["d"], condition: { expression: "false" } },
      ],
    };
    const whole = {
      ...provider,
      state: "DELETED",
      disabled: true,
      attributeCondition: "true",
      oidc: { ...provider.oidc, allowedAudiences: ["x"], jwksJson: "{}" },
    };
    const { target, tokenCreators } = readDescribedTarget([
      policy,
      { name: pool, state: "DELETED", disabled: true },
      whole,
      [{ name: "a list is passed over" }],
    ]);
    assert.deepEqual(tokenCreators, ["a", "b"]);
    assert.deepEqual(target.pool, { state: "DELETED", disabled: true });
    const { state, disabled, attributeCondition, allowedAudiences, jwksJson } = target.provider;
    assert.deepEqual(
      [state, disabled, attributeCondition, allowedAudiences, jwksJson],
      ["DELETED", true, "true", ["x"], "{}"],
    );
  });

  test("without a provider, or one with another's name, is refused with the command that prints one", () => {
    assert.throws(() => readDescribedTarget([{ name: pool }]), {
      code: "description-invalid",
      message: /none of the files describes an OIDC provider/u,
    });
    assert.throws(() => readDescribedTarget([{ ...provider, name: pool }]), {
      message: /no name of a provider/u,
    });
    assert.throws(() => readDescribedTarget([{ ...provider, oidc: {} }]), {
      message: /^oidc of the provider has no issuerUri$/u,
    });
  });
});
