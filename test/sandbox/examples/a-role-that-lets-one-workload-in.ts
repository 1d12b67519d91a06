import assert from "node:assert/strict";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startSandbox } from "@podtrust/sandbox";

// It ends with the block that it stands in.
await using sandbox = await startSandbox({ account: "111122223333" });
const issuer = await sandbox.issuer();

await sandbox.seed({
  providers: [{ url: issuer.url, audiences: ["sts.amazonaws.com"] }],
  roles: [
    {
      name: "cart",
      trustPolicy: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/oidc.podtrust.test" },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: { StringEquals: { "oidc.podtrust.test:sub": "system:serviceaccount:shop:cart" } },
          },
        ],
      },
    },
  ],
});

const sts = new STSClient({ endpoint: sandbox.url, region: "eu-central-1", credentials: sandbox.admin });
const exchange = (name: string) =>
  sts.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: "arn:aws:iam::111122223333:role/cart",
      RoleSessionName: "job",
      WebIdentityToken: issuer.token({ namespace: "shop", name }),
    }),
  );

assert.ok((await exchange("cart")).Credentials);
await assert.rejects(exchange("till"), { name: "AccessDenied" });

// Not only that it was refused: by which rule.
const [refusal] = sandbox.decisions({ decision: "deny", who: "shop:till" });
assert.equal(refusal?.rule, "trust-policy");
sts.destroy();
