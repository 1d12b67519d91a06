import { PodtrustError } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import type { Change, Plan } from "../rules/plan/index.ts";
import type { Lead, Preflight } from "./parts/index.ts";
import { shownIssuer } from "./view.ts";

/** Where the issuer's name leads, whoever made its records. */
export interface NameLeads {
  readonly config: Config;
  /** Gives undefined where nothing that manages its records was opened. */
  readonly lookAtLeads: () => Promise<readonly Lead[]> | undefined;
  /** Records that a person said may stay, by their names in plans. */
  readonly leave: readonly string[];
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

/** The addresses that a plan gives back. */
function addressesOf(gone: readonly Change[]): ReadonlySet<string> {
  const outputs = gone.flatMap(({ resource, observed }) =>
    observed.exists ? (resource.outputs?.(observed.state)["address"] ?? []) : [],
  );
  return new Set(outputs);
}

/** Whether a plan takes an own record off an address: it goes, or is written anew. */
function isTakenOff({ id, isOwn }: Lead, { changes }: Plan): boolean {
  const change = changes.find(({ resource }) => resource.id === id);
  return isOwn && change !== undefined && change.kind !== "none";
}

function nextFor(gone: readonly Change[], staying: readonly Lead[]): string {
  const others = staying.filter(({ isOwn }) => !isOwn).map(({ id }) => id);
  if (others.length > 0)
    return `Remove ${others.join(" and ")} where the zone is served: it carries no mark of the stack. If it may stay: ${others.map((id) => `--leave ${id}`).join(" ")}.`;
  return gone.some(({ kind }) => kind === "replace")
    ? "Run podtrust up without --only and --skip: it leads the name to the new addresses."
    : "Run podtrust down without --only and --skip: the records go first. To keep all else, name both: --only machine --only dns.";
}

/**
 * Refuses a plan that releases addresses to which the issuer's name still points, by a record of whomever: the next owner of
 * such an address answers for the name, and can get a certificate for it. Records that podtrust manages are removed in the
 * same run; where it manages none a warning is given.
 */
export async function leftBehind(plan: Plan, { config, lookAtLeads, leave }: NameLeads): Promise<Preflight> {
  const gone = plan.changes.filter(isGivenBack);
  const ids = gone.map(({ resource }) => resource.id);
  if (ids.length === 0) return { refusals: [], warnings: [] };
  const leads = await lookAtLeads();
  const { dns } = config;
  const issuer = shownIssuer(config);
  const host = issuer === undefined ? "the issuer's name" : new URL(issuer).hostname;
  if (leads === undefined && (dns === undefined || dns.addresses !== undefined)) {
    const warning = `${ids.join(" and ")} ${ids.length === 1 ? "is" : "are"} given back: if ${host} leads there, remove its A and AAAA records first, or the next owner of the address can get a certificate for the name.`;
    return { refusals: [], warnings: [warning] };
  }
  if (leads === undefined) return { refusals: [takeover(host, nextFor(gone, []), ids, [])], warnings: [] };
  const addresses = addressesOf(gone);
  const staying = leads.filter(
    (lead) => addresses.has(lead.address) && !isTakenOff(lead, plan) && !leave.includes(lead.id),
  );
  if (staying.length === 0) return { refusals: [], warnings: [] };
  const records = [...new Set(staying.map(({ id }) => id))];
  return { refusals: [takeover(host, nextFor(gone, staying), ids, records)], warnings: [] };
}
