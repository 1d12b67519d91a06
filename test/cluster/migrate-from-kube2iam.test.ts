/** The page on moving from kube2iam, command by command: whatever is half done, each pod gets its role by the way that it has. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  STSClient,
  type STSClientConfig,
} from "@aws-sdk/client-sts";
import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../src/core/base/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { type Block, blocksOf } from "../docs/pages.ts";
import { awsCliMissing, awsCliVenv } from "../support/aws-cli.ts";
import { podtrustScript } from "../support/cli.ts";
import { buildPrograms, type Cluster, pauseImage, podsLeftOut, startCluster } from "./harness/index.ts";
import { publishIssuer } from "./pods/published-issuer.ts";
import { maxWait, maxWaitFlag } from "../support/until.ts";

const skip = podsLeftOut() || (await awsCliMissing()) || false;
const region = "eu-central-1";
const issuer = "https://oidc.example.com";
const page = blocksOf("docs/how-to/migrate-from-kube2iam.md");
const roleArn = "arn:aws:iam::111122223333:role/web";
const kube2iam = "iam.amazonaws.com/role";

/** The page's commands of the step whose first one begins so. */
function commandsOf(first: string): readonly string[] {
  const found = page.filter(({ language, text }) => language === "sh" && text.startsWith(first));
  assert.equal(found.length, 1, `the page has no block that begins with ${first}`);
  return (found[0]?.text ?? "").trim().split("\n");
}

function fileOf(is: (block: Block) => boolean): string {
  const found = page.find(is);
  assert.ok(found !== undefined);
  return found.text;
}

describe("moving from kube2iam by the page's commands", { skip }, () => {
  const ending = new AsyncDisposableStack();
  let folder: string;
  let cluster: Cluster;
  let sandbox: Sandbox;
  let iam: IAMClient;
  let roleId: string;
  let nodes: STSClient;

  async function shell(...lines: readonly string[]): Promise<string> {
    const env = {
      PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
      HOME: folder,
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
    };
    const args = ["-euo", "pipefail", "-c", lines.join("\n")];
    const { stdout } = await promisify(execFile)("bash", args, { cwd: folder, env, timeout: maxWait });
    return stdout;
  }

  const sts = (credentials?: STSClientConfig["credentials"]): STSClient => {
    const made = new STSClient({
      region,
      endpoint: sandbox.url,
      ...defined({ credentials }),
    });
    ending.defer(() => made.destroy());
    return made;
  };

  /** As kube2iam's process does it for the pod that asks. */
  const byNode = (): Promise<unknown> =>
    nodes.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "web" }));
  /** As the pod itself does it. */
  async function byToken(): Promise<unknown> {
    const WebIdentityToken = await cluster.requestToken("shop", "web", "sts.amazonaws.com");
    const asked = { RoleArn: roleArn, RoleSessionName: "web", WebIdentityToken };
    return sts().send(new AssumeRoleWithWebIdentityCommand(asked));
  }

  const pods = async (): Promise<readonly JsonRecord[]> =>
    recordsOf(
      (JSON.parse(await cluster.kubectl(["get", "pods", "-n", "shop", "-o=json"])) as JsonRecord)["items"],
    ).filter(({ metadata }) => recordOf(metadata)["deletionTimestamp"] === undefined);

  const wayOf = (pod: JsonRecord): "token" | "node" | "none" => {
    if (JSON.stringify(recordOf(pod["spec"])["volumes"]).includes("aws-iam-token")) return "token";
    const { annotations } = recordOf(pod["metadata"]);
    return textOf(recordOf(annotations)[kube2iam]) === "web" ? "node" : "none";
  };

  /** Every pod that runs gets its role, by the ways that are expected of them. */
  async function everyPodHasItsRole(...ways: readonly string[]): Promise<void> {
    const running = await pods();
    assert.equal(running.length, 2);
    assert.deepEqual(running.map(wayOf), ways);
    for (const pod of running) await (wayOf(pod) === "token" ? byToken() : byNode());
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: "web" }));
    assert.equal(Role?.RoleId, roleId);
  }

  function programs(way: readonly string[], { kubectl }: { readonly kubectl: string }): void {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    symlinkSync(kubectl, join(bin, "kubectl"));
    symlinkSync(awsCliVenv.program("aws"), join(bin, "aws"));
    // Public DNS and roots are the test's own, and nobody is there to be asked.
    const text = `#!/bin/sh
case "$1" in
  up | import) set -- "$@" --yes ${way.join(" ")} ;;
  explain | status) set -- "$@" ${way.join(" ")} ;;
esac
${podtrustScript}
`;
    writeFileSync(join(bin, "podtrust"), text);
    chmodSync(join(bin, "podtrust"), 0o755);
  }

  /** Two roles as there are in such a cluster: the nodes', and one that trusts the nodes. */
  async function makeRoles(): Promise<void> {
    const trusting = (principal: string): string =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: principal } },
      });
    const rights = { Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" };
    await iam.send(
      new CreateRoleCommand({ RoleName: "nodes", AssumeRolePolicyDocument: trusting(sandbox.account) }),
    );
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: "nodes",
        PolicyName: "assume",
        PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: rights }),
      }),
    );
    const RoleArn = `arn:aws:iam::${sandbox.account}:role/nodes`;
    const made = { RoleName: "web", AssumeRolePolicyDocument: trusting(RoleArn) };
    roleId = (await iam.send(new CreateRoleCommand(made))).Role?.RoleId ?? "";
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
    await iam.send(new AttachRolePolicyCommand({ RoleName: "web", PolicyArn }));
    const admin = sts(sandbox.admin);
    const { Credentials } = await admin.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "node" }));
    nodes = sts({
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    });
  }

  const container = { name: "app", image: pauseImage, imagePullPolicy: "Never" };
  const running = (app: string, metadata: object, spec: object, annotations: object = {}): object => ({
    apiVersion: "apps/v1",
    metadata: { name: app, ...metadata },
    spec: {
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app }, annotations },
        spec: { hostNetwork: true, terminationGracePeriodSeconds: 0, containers: [container] },
      },
      ...spec,
    },
  });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-kube2iam-"));
    ending.defer(() => rmSync(folder, { recursive: true, force: true }));
    cluster = await startCluster({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    ending.defer(() => cluster.stop());
    const published = await publishIssuer(cluster);
    ending.defer(() => published.close());
    const { connectTo, ca } = published;
    sandbox = await startSandbox({ account: "111122223333", connectTo, ca, propagationMs: 0 });
    ending.defer(() => sandbox.close());
    iam = new IAMClient({ region, endpoint: sandbox.url, credentials: sandbox.admin });
    ending.defer(() => iam.destroy());
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, ".kube"));
    write(".kube/config", readFileSync(cluster.adminKubeconfig, "utf8"));
    write("root.pem", ca);
    write(
      "podtrust.yaml",
      fileOf(({ language }) => language === "yaml"),
    );
    write(
      "both.json",
      fileOf(({ language }) => language === "json"),
    );
    write(
      "no-metadata.yaml",
      fileOf(({ text }) => text.includes("kind: NetworkPolicy")),
    );
    const rules = connectTo.map((one) => `--connect-to=${one.host}:443:${one.address}:${one.toPort}`);
    programs([...rules, "--ca=root.pem"], await buildPrograms());
    await makeRoles();
    const web = {
      ...running("web", { namespace: "shop" }, { replicas: 2 }, { [kube2iam]: "web" }),
      kind: "Deployment",
    };
    const agent = { ...running("kube2iam", { namespace: "kube-system" }, {}), kind: "DaemonSet" };
    await cluster.kubectl(["create", "namespace", "shop"]);
    for (const object of [web, agent]) await cluster.kubectl(["create", "-f", "-"], JSON.stringify(object));
    await shell(`kubectl rollout status deployment web --namespace shop ${maxWaitFlag}`);
  });
  after(() => ending.disposeAsync());

  test("pods ask the node at first, AWS trusts the cluster beside it, and injection is on, which pods do not notice", async () => {
    await everyPodHasItsRole("node", "node");
    assert.match(await shell(...commandsOf("kubectl get pods")), /shop +web-\S+ +default +web\n/u);
    await shell(
      "podtrust up --only provider",
      "kubectl label namespace shop podtrust.dev/injection=serviceaccounts",
      "podtrust manifests injection --mode serviceaccounts --namespace shop | kubectl apply --server-side -f -",
    );
    await everyPodHasItsRole("node", "node");
  });

  test("the role lets both in, which explain says of the ServiceAccount before any pod asks as it", async () => {
    const asked = commandsOf("kubectl create serviceaccount");
    await assert.rejects(shell(...asked), { stdout: /AWS would deny it/u });
    await shell(...commandsOf("aws iam update-assume-role-policy"));
    assert.match(await shell(...asked), /AWS would accept the token/u);
    await everyPodHasItsRole("node", "node");
  });

  test("the workload moves by a rolling update, and back by undoing it, and forth again", async () => {
    await shell(...commandsOf("kubectl annotate serviceaccount"));
    await everyPodHasItsRole("token", "token");
    await shell(
      "kubectl rollout undo deployment web -n shop",
      "kubectl rollout status deployment web -n shop",
    );
    await everyPodHasItsRole("node", "node");
    await shell(...commandsOf("kubectl annotate serviceaccount"));
    await everyPodHasItsRole("token", "token");
  });

  test("what answered for the metadata service goes, and at last the nodes lose the right", async () => {
    await shell(...commandsOf("kubectl apply --namespace shop"), ...commandsOf("kubectl delete daemonset"));
    await byNode();
    await shell(...commandsOf("podtrust import web"));
    await assert.rejects(byNode(), { name: "AccessDenied" });
    await shell(...commandsOf("aws iam delete-role-policy"));
    await everyPodHasItsRole("token", "token");
    const left = await cluster.kubectl(["get", "daemonsets", "--all-namespaces", "-o=name"]);
    assert.doesNotMatch(left, /kube2iam/u);
  });
});
