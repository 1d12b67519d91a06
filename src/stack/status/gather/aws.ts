import { mapLimit } from "../../../core/base/index.ts";
import type { AwsPart, OidcProviderFacts } from "../../parts/index.ts";
import type { AccountFacts } from "../facts.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";

/** The providers of other issuers, if ours does not exist: perhaps it is registered under another name. */
async function othersOf(
  part: AwsPart,
  provider: AccountFacts["provider"],
  signal: AbortSignal,
): Promise<readonly OidcProviderFacts[]> {
  if (provider.kind !== "seen" || provider.value.observed.exists) return [];
  const others = await tryLook(signal, () => part.lookAtProviders(signal));
  // It only improves a sentence: without the right to list, the report names ours alone.
  return others.kind === "seen" ? others.value : [];
}

/** What IAM says of one account's provider and roles, as far as links need it. */
export async function gatherAccount(
  part: AwsPart,
  { signal }: GatherOptions,
  wanted: LinkFilter,
): Promise<AccountFacts> {
  const { account } = part;
  const roles = wanted("trust", "permission") ? account.roles : [];
  const none = notTried("provider");
  if (!wanted("provider", "trust", "permission")) return { account, place: none, provider: none, roles: [] };
  const place = await tryLook(signal, () => part.open(signal));
  if (place.kind !== "seen")
    return { account, place, provider: place, roles: roles.map((role) => ({ role, look: none })) };
  const [provider, looks] = await Promise.all([
    tryLook(signal, () => part.lookAtProvider(signal)),
    mapLimit(roles, async (role) => ({
      role,
      look: await tryLook(signal, () => part.lookAtRole(role, signal)),
    })),
  ]);
  return { account, place, provider, roles: looks, others: await othersOf(part, provider, signal) };
}
