import type { JsonRecord } from "../../../src/base/index.ts";
import { injectionPolicies } from "../../../src/injection/index.ts";
import type { ControlPlane } from "../../cluster/harness/index.ts";
import { startMutatingWebhook } from "../../cluster/injection/mutating-webhook.ts";
import { until } from "../../cluster/operator/patience.ts";
import { spawnOperator, startWebhookWorld } from "../../cluster/operator/webhook-world.ts";
import { percentile } from "./bindings.ts";
import { podOf } from "./fleet.ts";
import { type MassClient, openMassClient } from "./mass.ts";

/** Milliseconds that a server-side dry run of a pod takes with one way of injection. */
export interface AdmissionRow {
  readonly what: string;
  readonly p50: number;
  readonly p99: number;
}

type Json = Readonly<Record<string, unknown>>;

const group = "/apis/admissionregistration.k8s.io/v1";
const role = "arn:aws:iam::111122223333:role/web";
/** ServiceAccounts in each namespace: the policy is asked for each of them. */
export const accountsAround = 20;

/** One way in a namespace of its own. */
interface Way {
  readonly namespace: string;
  readonly what: string;
  /** What a pod that went this way has. */
  readonly shows: string;
}

const ways = {
  nothing: { namespace: "nothing", what: "nothing", shows: "" },
  minimal: { namespace: "minimal", what: "a minimal webhook, which changes nothing", shows: "" },
  policy: {
    namespace: "policy",
    what: "podtrust's policies, in the API server",
    shows: "AWS_WEB_IDENTITY_TOKEN_FILE",
  },
  webhook: {
    namespace: "webhook",
    what: "podtrust's webhook (`operator run --webhook`)",
    shows: "AWS_WEB_IDENTITY_TOKEN_FILE",
  },
} as const satisfies Record<string, Way>;

const onlyIn = ({ namespace }: Way): Json => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
});

/** The policies for one namespace: others are as if there were none. */
const policies = (): readonly JsonRecord[] =>
  injectionPolicies().map((object) => {
    const spec = object["spec"] as Json;
    return String(object["kind"]).endsWith("Binding")
      ? { ...object, spec: { ...spec, matchResources: onlyIn(ways.policy) } }
      : object;
  });

async function prepare(plane: ControlPlane, client: MassClient): Promise<void> {
  for (const { namespace } of Object.values(ways)) {
    await client.makeAll([
      ["/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }],
    ]);
    const accounts = Array.from({ length: accountsAround }, (_, index) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: `app-${index}`, annotations: { "eks.amazonaws.com/role-arn": role } },
    }));
    await client.makeAll(
      accounts.map((one) => [`/api/v1/namespaces/${namespace}/serviceaccounts`, one] as const),
    );
  }
  const patch = [
    {
      op: "replace",
      path: "/webhooks/0/namespaceSelector",
      value: onlyIn(ways.webhook)["namespaceSelector"],
    },
  ];
  const args = ["patch", "mutatingwebhookconfiguration", "podtrust-webhook", "--type=json"];
  await plane.kubectl([...args, "-p", JSON.stringify(patch)]);
  const items = policies();
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

async function once(client: MassClient, { namespace }: Way): Promise<{ ms: number; text: string }> {
  const begun = performance.now();
  const { status, text } = await client.post(
    `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
    podOf("tried", "app-7"),
  );
  if (status !== 201) throw new Error(`a pod in ${namespace}: ${status} ${text}`);
  return { ms: performance.now() - begun, text };
}

/** Pods one after the other, each way in its turn, so that what else the machine does meets all of them alike. */
async function rounds(client: MassClient, count: number): Promise<readonly AdmissionRow[]> {
  const all = Object.values(ways).map((way) => ({ way, took: [] as number[] }));
  for (let round = 0; round < count; round += 1)
    for (const { way, took } of all) took.push((await once(client, way)).ms);
  return all.map(({ way, took }) => ({
    what: way.what,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
  }));
}

/** What admission takes with nothing, a minimal webhook, the policies and podtrust's webhook, in the same run. */
export async function measureAdmission(count: number): Promise<readonly AdmissionRow[]> {
  const world = await startWebhookWorld("Fail");
  const operator = spawnOperator(world, "--no-canary");
  const client = await openMassClient(world.plane);
  const minimal = await startMutatingWebhook(world.plane, "minimal", (pod) => Promise.resolve(pod));
  try {
    await world.untilInjecting();
    await prepare(world.plane, client);
    const [webhook] = minimal.configuration["webhooks"] as readonly Json[];
    const configuration = { ...minimal.configuration, webhooks: [{ ...webhook, ...onlyIn(ways.minimal) }] };
    await client.makeAll([[`${group}/mutatingwebhookconfigurations`, configuration]]);
    for (const way of [ways.policy, ways.webhook])
      await until(async () => (await once(client, way)).text.includes(way.shows), `${way.what} injects`);
    await until(async () => {
      await once(client, ways.minimal);
      return minimal.asked() > 0;
    }, "the minimal webhook is asked");
    const { text } = await once(client, ways.nothing);
    if (text.includes(ways.policy.shows)) throw new Error("a pod is injected where nothing injects");
    await rounds(client, 50);
    return await rounds(client, count);
  } finally {
    client.close();
    await operator.kill();
    await minimal.close();
    await world.plane.stop();
  }
}
