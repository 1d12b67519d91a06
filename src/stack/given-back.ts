import { PodtrustError } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import type { Change, Plan, Resource } from "../rules/plan/index.ts";
import { shownIssuer } from "./view.ts";

/** The part of a plan's context that shows whether a name is removed together with its addresses. */
export interface NameRecords {
  readonly config: Config;
  /** Existing records of the stack that the plan does not change; undefined if they were not read. */
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
    `${ids.join(" and ")} would be given back, and ${what}: ${host} would lead to addresses that Hetzner gives to another customer`,
    { next, detail: { ids, records } },
  );
}

/**
 * Refuses a plan that releases addresses to which the issuer's name still points: the next owner of such an address
 * answers for the name, and can get a certificate for it. Records that podtrust manages are removed in the same run;
 * for others a warning is given.
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
    const warning = `${ids.join(" and ")} ${ids.length === 1 ? "is" : "are"} given back: if ${host} leads there, remove its A and AAAA records first, or the next owner of the address can get a certificate for the name.`;
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
