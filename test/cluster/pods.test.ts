/** What pods are for here: real containers whose tokens the real kubelet projects and renews. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { putParameter } from "../../src/providers/aws/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { parseJwkSet, verifyJws } from "../../src/rules/keys/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import {
  type Cluster,
  hierarchies,
  podsLeftOut,
  startCluster,
  startControlPlane,
  startNode,
  untilJobEnds,
  writePodtrustImages,
} from "./harness/index.ts";
import { isAlive, untilGone, untilRemoved } from "./harness/endings.ts";
import { publishIssuer, type PublishedIssuer } from "./pods/published-issuer.ts";
import { tokenFile, tokenJob } from "./pods/token-job.ts";
import { type AwsAccount, trustingAccount } from "./story/aws-account.ts";
import { until } from "../support/until.ts";

const name = `${randomUUID()}.cluster.example`;
const issuer = `https://${name}`;
const node = "/usr/local/bin/node";
const kernelSettings = ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"];

const settings = (): readonly string[] =>
  kernelSettings.map((setting) => readFileSync(`/proc/sys/${setting}`, "utf8"));

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface(stream)) return line;
  throw new Error("the process ended without a line");
}

const skip = podsLeftOut();

describe("a whole Kubernetes that runs pods", { skip }, () => {
  const settingsBefore = settings();
  let folder: string;
  let cluster: Cluster;
  let published: PublishedIssuer;
  let sandbox: Sandbox;
  let account: AwsAccount;
  let imageSize: number;

  const logOf = (job: string): Promise<string> => cluster.kubectl(["logs", `job/${job}`]);
  const apply = (manifest: string): Promise<string> => cluster.kubectl(["apply", "-f", "-"], manifest);

  async function untilLog(job: string, pattern: RegExp): Promise<RegExpExecArray> {
    let log = "";
    const found = async (): Promise<RegExpExecArray | undefined> => {
      log = await logOf(job).catch((error: unknown) => String(error));
      return pattern.exec(log) ?? undefined;
    };
    return until(`${pattern} in the log of ${job}`, found, { everyMs: 200, detail: () => log });
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-pods-"));
    cluster = await startCluster({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    const image = writePodtrustImages(folder);
    imageSize = image.size;
    await cluster.node.importImage(image.file);
    for (const one of ["demo-service-account", "another-service-account"])
      await cluster.kubectl(["create", "serviceaccount", one]);
    published = await publishIssuer(cluster);
    sandbox = await startSandbox({ connectTo: published.connectTo, ca: published.ca, propagationMs: 0 });
    account = await trustingAccount(sandbox, issuer, "default/demo-service-account");
    await putParameter(account.session, { name: "/demo/greeting", value: "hello" });
  });

  after(async () => {
    account?.session.close();
    await sandbox?.close();
    await published?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What `podtrust job` gets from its environment, as any AWS SDK does. */
  const awsEnvironment = (): Record<string, string> => ({
    AWS_REGION: "eu-central-1",
    AWS_ROLE_ARN: account.roleArn,
    AWS_ROLE_SESSION_NAME: "real-pod",
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    AWS_ENDPOINT_URL: sandbox.url,
  });

  test("the image is under 250 MB", () => {
    assert.ok(imageSize > 100e6 && imageSize < 250e6, `${imageSize} bytes`);
  });

  test("a Job runs to its end as nobody in particular, and its log is its projected token", async () => {
    const script = `const fs = require("fs");
      let refusal;
      try { fs.writeFileSync("/written", ""); } catch ({ code }) { refusal = code; }
      console.log(process.getuid(), refusal, fs.readFileSync("${tokenFile}", "utf8"))`;
    await apply(
      tokenJob({ name: "show", serviceAccount: "demo-service-account", command: [node, "-e", script] }),
    );
    assert.equal(await untilJobEnds(cluster, "default", "show"), "Complete");
    const [uid, refusal, token = ""] = (await logOf("show")).trim().split(" ");
    assert.deepEqual([uid, refusal], ["65532", "EROFS"]);
    const jws = parseJws(token);
    const { keys } = parseJwkSet((await cluster.ask("/openid/v1/jwks")).text);
    assert.equal(
      verifyJws(
        jws,
        keys.find(({ kid }) => kid === jws.kid),
      ),
      true,
    );
    const { iss, sub, aud, exp, iat, "kubernetes.io": kubernetes } = jws.claims;
    assert.deepEqual(
      [iss, sub, aud],
      [issuer, "system:serviceaccount:default:demo-service-account", ["sts.amazonaws.com"]],
    );
    assert.equal(Number(exp) - Number(iat), 600);
    const bound = kubernetes as { pod: { name: string }; node: { name: string } };
    assert.match(bound.pod.name, /^show-/u);
    assert.equal(bound.node.name, cluster.node.name);
  });

  test("podtrust job in a pod says who it is and which parameters it may read", async () => {
    const args = ["job", "--path", "/demo"];
    const environment = awsEnvironment();
    await apply(tokenJob({ name: "who", serviceAccount: "demo-service-account", args, environment }));
    const outcome = await untilJobEnds(cluster, "default", "who");
    const log = await logOf("who");
    assert.equal(outcome, "Complete", log);
    assert.match(log, /^I am arn:aws:sts::111122223333:assumed-role\/story\/real-pod$/mu);
    assert.match(log, /^I may read 1 parameters under \/demo\n {2}\/demo\/greeting$/mu);
  });

  test("a pod of another ServiceAccount is refused", async () => {
    const environment = awsEnvironment();
    await apply(
      tokenJob({ name: "stranger", serviceAccount: "another-service-account", args: ["job"], environment }),
    );
    assert.equal(await untilJobEnds(cluster, "default", "stranger"), "Failed");
    assert.match(
      await logOf("stranger"),
      /^GetCallerIdentity was refused: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity$/mu,
    );
  });

  test("a running pod sees a new token when the kubelet has renewed it, and the old one stays good", async () => {
    // The kubelet renews a token of 600 s after eight minutes, or when it has forgotten it: so when it starts again.
    const script = `let last = ""; setInterval(() => {
      const token = require("fs").readFileSync("${tokenFile}", "utf8");
      if (token !== last) console.log("token", last = token);
    }, 200)`;
    await apply(
      tokenJob({ name: "watch", serviceAccount: "demo-service-account", command: [node, "-e", script] }),
    );
    const [, first = ""] = await untilLog("watch", /^token (\S+)$/mu);
    await cluster.node.kubelet.restart();
    const [, second = ""] = await untilLog("watch", /^token \S+\ntoken (\S+)$/mu);
    const [then, now] = [parseJws(first).claims, parseJws(second).claims];
    assert.notEqual(then["jti"], now["jti"]);
    assert.equal(then["sub"], now["sub"]);
    assert.ok(Number(now["exp"]) > Number(then["exp"]));
    for (const token of [first, second])
      assert.deepEqual(await account.ask(token), {
        arn: `arn:aws:sts::${sandbox.account}:assumed-role/story/story`,
      });
  });

  test("a pod with a network of its own is told that there is none", async () => {
    const manifest = JSON.parse(
      tokenJob({ name: "networked", serviceAccount: "default", args: ["--version"] }),
    ) as { spec: { template: { spec: { hostNetwork: boolean } } } };
    manifest.spec.template.spec.hostNetwork = false;
    await apply(JSON.stringify(manifest));
    const events = (): Promise<string> =>
      cluster.kubectl(["get", "events", "--output=jsonpath={.items[*].message}"]);
    await until("its event", async () => (await events()).includes("only-hostNetwork-pods-run-on-this-node"));
  });

  test("leaves no process, no mount, no cgroup, no file and no changed setting when it ends", async () => {
    const { node: ending } = cluster;
    const pids = cluster.pids();
    const cgroups = hierarchies().map((hierarchy) => join(hierarchy, ending.cgroup));
    assert.ok(pids.length >= 7 && pids.every(isAlive));
    assert.ok(cgroups.length > 0 && cgroups.every((cgroup) => existsSync(cgroup)));
    await cluster.stop();
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(
      [...cgroups, cluster.folder, ending.folder].filter((path) => existsSync(path)),
      [],
    );
    assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), new RegExp(ending.folder, "u"));
    assert.deepEqual(settings(), settingsBefore);
  });
});

test("a test process that is killed leaves nothing of a cluster with a pod", { skip }, async () => {
  const file = fileURLToPath(new URL("crashing-cluster.ts", import.meta.url));
  const crashing = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  const { programs, inhabitants, containers, paths } = JSON.parse(await firstLine(crashing.stdout)) as {
    programs: readonly number[];
    inhabitants: readonly number[];
    containers: readonly number[];
    paths: readonly string[];
  };
  const pids = [...programs, ...inhabitants, ...containers];
  // Process 1 and its sleep, containerd, kubelet, and a shim for the pod; the pod's pause and its one container.
  assert.ok(inhabitants.length >= 5 && containers.length === 2, JSON.stringify({ inhabitants, containers }));
  assert.ok(pids.every(isAlive) && paths.every((path) => existsSync(path)));
  crashing.kill("SIGKILL");
  await untilGone(pids);
  await untilRemoved(...paths);
});

test("a node does not outlive its guard either", { skip }, async () => {
  await using plane = await startControlPlane({ issuer });
  const ending = await startNode(plane);
  const pids = ending.pids();
  const parentOf = (pid: number): number =>
    Number(/^PPid:\s+(\d+)$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  const guard = parentOf(parentOf(pids[0] ?? 0));
  assert.notEqual(guard, process.pid);
  process.kill(guard, "SIGKILL");
  await untilGone([guard, ...pids]);
  await untilRemoved(ending.folder, ...hierarchies().map((hierarchy) => join(hierarchy, ending.cgroup)));
});
