import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { acceptsImpersonation as accepts, refusesImpersonation as refuses } from "../gcp-fixture.ts";
import { explainImpersonation } from "../../../src/rules/gcp/index.ts";
import { impersonation, principal } from "../gcp-fixture.ts";

describe("Google's rule impersonation-permitted", () => {
  const text = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
  const expected = { rule: "impersonation-permitted", code: "PERMISSION_DENIED", status: 403, text };
  test("refuses an account that does not exist, and one that is disabled", () => {
    assert.match(refuses({ account: undefined }, expected).why, /there is no service account/u);
    const { why } = refuses({ account: { disabled: true, tokenCreators: [principal] } }, expected);
    assert.match(why, /is disabled/u);
  });
  test("refuses who is no member, and says how to make one", () => {
    const { why, next } = refuses(
      { account: { disabled: false, tokenCreators: ["user:a@b.test"] } },
      expected,
    );
    assert.ok(why.includes(principal) && next.includes(principal));
  });
  test("names a member that only a cluster of GKE has", () => {
    const tokenCreators = ["serviceAccount:my-project.svc.id.goog[shop/cart]"];
    assert.match(
      refuses({ account: { disabled: false, tokenCreators } }, expected).why,
      /means a cluster of GKE/u,
    );
  });
  test("accepts the principal, and everybody of the pool", () => {
    accepts();
    const set = `${principal.replace("principal:", "principalSet:").replace(/\/subject.*/u, "")}/*`;
    accepts({ account: { disabled: false, tokenCreators: [set] } });
    const reports = explainImpersonation(impersonation());
    assert.deepEqual(
      reports.map(({ outcome }) => outcome),
      ["accepted", "accepted"],
    );
  });
});
