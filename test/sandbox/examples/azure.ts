import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSandbox } from "@podtrust/sandbox";

// A tenant without Azure's delays, and the front: a proxy for HTTPS that is itself the hosts of Azure.
const frontFolder = mkdtempSync(join(tmpdir(), "azure-"));
await using sandbox = await startSandbox({ azure: { propagationMs: 0, newIssuerMs: 0 }, frontFolder });
const { azure, front } = sandbox;
const issuer = await sandbox.issuer();
await azure?.seed({
  identities: [
    {
      name: "cart",
      credentials: [{ name: "cart", issuer: issuer.url, subject: "system:serviceaccount:shop:cart" }],
    },
  ],
  secrets: [{ vault: "shop", name: "color", value: "red", readers: ["cart"] }],
});

// The variables of a pod, and those that lead a Python program with azure-identity through the front, unchanged.
const tokenFile = join(frontFolder, "token");
const audiences = ["api://AzureADTokenExchange"];
writeFileSync(tokenFile, issuer.token({ namespace: "shop", name: "cart", audiences }));
const environment: Record<string, string> = {
  ...azure?.environment,
  ...front?.environment("python"),
  AZURE_CLIENT_ID: azure?.clients()[0]?.clientId ?? "",
  AZURE_FEDERATED_TOKEN_FILE: tokenFile,
};
assert.equal(environment["HTTPS_PROXY"], front?.url);
assert.equal(environment["AZURE_AUTHORITY_HOST"], "https://login.microsoftonline.com/");

// Afterwards: which rule refused what, and why.
assert.deepEqual(azure?.decisions({ decision: "deny" }), []);
rmSync(frontFolder, { recursive: true });
