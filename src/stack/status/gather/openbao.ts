import { mapLimit } from "../../../core/base/index.ts";
import type { OpenBaoRole } from "../../../config/index.ts";
import type { KubernetesApi } from "../../../providers/kubernetes/index.ts";
import { parseJws } from "../../../rules/oidc/index.ts";
import { loadOpenBaoMounts, type OpenBaoMount } from "../../parts/index.ts";
import { type RoleLoginFacts, loadOpenBaoJudge, type OpenBaoFacts } from "../judge/index.ts";
import type { PartyFacts } from "../facts.ts";
import type { GatheredCluster } from "./cluster.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, seen } from "./seen.ts";
import { objectOf } from "./workloads.ts";

interface Gathering {
  readonly api: KubernetesApi | undefined;
  readonly signal: AbortSignal;
  readonly wanted: LinkFilter;
}

/** What cluster and server say to the first ServiceAccount of a role, which stands for the others. */
async function loginFacts(
  mount: OpenBaoMount,
  role: OpenBaoRole,
  { api, signal, wanted }: Gathering,
): Promise<RoleLoginFacts> {
  const serviceAccount = role.serviceAccounts[0] ?? "";
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const base = { role, serviceAccount };
  const none = notTried("cluster");
  if (api === undefined) return { ...base, object: none, token: none, login: notTried("token") };
  const object = wanted("serviceaccount")
    ? await objectOf(api, serviceAccount, signal)
    : { object: notTried("serviceaccount") };
  if (!wanted("token", "sts"))
    return { ...base, ...object, token: notTried("token"), login: notTried("token") };
  const spec = { audiences: [mount.server.audience], expirationSeconds: 600 };
  const minted = await seen(
    signal,
    async () => (await api.requestToken(namespace, name, spec, { signal })).token,
  );
  if (minted.kind !== "seen") return { ...base, ...object, token: minted, login: notTried("token") };
  const token = await seen(signal, async () => parseJws(minted.value));
  const login = wanted("sts")
    ? await seen(signal, () => mount.login(role, minted.value, signal))
    : notTried("sts");
  return { ...base, ...object, token, login };
}

async function mountFacts(mount: OpenBaoMount, gathering: Gathering): Promise<OpenBaoFacts> {
  const { signal, wanted } = gathering;
  const { server } = mount;
  const isLooked = wanted("provider", "trust", "permission", "sts");
  const [look, logins] = await Promise.all([
    isLooked ? seen(signal, () => mount.look(signal)) : notTried("provider"),
    wanted("serviceaccount", "token", "sts")
      ? mapLimit(server.roles, (role) => loginFacts(mount, role, gathering))
      : [],
  ]);
  return { server, look, logins };
}

/** What every mount of the config and its cluster say. Mints a token for each role, logs in by it, and revokes what came. */
export async function gatherOpenBao(
  options: GatherOptions,
  cluster: Promise<GatheredCluster>,
  wanted: LinkFilter,
): Promise<readonly PartyFacts[]> {
  const [mounts, judgeOpenBao] = await Promise.all([loadOpenBaoMounts(options), loadOpenBaoJudge()]);
  const { api } = await cluster;
  const gathering = { api, signal: options.signal, wanted };
  const facts = await Promise.all(mounts.map((mount) => mountFacts(mount, gathering)));
  return facts.map((one) => ({ judge: (link, judged) => judgeOpenBao(link, judged, one) }));
}
