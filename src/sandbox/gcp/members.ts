import type { Project } from "./project.ts";
import { invalid } from "./refusal.ts";

const poolMember =
  /^principal(?:Set)?:\/\/iam\.googleapis\.com\/(projects\/[^/]+\/locations\/global\/workloadIdentityPools\/([^/]+))\/(?:subject\/.+|group\/.+|attribute\.[a-z0-9_]+\/.+|\*)$/u;
const ofAnotherKind = /^(?:(?:user|group|domain):[^\s:]+|allUsers|allAuthenticatedUsers)$/u;
const account = /^serviceAccount:([^\s:]+)$/u;
// A GKE cluster, whose identities mean nothing outside of it.
const ofGke = /^serviceAccount:[a-z0-9.:-]+\.svc\.id\.goog\[[^\]\s]+\]$/u;

function checkPool(project: Project, name: string, id: string): void {
  const pool = project.pools.get(id);
  // Only the project's number, as in the member that the exchange returns.
  if (pool !== undefined && pool.deletedAt === undefined && name === project.poolName(pool)) return;
  invalid(
    `Identity Pool does not exist (${name}). Please check that you specified a valid resource name as returned in the \`name\` attribute in the configuration API.`,
    {
      why: `there is no pool ${name}, or it is deleted`,
      next: "Give the project's number, and a pool that is there.",
    },
  );
}

/** Throws INVALID_ARGUMENT for a text that cannot be a member of this project's policies. */
export function checkMember(project: Project, member: string): void {
  const [, pool = "", id = ""] = poolMember.exec(member) ?? [];
  if (id !== "") return checkPool(project, pool, id);
  if (ofAnotherKind.test(member) || ofGke.test(member)) return undefined;
  const email = account.exec(member)?.[1];
  if (email === undefined) return invalid(`Invalid member: ${member.slice(0, 300)}.`);
  const isOurs = email.endsWith(`@${project.settings.project}.iam.gserviceaccount.com`);
  if (isOurs && !project.accounts.has(email)) invalid(`Service account ${email} does not exist.`);
  return undefined;
}
