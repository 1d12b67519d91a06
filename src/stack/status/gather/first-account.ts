import type { KubernetesApi } from "../../../providers/kubernetes/index.ts";
import { type Jws, parseJws } from "../../../rules/oidc/index.ts";
import type { LookResult, WorkloadFacts } from "../facts.ts";
import type { LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";
import { objectOf } from "./workloads.ts";

/** What the first ServiceAccount of a group, which represents the others, is tested with. */
export interface AccountGathering {
  /** Undefined: the cluster cannot be asked. */
  readonly api: KubernetesApi | undefined;
  readonly signal: AbortSignal;
  readonly wanted: LinkFilter;
}

/** The cluster's answer about it. */
export interface FirstAccountFacts extends Pick<WorkloadFacts, "serviceAccount" | "object" | "namespace"> {
  /** Never part of a report. */
  readonly token: LookResult<Jws>;
}

/** Reads a ServiceAccount, and mints a token of ten minutes for it; `jwt`: undefined if none was minted. */
export async function firstAccount(
  serviceAccount: string,
  audience: string,
  { api, signal, wanted }: AccountGathering,
): Promise<{ readonly facts: FirstAccountFacts; readonly jwt: string | undefined }> {
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const none = notTried("cluster");
  if (api === undefined) return { facts: { serviceAccount, object: none, token: none }, jwt: undefined };
  const object = wanted("serviceaccount")
    ? await objectOf(api, serviceAccount, signal)
    : { object: notTried("serviceaccount") };
  const base = { serviceAccount, ...object };
  if (!wanted("token", "sts")) return { facts: { ...base, token: notTried("token") }, jwt: undefined };
  const spec = { audiences: [audience], expirationSeconds: 600 };
  const minted = await tryLook(
    signal,
    async () => (await api.requestToken(namespace, name, spec, { signal })).token,
  );
  if (minted.kind !== "seen") return { facts: { ...base, token: minted }, jwt: undefined };
  const token = await tryLook(signal, async () => parseJws(minted.value));
  return { facts: { ...base, token }, jwt: minted.value };
}
