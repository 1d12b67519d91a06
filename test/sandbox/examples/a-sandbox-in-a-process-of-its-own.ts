import assert from "node:assert/strict";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startSandboxProcess } from "@podtrust/sandbox";

// Its work does not slow the tests. The process ends with the block, and with this program however that ends.
await using sandbox = await startSandboxProcess({ propagationMs: 0 });
const issuer = await sandbox.issuer();

// The calls are those of a sandbox in the same process, each by a promise.
await sandbox.seed({ providers: [{ url: issuer.url, audiences: ["sts.amazonaws.com"] }] });
const sts = new STSClient({ endpoint: sandbox.url, region: "eu-central-1", credentials: sandbox.admin });
const exchange = new AssumeRoleWithWebIdentityCommand({
  RoleArn: `arn:aws:iam::${sandbox.account}:role/none`,
  RoleSessionName: "job",
  WebIdentityToken: await issuer.token({ namespace: "shop", name: "cart" }),
});
await assert.rejects(sts.send(exchange), { name: "AccessDenied" });
const [refusal] = await sandbox.decisions({ decision: "deny" });
assert.match(refusal?.who ?? "", /^system:serviceaccount:shop:cart/u);

await sandbox.clock.advance(3_600_000);
await sandbox.reset();
assert.deepEqual(await sandbox.decisions(), []);
sts.destroy();
