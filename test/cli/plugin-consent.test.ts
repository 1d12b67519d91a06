import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import type { Host } from "../../src/cli/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import { yamlText } from "../../src/yaml/index.ts";
import { parse } from "yaml";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { typed } from "../support/stack-world.ts";

const clock = new TestClock();
let folder = "";
let checkout = "";
let state = "";
let cluster: StandInCluster;

interface Kubeconfig {
  users: { name: string; user: Readonly<Record<string, string>> }[];
}

const decoded = (data = ""): string => Buffer.from(data, "base64").toString();

/** A checkout whose config names a kubeconfig, which names a program that gives the credentials. */
async function writeCheckout(args: readonly string[] = []): Promise<void> {
  const kubeconfig = parse(cluster.kubeconfig()) as Kubeconfig;
  const [user = {}] = kubeconfig.users.map((one) => one.user);
  const status = {
    clientCertificateData: decoded(user["client-certificate-data"]),
    clientKeyData: decoded(user["client-key-data"]),
  };
  const apiVersion = "client.authentication.k8s.io/v1";
  const answer = JSON.stringify({ apiVersion, kind: "ExecCredential", status });
  const exec = { apiVersion, command: "./log-in", args, env: [{ name: "ANSWER", value: answer }] };
  const users = kubeconfig.users.map(({ name }) => ({ name, user: { exec } }));
  await writeFile(join(checkout, "kubeconfig"), yamlText({ ...kubeconfig, users }));
  const program = `#!/bin/sh\necho run >> "${folder}/runs"\nprintf %s "$ANSWER"\n`;
  await writeFile(join(checkout, "log-in"), program);
  await chmod(join(checkout, "log-in"), 0o755);
}

const runs = async (): Promise<number> =>
  (await readFile(join(folder, "runs"), "utf8").catch(() => "")).split("\n").length - 1;

function token(host: Partial<Host> = {}): Promise<CliResult> {
  const env = { HOME: folder, XDG_STATE_HOME: state, PATH: process.env["PATH"] };
  const args = ["token", "aws-test/demo", "-f", "checkout/podtrust.yaml"];
  return podtrustHere(args, { cwd: folder, clock, env, ...host });
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust-consent-"));
  checkout = join(folder, "checkout");
  await mkdir(checkout);
  await writeFile(
    join(checkout, "podtrust.yaml"),
    "stack: prod\nissuer: https://oidc.example.com\ncluster: {kubeconfig: kubeconfig}\n",
  );
  cluster = await startStandInCluster({ issuer: "https://oidc.example.com", clock });
  cluster.addServiceAccount("aws-test", "demo");
});

beforeEach(async () => {
  state = await mkdtemp(join(folder, "state-"));
  await rm(join(folder, "runs"), { force: true });
  await writeCheckout();
});

after(async () => {
  await cluster.close();
  await rm(folder, { recursive: true });
});

test("the program of a foreign checkout's kubeconfig does not run without a terminal", async () => {
  const { code, err } = await token();
  assert.equal(code, 1);
  assert.match(err, /exec-plugin-unconfirmed/u);
  assert.match(err, /PODTRUST_ALLOW_EXEC_PLUGIN=sha256:[0-9a-f]{64}/u);
  assert.equal(await runs(), 0);
  const json = typed("y\n");
  const env = { XDG_STATE_HOME: state, PATH: process.env["PATH"] };
  const args = ["token", "aws-test/demo", "-f", "checkout/podtrust.yaml", "--json"];
  assert.equal((await podtrustHere(args, { cwd: folder, clock, env, ...json })).code, 1);
  assert.equal(await runs(), 0, "nobody was asked");
});

test("on a terminal it is shown and asked about once, and the answer is kept for this user alone", async () => {
  const screen = typed("y\n");
  assert.equal((await token(screen)).code, 0, screen.said.err);
  assert.match(screen.said.err, /checkout\/kubeconfig came with the config, and names a program/u);
  assert.match(screen.said.err, /\n {2}ANSWER='[^\n]{59}… \/[^\n]*\/checkout\/log-in\n/u);
  assert.match(screen.said.err, /Run it, now and from now on\? \[y\/N\] $/u);
  assert.match(screen.said.out, /system:serviceaccount:aws-test:demo/u);
  assert.equal((await token()).code, 0, "without a terminal, once it is agreed to");
  assert.equal(await runs(), 2);
  const kept = join(state, "podtrust", ".exec-plugins");
  const [record = ""] = await readdir(kept);
  const modes = await Promise.all(
    [kept, join(kept, record)].map(async (path) => (await stat(path)).mode & 0o777),
  );
  assert.deepEqual(modes, [0o700, 0o600]);
});

test("a program, or the file that it is, is asked about again once it has changed", async () => {
  assert.equal((await token(typed("y\n"))).code, 0);
  await writeCheckout(["--other"]);
  assert.equal((await token()).code, 1);
  await writeCheckout();
  assert.equal((await token()).code, 0);
  await writeFile(join(checkout, "log-in"), "#!/bin/sh\nexit 0\n");
  assert.match((await token()).err, /exec-plugin-unconfirmed/u);
});

test("no is no, and is asked about the next time", async () => {
  for (const answer of ["n\n", "\n", ""]) {
    const screen = typed(answer);
    assert.equal((await token(screen)).code, 1);
    assert.match(screen.said.err, /Run it, now and from now on\?[^]*exec-plugin-unconfirmed/u);
  }
  assert.equal(await runs(), 0);
});

test("what others could have written is no consent", async () => {
  assert.equal((await token(typed("y\n"))).code, 0);
  const kept = join(state, "podtrust", ".exec-plugins");
  const [record = ""] = await readdir(kept);
  await chmod(join(kept, record), 0o666);
  assert.match((await token()).err, /state-permissions/u);
  assert.equal(await runs(), 1);
});

test("a kubeconfig named on the command line, or kubectl's own, runs its program as kubectl does", async () => {
  const kubeconfig = join(checkout, "kubeconfig");
  const env = { HOME: folder, XDG_STATE_HOME: state, PATH: process.env["PATH"] };
  const typedIn = ["token", "aws-test/demo", "--kubeconfig", kubeconfig];
  assert.equal((await podtrustHere(typedIn, { cwd: folder, clock, env })).code, 0);
  assert.equal((await token({ env: { ...env, KUBECONFIG: kubeconfig } })).code, 0);
  assert.equal(await runs(), 2);
});
