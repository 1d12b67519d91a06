import { recordOf, textOf } from "../../core/base/index.ts";
import type { FlagChange } from "../../rules/distribution/index.ts";
import { kubeadmConfig } from "../servers/index.ts";
import type { AdoptionContext } from "./gather.ts";

const kept = { kind: "ConfigMap", namespace: "kube-system", name: "podtrust-adoption" } as const;
const beforeKey = "kubeadm-config-before";

type Notice = (text: string) => void;

const hasKubeadm = ({ servers }: AdoptionContext): boolean =>
  servers.some(({ files }) => files.distribution === "kubeadm");

/** The original, kept in the cluster itself: a run on any machine continues with it. */
async function readKept({ api, signal }: AdoptionContext): Promise<string | undefined> {
  return textOf(recordOf((await api.read(kept, { signal }))?.["data"])[beforeKey]);
}

async function keep({ api, signal }: AdoptionContext, before: string): Promise<void> {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: kept.name, namespace: kept.namespace },
    data: { [beforeKey]: before },
  };
  await api.apply(object, { fieldManager: "podtrust-adopt", force: true, signal });
}

/**
 * Writes flags into kubeadm's own config as well: from there the next `kubeadm upgrade` writes the manifests.
 * The original is kept in the cluster. If it cannot hold them `notice` is called, and nothing is written.
 * Does nothing if the servers are not kubeadm's.
 */
export async function changeKubeadm(
  context: AdoptionContext,
  change: FlagChange,
  notice: Notice,
): Promise<void> {
  if (!hasKubeadm(context)) return;
  const { api, signal } = context;
  const config = kubeadmConfig(api);
  const before = await config.read(signal);
  if (before === undefined) return;
  // The original is stored before the change.
  if ((await readKept(context)) === undefined) await keep(context, before);
  const fault = await config.change(change, signal);
  if (fault !== undefined) notice(fault);
}

/**
 * Restores kubeadm's config byte for byte, and forgets the original. A config that was changed since, as
 * `kubeadm upgrade` does, loses only the flags of the new issuer, and `notice` is called.
 */
export async function restoreKubeadm(context: AdoptionContext, notice: Notice): Promise<void> {
  const before = await readKept(context);
  if (before === undefined) return;
  const { api, signal } = context;
  const differs = await kubeadmConfig(api).giveBack(before, signal);
  if (differs !== undefined) notice(differs);
  await api.remove(kept, { signal });
}
