import assert from "node:assert/strict";
import { connectSandbox, startSandbox } from "@podtrust/sandbox";

// In the global set-up of a test runner, or `podtrust sandbox --control-token FILE` in place of it:
await using started = await startSandbox();

// In each test file's own process, which was told these two:
const sandbox = await connectSandbox({ url: started.url, token: started.controlToken });
await sandbox.reset();
await sandbox.seed({ parameters: [{ name: "/cart/color", value: "red" }] });
const issuer = await sandbox.issuer();
const token = await issuer.token({ namespace: "shop", name: "cart" });
assert.equal(token.split(".").length, 3);
assert.deepEqual(await sandbox.decisions({ service: "sts" }), []);
