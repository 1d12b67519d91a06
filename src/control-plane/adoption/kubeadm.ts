import { recordOf, textOf } from "../../core/base/index.ts";
import type { FlagChange } from "../../rules/distribution/index.ts";
import { kubeadmConfig } from "../servers/index.ts";
import type { AdoptionContext } from "./gather.ts";

const kept = { kind: "ConfigMap", namespace: "kube-system", name: "podtrust-adoption" } as const;
const [beforeKey, writtenKey] = ["kubeadm-config-before", "kubeadm-config-written"];

type Notice = (text: string) => void;

const hasKubeadm = ({ servers }: AdoptionContext): boolean =>
  servers.some(({ files }) => files.distribution === "kubeadm");

/** What was kept of kubeadm's config, in the cluster itself: a run on any machine goes on with it. */
async function readKept({ api, signal }: AdoptionContext): Promise<ReadonlyMap<string, string>> {
  const data = recordOf((await api.read(kept, { signal }))?.["data"]);
  return new Map(Object.entries(data).map(([name, value]) => [name, textOf(value) ?? ""]));
}

async function keep({ api, signal }: AdoptionContext, data: ReadonlyMap<string, string>): Promise<void> {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: kept.name, namespace: kept.namespace },
    data: Object.fromEntries(data),
  };
  await api.apply(object, { fieldManager: "podtrust-adopt", force: true, signal });
}

/**
 * Writes flags into kubeadm's own config as well: from there the next `kubeadm upgrade` writes the manifests. What stood there
 * first is kept in the cluster. Where it cannot hold them `notice` is told, and nothing is written. Does nothing where the servers are
 * not kubeadm's.
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
  const known = await readKept(context);
  const first = known.get(beforeKey) ?? before;
  // First what is needed for the way back, then the change.
  if (!known.has(beforeKey)) await keep(context, new Map([[beforeKey, first]]));
  const fault = await config.change(change, signal);
  if (fault !== undefined) return notice(fault);
  const written = (await config.read(signal)) ?? "";
  if (written !== known.get(writtenKey)) {
    await keep(
      context,
      new Map([
        [beforeKey, first],
        [writtenKey, written],
      ]),
    );
  }
}

/**
 * Puts kubeadm's config back byte for byte, and forgets it. One that somebody else has changed since, as `kubeadm upgrade` does,
 * stays, and `notice` is told.
 */
export async function restoreKubeadm(context: AdoptionContext, notice: Notice): Promise<void> {
  const known = await readKept(context);
  const [before, written] = [known.get(beforeKey), known.get(writtenKey)];
  if (before === undefined) return;
  const { api, signal } = context;
  const config = kubeadmConfig(api);
  const now = await config.read(signal);
  if (written !== undefined && now !== before && now !== written) {
    notice(
      `ConfigMap kube-system/kubeadm-config was changed by somebody else and stays: take the flags out there by hand (ConfigMap kube-system/${kept.name} has what stood there before)`,
    );
    return;
  }
  if (now !== undefined) await config.restore(before, signal);
  await api.remove(kept, { signal });
}
