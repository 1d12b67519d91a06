import { mapLimit } from "../../../core/base/index.ts";
import type { AzureIdentity } from "../../../config/index.ts";
import { type AzureGroup, type AzureLook, loadAzureGroups } from "../../parts/index.ts";
import type { PartyFacts, LookResult } from "../facts.ts";
import { type AzureFacts, type AssertionExchangeFacts, loadAzureJudge } from "../judge/index.ts";
import type { GatheredCluster } from "./cluster.ts";
import { type AccountGathering, firstAccount } from "./first-account.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";

/** The client id of an identity: as read from Azure, else from the config. */
function clientIdOf(identity: AzureIdentity, look: LookResult<AzureLook>): string | undefined {
  if (look.kind !== "seen") return identity.clientId;
  return look.value.identities.find((one) => one.identity === identity)?.clientId;
}

/** What cluster and Entra answer the first ServiceAccount of an identity, which represents the others. */
async function exchangeFacts(
  group: AzureGroup,
  identity: AzureIdentity,
  look: LookResult<AzureLook>,
  gathering: AccountGathering,
): Promise<AssertionExchangeFacts> {
  const { signal, wanted } = gathering;
  const { facts, jwt } = await firstAccount(identity.serviceAccounts[0] ?? "", group.audience, gathering);
  const clientId = clientIdOf(identity, look);
  const base = { identity, ...facts };
  if (jwt === undefined) return { ...base, exchange: notTried("token") };
  if (!wanted("sts")) return { ...base, exchange: notTried("sts") };
  if (clientId === undefined) return { ...base, exchange: notTried("provider") };
  return { ...base, exchange: await tryLook(signal, () => group.exchange(clientId, jwt, signal)) };
}

async function groupFacts(group: AzureGroup, gathering: AccountGathering): Promise<AzureFacts> {
  const { signal, wanted } = gathering;
  const { tenant, audience } = group;
  const look = wanted("provider", "trust", "sts")
    ? await tryLook(signal, () => group.look(signal))
    : notTried("provider");
  const exchanges = wanted("serviceaccount", "token", "sts")
    ? await mapLimit(tenant.identities, (one) => exchangeFacts(group, one, look, gathering))
    : [];
  return { tenant, audience, look, exchanges };
}

/** What every section of the config and its cluster say. Mints a token for each identity, and asks Entra with it. */
export async function gatherAzure(
  options: GatherOptions,
  cluster: Promise<GatheredCluster>,
  wanted: LinkFilter,
): Promise<readonly PartyFacts[]> {
  const [groups, judgeAzure] = await Promise.all([loadAzureGroups(options), loadAzureJudge()]);
  const { api } = await cluster;
  const gathering = { api, signal: options.signal, wanted };
  const facts = await Promise.all(groups.map((group) => groupFacts(group, gathering)));
  return facts.map((one) => ({ judge: (link, judged) => judgeAzure(link, judged, one) }));
}
