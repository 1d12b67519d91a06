import assert from "node:assert/strict";
import { startSandbox } from "@podtrust/sandbox";

await using sandbox = await startSandbox({ gcp: {} });
const { gcp: google } = sandbox;
assert.ok(google !== undefined);
const issuer = await sandbox.issuer();
const pool = `projects/${google.projectNumber}/locations/global/workloadIdentityPools/prod`;
const provider = `//iam.googleapis.com/${pool}/providers/cluster`;
google.seed({
  pools: [{ id: "prod", providers: [{ id: "cluster", oidc: { issuerUri: issuer.url } }] }],
});

// Google's libraries do this by google.credentialFile(…), or unchanged through sandbox.front.
const exchange = async (audience: string) => {
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: provider,
    scope: "https://www.googleapis.com/auth/cloud-platform",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: issuer.token({ namespace: "shop", name: "cart", audiences: [audience] }),
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  });
  return (await fetch(`${google.url}/v1/token`, { method: "POST", body })).status;
};
assert.equal(await exchange(`https:${provider}`), 200);
assert.equal(await exchange("sts.amazonaws.com"), 400);
assert.equal(google.decisions().at(-1)?.rule, "subject-token-audience");
