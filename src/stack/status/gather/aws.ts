import { mapLimit } from "../../../base/index.ts";
import type { AwsPart } from "../../parts/index.ts";
import type { AccountFacts } from "../facts.ts";
import type { GatherOptions, Wanted } from "./options.ts";
import { notTried, seen } from "./seen.ts";

/** What IAM says of one account's provider and roles, as far as links need it. */
export async function gatherAccount(
  part: AwsPart,
  { signal }: GatherOptions,
  wanted: Wanted,
): Promise<AccountFacts> {
  const { account } = part;
  const roles = wanted("trust", "permission") ? account.roles : [];
  const none = notTried("provider");
  if (!wanted("provider", "trust", "permission")) return { account, place: none, provider: none, roles: [] };
  const place = await seen(signal, () => part.open(signal));
  if (place.kind !== "seen")
    return { account, place, provider: place, roles: roles.map((role) => ({ role, look: none })) };
  const [provider, looks] = await Promise.all([
    seen(signal, () => part.lookAtProvider(signal)),
    mapLimit(roles, async (role) => ({
      role,
      look: await seen(signal, () => part.lookAtRole(role, signal)),
    })),
  ]);
  return { account, place, provider, roles: looks };
}
