import { mapLimit } from "../../../core/base/index.ts";
import type { OpenBaoRole } from "../../../config/index.ts";
import { loadOpenBaoMounts, type OpenBaoMount } from "../../parts/index.ts";
import { type RoleLoginFacts, loadOpenBaoJudge, type OpenBaoFacts } from "../judge/index.ts";
import type { PartyFacts } from "../facts.ts";
import type { GatheredCluster } from "./cluster.ts";
import { type AccountGathering, firstAccount } from "./first-account.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";

/** What cluster and server answer the first ServiceAccount of a role, which represents the others. */
async function loginFacts(
  mount: OpenBaoMount,
  role: OpenBaoRole,
  gathering: AccountGathering,
): Promise<RoleLoginFacts> {
  const { signal, wanted } = gathering;
  const { facts, jwt } = await firstAccount(role.serviceAccounts[0] ?? "", mount.server.audience, gathering);
  if (jwt === undefined) return { role, ...facts, login: notTried("token") };
  const login = wanted("sts") ? await tryLook(signal, () => mount.login(role, jwt, signal)) : notTried("sts");
  return { role, ...facts, login };
}

async function mountFacts(mount: OpenBaoMount, gathering: AccountGathering): Promise<OpenBaoFacts> {
  const { signal, wanted } = gathering;
  const { server } = mount;
  const isLooked = wanted("provider", "trust", "permission", "sts");
  const [look, logins] = await Promise.all([
    isLooked ? tryLook(signal, () => mount.look(signal)) : notTried("provider"),
    wanted("serviceaccount", "token", "sts")
      ? mapLimit(server.roles, (role) => loginFacts(mount, role, gathering))
      : [],
  ]);
  return { server, look, logins };
}

/**
 * What every mount of the config and its cluster say. Mints a token for each role, logs in with it, and revokes the
 * result.
 */
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
