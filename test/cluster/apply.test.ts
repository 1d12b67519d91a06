/**
 * `apply demo`, `status` and `test` against a real API server: server-side apply and its field managers, admission,
 * refusals before anything is applied, --delete. No kubelet runs here, so the pod's part is played by kubectl
 * writing its status, as a kubelet does.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type AwsAccess, type AwsSession, openAws } from "../../src/providers/aws/index.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import {
  type KubernetesApi,
  type KubernetesObject,
  openKubernetes,
} from "../../src/providers/kubernetes/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { openStack } from "../../src/stack/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { chainYaml, demoAccount } from "../support/chain-world.ts";
import { type ChildOptions, type CliResult, podtrustChild } from "../support/cli.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { account } from "../support/sandbox.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";
import { until } from "../support/until.ts";

const skip = leftOut();
const job = { kind: "Job", namespace: "aws-test", name: "demo-app" } as const;
const serviceAccount = {
  kind: "ServiceAccount",
  namespace: "aws-test",
  name: "demo-service-account",
} as const;

describe("the workload on a real API server", { skip }, () => {
  let folder: string;
  let plane: ControlPlane;
  let admin: KubernetesApi;
  let issuer: IssuerServer;
  let sandbox: Sandbox;
  let file: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-apply-"));
    const authority = await testAuthority();
    issuer = await startIssuer(authority);
    plane = await startControlPlane({ issuer: issuer.issuer, jwksUri: `${issuer.issuer}/openid/v1/jwks` });
    admin = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
    const { jwks } = await admin.oidcDocuments();
    issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
    await admin.createNamespace("aws-test");
    sandbox = await startSandbox({
      account,
      ca: authority.root,
      connectTo: issuer.connectTo,
      propagationMs: 0,
    });
    file = join(folder, "podtrust.yaml");
    writeFileSync(file, chainYaml(issuer.issuer, plane.adminKubeconfig));
    writeFileSync(join(folder, "root.pem"), authority.root);
    const open = (access: AwsAccess): AwsSession =>
      openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin });
    const { signal } = new AbortController();
    const config = await parseConfig(chainYaml(issuer.issuer, plane.adminKubeconfig), file, {});
    const route = { ca: authority.root, connectTo: issuer.connectTo };
    const stack = await openStack({ config, env: {}, clock: systemClock, signal, route, open });
    const { failed } = await stack.apply(await stack.plan());
    stack.close();
    assert.deepEqual(failed, []);
  });

  after(async () => {
    await sandbox.close();
    await issuer.close();
    await plane.stop();
    rmSync(folder, { recursive: true });
  });

  /** Runs the command with the flags by which it finds the issuer, and an environment that leads to the sandbox. */
  function podtrust(
    args: readonly string[],
    options: ChildOptions & { readonly route?: boolean } = {},
  ): Promise<CliResult> {
    const [rule] = issuer.connectTo;
    const route = [
      "--connect-to",
      `${issuer.host}:443:127.0.0.1:${rule?.toPort}`,
      "--ca",
      join(folder, "root.pem"),
    ];
    const env = {
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
    };
    return podtrustChild([...args, "-f", file, ...(options.route === false ? [] : route)], {
      env,
      ...options,
    });
  }

  const demo = (...args: string[]): Promise<CliResult> => podtrust(["apply", "demo", ...args]);

  const applied = (): Promise<KubernetesObject> => until("the Job", () => admin.read(job));

  /** Plays Job controller and kubelet: a pod of the Job, and its phase. */
  async function playPod(uid: string, phase: string, exitCode: number): Promise<void> {
    const name = `demo-app-${uid.slice(0, 8)}`;
    const labels = { "batch.kubernetes.io/controller-uid": uid };
    const containers = [{ name: "demo-app", image: "example" }];
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "aws-test", labels },
      spec: { serviceAccountName: "demo-service-account", containers },
    };
    await plane.kubectl(["create", "-f", "-"], JSON.stringify(pod));
    const state = { terminated: { exitCode, containerID: "x://1" } };
    const containerStatuses = [
      { name: "demo-app", image: "example", imageID: "", ready: false, restartCount: 0, state },
    ];
    const patch = JSON.stringify({ status: { phase, containerStatuses } });
    await plane.kubectl([
      "patch",
      "pod",
      "-n",
      "aws-test",
      name,
      "--subresource=status",
      "--type=merge",
      "-p",
      patch,
    ]);
  }

  test("what cannot work is refused, and nothing is applied", async () => {
    const nowhere = await demo("--service-account", "nowhere/demo-service-account");
    assert.match(nowhere.err, /code: {2}workload-role-unknown/u);
    const short = await demo("--expiration", "9m");
    assert.match(short.err, /code: {2}token-lifetime/u);
    const pages = new Map(issuer.pages);
    issuer.pages.clear();
    const unpublished = await demo();
    for (const [path, page] of pages) issuer.pages.set(path, page);
    assert.match(unpublished.err, /code: {2}issuer-unreached/u);
    assert.deepEqual([nowhere.code, short.code, unpublished.code], [1, 1, 1]);
    assert.equal(await admin.read(job), undefined);
    assert.equal(await admin.read(serviceAccount), undefined);
  });

  test("the objects are applied under our name as field manager; without a controller the deadline says why", async () => {
    const { code, err } = await demo("--timeout", "2");
    assert.equal(code, 1);
    assert.match(
      err,
      /ServiceAccount aws-test\/demo-service-account applied\nJob aws-test\/demo-app applied/u,
    );
    assert.match(err, /did not end in time: the Job controller has made no pod yet/u);
    const made = await applied();
    const managers = made.metadata as unknown as { managedFields: { manager: string; operation: string }[] };
    assert.deepEqual(
      managers.managedFields.map(({ manager, operation }) => [manager, operation]),
      [["podtrust", "Apply"]],
    );
    assert.equal(made.metadata.labels?.["podtrust/stack"], "prod");
  });

  test("run again while it runs, it waits for the same Job; its pod's end is its own", async () => {
    const { uid = "" } = (await applied()).metadata;
    const running = demo("--timeout", "20");
    await playPod(uid, "Succeeded", 0);
    const { code, err } = await running;
    assert.equal(code, 0, err);
    assert.match(err, /Job aws-test\/demo-app still runs: waiting for it/u);
    assert.match(err, /Job aws-test\/demo-app succeeded/u);
  });

  test("run once more with another manifest, its own Job is replaced; a pod that fails is exit 1", async () => {
    const earlier = (await applied()).metadata.uid;
    const running = demo("--timeout", "60", "--path", "/demo", "--json");
    const uid = await until("another Job", async () => {
      const found = (await applied()).metadata.uid;
      return found !== earlier && found;
    });
    await playPod(uid, "Failed", 254);
    const { code, out } = await running;
    const { error } = JSON.parse(out) as { error: { code: string; message: string } };
    assert.deepEqual([code, error.code], [1, "workload-failed"]);
    assert.match(error.message, /its container ended with 254/u);
  });

  test("a field that another manager owns is a conflict, until we are told to take it", async () => {
    const labels = { ...(await admin.read(serviceAccount))?.metadata.labels, "podtrust/format": "0" };
    const theirs = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: serviceAccount.name, namespace: "aws-test", labels },
    };
    await admin.apply(theirs, { fieldManager: "somebody", force: true });
    const { err } = await demo("--timeout", "1");
    assert.match(err, /code: {2}cluster-conflict/u);
    assert.match(err, /somebody/u);
    assert.match(err, /--force-conflicts/u);
    const forced = await demo("--timeout", "1", "--force-conflicts");
    assert.match(forced.err, /code: {2}deadline-exceeded/u);
    assert.equal((await admin.read(serviceAccount))?.metadata.labels?.["podtrust/format"], "1");
  });

  test("a field that the API does not know, a right that is missing, an admission policy that refuses", async () => {
    const metadata = { name: "odd", namespace: "aws-test" };
    const odd = { apiVersion: "v1", kind: "ServiceAccount", metadata, nonsense: true };
    await assert.rejects(admin.apply(odd, { fieldManager: "podtrust" }), {
      code: "cluster-refused",
      message: /nonsense/u,
    });
    const nobody = await openKubernetes({ kubeconfig: await plane.kubeconfigFor("nobody") });
    await assert.rejects(nobody.read(job), {
      code: "cluster-forbidden",
      next: /get jobs in the namespace aws-test/u,
    });
    await plane.kubectl(["create", "namespace", "strict"]);
    await plane.kubectl(["label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted"]);
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "loose", namespace: "strict" },
      spec: { containers: [{ name: "a", image: "b" }] },
    };
    await admin.createServiceAccount("strict", "default");
    await assert.rejects(admin.apply(pod, { fieldManager: "podtrust" }), {
      code: "cluster-refused",
      message: /PodSecurity/u,
    });
    const dry = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "dry", namespace: "aws-test" },
    };
    await admin.apply(dry, { fieldManager: "podtrust", dryRun: true });
    assert.equal(await admin.read({ kind: "ServiceAccount", namespace: "aws-test", name: "dry" }), undefined);
  });

  test("an object of the same name and another uid is not removed", async () => {
    await assert.rejects(admin.remove(job, { uid: "00000000-0000-0000-0000-000000000000" }), {
      code: "cluster-conflict",
    });
    assert.notEqual(await admin.read(job), undefined);
  });

  test("the log of a pod that has not started is none, which is no error", async () => {
    const pods = await admin.list({
      kind: "Pod",
      namespace: "aws-test",
      fields: "spec.serviceAccountName=demo-service-account",
    });
    const { text, absent } = await admin.podLog("aws-test", pods[0]?.metadata.name ?? "", {
      container: "demo-app",
    });
    assert.equal(text, "");
    assert.notEqual(absent, undefined);
  });

  test("manifests are taken by kubectl as they are, and the patch by kubectl patch and by kustomize", async () => {
    const printed = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await podtrust(["manifests", ...args], { route: false });
      assert.equal(code, 0, err);
      return out;
    };
    for (const args of [["demo"], ["workload", demoAccount]]) {
      const text = await printed(...args);
      await plane.kubectl(
        ["apply", "--dry-run=server", "--force-conflicts", "--server-side", "-f", "-"],
        text,
      );
    }
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "nginx" }] },
    };
    const spec = { selector: { matchLabels: { app: "web" } }, template };
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec };
    await plane.kubectl(["create", "-n", "aws-test", "-f", "-"], JSON.stringify(deployment));
    const patch = join(folder, "patch.yaml");
    writeFileSync(patch, await printed("workload", demoAccount, "--patch", "deployment/web"));
    const patched = await plane.kubectl([
      "patch",
      "-n",
      "aws-test",
      "deployment/web",
      "--patch-file",
      patch,
      "-o",
      "yaml",
    ]);
    assert.match(patched, /serviceAccountName: demo-service-account/u);
    assert.match(patched, /image: nginx/u);
    writeFileSync(join(folder, "web.yaml"), JSON.stringify(deployment));
    writeFileSync(
      join(folder, "kustomization.yaml"),
      "resources: [web.yaml]\npatches: [{path: patch.yaml, target: {kind: Deployment, name: web}}]\n",
    );
    const built = await plane.kubectl(["kustomize", folder]);
    assert.match(built, /expirationSeconds: 3600/u);
    assert.match(built, /image: nginx/u);
  });

  test("status sees every link of the real cluster, and a pod without its token", async () => {
    const bare = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bare", namespace: "aws-test" },
      spec: { serviceAccountName: serviceAccount.name, containers: [{ name: "bare", image: "example" }] },
    };
    await plane.kubectl(["create", "-f", "-"], JSON.stringify(bare));
    const { code, out } = await podtrust(["status", "--json"]);
    const { links, broken } = JSON.parse(out) as {
      links: { name: string; outcome: string }[];
      broken: { seen: string };
    };
    const wrong = links.filter(({ outcome }) => outcome !== "ok").map(({ name }) => name);
    assert.deepEqual([code, wrong], [3, ["injection"]], out);
    assert.match(broken.seen, /has neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE/u);
  });

  test("test lets in whom it should, refuses the others, and writes JUnit XML", async () => {
    await admin.createServiceAccount("aws-test", "default");
    const junit = join(folder, "junit.xml");
    const { code, out, err } = await podtrust(["test", "--junit", junit], {
      route: false,
      // Whoever tests needs to be nobody in the account.
      env: { AWS_ENDPOINT_URL: sandbox.url, AWS_EC2_METADATA_DISABLED: "true" },
    });
    assert.equal(code, 0, out + err);
    assert.match(out, /4 as expected, 0 not, 1 skipped\./u);
  });

  test("up --demo makes AWS as the config says, then runs the Job; a plan that is refused runs none", async () => {
    await demo("--delete");
    const refused = await podtrust(["up", "--yes", "--demo", "--only", "nothing-of-that-name"]);
    assert.equal(refused.code, 2, refused.err);
    assert.equal(await admin.read(job), undefined);
    const running = podtrust(["up", "--yes", "--demo"]);
    await playPod((await applied()).metadata.uid ?? "", "Succeeded", 0);
    const { code, out, err } = await running;
    assert.equal(code, 0, err);
    assert.match(out, /Nothing to do/u);
    assert.match(err, /Job aws-test\/demo-app succeeded/u);
    const both = await podtrust(["up", "--yes", "--demo", "--json"]);
    assert.deepEqual([both.code, both.out], [2, both.out]);
    assert.match(both.out, /--demo runs a second command/u);
  });

  test("--delete removes both, and says so when there is nothing", async () => {
    const { code, out } = await demo("--delete");
    assert.equal(code, 0);
    assert.equal(
      out,
      "Job aws-test/demo-app: removed\nServiceAccount aws-test/demo-service-account: removed\n",
    );
    assert.equal(await admin.read(serviceAccount), undefined);
    assert.match((await demo("--delete")).out, /Job aws-test\/demo-app: is not there/u);
  });
});
