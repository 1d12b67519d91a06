import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { podTokensOf } from "../../rules/tokens/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { MapBinding, MapPod, MapServiceAccount, Unseen } from "../facts.ts";
import { seen } from "../../stack/index.ts";

/** More of a kind than a picture can be of: those beyond are said to be unseen. */
const maxObjects = 20_000;

/** What the cluster holds. */
export interface ClusterObjects {
  readonly serviceAccounts?: readonly MapServiceAccount[];
  readonly pods?: readonly MapPod[];
  readonly bindings: readonly MapBinding[];
  readonly unseen: readonly Unseen[];
}

type Listed = "ServiceAccount" | "Pod" | "AWSRoleBinding";

async function listed(
  api: KubernetesApi,
  kind: Listed,
  unseen: Unseen[],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[] | undefined> {
  const look = await seen(signal, () => api.list({ kind, limit: maxObjects }, { signal }));
  if (look.kind === "seen") {
    if (look.value.length >= maxObjects)
      unseen.push({ what: `${kind}s`, why: `there are more than ${maxObjects}; the others were not read` });
    return look.value;
  }
  if (look.kind === "skipped") return undefined;
  // Where the operator was never installed there is no such kind.
  if (kind === "AWSRoleBinding" && look.error.code === "cluster-not-found") return [];
  const { message, next } = look.error;
  unseen.push({ what: `${kind}s of the cluster`, why: message, next });
  return undefined;
}

const isOver = (pod: KubernetesObject): boolean =>
  ["Succeeded", "Failed"].includes(textOf(recordOf(pod["status"])["phase"]) ?? "");

const nameOf = ({ metadata: { namespace = "", name } }: KubernetesObject): MapServiceAccount => ({
  namespace,
  name,
});

function podOf(pod: KubernetesObject): MapPod {
  const serviceAccount = textOf(recordOf(pod["spec"])["serviceAccountName"]) ?? "default";
  return { ...nameOf(pod), serviceAccount, ...defined({ tokens: podTokensOf(pod) }) };
}

function notReady(status: JsonRecord): string | undefined {
  const ready = recordsOf(status["conditions"]).find(({ type }) => type === "Ready");
  if (ready === undefined || ready["status"] === "True") return undefined;
  return `${textOf(ready["reason"]) ?? ""}: ${textOf(ready["message"]) ?? ""}`;
}

function bindingOf(binding: KubernetesObject): MapBinding {
  const status = recordOf(binding["status"]);
  const lastProof = textOf(status["lastProof"]);
  return {
    ...nameOf(binding),
    roles: recordsOf(status["roles"]).flatMap(({ arn }) => textOf(arn) ?? []),
    ...defined({ lastProof, notReady: notReady(status) }),
  };
}

/** ServiceAccounts, pods and bindings of all namespaces; what may not be listed is said. */
export async function clusterObjects(api: KubernetesApi, signal: AbortSignal): Promise<ClusterObjects> {
  const unseen: Unseen[] = [];
  const [accounts, pods, bindings] = await Promise.all([
    listed(api, "ServiceAccount", unseen, signal),
    listed(api, "Pod", unseen, signal),
    listed(api, "AWSRoleBinding", unseen, signal),
  ]);
  return {
    ...(accounts === undefined ? {} : { serviceAccounts: accounts.map(nameOf) }),
    ...(pods === undefined ? {} : { pods: pods.filter((pod) => !isOver(pod)).map(podOf) }),
    bindings: (bindings ?? []).map(bindingOf),
    unseen,
  };
}
