import assert from "node:assert/strict";
import {
  connectSandbox,
  SandboxConnectionError,
  SandboxError,
  SandboxMachineError,
  SandboxUsageError,
  startSandbox,
} from "@podtrust/sandbox";

await using sandbox = await startSandbox();
const port = Number(new URL(sandbox.url).port);
const token = "x".repeat(32);

// The call is wrong; this machine does not let it; the sandbox in the other process does not answer.
await assert.rejects(startSandbox({ account: "12" }), SandboxUsageError);
await assert.rejects(startSandbox({ port }), SandboxMachineError);
await assert.rejects(connectSandbox({ url: sandbox.url, token }), SandboxConnectionError);

// Each has a code, a sentence, and what to do next.
const error: unknown = await startSandbox({ port }).catch((thrown: unknown) => thrown);
assert.ok(error instanceof SandboxError && error.code === "sandbox-listen");
assert.equal(error.next, "Choose another --port, or stop the process that uses this one.");
