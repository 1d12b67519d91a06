import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { parseJwkSet, verifyJws } from "../../src/rules/keys/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import { buildPrograms, leftOut } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const issuer = "https://oidc.example.com";
const run = promisify(execFile);
// Built from the pinned modules: Debian's is so old that it has no `create token`.
const skip = leftOut();

let program = "";
let folder = "";
let cluster: StandInCluster;

async function kubectl(user: "admin" | "publisher", ...args: string[]): Promise<string> {
  const env = { ...process.env, HOME: folder, KUBECONFIG: join(folder, user) };
  const { stdout } = await run(program, args, { env, timeout: maxWait });
  return stdout;
}

async function refused(...args: Parameters<typeof kubectl>): Promise<string> {
  try {
    await kubectl(...args);
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
  throw new Error(`kubectl ${args.join(" ")} was not refused`);
}

before(async () => {
  if (skip !== false) return;
  program = (await buildPrograms()).kubectl;
  folder = await mkdtemp(join(tmpdir(), "podtrust-kubectl-"));
  cluster = await startStandInCluster({ issuer });
  cluster.addServiceAccount("aws-test", "demo");
  for (const user of ["admin", "publisher"] as const) {
    await writeFile(join(folder, user), cluster.kubeconfig(user), { mode: 0o600 });
  }
});

after(async () => {
  if (skip !== false) return;
  await cluster.close();
  await rm(folder, { recursive: true });
});

test("kubectl create token mints a token that the published keys verify", { skip }, async () => {
  const args = [
    "create",
    "token",
    "demo",
    "-n",
    "aws-test",
    "--audience=sts.amazonaws.com",
    "--duration=20m",
  ];
  const jws = parseJws((await kubectl("admin", ...args)).trim());
  const { aud, sub, exp, iat } = jws.claims as { aud: unknown; sub: string; exp: number; iat: number };
  assert.deepEqual(
    [aud, sub, exp - iat],
    [["sts.amazonaws.com"], "system:serviceaccount:aws-test:demo", 1200],
  );
  const keys = parseJwkSet(await kubectl("admin", "get", "--raw", "/openid/v1/jwks")).keys;
  assert.ok(keys.some((key) => key.kid === jws.kid && verifyJws(jws, key)));
});

test("kubectl's own sentences for what cannot be", { skip }, async () => {
  const token = ["create", "token", "-n", "aws-test"];
  assert.match(await refused("admin", ...token, "demo", "--duration=5m"), /less than 10 minutes/u);
  assert.match(await refused("admin", ...token, "nobody"), /serviceaccounts "nobody" not found/u);
  assert.match(await refused("admin", "create", "ns", "aws-test"), /AlreadyExists/u);
  assert.match(await refused("admin", "get", "deployments"), /doesn't have a resource type "deployments"/u);
  assert.match(
    await refused("admin", "label", "ns", "aws-test", "a=b"),
    /does not do this: patch namespaces/u,
  );
});

test("kubectl lists, makes and deletes namespaces and ServiceAccounts", { skip }, async () => {
  await kubectl("admin", "create", "namespace", "made");
  await kubectl("admin", "create", "serviceaccount", "job", "-n", "made");
  assert.match(await kubectl("admin", "get", "ns"), /^NAME +AGE\n(?:.*\n)*made /u);
  assert.match(await kubectl("admin", "get", "sa", "-n", "made", "-o", "name"), /serviceaccount\/job\n/u);
  assert.match(await kubectl("admin", "get", "sa", "-A"), /aws-test +demo /u);
  await kubectl("admin", "delete", "sa", "job", "-n", "made");
  assert.doesNotMatch(await kubectl("admin", "get", "sa", "-n", "made", "-o", "name"), /job/u);
  await kubectl("admin", "delete", "ns", "made");
  assert.match(await refused("admin", "get", "ns", "made"), /namespaces "made" not found/u);
});

test("kubectl finds no pods at the stand-in, where nothing runs", { skip }, async () => {
  assert.equal(await kubectl("admin", "get", "pods", "-A", "-o", "name"), "");
  assert.equal(await kubectl("admin", "get", "pods", "-l", "app=web", "-o", "name"), "");
  assert.match(await refused("admin", "get", "pod", "web"), /pods "web" not found/u);
});

test("kubectl says who one is, what one may, and that this is a stand-in", { skip }, async () => {
  assert.match(await kubectl("admin", "auth", "whoami"), /stand-in-admin/u);
  assert.match(await kubectl("admin", "auth", "can-i", "*", "*"), /^yes/u);
  assert.match(await kubectl("publisher", "auth", "can-i", "get", "/openid/v1/jwks"), /^yes/u);
  assert.match(await kubectl("publisher", "get", "--raw", "/.well-known/openid-configuration"), /"issuer"/u);
  assert.match(await refused("publisher", "get", "ns"), /cannot list resource "namespaces"/u);
  assert.match(
    await refused("publisher", "create", "token", "demo", "-n", "aws-test"),
    /cannot create resource "serviceaccounts\/token"/u,
  );
  assert.match(await kubectl("admin", "version"), /podtrust\.stand-in-cluster/u);
});
