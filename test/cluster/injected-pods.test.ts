/** Pods that the API server injected, on a real kubelet: boto3 and the AWS CLI find their role, whatever made the pod. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { injectionFault } from "../../src/rules/injection/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { awsCliVenv } from "../support/aws-cli.ts";
import { azureAccount } from "../support/azure-cases.ts";
import { boto3Venv } from "../support/boto3.ts";
import { podtrustHere } from "../support/cli.ts";
import { googleAccount } from "../support/gcp-cases.ts";
import { type Cluster, pauseImage, untilJobEnds } from "./harness/index.ts";
import { type ClusterWithAws, startClusterWithAws } from "./pods/cluster-with-aws.ts";
import { pypiClientFolders, pypiClientsLeftOut } from "./pods/pypi-clients.ts";
import { pythonJob } from "./pods/python-job.ts";
import { type AwsAccount, trustingAccount } from "./story/aws-account.ts";
import { until } from "../support/until.ts";

const issuer = `https://${randomUUID()}.cluster.example`;

const skip = await pypiClientsLeftOut();

describe("pods that the API server injected", { skip }, () => {
  let world: ClusterWithAws;
  let cluster: Cluster;
  let sandbox: Sandbox;
  let account: AwsAccount;
  let folders: readonly string[];
  let serviceAccount: JsonRecord;

  before(async () => {
    folders = await pypiClientFolders();
    world = await startClusterWithAws(issuer);
    ({ cluster, sandbox } = world);
    account = await trustingAccount(sandbox, issuer, "default/web");
    const annotations = {
      "eks.amazonaws.com/role-arn": account.roleArn,
      "eks.amazonaws.com/token-expiration": "600",
      "podtrust.dev/region": "eu-central-1",
      "podtrust.dev/session-name": "pod",
      "podtrust.dev/fs-group": "65532",
      "podtrust.dev/token-mode": "0440",
      "profile.podtrust.dev/billing": account.roleArn,
    };
    serviceAccount = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "web", namespace: "default", annotations },
    };
    await cluster.kubectl(["apply", "-f", "-"], JSON.stringify(serviceAccount));
    const everything = { "eks.amazonaws.com/role-arn": account.roleArn, ...googleAccount, ...azureAccount };
    const metadata = { name: "all", namespace: "default", annotations: everything };
    const all = { apiVersion: "v1", kind: "ServiceAccount", metadata };
    await cluster.kubectl(["apply", "-f", "-"], JSON.stringify(all));
    await cluster.kubectl(["label", "namespace", "default", "podtrust.dev/injection=serviceaccounts"]);
    const { out } = await podtrustHere(["manifests", "injection", "--mode", "serviceaccounts"]);
    await cluster.kubectl(["apply", "--server-side", "-f", "-"], out);
    await untilInjecting("web", {}, ["aws-iam-token"]);
  });

  after(async () => {
    account?.session.close();
    await world?.stop();
  });

  const podSpec = (): JsonRecord => ({
    serviceAccountName: "web",
    hostNetwork: true,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "app", image: pauseImage, imagePullPolicy: "Never" }],
  });

  /** Until a pod of the ServiceAccount is given these volumes. */
  async function untilInjecting(
    serviceAccountName: string,
    annotations: object,
    volumes: readonly string[],
  ): Promise<void> {
    const metadata = { name: "probe", annotations };
    const spec = { ...podSpec(), serviceAccountName };
    const body = { apiVersion: "v1", kind: "Pod", metadata, spec };
    let said = "";
    const isInjecting = async (): Promise<boolean> => {
      const { text } = await cluster.ask("/api/v1/namespaces/default/pods?dryRun=All", {
        method: "POST",
        body,
      });
      said = text;
      return volumes.every((volume) => text.includes(volume));
    };
    await until("a pod with its token", isInjecting, { detail: () => said });
  }

  /** A Job without any token of its own: what it has for AWS is what it was given. */
  function bareJob(
    name: string,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): string {
    const job = JSON.parse(
      pythonJob({
        name,
        serviceAccount: "web",
        folders,
        command,
        environment: { AWS_ENDPOINT_URL: sandbox.url, ...environment },
      }),
    ) as { spec: { template: { spec: JsonRecord } } };
    const { spec } = job.spec.template;
    // A config file of its own would be kept in place of the one with profiles.
    const without = (list: unknown): readonly JsonRecord[] =>
      recordsOf(list).filter(({ name: of }) => of !== "aws-token" && of !== "AWS_CONFIG_FILE");
    job.spec.template.spec = {
      ...spec,
      volumes: without(spec["volumes"]),
      containers: recordsOf(spec["containers"]).map((one) => ({
        ...one,
        env: without(one["env"]),
        volumeMounts: without(one["volumeMounts"]),
      })),
    };
    return JSON.stringify(job);
  }

  async function outcomeOf(name: string, job: string): Promise<{ said: string; pod: string }> {
    await cluster.kubectl(["apply", "-f", "-"], job);
    const outcome = await untilJobEnds(cluster, "default", name);
    const said = (await cluster.kubectl(["logs", `job/${name}`])).trim();
    assert.equal(outcome, "Complete", said);
    const selector = `--selector=job-name=${name}`;
    const pod = await cluster.kubectl([
      "get",
      "pods",
      selector,
      "--output=jsonpath={.items[0].metadata.name}",
    ]);
    return { said, pod };
  }
  const arnOf = (session: string): string => `arn:aws:sts::${sandbox.account}:assumed-role/story/${session}`;

  test("boto3 has its role and region there, and its session is named as the pod", async () => {
    const script = `import boto3
sts = boto3.client("sts")
print(sts.get_caller_identity()["Arn"], sts.meta.region_name)`;
    const { said, pod } = await outcomeOf(
      "boto3",
      bareJob("boto3", [boto3Venv.program("python"), "-c", script]),
    );
    assert.equal(said, `${arnOf(pod)} eu-central-1`);
  });

  test("boto3 has a second role as a profile, by a token of its own", async () => {
    const script = `import boto3
session = boto3.Session(profile_name="billing")
print(session.client("sts").get_caller_identity()["Arn"], session.region_name)`;
    const { said } = await outcomeOf(
      "profile",
      bareJob("profile", [boto3Venv.program("python"), "-c", script]),
    );
    assert.match(said, /:assumed-role\/story\/botocore-session-\d+ eu-central-1$/u);
  });

  test("the AWS CLI has its role there, and the profile that AWS_PROFILE chooses", async () => {
    const who = [awsCliVenv.program("aws"), "sts", "get-caller-identity", "--query=Arn", "--output=text"];
    const { said, pod } = await outcomeOf("cli", bareJob("cli", who));
    assert.equal(said, arnOf(pod));
    const chosen = await outcomeOf("cli-profile", bareJob("cli-profile", who, { AWS_PROFILE: "billing" }));
    assert.match(chosen.said, /^arn:aws:sts::\d{12}:assumed-role\/story\/\S+$/u);
  });

  test("one pod reads a token for AWS, Google, Azure and OpenBao each, as a user that is not root", async () => {
    for (const options of [
      ["gcp", "--mode", "serviceaccounts"],
      ["azure", "--mode", "serviceaccounts"],
      ["openbao"],
    ]) {
      const { out } = await podtrustHere(["manifests", "injection", "--for", ...options]);
      await cluster.kubectl(["apply", "--server-side", "-f", "-"], out);
    }
    const asking = { "openbao.podtrust.dev/address": "https://bao.example.com" };
    await untilInjecting("all", asking, [
      "azure-identity-token",
      "external-credential-config",
      "openbao-token",
    ]);
    const script = `import base64, json, os
def audiences(path):
    payload = open(path).read().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"]
google = json.load(open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]))
files = [os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"], google["credential_source"]["file"]]
files += [os.environ["AZURE_FEDERATED_TOKEN_FILE"], os.environ["BAO_JWT_FILE"]]
print(json.dumps([os.getuid() != 0, google["type"]] + [audiences(path) for path in files]))`;
    const job = JSON.parse(bareJob("all", [boto3Venv.program("python"), "-c", script])) as {
      spec: { template: { metadata?: JsonRecord; spec: JsonRecord } };
    };
    const { template } = job.spec;
    template.metadata = { ...template.metadata, annotations: asking };
    template.spec = {
      ...template.spec,
      serviceAccountName: "all",
      securityContext: { runAsNonRoot: true, runAsUser: 65_532 },
    };
    const { said } = await outcomeOf("all", JSON.stringify(job));
    const provider = googleAccount["cloud.google.com/workload-identity-provider"];
    assert.deepEqual(JSON.parse(said), [
      true,
      "external_account",
      ["sts.amazonaws.com"],
      [`https://iam.googleapis.com/${provider}`],
      ["api://AzureADTokenExchange"],
      ["https://bao.example.com"],
    ]);
  });

  test("the pods of every controller are injected, and run", async () => {
    const labels = { app: "controllers" };
    const template = { metadata: { labels }, spec: podSpec() };
    const apps = (kind: string, more: object = {}): object => ({
      apiVersion: "apps/v1",
      kind,
      metadata: { name: `of-${kind.toLowerCase()}` },
      spec: { selector: { matchLabels: labels }, template, ...more },
    });
    const batch = { ...template, spec: { ...podSpec(), restartPolicy: "Never" } };
    const cron = {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "of-cronjob" },
      // Its Job is made below rather than waited for.
      spec: { schedule: "0 0 1 1 *", jobTemplate: { spec: { template: batch } } },
    };
    const objects = [
      apps("Deployment"),
      apps("StatefulSet", { serviceName: "none" }),
      apps("DaemonSet"),
      { apiVersion: "batch/v1", kind: "Job", metadata: { name: "of-job" }, spec: { template: batch } },
      cron,
    ];
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await cluster.kubectl(["apply", "-f", "-"], JSON.stringify(list));
    await cluster.kubectl(["create", "job", "of-cronjob-1", "--from=cronjob/of-cronjob"]);
    let pods: readonly JsonRecord[] = [];
    const phaseOf = (pod: JsonRecord): unknown => recordOf(pod["status"])["phase"];
    const areRunning = async (): Promise<boolean> => {
      const { text } = await cluster.ask("/api/v1/namespaces/default/pods?labelSelector=app%3Dcontrollers");
      pods = recordsOf((JSON.parse(text) as JsonRecord)["items"]);
      return pods.length === objects.length && pods.every((pod) => phaseOf(pod) === "Running");
    };
    const seen = (): string =>
      JSON.stringify(pods.map((pod) => [recordOf(pod["metadata"])["name"], phaseOf(pod)]));
    await until("every controller's pod running", areRunning, { detail: seen });
    for (const pod of pods) assert.equal(injectionFault(pod, { serviceAccount }), undefined);
  });
});
