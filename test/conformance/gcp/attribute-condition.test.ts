import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";

describe("Google's rule attribute-condition", () => {
  const text = "The given credential is rejected by the attribute condition.";
  const expected = { rule: "attribute-condition", code: "unauthorized_client", text };
  const mapping = {
    "google.subject": "assertion.sub",
    "attribute.namespace": "assertion['kubernetes.io'].namespace",
  };
  for (const [name, attributeCondition] of [
    ["a namespace that is not listed", "assertion['kubernetes.io']['namespace'] in ['monitoring']"],
    ["a condition on a claim that is not there", "assertion.missing == 'x'"],
    ["a condition that is no bool", "assertion.sub"],
    ["a condition that is no CEL", "assertion.sub =="],
    ["an attribute that has no value", "attribute.team == 'x'"],
  ] as const)
    test(`refuses ${name}`, () =>
      refuses(
        {
          provider: {
            attributeCondition,
            attributeMapping: { ...mapping, "attribute.team": "assertion.team" },
          },
        },
        expected,
      ));

  test("refuses a token without sub by a condition on it, before the mapping is asked", () =>
    refuses(
      { claims: { sub: undefined }, provider: { attributeCondition: "assertion.sub == 'x'" } },
      expected,
    ));

  for (const attributeCondition of [
    "",
    "assertion['kubernetes.io']['namespace'] in ['shop', 'monitoring']",
    "google.subject.startsWith('system:serviceaccount:shop:')",
    "attribute.namespace == 'shop'",
  ])
    test(`accepts ${attributeCondition === "" ? "no condition" : attributeCondition}`, () =>
      accepts({ provider: { attributeCondition, attributeMapping: mapping } }));
});
