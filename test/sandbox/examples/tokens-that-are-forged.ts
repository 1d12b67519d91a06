import assert from "node:assert/strict";
import { startSandbox } from "@podtrust/sandbox";

await using sandbox = await startSandbox();
const issuer = await sandbox.issuer();
await sandbox.seed({ providers: [{ url: issuer.url, audiences: ["sts.amazonaws.com"] }] });

const cart = { namespace: "shop", name: "cart" };
const forged = [
  issuer.forgeToken({ ...cart, signedBy: "foreign-key" }),
  issuer.forgeToken({ ...cart, expirationSeconds: -600 }),
  issuer.forgeToken({ ...cart, claims: { aud: undefined } }), // undefined takes a claim out
  issuer.forgeToken({ ...cart, header: { alg: "none" } }),
];
for (const token of forged) {
  const body = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: "arn:aws:iam::111122223333:role/cart",
    RoleSessionName: "job",
    WebIdentityToken: token,
  });
  assert.equal((await fetch(sandbox.url, { method: "POST", body })).status, 400);
}
const rules = sandbox.decisions().map(({ rule }) => rule);
assert.deepEqual(rules, ["signature", "not-expired", "required-claims", "token-algorithm"]);

// Another issuer, whose tokens are no ServiceAccount's:
const github = await sandbox.issuer("https://token.actions.githubusercontent.com");
const workflow = github.forgeToken({ claims: { sub: "repo:octo-org/octo-repo:pull_request" } });
assert.equal(workflow.split(".").length, 3);
