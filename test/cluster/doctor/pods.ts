import type { JsonRecord } from "../../../src/core/base/index.ts";
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

/** Waits until times of objects, which are whole seconds, tell a moment from another. */
export async function later(): Promise<void> {
  const from = Date.now();
  await until("three seconds have passed", () => Date.now() - from > 3000);
}
