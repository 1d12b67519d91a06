import { recordOf, recordsOf } from "../../core/base/index.ts";
import type { ChangedValue } from "./server-files.ts";

/** As whom a component of the control plane runs that is not root's: kubeadm's `RootlessControlPlane` has users for each. */
export interface ServerUser {
  readonly uid: number;
  /** The one group through which it is to read what is written for it. */
  readonly group: number;
  /** All groups that the manifest gives it. */
  readonly groups: readonly number[];
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * The user of a component in the manifest of its static pod; undefined for root. A container's securityContext is before its pod's
 * (Kubernetes API, core/v1 SecurityContext). Of the groups its own is used, which no other component has; kubeadm names that, and one for
 * the keys of ServiceAccounts beside it (cmd/kubeadm/app/util/staticpod).
 */
export function manifestUser(
  manifest: unknown,
  component: "kube-apiserver" | "kube-controller-manager" = "kube-apiserver",
): ChangedValue<ServerUser | undefined> {
  const spec = recordOf(recordOf(manifest)["spec"]);
  const container = recordsOf(spec["containers"]).find(({ name }) => name === component);
  const ofPod = recordOf(spec["securityContext"]);
  const { runAsUser, runAsGroup, runAsNonRoot, fsGroup, supplementalGroups } = {
    ...ofPod,
    ...recordOf(container?.["securityContext"]),
  } as Readonly<Record<string, unknown>>;
  if (runAsUser === undefined && runAsNonRoot === true)
    return { fault: `runs its ${component} as the user of its image, whom it does not name` };
  if (runAsUser === undefined || runAsUser === 0) return { value: undefined };
  const listed: readonly unknown[] = Array.isArray(supplementalGroups) ? supplementalGroups : [];
  const groups = [runAsGroup, ...listed, fsGroup].filter((value) => value !== undefined);
  const [group] = groups;
  if (!isId(runAsUser) || !groups.every(isId) || !isId(group))
    return { fault: `runs its ${component} as a user and names no group of it by a number` };
  return { value: { uid: runAsUser, group, groups } };
}
