/** The chart at work: one values file, and pods are injected by the API server, the operator leads, and a binding is proved. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { IAMClient, ListOpenIDConnectProvidersCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { openAws } from "../../src/providers/aws/index.ts";
import { recordOf } from "../../src/core/base/index.ts";
import type { OperatorStatus } from "../../src/operator/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { bindingOf, trustOf, webRole } from "../support/bindings/objects.ts";
import { blocksOf } from "../docs/pages.ts";
import { podtrustScript, podtrustHere } from "../support/cli.ts";
import { buildPrograms, type Cluster, pauseImage, podsLeftOut, podtrustImage } from "./harness/index.ts";
import { startClusterWithAws } from "./pods/cluster-with-aws.ts";
import type { PublishedIssuer } from "./pods/published-issuer.ts";
import { accountOf } from "./story/aws-account.ts";
import { maxWait, maxWaitFlag, until } from "../support/until.ts";

const skip = podsLeftOut();
const chart = resolve(import.meta.dirname, "../../deploy/chart");
const issuer = "https://oidc.example.com";
const region = "eu-central-1";

/** Every object of a cluster, but for those that come and go by themselves. */
async function everything(cluster: Cluster): Promise<ReadonlySet<string>> {
  const kinds = (await cluster.kubectl(["api-resources", "--verbs=list", "--output=name"]))
    .trim()
    .split("\n");
  const steady = kinds.filter(
    (kind) => !/^(?:events|leases|endpoints|endpointslices|componentstatuses)\b/u.test(kind),
  );
  const path = "{range .items[*]}{.apiVersion} {.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}";
  const all = await cluster.kubectl([
    "get",
    steady.join(","),
    "--all-namespaces",
    `--output=jsonpath=${path}`,
  ]);
  return new Set(all.trim().split("\n"));
}

describe("the chart's operator, injection and bindings in a cluster", { skip }, () => {
  const ending = new AsyncDisposableStack();
  let cluster: Cluster;
  let sandbox: Sandbox;
  let iam: IAMClient;
  let trust: string;
  let folder: string;
  let standing: ReadonlySet<string>;
  const role = (): string => `arn:aws:iam::${sandbox.account}:role/podtrust-operator`;

  /** Runs a program in a folder with the config, as whoever has rights in cluster and account; finds helm, kubectl and podtrust. */
  function inFolder(program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    const env = {
      PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
      HOME: folder,
      KUBECONFIG: cluster.adminKubeconfig,
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
    };
    return promisify(execFile)(program, args, { cwd: folder, env, timeout: maxWait });
  }

  /** The provider, and the operator's own role, as its trust says. */
  async function up({ connectTo, ca }: PublishedIssuer): Promise<void> {
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write("trust.yaml", trust);
    write("root.pem", ca);
    const aws = [{ account: sandbox.account, region }];
    const reached = { kubeconfig: cluster.adminKubeconfig };
    const config = { stack: "prod", issuer, cluster: reached, aws, operator: { trust: "trust.yaml" } };
    write("podtrust.yaml", JSON.stringify(config));
    const route = connectTo.map((one) => `${one.host}:${one.port}:${one.address}:${one.toPort}`);
    await inFolder("podtrust", [
      "up",
      "--yes",
      "--ca=root.pem",
      ...route.map((rule) => `--connect-to=${rule}`),
    ]);
  }

  async function programs(): Promise<void> {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const { helm, kubectl: asked } = await buildPrograms();
    symlinkSync(helm, join(bin, "helm"));
    symlinkSync(asked, join(bin, "kubectl"));
    const program = `#!/bin/sh\n${podtrustScript}\n`;
    writeFileSync(join(bin, "podtrust"), program, { mode: 0o755 });
  }

  const kubectl = (...args: readonly string[]): Promise<string> => cluster.kubectl([...args]);

  async function untilSo<T>(what: string, ask: () => Promise<T>, is: (answer: T) => boolean): Promise<T> {
    let last: T | Error | undefined;
    const logs = ["logs", "-n", "podtrust", "-l", "app.kubernetes.io/name=podtrust-operator", "--tail=60"];
    await until(
      what,
      async () => {
        last = await ask().catch((error: unknown) => error as Error);
        return !(last instanceof Error) && is(last);
      },
      {
        everyMs: 200,
        detail: async () =>
          [
            JSON.stringify(last),
            await kubectl("describe", "pods", "-n", "podtrust"),
            await kubectl(...logs),
          ].join("\n"),
      },
    );
    return last as T;
  }

  before(async () => {
    const world = await startClusterWithAws(issuer, {
      podAddresses: "their own",
      serverNames: ["10.96.0.1"],
    });
    ending.defer(() => world.stop());
    ({ folder, cluster, sandbox } = world);
    const accounts = [{ id: sandbox.account, region }];
    const policies = ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"];
    const grants = [{ name: "shop", namespaces: ["shop"], accounts: [sandbox.account], policies }];
    trust = JSON.stringify(trustOf({ stack: "prod", issuer, accounts, grants }));
    await programs();
    await up(world.published);
    const env = { AWS_ENDPOINT_URL: await world.podEndpoint() };
    for (const name of ["shop", "team-a"]) await kubectl("create", "namespace", name);
    standing = await untilSo(
      "the namespace",
      () => everything(cluster),
      (all) => ["shop", "team-a"].every((name) => all.has(`v1 ServiceAccount ${name}/default`)),
    );
    await kubectl("create", "namespace", "podtrust");
    const literals = Object.entries(env).map(([name, value]) => `--from-literal=${name}=${value}`);
    await kubectl(
      "create",
      "secret",
      "generic",
      "-n",
      "podtrust",
      "podtrust-operator-environment",
      ...literals,
    );
    const command = ["manifests", "operator", "--image", podtrustImage, "--bindings", "--role", role()];
    const { out } = await podtrustHere([...command, "--values", "--json"]);
    const values = join(folder, "values.json");
    writeFileSync(values, out);
    const args = ["install", "podtrust", chart, "--namespace=podtrust", `--values=${values}`];
    await inFolder("helm", [...args, "--set=injection.enabled=true", "--set=injection.mode=configmap"]);
    iam = new IAMClient({ region, endpoint: sandbox.url, credentials: sandbox.admin });
    ending.defer(() => iam.destroy());
  });
  after(() => ending.disposeAsync());

  const program = ["/usr/local/bin/node", "/opt/podtrust/dist/cli/main.js", "operator", "status", "--json"];
  async function statuses(): Promise<readonly OperatorStatus[]> {
    const pods = await kubectl("get", "pods", "-n", "podtrust", "-o=jsonpath={.items[*].metadata.name}");
    return Promise.all(
      pods.split(" ").map(async (pod) => {
        // With exit code 3 where something is not as it should be.
        const said = await kubectl("exec", "-n", "podtrust", pod, "--", ...program).catch(
          (error: unknown) => (error as { readonly stdout?: string }).stdout ?? "",
        );
        return JSON.parse(said) as OperatorStatus;
      }),
    );
  }

  test("two replicas are ready, of which one leads and sees by a trial that injection works", async () => {
    const wait = ["rollout", "status", "deployment/podtrust-operator", "-n", "podtrust", maxWaitFlag];
    await untilSo(
      "the Deployment",
      () => kubectl(...wait),
      () => true,
    );
    const seen = await untilSo("the trial", statuses, (all) =>
      all.some(({ canary, leadership }) => leadership.leads && canary?.state === "injecting"),
    );
    assert.deepEqual(
      [
        seen.length,
        seen.filter(({ ready }) => ready).length,
        seen.filter(({ leadership }) => leadership.leads).length,
      ],
      [2, 2, 1],
    );
  });

  /** Makes a pod of the annotated ServiceAccount once a trial of it is injected, and waits until it runs so. */
  async function runsInjected(name: string): Promise<void> {
    const containers = [{ name: "app", image: pauseImage, imagePullPolicy: "Never" }];
    const metadata = { name, namespace: "shop" };
    const spec = { serviceAccountName: "annotated", containers };
    const pod = JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec });
    const dryRun = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
    await untilSo(
      "injection",
      () => cluster.kubectl(dryRun, pod),
      (out) => out.includes("aws-iam-token"),
    );
    await cluster.kubectl(["create", "-f", "-"], pod);
    await untilSo(
      "the pod",
      () => kubectl("get", "pod", "-n", "shop", name, "-o=json"),
      (out) => {
        const { status } = JSON.parse(out) as { readonly status: { readonly phase: string } };
        return out.includes("aws-iam-token") && status.phase === "Running";
      },
    );
  }

  test("a pod of an annotated ServiceAccount has its role's token", async () => {
    const annotations = { "eks.amazonaws.com/role-arn": role() };
    const metadata = { name: "annotated", namespace: "shop", annotations };
    await cluster.kubectl(
      ["create", "-f", "-"],
      JSON.stringify({ apiVersion: "v1", kind: "ServiceAccount", metadata }),
    );
    await runsInjected("annotated");
  });

  test("a binding is Ready once STS let its ServiceAccount in, by the credentials of the operator's own token", async () => {
    const binding = bindingOf({ roles: [{ ...webRole, account: sandbox.account }] });
    await kubectl("create", "serviceaccount", "-n", "shop", "web");
    for (const object of [trust, JSON.stringify(binding)])
      await cluster.kubectl(["create", "-f", "-"], object);
    const ready = ["wait", "--for=condition=Ready", "arb/web", "-n", "shop", maxWaitFlag];
    await untilSo(
      "the binding",
      () => kubectl(...ready),
      () => true,
    );
    const made = JSON.parse(await kubectl("get", "sa", "-n", "shop", "web", "-o=json")) as object;
    const { annotations } = recordOf((made as { readonly metadata: object }).metadata);
    const arn = String(recordOf(annotations)["eks.amazonaws.com/role-arn"]);
    const session = openAws({ region, endpoint: sandbox.url, credentials: sandbox.admin });
    ending.defer(() => session.close());
    const token = await cluster.requestToken("shop", "web", "sts.amazonaws.com");
    const asked = await accountOf(session, arn).ask(token);
    assert.ok("arn" in asked, JSON.stringify(asked));
  });

  test("the webhook takes the place of the policies in a release that runs, and a pod that it injected runs", async () => {
    // As the page on the webhook has it: the policies go once the webhook's replicas are there.
    for (const change of ["operator.webhook=true", "injection.enabled=false"]) {
      const flags = ["--reuse-values", `--set=${change}`, "--wait", maxWaitFlag];
      await inFolder("helm", ["upgrade", "podtrust", chart, "--namespace=podtrust", ...flags]);
    }
    const policies = await kubectl("get", "mutatingadmissionpolicies", "-o=name");
    assert.doesNotMatch(policies, /podtrust-inject/u);
    await runsInjected("by-webhook");
  });

  test("the operator keeps the ConfigMap of a namespace with a role, and puts it back while it runs", async () => {
    const set = ["--reuse-values", "--set=operator.configMaps=true", "--wait", maxWaitFlag];
    await inFolder("helm", ["upgrade", "podtrust", chart, "--namespace=podtrust", ...set]);
    // Of a namespace whose annotations the page's commands leave, so that there is always a reason to put it back.
    const annotation = `eks.amazonaws.com/role-arn=${role()}`;
    await kubectl("create", "serviceaccount", "-n", "team-a", "annotated");
    await kubectl("annotate", "serviceaccount", "-n", "team-a", "annotated", annotation);
    const uid = ["get", "configmap", "-n", "team-a", "podtrust-injection", "-o=jsonpath={.metadata.uid}"];
    const kept = await untilSo(
      "the ConfigMap",
      () => kubectl(...uid),
      (text) => text !== "",
    );
    await kubectl("delete", "configmap", "-n", "team-a", "podtrust-injection");
    await untilSo(
      "the ConfigMap once more",
      () => kubectl(...uid),
      (text) => text !== "" && text !== kept,
    );
  });

  test("the commands of the page on uninstalling leave nothing in the cluster and nothing in AWS", async () => {
    const commands = blocksOf("docs/how-to/uninstall.md")
      .filter(({ language }) => language === "sh")
      // The AWS CLI is asked for elsewhere: what it would show is looked at below.
      .flatMap(({ text }) => text.split("\n").filter((line) => !line.startsWith("aws ")));
    assert.ok(commands.length > 10);
    const script = join(folder, "uninstall.sh");
    writeFileSync(script, commands.join("\n"));
    const { stdout } = await inFolder("bash", ["-euo", "pipefail", script]);
    assert.match(stdout, /Nothing to do/u);

    // What the tests made by hand, and what Kubernetes makes in each namespace.
    const own = /^v1 (?:Pod|ServiceAccount) (?:shop|team-a)\/(?:annotated|by-webhook|web)$/u;
    const left = [...(await everything(cluster))].filter((one) => !standing.has(one) && !own.test(one));
    assert.deepEqual(left, []);
    const accounts = await kubectl("get", "serviceaccounts", "-n", "shop", "--output=json");
    assert.doesNotMatch(accounts, /eks\.amazonaws\.com|podtrust/u);
    const { Roles } = await iam.send(new ListRolesCommand({}));
    const { OpenIDConnectProviderList } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    assert.deepEqual([Roles, OpenIDConnectProviderList], [[], []]);
  });
});
