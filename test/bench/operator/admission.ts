import type { JsonRecord } from "../../../src/core/base/index.ts";
import {
  injectionConfigMap,
  injectionPolicies,
  type ParameterMode,
} from "../../../src/rules/injection/index.ts";
import type { ControlPlane } from "../../cluster/harness/index.ts";
import { startMutatingWebhook } from "../../cluster/injection/mutating-webhook.ts";
import { until } from "../../cluster/operator/until.ts";
import { spawnOperator, startWebhookWorld } from "../../cluster/operator/webhook-world.ts";
import { cpuSeconds } from "../process.ts";
import { type MassClient, openMassClient } from "./mass.ts";

/** What a server-side dry run of a pod takes with one way of injection. */
export interface AdmissionRow {
  readonly what: string;
  /** Of each size, in the order of `sizes`. */
  readonly figures: readonly {
    /** Milliseconds until the answer, of each pod. */
    readonly times: readonly number[];
    /** Milliseconds of the API server's processor for each pod. */
    readonly processor: number;
  }[];
}

const group = "/apis/admissionregistration.k8s.io/v1";
const role = "arn:aws:iam::111122223333:role/web";

/** Sizes of pods; `weight`: of how many pods of this size there are fewer than of the small. */
export const sizes = [
  { name: "small", containers: 3, variables: 5, weight: 1 },
  { name: "middle", containers: 10, variables: 50, weight: 4 },
  { name: "large", containers: 50, variables: 100, weight: 20 },
] as const;
type Size = (typeof sizes)[number];

/** One way in a namespace of its own. */
interface Way {
  readonly namespace: string;
  readonly what: string;
  readonly accounts: number;
  /** By which policies; absent: by none. */
  readonly mode?: ParameterMode;
  /** Whether a pod that went this way has its role. */
  readonly injects: boolean;
}

const byPolicy = (mode: ParameterMode, accounts: number): Way => ({
  namespace: `${mode}-${accounts}`,
  what: `podtrust's policies, \`--mode ${mode}\`, ${accounts.toLocaleString("en-US")} ServiceAccounts`,
  accounts,
  mode,
  injects: true,
});

const ways: readonly Way[] = [
  { namespace: "nothing", what: "nothing", accounts: 20, injects: false },
  {
    namespace: "minimal",
    what: "a minimal webhook, which changes nothing",
    accounts: 20,
    injects: false,
  },
  {
    namespace: "webhook",
    what: "podtrust's webhook (`operator run --webhook`)",
    accounts: 20,
    injects: true,
  },
  byPolicy("configmap", 20),
  byPolicy("configmap", 200),
  byPolicy("configmap", 1000),
  byPolicy("serviceaccounts", 20),
  byPolicy("serviceaccounts", 50),
];

const onlyIn = (...namespaces: readonly string[]): JsonRecord => ({
  namespaceSelector: {
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: namespaces }],
  },
});

/** The policies of both modes beside one another, each for its own namespaces: others are as if there were none. */
const policies = (mode: ParameterMode): readonly JsonRecord[] => {
  const there = onlyIn(...ways.filter((way) => way.mode === mode).map(({ namespace }) => namespace));
  const renamed = (name: unknown): string => `${mode}-${String(name)}`;
  return injectionPolicies({ mode }).map((object) => {
    const spec = object["spec"] as JsonRecord;
    const metadata = { name: renamed((object["metadata"] as JsonRecord)["name"]) };
    return String(object["kind"]).endsWith("Binding")
      ? {
          ...object,
          metadata,
          spec: { ...spec, policyName: renamed(spec["policyName"]), matchResources: there },
        }
      : { ...object, metadata };
  });
};

function podOf({ containers, variables }: Size): JsonRecord {
  const env = Array.from({ length: variables }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value-of-${index}-${"x".repeat(24)}`,
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "tried", labels: { "app.kubernetes.io/name": "app-7" } },
    spec: {
      serviceAccountName: "app-7",
      automountServiceAccountToken: false,
      containers: Array.from({ length: containers }, (_, index) => ({
        name: `app-${index}`,
        image: "registry.example.com/app:1.2.3",
        env,
      })),
    },
  };
}

async function prepare(plane: ControlPlane, client: MassClient): Promise<void> {
  for (const { namespace, accounts: count } of ways) {
    await client.makeAll([
      ["/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }],
    ]);
    const accounts = Array.from({ length: count }, (_, index) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: `app-${index}`, annotations: { "eks.amazonaws.com/role-arn": role } },
    }));
    await client.makeAll([
      ...accounts.map((one) => [`/api/v1/namespaces/${namespace}/serviceaccounts`, one] as const),
      [`/api/v1/namespaces/${namespace}/configmaps`, injectionConfigMap(namespace, accounts)] as const,
    ]);
  }
  const value = onlyIn("webhook")["namespaceSelector"];
  const patch = [{ op: "replace", path: "/webhooks/0/namespaceSelector", value }];
  const args = ["patch", "mutatingwebhookconfiguration", "podtrust-webhook", "--type=json"];
  await plane.kubectl([...args, "-p", JSON.stringify(patch)]);
  const items = [...policies("configmap"), ...policies("serviceaccounts")];
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

async function once(
  client: MassClient,
  { namespace }: Way,
  pod: JsonRecord,
): Promise<{ ms: number; text: string }> {
  const begun = performance.now();
  const { status, text } = await client.post(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
  if (status !== 201) throw new Error(`a pod in ${namespace}: ${status} ${text}`);
  return { ms: performance.now() - begun, text };
}

const blocks = 5;

/** Pods one after the other, a block of each way in its turn, so that what else the machine does meets all alike. */
async function measured(client: MassClient, pid: number, size: Size, count: number) {
  const pod = podOf(size);
  const each = Math.max(1, Math.round(count / size.weight / blocks));
  const all = ways.map((way) => ({ way, took: [] as number[], seconds: 0 }));
  for (let block = 0; block < blocks; block += 1)
    for (const one of all) {
      const before = await cpuSeconds(pid);
      for (let index = 0; index < each; index += 1) one.took.push((await once(client, one.way, pod)).ms);
      one.seconds += (await cpuSeconds(pid)) - before;
    }
  return all.map(({ took, seconds }) => ({ times: took, processor: (seconds * 1000) / took.length }));
}

/** What admission takes with nothing, with webhooks and with the policies, in the same run: `count` small pods of each. */
export async function measureAdmission(count: number): Promise<readonly AdmissionRow[]> {
  const world = await startWebhookWorld("Fail");
  const operator = spawnOperator(world, "--no-canary");
  const client = await openMassClient(world.plane);
  const minimal = await startMutatingWebhook(world.plane, "minimal", (pod) => Promise.resolve(pod));
  try {
    await world.untilInjecting();
    await prepare(world.plane, client);
    const [webhook] = minimal.configuration["webhooks"] as readonly JsonRecord[];
    const configuration = { ...minimal.configuration, webhooks: [{ ...webhook, ...onlyIn("minimal") }] };
    await client.makeAll([[`${group}/mutatingwebhookconfigurations`, configuration]]);
    const [small] = sizes;
    for (const way of ways) {
      const isInjected = async (): Promise<boolean> =>
        (await once(client, way, podOf(small))).text.includes("AWS_WEB_IDENTITY_TOKEN_FILE");
      if (way.injects) await until(isInjected, `${way.what} injects`);
      else if (await isInjected()) throw new Error("a pod is injected where nothing injects");
    }
    await until(async () => {
      for (const way of ways) await once(client, way, podOf(small));
      return minimal.asked() > 0;
    }, "the minimal webhook is asked");
    const pid = world.plane.servers[0]?.pid() ?? 0;
    const bySize: AdmissionRow["figures"][] = [];
    for (const size of sizes) bySize.push(await measured(client, pid, size, count));
    return ways.map(({ what }, index) => ({
      what,
      figures: bySize.map((figures) => figures[index] ?? { times: [], processor: 0 }),
    }));
  } finally {
    client.close();
    await operator.kill();
    await minimal.close();
    await world.plane.stop();
  }
}
