import { PodtrustError } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import type { Change, Plan, Resource } from "../rules/plan/index.ts";
import { shownIssuer } from "./view.ts";

/** What of a plan's surroundings tells whether a name goes with the addresses that it leads to. */
export interface NameRecords {
  readonly config: Config;
  /** Records of the stack that stand and that the plan leaves alone; undefined where nobody looked. */
  readonly left: readonly Resource[] | undefined;
}

const isGivenBack = ({ kind, resource }: Change): boolean =>
  resource.kind === "primary-ip" && (kind === "delete" || kind === "replace");

function takeover(
  host: string,
  next: string,
  ids: readonly string[],
  records: readonly string[],
): PodtrustError {
  const what =
    records.length === 0 ? `the records of ${host} were not looked at` : `${records.join(", ")} would stay`;
  return new PodtrustError(
    "plan-name-left-behind",
    `${ids.join(" and ")} would be given back, and ${what}: ${host} would lead to addresses that Hetzner gives to somebody else`,
    { next, detail: { ids, records } },
  );
}

/**
 * What keeps a plan from giving addresses back to which the issuer's name goes on leading: whoever gets such an address
 * next answers for the name, and can get a certificate for it. Where podtrust keeps the records they go in the same run;
 * where somebody else does, that is said.
 */
export function leftBehind(
  plan: Plan,
  { config, left }: NameRecords,
): { readonly refusals: readonly PodtrustError[]; readonly warnings: readonly string[] } {
  const gone = plan.changes.filter(isGivenBack);
  const ids = gone.map(({ resource }) => resource.id);
  if (ids.length === 0) return { refusals: [], warnings: [] };
  const { dns } = config;
  const issuer = shownIssuer(config);
  const host = issuer === undefined ? "the issuer's name" : new URL(issuer).hostname;
  if (dns === undefined || dns.addresses !== undefined) {
    const warning = `${ids.join(" and ")} ${ids.length === 1 ? "is" : "are"} given back: if ${host} leads there, take its A and AAAA records away first, or whoever gets the address next can get a certificate for the name.`;
    return { refusals: [], warnings: [warning] };
  }
  const records = left?.map(({ id }) => id);
  if (records?.length === 0) return { refusals: [], warnings: [] };
  const isReplaced = gone.some(({ kind }) => kind === "replace");
  const next = isReplaced
    ? "Run podtrust up without --only and --skip: it leads the name to the new addresses."
    : "Run podtrust down without --only and --skip: the records go first. To keep all else, name both: --only machine --only dns.";
  return { refusals: [takeover(host, next, ids, records ?? [])], warnings: [] };
}
