/**
 * Random histories of bindings at Azure: two trusts of one stack, two resource groups that come and go, three ServiceAccounts of
 * two namespaces, identities of others and identities that are made, deeds of people, calls that are refused, lost or late, and
 * restarts. Judged is to whom the sandbox's Entra gives a token of an identity.
 */
import { describe, test } from "node:test";
import { azureHistories } from "../../../support/histories/azure.ts";
import {
  anothersIdentity,
  leftBehind,
  strippedIdentity,
  withoutTrust,
} from "../../../support/histories/known.ts";
import { assertHistoriesHold } from "../../../support/histories/suite.ts";
import { isAtLength } from "../../../support/runs.ts";

/** How many by night, and how many in the gate. */
const count = isAtLength ? 1000 : 100;
/** What was found once. */
const examples = [anothersIdentity, leftBehind, strippedIdentity, withoutTrust];

describe("random histories of bindings at Azure", () => {
  test("property: nobody gets more than one grant allows", async (t) => {
    // Nor loses to anybody what is granted still, nor has more than half of the operator's turns.
    await assertHistoriesHold(t, azureHistories, { count, examples });
  });
});
