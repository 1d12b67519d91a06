import { defined, recordOf, textOf } from "../../core/base/index.ts";
import { type BoundKind, partyNames } from "../../rules/bindings/index.ts";
import { podTokensOf } from "../../rules/tokens/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { MapBinding, MapPod, MapServiceAccount, Unseen } from "../facts.ts";
import { installedParties, tryLook } from "../../stack/index.ts";
import { boundBy } from "./bindings.ts";

/** More of a kind than a picture can show: the rest is reported as unseen. */
const maxObjects = 20_000;

/** What the cluster holds. */
export interface ClusterObjects {
  readonly serviceAccounts?: readonly MapServiceAccount[];
  readonly pods?: readonly MapPod[];
  readonly bindings: readonly MapBinding[];
  readonly unseen: readonly Unseen[];
}

type Listed = "ServiceAccount" | "Pod" | BoundKind;

async function listed(
  api: KubernetesApi,
  kind: Listed,
  unseen: Unseen[],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[] | undefined> {
  const look = await tryLook(signal, () => api.list({ kind, limit: maxObjects }, { signal }));
  if (look.kind === "seen") {
    if (look.value.length >= maxObjects)
      unseen.push({ what: `${kind}s`, why: `there are more than ${maxObjects}; the others were not read` });
    return look.value;
  }
  if (look.kind === "skipped") return undefined;
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

/** The bindings of each relying party whose kinds are installed. */
async function allBindings(
  api: KubernetesApi,
  unseen: Unseen[],
  signal: AbortSignal,
): Promise<readonly MapBinding[]> {
  const look = await tryLook(signal, () => installedParties(api, { signal }));
  if (look.kind === "failed") {
    const { message, next } = look.error;
    unseen.push({ what: "bindings of the cluster", why: message, next });
  }
  if (look.kind !== "seen") return [];
  const found = await Promise.all(
    look.value.map(async (party) => {
      const objects = await listed(api, partyNames[party].binding.kind, unseen, signal);
      return (objects ?? []).map((binding) => ({ ...nameOf(binding), ...boundBy(party, binding) }));
    }),
  );
  return found.flat();
}

/** ServiceAccounts, pods and bindings of all namespaces; reports what may not be listed. */
export async function clusterObjects(api: KubernetesApi, signal: AbortSignal): Promise<ClusterObjects> {
  const unseen: Unseen[] = [];
  const [accounts, pods, bindings] = await Promise.all([
    listed(api, "ServiceAccount", unseen, signal),
    listed(api, "Pod", unseen, signal),
    allBindings(api, unseen, signal),
  ]);
  return {
    ...defined({
      serviceAccounts: accounts?.map(nameOf),
      pods: pods?.filter((pod) => !isOver(pod)).map(podOf),
    }),
    bindings,
    unseen,
  };
}
