import assert from "node:assert/strict";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startSandbox } from "@podtrust/sandbox";

await using sandbox = await startSandbox();
const issuer = await sandbox.issuer();
const trustPolicy = `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Principal": {"Federated": "arn:aws:iam::${sandbox.account}:oidc-provider/oidc.podtrust.test"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {"oidc.podtrust.test:sub": "system:serviceaccount:shop:cart"}}
  }
}`;
await sandbox.seed({
  providers: [{ url: issuer.url, audiences: ["sts.amazonaws.com"] }],
  roles: [{ name: "cart", trustPolicy }],
});

// The key that signs is no longer published; "slow", "not-found" and "wrong-issuer" are the others.
issuer.fail("key-gone");
const sts = new STSClient({ endpoint: sandbox.url, region: "eu-central-1", maxAttempts: 1 });
const exchange = new AssumeRoleWithWebIdentityCommand({
  RoleArn: `arn:aws:iam::${sandbox.account}:role/cart`,
  RoleSessionName: "job",
  WebIdentityToken: issuer.token({ namespace: "shop", name: "cart" }),
});
await assert.rejects(sts.send(exchange), /Couldn't retrieve verification key/u);

issuer.fail(undefined);
assert.ok((await sts.send(exchange)).Credentials);
sts.destroy();
