import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import { openTofuText } from "../../src/stack/index.ts";
import { email, principal, projectNumber } from "./google-world.ts";

const yaml = (more: string): string => `stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
gcp:
  - project: my-project
    projectNumber: "${projectNumber}"
    serviceAccounts: [{email: ${email}, serviceAccounts: [shop/web]}]
    ${more}
`;

async function exported(more = ""): Promise<string> {
  return openTofuText(await parseConfig(yaml(more), "/podtrust.yaml", {}), { imports: true });
}

describe("a project of Google Cloud in OpenTofu", () => {
  test("has podtrust's mark, so that both see the same things", async () => {
    const marks = (await exported()).match(/description += "podtrust stack=prod format=1 id=3f2a91bc"/gu);
    assert.equal(marks?.length, 2);
  });

  test("takes over pool, provider and members by the names that Google has for them", async () => {
    const text = await exported();
    const pool = "projects/my-project/locations/global/workloadIdentityPools/prod";
    for (const id of [
      pool,
      `${pool}/providers/prod`,
      `projects/shop/serviceAccounts/${email} roles/iam.workloadIdentityUser ${principal()}`,
    ])
      assert.ok(text.includes(`"${id}"`), id);
  });

  test("takes uploaded keys from a variable, and has none where Google fetches them", async () => {
    assert.match(await exported(), /jwks_json += var\.cluster_jwks/u);
    assert.doesNotMatch(await exported("keys: fetch"), /jwks/u);
  });

  test("gives the principals of those who impersonate nobody", async () => {
    const text = await exported("direct: [{serviceAccounts: [shop/reader]}]");
    assert.ok(text.includes(principal("system:serviceaccount:shop:reader")), text);
  });
});
