import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  type Clock,
  type JsonRecord,
  recordOf,
  recordsOf,
  systemClock,
} from "../../../src/core/base/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { Operator, operatorManifests, type OperatorOptions } from "../../../src/operator/index.ts";
import { rememberingLogger } from "../../support/remembering-logger.ts";
import {
  type ApiAnswer,
  type ControlPlane,
  freePorts,
  type KubernetesVersion,
  startControlPlane,
} from "../harness/index.ts";
import type { MutatingWebhook } from "../injection/mutating-webhook.ts";
import { policyGate } from "../injection/policy-gate.ts";
import { until } from "./until.ts";

/**
 * The webhook's Service has an address of loopback, so that the API server reaches it as in a cluster: by the Service's
 * address, and verified by the Service's name.
 */
export const services = "127.53.0.0/16";
export const serviceAddress = "127.53.0.10";

/** A control plane with what `podtrust manifests operator-rbac --webhook` prints. */
export interface WebhookWorld {
  readonly plane: ControlPlane;
  /** Path of a kubeconfig with the rights of the operator, and no more. */
  readonly operatorKubeconfig: string;
  /** Where the webhook has to listen. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The objects that were applied. */
  readonly objects: readonly JsonRecord[];
  /** Makes a pod of the namespace, for show by default. */
  readonly makePod: (namespace: string, pod: JsonRecord, query?: string) => Promise<ApiAnswer>;
  /** Waits until pods of the ServiceAccount `default/web` are injected, or no longer. */
  readonly untilInjecting: (expected?: boolean) => Promise<void>;
}

/** Name of the ConfigMap with the role map. */
export const roleMap = "podtrust-role-map";

export const webRole = "arn:aws:iam::111122223333:role/web";

/** What stands around its pods. */
export const webAround = {
  serviceAccount: { metadata: { annotations: { "eks.amazonaws.com/role-arn": webRole } } },
};

/** A pod of a ServiceAccount, `web` by default. */
export function webPod(metadata: JsonRecord = { name: "probe" }, serviceAccountName = "web"): JsonRecord {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    // So that a pod has no volume but its own.
    spec: {
      serviceAccountName,
      automountServiceAccountToken: false,
      containers: [{ name: "app", image: "example.test/app:1" }],
    },
  };
}

/** The Service and the configuration with a port that is free here. */
export function onPort(object: JsonRecord, port: number): JsonRecord {
  if (object["kind"] === "Service") {
    const spec = recordOf(object["spec"]);
    const [first] = recordsOf(spec["ports"]);
    return { ...object, spec: { ...spec, clusterIP: serviceAddress, ports: [{ ...first, port }] } };
  }
  if (object["kind"] !== "MutatingWebhookConfiguration") return object;
  const webhooks = recordsOf(object["webhooks"]).map((one) => {
    const { service } = recordOf(one["clientConfig"]);
    return { ...one, clientConfig: { service: { ...recordOf(service), port } } };
  });
  return { ...object, webhooks };
}

export async function startWebhookWorld(
  failurePolicy: "Ignore" | "Fail",
  version: KubernetesVersion = "1.36",
  more: { readonly port?: number; readonly extraArgs?: readonly string[] } = {},
): Promise<WebhookWorld> {
  const plane = await startControlPlane({
    version,
    issuer: "https://oidc.example.com",
    extraArgs: [`--service-cluster-ip-range=${services}`, ...policyGate(version), ...(more.extraArgs ?? [])],
  });
  const [free = 0] = await freePorts(1);
  const { port = free } = more;
  const objects = operatorManifests({
    namespace: "podtrust",
    name: "podtrust-operator",
    evict: false,
    webhook: { failurePolicy },
    configMaps: true,
    roleMap,
  }).map((object) => onPort(object as JsonRecord, port));
  await plane.kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
  );
  // Without a controller manager nobody makes it.
  await plane.kubectl(["create", "serviceaccount", "default", "-n", "podtrust"]);
  await plane.kubectl(["create", "serviceaccount", "web", "-n", "default"]);
  await plane.kubectl([
    "annotate",
    "serviceaccount",
    "web",
    "-n",
    "default",
    `eks.amazonaws.com/role-arn=${webRole}`,
  ]);
  const user = "system:serviceaccount:podtrust:podtrust-operator";
  const groups = ["system:serviceaccounts", "system:serviceaccounts:podtrust", "system:authenticated"];
  const makePod: WebhookWorld["makePod"] = (namespace, pod, query = "?dryRun=All") =>
    plane.ask(`/api/v1/namespaces/${namespace}/pods${query}`, { method: "POST", body: pod });
  return {
    plane,
    operatorKubeconfig: await plane.kubeconfigFor(user, groups),
    listen: { host: serviceAddress, port },
    objects,
    makePod,
    untilInjecting: (expected = true) =>
      until(
        async () => {
          const { text } = await makePod("default", webPod());
          return text.includes("AWS_WEB_IDENTITY_TOKEN_FILE") === expected;
        },
        expected ? "pods are injected" : "pods are injected no longer",
      ),
  };
}

/** How an operator is started: with the webhook, unless that is false. */
export type Started = Omit<Partial<OperatorOptions>, "webhook"> & {
  readonly webhook?: NonNullable<OperatorOptions["webhook"]> | false;
};

/** An operator with the webhook, until it is disposed of; by a clock on which waits are a sixtieth as long. */
export async function startOperator(
  world: WebhookWorld,
  { webhook = { listen: world.listen }, ...more }: Started = {},
  ahead: () => number = () => 0,
) {
  const clock: Clock = {
    now: () => systemClock.now() + ahead(),
    elapsed: () => systemClock.elapsed() * 60,
    sleep: (ms, signal) => systemClock.sleep(ms / 60, signal),
  };
  const over = new AbortController();
  const logger = rememberingLogger();
  const operator = new Operator({
    api: await openKubernetes({ kubeconfig: world.operatorKubeconfig }),
    namespace: "podtrust",
    clock,
    logger,
    leaseDurationMs: 180_000,
    canary: false,
    ...(webhook === false ? {} : { webhook }),
    ...more,
  });
  const running = operator.run(over.signal);
  // What it ends with is seen where it is waited for.
  running.catch(() => {});
  const stop = async (): Promise<void> => {
    over.abort(new Error("the test is over"));
    await running;
  };
  return { operator, logger, stop, [Symbol.asyncDispose]: stop };
}

/** `podtrust operator run --webhook` as a process of its own. */
export interface OperatorProcess {
  readonly child: ChildProcess;
  /** What it logged. */
  readonly log: () => string;
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
}

export function spawnOperator(
  { operatorKubeconfig, listen }: WebhookWorld,
  ...more: readonly string[]
): OperatorProcess {
  const program = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
  const address = `${listen.host}:${listen.port}`;
  const args = [
    "operator",
    "run",
    "--kubeconfig",
    operatorKubeconfig,
    "--webhook",
    "--webhook-listen",
    address,
  ];
  const child = spawn(process.execPath, [program, ...args, ...more], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (log += text));
  return {
    child,
    log: () => log,
    async kill(signal = "SIGKILL") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
  };
}

/** Does something while the API server asks another webhook too, which ends with it. */
export async function besideWebhook(
  { plane, makePod }: WebhookWorld,
  other: MutatingWebhook,
  work: () => Promise<void>,
): Promise<void> {
  const isAsked = async (): Promise<boolean> => {
    const earlier = other.asked();
    await makePod("default", webPod());
    return other.asked() > earlier;
  };
  const configuration = JSON.stringify(other.configuration);
  try {
    await plane.kubectl(["apply", "-f", "-"], configuration);
    await until(isAsked, "the other webhook is asked");
    await work();
    await plane.kubectl(["delete", "-f", "-"], configuration);
    await until(async () => !(await isAsked()), "the other webhook is asked no longer");
  } finally {
    await other.close();
  }
}
