import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AssertionChange, assertionFacts } from "../../../test/conformance/azure-fixture.ts";
import { keyChecks } from "../keys/index.ts";
import { decideAssertion, decideSecret, explainAssertion } from "./index.ts";

const judged = decideAssertion(await assertionFacts({ request: { grantType: "password" } }), keyChecks);
/** Any refusal: which one a wrong secret gets is the caller's. */
const wrong = judged.outcome === "refused" ? judged.refusal : assert.fail();

/** The rule that refuses a secret; the resource where none does. */
async function secretAnswer(change: AssertionChange, isWrong = false): Promise<string> {
  const decision = decideSecret(await assertionFacts(change), isWrong ? wrong : undefined);
  return decision.outcome === "refused" ? decision.refusal.rule : decision.resource;
}

describe("a client secret", () => {
  const absentClient = { facts: { client: undefined } };
  const absentResource = { facts: { isResourceKnown: false } };

  test("is for the resource of the scope", async () => {
    assert.equal(await secretAnswer({}), "https://vault.azure.net");
  });

  test("is compared after the client is found, and before the resource is looked for", async () => {
    assert.equal(await secretAnswer(absentClient, true), "client-exists");
    assert.equal(await secretAnswer(absentResource, true), wrong.rule);
    assert.equal(await secretAnswer(absentResource), "resource-known");
  });
});

describe("an explanation", () => {
  test("of a call without a client id says so, and of no client that it has none", async () => {
    const facts = await assertionFacts({ request: { clientId: undefined }, facts: { client: undefined } });
    const reports = explainAssertion(facts, keyChecks).filter(({ outcome }) => outcome === "refused");
    assert.deepEqual(
      reports.map(({ refusal }) => refusal?.rule),
      ["token-request-parameters", "client-exists"],
    );
  });
});
