/**
 * Random histories of bindings at Google: two trusts, each of a pool of its own, three ServiceAccounts of two namespaces, service
 * accounts that both pools let in, deeds of people, calls that are refused, lost or late, and restarts. Judged is whom the
 * sandbox's token exchange and IAM let become a service account.
 */
import { describe, test } from "node:test";
import { googleHistories } from "../../../support/histories/google.ts";
import { hiddenByAnother, leftBehind, withoutTrust } from "../../../support/histories/known.ts";
import { assertHistoriesHold } from "../../../support/histories/suite.ts";
import { isAtLength } from "../../../support/runs.ts";

/** How many by night, and how many in the gate. */
const count = isAtLength ? 1000 : 100;
/** What was found once. */
const examples = [hiddenByAnother, leftBehind, withoutTrust];

describe("random histories of bindings at Google", () => {
  test("property: nobody gets more than one grant allows", async (t) => {
    // Nor loses to anybody what is granted still, nor has more than half of the operator's turns.
    await assertHistoriesHold(t, googleHistories, { count, examples });
  });
});
