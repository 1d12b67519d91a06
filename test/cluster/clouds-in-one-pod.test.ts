/**
 * One pod of one ServiceAccount with the libraries of AWS, Google and Azure in it, none of them changed: a real kubelet runs it
 * under the restricted PodSecurity, and all that it knows is what the API server gave it.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { JsonRecord } from "../../src/core/base/index.ts";
import { putParameter } from "../../src/providers/aws/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { cartSubject } from "../support/azure-world.ts";
import { boto3Venv } from "../support/boto3.ts";
import { podtrustHere } from "../support/cli.ts";
import { cartEmail, providerName, shop } from "../support/google-world.ts";
import { pythonVenv } from "../support/python-venv.ts";
import { until } from "../support/until.ts";
import { type Cluster, podsLeftOut, startCluster, untilJobEnds } from "./harness/index.ts";
import { publishIssuer } from "./pods/published-issuer.ts";
import { writePythonImage } from "./pods/python-image.ts";
import { trustingAccount } from "./story/aws-account.ts";

const issuer = `https://${randomUUID()}.cluster.example`;
const image = "test.invalid/clouds:1";
const frontFolder = "/etc/front";

const clients = pythonVenv("google-auth", "2.63.0", {
  also: [
    "requests==2.32.5",
    boto3Venv.requirement,
    "azure-identity==1.27.0",
    "azure-keyvault-secrets==4.12.0",
  ],
});

async function whyNot(): Promise<string | false> {
  const noPods = podsLeftOut();
  if (noPods !== false) return noPods;
  const missing = await clients.missing();
  if (missing !== undefined && process.env["CI"] === "true")
    throw new Error(`the clouds' libraries in one pod cannot run: ${missing}`);
  return missing === undefined ? false : `left out: ${missing}`;
}

/** Each cloud's own library reads a secret in one process, as its page says it. */
const script = `import json, os
import boto3, google.auth
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from google.auth.transport.requests import AuthorizedSession

def aws():
    return boto3.client("ssm").get_parameter(Name="/shop/color")["Parameter"]["Value"]

def google_cloud():
    credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    url = f"https://secretmanager.googleapis.com/v1/projects/{project}/secrets/color/versions/latest:access"
    return AuthorizedSession(credentials).get(url).json()["payload"]["data"]

def azure():
    return SecretClient("https://shop.vault.azure.net", DefaultAzureCredential()).get_secret("color").value

said = {"user": os.getuid()}
for read in (aws, google_cloud, azure):
    try:
        said[read.__name__] = read()
    except Exception as error:
        said[read.__name__] = f"{type(error).__name__}: {error}"
print(json.dumps(said))`;

const restricted = {
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

const skip = await whyNot();

describe("one pod with the libraries of three clouds", { skip }, () => {
  const ending = new AsyncDisposableStack();
  let cluster: Cluster;
  let sandbox: Sandbox;
  let python: string;
  let environment: Readonly<Record<string, string>>;

  const made = (object: object): Promise<string> =>
    cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(object));

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-clouds-in-pod-"));
    ending.defer(() => rm(folder, { recursive: true, force: true }));
    cluster = await startCluster({ issuer, jwksUri: `${issuer}/openid/v1/jwks`, podAddresses: "their own" });
    ending.defer(() => cluster.stop());
    const written = await writePythonImage(join(folder, "clouds.tar"), image, clients);
    ({ python } = written);
    await cluster.node.importImage(written.file);
    const published = await publishIssuer(cluster);
    ending.defer(() => published.close());
    const { connectTo, ca } = published;
    const azureOptions = { propagationMs: 0, newIssuerMs: 0 };
    sandbox = await startSandbox({
      connectTo,
      ca,
      propagationMs: 0,
      gcp: {},
      azure: azureOptions,
      frontFolder: folder,
    });
    ending.defer(() => sandbox.close());
    environment = await ledThere();
    await trust();
    await prepare();
  });
  after(() => ending.disposeAsync());

  /** What leads a pod's clients to the sandbox: its address, and the front with its CA, from within the pod. */
  async function ledThere(): Promise<Readonly<Record<string, string>>> {
    const { front } = sandbox;
    assert.ok(front !== undefined);
    const { port } = new URL(front.url);
    const reached = `http://${await cluster.node.reach(Number(port))}`;
    const variables = front.environment("python");
    const caFile = variables["SSL_CERT_FILE"] ?? "";
    const metadata = { name: "front", namespace: "shop" };
    const data = { [basename(caFile)]: await readFile(caFile, "utf8") };
    await made({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: "shop",
        labels: {
          "pod-security.kubernetes.io/enforce": "restricted",
          "podtrust.dev/injection": "serviceaccounts",
        },
      },
    });
    await made({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
    const inPod = Object.entries(variables).map(([name, value]) => [
      name,
      value === front.url ? reached : value.replace(caFile, join(frontFolder, basename(caFile))),
    ]);
    const endpoint = `http://${await cluster.node.reach(Number(new URL(sandbox.url).port))}`;
    return { ...(Object.fromEntries(inPod) as Record<string, string>), AWS_ENDPOINT_URL: endpoint };
  }

  /** Has the three clouds trust shop/cart alone, by the cluster's own issuer. */
  async function trust(): Promise<void> {
    const { gcp, azure } = sandbox;
    assert.ok(gcp !== undefined && azure !== undefined);
    gcp.seed({
      ...shop,
      pools: [{ id: "prod", providers: [{ id: "cluster", oidc: { issuerUri: issuer } }] }],
    });
    await azure.seed({
      identities: [{ name: "cart", credentials: [{ name: "cart", issuer, subject: cartSubject }] }],
      secrets: [{ vault: "shop", name: "color", value: "red", readers: ["cart"] }],
    });
    const { session, roleArn } = await trustingAccount(sandbox, issuer, "shop/cart");
    ending.defer(() => session.close());
    await putParameter(session, { name: "/shop/color", value: "red" });
    const annotations = {
      "eks.amazonaws.com/role-arn": roleArn,
      "podtrust.dev/region": "eu-central-1",
      "cloud.google.com/workload-identity-provider": providerName,
      "cloud.google.com/service-account-email": cartEmail,
      "azure.workload.identity/client-id": azure.clients()[0]?.clientId ?? "",
      "azure.workload.identity/tenant-id": azure.tenant,
    };
    // The stranger asks for the same, and nobody trusts it.
    for (const name of ["cart", "stranger"])
      await made({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name, namespace: "shop", annotations },
      });
  }

  /** Has the API server inject for all three, and waits until it does. */
  async function prepare(): Promise<void> {
    for (const party of ["aws", "gcp", "azure"]) {
      const args = ["manifests", "injection", "--for", party, "--mode", "serviceaccounts"];
      const { out } = await podtrustHere(args);
      await cluster.kubectl(["apply", "--server-side", "-f", "-"], out);
    }
    let said = "";
    const isInjecting = async (): Promise<boolean> => {
      const { text } = await admitted("stranger");
      said = text;
      return ["aws-iam-token", "external-credential-config", "azure-identity-token"].every((volume) =>
        text.includes(volume),
      );
    };
    await until("a pod with three tokens", isInjecting, { detail: () => said });
  }

  function podSpec(serviceAccountName: string, securityContext: object = restricted): JsonRecord {
    const container = {
      name: "app",
      image,
      imagePullPolicy: "Never",
      command: [python, "-c", script],
      env: Object.entries(environment).map(([name, value]) => ({ name, value })),
      securityContext,
      volumeMounts: [
        { name: "front", mountPath: frontFolder, readOnly: true },
        { name: "tmp", mountPath: "/tmp" },
      ],
    };
    return {
      serviceAccountName,
      automountServiceAccountToken: false,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      containers: [container],
      volumes: [
        { name: "front", configMap: { name: "front" } },
        { name: "tmp", emptyDir: {} },
      ],
    };
  }

  /** What the API server answers to such a pod, which it does not keep. */
  function admitted(serviceAccount: string, securityContext?: object): ReturnType<Cluster["ask"]> {
    const body = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "probe" },
      spec: podSpec(serviceAccount, securityContext),
    };
    return cluster.ask("/api/v1/namespaces/shop/pods?dryRun=All", { method: "POST", body });
  }

  /** What the script says in a pod of the ServiceAccount. */
  async function saidBy(serviceAccount: string): Promise<Readonly<Record<string, unknown>>> {
    await made({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: serviceAccount, namespace: "shop" },
      spec: { backoffLimit: 0, template: { spec: podSpec(serviceAccount) } },
    });
    const outcome = await untilJobEnds(cluster, "shop", serviceAccount);
    const log = await cluster.kubectl(["logs", "--namespace=shop", `job/${serviceAccount}`]);
    assert.equal(outcome, "Complete", log);
    // Azure's library also says on standard error why it has no credentials, which stands in the same log.
    const line = log.split("\n").find((one) => one.startsWith("{")) ?? "";
    return JSON.parse(line) as Record<string, unknown>;
  }

  test("runs where the restricted PodSecurity is enforced, which refuses it with one right more", async () => {
    const { allowPrivilegeEscalation: _, ...more } = restricted;
    const { status, text } = await admitted("cart", more);
    assert.equal(status, 403, text);
    assert.match(text, /violates PodSecurity \\"restricted:latest\\": allowPrivilegeEscalation != false/u);
    assert.equal((await admitted("cart")).status, 201);
  });

  test("is granted by AWS, Google and Azure in one process of a user that is not root", async () => {
    const google = Buffer.from("red").toString("base64");
    assert.deepEqual(await saidBy("cart"), {
      user: 65_532,
      aws: "red",
      google_cloud: google,
      azure: "red",
    });
  });

  test("is refused by each of them in its own words where its ServiceAccount is another", async () => {
    const { aws, google_cloud: google, azure } = await saidBy("stranger");
    assert.match(String(aws), /^ClientError: .*Not authorized to perform sts:AssumeRoleWithWebIdentity$/u);
    assert.match(
      String(google),
      /^RefreshError: .*Permission \\'iam\.serviceAccounts\.getAccessToken\\' denied/u,
    );
    assert.match(String(azure), /^ClientAuthenticationError: .*AADSTS700213/su);
  });
});
