/**
 * Random histories of bindings at AWS: two trusts of one stack, two accounts that come and go, three ServiceAccounts of two
 * namespaces that fight over roles, deeds of people, calls that are refused, lost or late, and restarts. Judged are sessions of
 * roles, by the rules of the sandbox's IAM and STS: those that live, and those that could begin.
 */
import { describe, test } from "node:test";
import { awsHistories } from "../../../support/histories/aws.ts";
import { announced, leavingAccount, leftBehind, withoutTrust } from "../../../support/histories/known.ts";
import { assertHistoriesHold } from "../../../support/histories/suite.ts";
import { isAtLength } from "../../../support/runs.ts";

/** How many by night, and how many in the gate. */
const count = isAtLength ? 1000 : 100;
/** What was found once. */
const examples = [announced, leavingAccount, leftBehind, withoutTrust];

describe("random histories of bindings at AWS", () => {
  test("property: nobody gets more than one grant allows", async (t) => {
    // Nor loses to anybody what is granted still, nor has more than half of the operator's turns.
    await assertHistoriesHold(t, awsHistories, { count, examples });
  });
});
