import { type JsonRecord, recordOf } from "../../../src/core/base/index.ts";
import { awsWebhook } from "../../support/aws-webhook-model.ts";
import { until } from "../../support/until.ts";
import { type ClusterStack, roleArn } from "./world.ts";

const annotation = "eks.amazonaws.com/role-arn";

/** A container of a pod's spec, and more of the spec. */
export interface PodChanges {
  readonly env?: readonly JsonRecord[];
  readonly container?: JsonRecord;
  readonly spec?: JsonRecord;
  readonly metadata?: JsonRecord;
  /** Nothing of its role is given to it. */
  readonly isBare?: boolean;
}

/** A variable of a container. */
export const variable = (name: string, value: string): JsonRecord => ({ name, value });

/** A ServiceAccount `web` with these annotations, by default that of its role. */
export function account(namespace: string, annotations: JsonRecord = { [annotation]: roleArn }): JsonRecord {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "web", namespace, annotations } };
}

/** Makes a namespace with its ServiceAccount. */
export async function place(stack: ClusterStack, namespace: string, annotations?: JsonRecord): Promise<void> {
  await stack.make("/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace },
  });
  await stack.apply(account(namespace, annotations));
  await stack.trust(namespace);
}

/** Makes a pod of `web` as AWS's webhook would leave it, with changes. */
export async function pod(
  stack: ClusterStack,
  namespace: string,
  { env = [], container = {}, spec = {}, metadata = {}, isBare = false }: PodChanges = {},
): Promise<void> {
  const bare = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-1", labels: { app: "web" }, ...metadata },
    spec: {
      serviceAccountName: "web",
      automountServiceAccountToken: false,
      containers: [{ name: "app", image: "example.test/app:1", env, ...container }],
      ...spec,
    },
  };
  const made = isBare ? bare : awsWebhook(bare, account(namespace), { region: "eu-central-1" });
  await stack.make(`/api/v1/namespaces/${namespace}/pods`, made);
}

/** What doctor takes for one moment, milliseconds. */
const momentMs = 2000;

/** When the API server recorded an object, a whole second. */
const madeAt = (object: JsonRecord): number =>
  Date.parse(String(recordOf(object["metadata"])["creationTimestamp"]));

/** Waits until what the API server makes has a time by which doctor tells it from what was made before. */
export async function later(stack: ClusterStack): Promise<void> {
  const trial = { apiVersion: "v1", kind: "Namespace", metadata: { name: "trial" } };
  const now = async (): Promise<number> => madeAt(await stack.make("/api/v1/namespaces?dryRun=All", trial));
  const from = await now();
  await until("the API server's time is another moment", async () => (await now()) - from > momentMs);
}
