import assert from "node:assert/strict";
import { startSandbox } from "@podtrust/sandbox";

await using sandbox = await startSandbox();
const before = sandbox.clock.now();

// Tokens and sessions expire, and what was changed in IAM has spread. Clients sign by their own clock as before.
sandbox.clock.advance(2 * 3_600_000);
assert.ok(sandbox.clock.now() - before >= 2 * 3_600_000);

// An empty account, no decisions, and the clock put back.
await sandbox.reset();
assert.equal(sandbox.clock.ahead, 0);
