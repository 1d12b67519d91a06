import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  awsManagedPolicies,
  clientEnvironment,
  clientExports,
  decisionLine,
  startSandbox,
} from "@podtrust/sandbox";

const folder = await mkdtemp(join(tmpdir(), "shop-"));
const credentials = join(folder, "credentials");
const lines: string[] = [];
await using sandbox = await startSandbox({
  adminCredentials: credentials,
  onDecision: (decision) => void lines.push(decisionLine(decision)),
});

// What a program needs whose AWS client shall find the sandbox, whatever language it is written in.
const client = { url: sandbox.url, region: "eu-central-1", credentials };
const env = { PATH: process.env["PATH"], ...clientEnvironment(client) };
const { stdout } = await promisify(execFile)("/bin/sh", ["-c", 'echo "$AWS_ENDPOINT_URL"'], { env });
assert.equal(stdout.trim(), sandbox.url);
// The same for a shell: export AWS_ENDPOINT_URL=…
assert.ok(clientExports(client).includes(`export AWS_ENDPOINT_URL=${sandbox.url}`));

// AWS's own policies that roles of the sandbox may have.
assert.ok(awsManagedPolicies.has("arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"));

await fetch(`${sandbox.url}/?Action=GetCallerIdentity&Version=2011-06-15`);
assert.match(lines[0] ?? "", /deny action=sts:GetCallerIdentity who=anonymous rule=request-signed/u);
await rm(folder, { recursive: true });
