import { mapLimit } from "../../../core/base/index.ts";
import type { RoleConfig } from "../../../config/index.ts";
import type { KubernetesApi } from "../../../providers/kubernetes/index.ts";
import { parseJws } from "../../../rules/oidc/index.ts";
import type { AwsPart } from "../../parts/index.ts";
import type { WorkloadFacts } from "../facts.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";

/** A ServiceAccount that a role names. */
interface RoleAccount {
  readonly part: AwsPart;
  readonly role: RoleConfig;
  readonly serviceAccount: string;
  /** Whether a token is minted for it: it represents the other ServiceAccounts of its role. */
  readonly mint: boolean;
}

const maxPods = 50;

/** Whether a namespace exists, each asked for once. */
class Namespaces {
  readonly #asked = new Map<string, Promise<boolean>>();

  exists(api: KubernetesApi, name: string, signal: AbortSignal): Promise<boolean> {
    const asked =
      this.#asked.get(name) ??
      api.read({ kind: "Namespace", name }, { signal }).then((object) => object !== undefined);
    this.#asked.set(name, asked);
    return asked;
  }
}

/** What every look needs. */
interface Gathering {
  readonly api: KubernetesApi;
  readonly signal: AbortSignal;
  readonly wanted: LinkFilter;
  readonly namespaces: Namespaces;
}

/** A ServiceAccount, and if it does not exist, its namespace. */
export async function objectOf(
  api: KubernetesApi,
  serviceAccount: string,
  signal: AbortSignal,
  namespaces = new Namespaces(),
): Promise<Pick<WorkloadFacts, "object" | "namespace">> {
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const object = await tryLook(signal, () =>
    api.read({ kind: "ServiceAccount", namespace, name }, { signal }),
  );
  if (object.kind !== "seen" || object.value !== undefined) return { object };
  return { object, namespace: await tryLook(signal, () => namespaces.exists(api, namespace, signal)) };
}

type Answers = Pick<WorkloadFacts, "token" | "exchange">;

async function askSts(
  { part, role, serviceAccount }: RoleAccount,
  { api, signal, wanted }: Gathering,
): Promise<Answers> {
  const sts = wanted("sts");
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const spec = { audiences: part.account.audiences.slice(0, 1), expirationSeconds: 600 };
  const minted = await tryLook(
    signal,
    async () => (await api.requestToken(namespace, name, spec, { signal })).token,
  );
  if (minted.kind !== "seen") return { token: minted, ...(sts ? { exchange: notTried("token") } : {}) };
  const token = await tryLook(signal, async () => parseJws(minted.value));
  if (!sts) return { token };
  return { token, exchange: await tryLook(signal, () => part.exchange(role, minted.value, signal)) };
}

async function workloadFacts(named: RoleAccount, gathering: Gathering): Promise<WorkloadFacts> {
  const { api, signal, wanted, namespaces } = gathering;
  const { part, role, serviceAccount, mint } = named;
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const fields = `spec.serviceAccountName=${name}`;
  const query = { kind: "Pod", namespace, fields, limit: maxPods } as const;
  const [object, pods, answers] = await Promise.all([
    wanted("serviceaccount")
      ? objectOf(api, serviceAccount, signal, namespaces)
      : { object: notTried("serviceaccount") },
    wanted("injection") ? tryLook(signal, () => api.list(query, { signal })) : notTried("injection"),
    mint ? askSts(named, gathering) : {},
  ]);
  return {
    account: part.account,
    role,
    serviceAccount,
    ...object,
    pods,
    ...answers,
  };
}

function without(named: RoleAccount, wanted: LinkFilter): WorkloadFacts {
  const none = notTried("cluster");
  const { part, role, serviceAccount, mint } = named;
  return {
    account: part.account,
    role,
    serviceAccount,
    object: none,
    pods: none,
    ...(mint ? { token: none } : {}),
    ...(mint && wanted("sts") ? { exchange: notTried("token") } : {}),
  };
}

/** What the cluster and STS answer each ServiceAccount that a role of the config names. */
export async function gatherWorkloads(
  parts: readonly AwsPart[],
  api: KubernetesApi | undefined,
  options: GatherOptions,
  wanted: LinkFilter,
): Promise<readonly WorkloadFacts[]> {
  const every = wanted("token", "sts");
  // One token is enough to know which key signs.
  let any = wanted("jwks");
  const named = parts.flatMap((part) =>
    part.account.roles.flatMap((role) =>
      role.serviceAccounts.map((serviceAccount, index): RoleAccount => {
        const mint = index === 0 && (every || any);
        any = false;
        return { part, role, serviceAccount, mint };
      }),
    ),
  );
  if (api === undefined) return named.map((one) => without(one, wanted));
  const gathering: Gathering = { api, signal: options.signal, wanted, namespaces: new Namespaces() };
  return mapLimit(named, (one) => workloadFacts(one, gathering));
}
