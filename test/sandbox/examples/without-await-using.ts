import assert from "node:assert/strict";
import { startSandbox } from "@podtrust/sandbox";

// What `await using` does, for JavaScript on Node 22, or for a set-up and a clean-up that stand apart.
const sandbox = await startSandbox();
try {
  const issuer = await sandbox.issuer();
  assert.equal(issuer.url, "https://oidc.podtrust.test");
} finally {
  await sandbox.close();
}
