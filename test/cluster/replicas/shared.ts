import { randomBytes } from "node:crypto";
import { type Clock, silentLogger, systemClock } from "../../../src/core/base/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { SharedStore, type SharedStoreDeps } from "../../../src/publisher/replicas/store.ts";
import { storeKey } from "../../support/replicas.ts";
import type { ControlPlane } from "../harness/index.ts";

/** A Secret and a Lease of one name in the namespace default, and who may use them and nothing else. */
export interface SharedStoreAccess {
  readonly namespace: string;
  readonly name: string;
  /** Path of a kubeconfig of the user with these rights. */
  readonly kubeconfig: string;
}

/** Makes both, empty, with the rights to read and change them. */
export async function makeSharedStoreAccess(plane: ControlPlane): Promise<SharedStoreAccess> {
  const name = `shared-${randomBytes(4).toString("hex")}`;
  const namespace = "default";
  const metadata = { name, namespace };
  const rbac = "rbac.authorization.k8s.io";
  const rule = (apiGroup: string, resource: string): object => ({
    apiGroups: [apiGroup],
    resources: [resource],
    resourceNames: [name],
    verbs: ["get", "update"],
  });
  const items = [
    { apiVersion: "v1", kind: "Secret", metadata },
    { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata,
      rules: [rule("", "secrets"), rule("coordination.k8s.io", "leases")],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects: [{ apiGroup: rbac, kind: "User", name }],
    },
  ];
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return { namespace, name, kubeconfig: await plane.kubeconfigFor(name) };
}

/** Opens it as a replica does; `onRead` is called after each read of its Lease. */
export async function openShared(
  { namespace, name, kubeconfig }: SharedStoreAccess,
  clock: Clock = systemClock,
  onRead: () => void = () => {},
): Promise<SharedStore> {
  const api = await openKubernetes({ kubeconfig }, { clock });
  const cluster: SharedStoreDeps["cluster"] = {
    read: async (...args) => {
      const object = await api.read(...args);
      if (args[0].kind === "Lease") onRead();
      return object;
    },
    create: (...args) => api.create(...args),
    replace: (...args) => api.replace(...args),
  };
  const keys = () => Promise.resolve([storeKey]);
  return new SharedStore({ namespace, name }, { cluster, clock, logger: silentLogger, keys });
}
