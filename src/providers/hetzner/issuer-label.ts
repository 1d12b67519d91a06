import { PodtrustError } from "../../core/base/index.ts";
import type { HetznerApi } from "./client.ts";
import { firewalls, listOwned } from "./find.ts";
import type { ExtraLabels } from "./labels.ts";
import type { Thing } from "./shapes.ts";
import type { StackOwner } from "../../rules/plan/index.ts";

/** The label of a stack's firewall that remembers which name its issuer has below the zone of its config. */
const label = "podtrust-issuer";

/** The form of a label's value, in lower case as in names. A name that is longer is remembered elsewhere. */
const fits = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/u;

/** The name of an issuer whose config says only in which zone it is. */
export interface NamedIssuer {
  readonly host: string;
  readonly zone: string;
  /** This run chose it: the stack may have no other by now. */
  readonly isNew: boolean;
}

/** The label by which a thing remembers the name; without one, or with one that does not fit, it has none. */
export function issuerLabel(issuer: NamedIssuer | undefined): ExtraLabels {
  if (issuer === undefined) return { [label]: undefined };
  const value = issuer.host.slice(0, -issuer.zone.length - 1);
  return { [label]: fits.test(value) ? value : undefined };
}

/** Why a name that this run chose cannot be the stack's: another run's was remembered first. Undefined where it can. */
export function otherName(
  { labels }: Pick<Thing, "labels">,
  { stack, issuer }: { readonly stack: string; readonly issuer?: NamedIssuer },
): PodtrustError | undefined {
  const value = labels[label];
  if (issuer?.isNew !== true || value === undefined || value === issuerLabel(issuer)[label]) return undefined;
  const [now, chosen] = [`${value}.${issuer.zone}`, issuer.host];
  const sentence = `stack ${stack} has the name ${now} by now, which another run chose; this one had chosen ${chosen}, and made nothing under it`;
  return new PodtrustError("plan-changed", sentence, { detail: { chosen, now } });
}

/** The names below a zone that a stack's firewalls remember. */
export async function rememberedIssuers(
  api: HetznerApi,
  { zone, ...stack }: StackOwner & { readonly zone: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = await listOwned(api, firewalls, stack, signal);
  return found.flatMap(({ labels }) => {
    const value = labels[label];
    return value === undefined ? [] : [`${value}.${zone}`];
  });
}
