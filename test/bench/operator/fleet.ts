import type { JsonRecord } from "../../../src/core/base/index.ts";
import { inject } from "../../../src/rules/injection/index.ts";
import { bindingOf, webRole } from "../../support/bindings/objects.ts";
import type { MassClient } from "./mass.ts";

/** How much there is in the cluster. */
export interface FleetSize {
  readonly namespaces: number;
  readonly accounts: number;
  /** ServiceAccounts that have a role already, and whose pods are injected. */
  readonly annotated: number;
  readonly pods: number;
  readonly bindings: number;
}

// As the grant of the trust's cases has them: team-*.
const namespaceOf = (index: number, { namespaces }: FleetSize): string => `team-${index % namespaces}`;
const nameOf = (index: number, { namespaces }: FleetSize): string => `app-${Math.floor(index / namespaces)}`;

/** The ServiceAccounts that are bound come first, those that have a role of before after them, then the rest. */
function accountOf(index: number, size: FleetSize): JsonRecord {
  const isAnnotated = index >= size.bindings && index < size.bindings + size.annotated;
  const role = `arn:aws:iam::111122223333:role/of-before-${index}`;
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: {
      name: nameOf(index, size),
      namespace: namespaceOf(index, size),
      labels: { "app.kubernetes.io/name": nameOf(index, size), "app.kubernetes.io/managed-by": "Helm" },
      annotations: {
        "meta.helm.sh/release-name": nameOf(index, size),
        ...(isAnnotated ? { "eks.amazonaws.com/role-arn": role } : {}),
      },
    },
  };
}

const variables = (count: number): readonly JsonRecord[] =>
  Array.from({ length: count }, (_, index) => ({ name: `SETTING_${index}`, value: `value-of-${index}` }));

const probe: JsonRecord = { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 10 };

function containerOf(name: string, more: JsonRecord = {}): JsonRecord {
  const resources = { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } };
  return {
    name,
    image: `registry.example.com/${name}:1.2.3`,
    env: variables(8),
    ports: [{ containerPort: 8080, name: "http" }],
    resources,
    volumeMounts: [{ name: "config", mountPath: "/etc/app" }],
    ...more,
  };
}

/** A pod as a Deployment's, with a sidecar and an init container, on a node that nobody is. */
export function podOf(name: string, account: string): JsonRecord {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      labels: { "app.kubernetes.io/name": account, "pod-template-hash": "5d4f8c7b9" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: `${account}-5d4f8c7b9`,
          uid: "5e0f1a3c-0000-4000-8000-000000000000",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      serviceAccountName: account,
      automountServiceAccountToken: false,
      nodeName: "nobody",
      initContainers: [containerOf("migrate")],
      containers: ["app", "proxy"].map((one) =>
        containerOf(one, { readinessProbe: probe, livenessProbe: probe }),
      ),
      volumes: [{ name: "config", configMap: { name: `${account}-config` } }],
    },
  };
}

/** Makes namespaces, ServiceAccounts and pods. */
export async function makeFleet(client: MassClient, size: FleetSize): Promise<void> {
  const namespaces = Array.from({ length: size.namespaces }, (_, index) => namespaceOf(index, size));
  await client.makeAll(
    namespaces.map((name) => [
      "/api/v1/namespaces",
      { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    ]),
  );
  const accounts = Array.from({ length: size.accounts }, (_, index) => accountOf(index, size));
  const pathOf = (index: number, plural: string): string =>
    `/api/v1/namespaces/${namespaceOf(index, size)}/${plural}`;
  await client.makeAll(accounts.map((account, index) => [pathOf(index, "serviceaccounts"), account]));
  // Of those that are not bound: what a bound one's pods lack is found when its role comes.
  const free = size.accounts - size.bindings;
  const pods = Array.from({ length: size.pods }, (_, index) => {
    const account = size.bindings + (index % free);
    const pod = podOf(`${nameOf(account, size)}-5d4f8c7b9-${index}`, nameOf(account, size));
    const around = { serviceAccount: accounts[account] };
    return [pathOf(account, "pods"), inject(pod, around).pod] as const;
  });
  await client.makeAll(pods);
}

/** The bindings, each with the path that it is made at and its key. */
export function bindingsOf(
  size: FleetSize,
): readonly { readonly key: string; readonly path: string; readonly object: JsonRecord }[] {
  return Array.from({ length: size.bindings }, (_, index) => {
    const [namespace, name] = [namespaceOf(index, size), nameOf(index, size)];
    return {
      key: `${namespace}/${name}`,
      path: `/apis/podtrust.dev/v1alpha1/namespaces/${namespace}/awsrolebindings`,
      object: bindingOf({ roles: [webRole] }, { namespace, name }),
    };
  });
}
