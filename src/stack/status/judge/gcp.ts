import { isoSeconds } from "../../../core/base/index.ts";
import type { GcpProject } from "../../../config/index.ts";
import { servedDocuments } from "../../../issuer/index.ts";
import {
  decideExchange,
  type ExchangeFacts,
  explainImpersonation,
  providerAudience,
} from "../../../rules/gcp/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import { ownerText } from "../../../rules/plan/index.ts";
import type { Exchanged, GoogleDrift, GoogleLook } from "../../parts/index.ts";
import type { Finding } from "../finding.ts";
import type { LookedAtSection, PartyJudge } from "./party.ts";

type ProjectAt = LookedAtSection<GcpProject>;

/** What keeps a pool or provider from being checked further; undefined if nothing does. */
function brokenOf(
  { observed, fields, mark }: GoogleDrift<{ readonly state: string; readonly disabled: boolean }>,
  what: string,
  { say }: ProjectAt,
  beyond: readonly string[] = [],
): Finding | undefined {
  if (!observed.exists) return say("PoolProviderMissing", `there is no ${what}`);
  const { owner, state } = observed;
  if (owner.kind !== "ours") {
    const seen = `the ${what} does not carry this stack's mark: it seems to belong to ${ownerText(owner)}`;
    const next = "Choose another id in the config: podtrust changes no pool and no provider of others.";
    return say("NotOwned", seen, next);
  }
  if (state.state === "DELETED") return say("PoolProviderMissing", `the ${what} was deleted`);
  if (mark !== undefined)
    return say("ClosedAfterTheft", `the ${what} is closed after a theft, since ${isoSeconds(mark.closedAt)}`);
  if (state.disabled) return say("PoolProviderDisabled", `the ${what} is disabled`);
  if (fields.length === 0) return undefined;
  const more =
    beyond.length === 0
      ? ""
      : `; it has keys that neither the cluster shows nor an operator of it remembers: ${beyond.join(", ")}`;
  return say("PoolProviderDrift", `the ${what} differs from the config in ${fields.join(", ")}${more}`);
}

function providerFinding({ pool, provider, beyond }: GoogleLook, at: ProjectAt): Finding {
  const { section: project, issuer, say } = at;
  const broken = brokenOf(pool, `pool ${project.pool}`, at);
  if (broken !== undefined) return broken;
  const name = `provider ${project.provider} of pool ${project.pool}`;
  const found = provider === undefined ? undefined : brokenOf(provider, name, at, beyond);
  if (found !== undefined) return found;
  const keys = project.keys === "upload" ? "has the cluster's keys" : "fetches its keys";
  return say("PoolProviderFound", `${name} trusts ${issuer}, and ${keys}`);
}

function memberFinding({ account, drift }: GoogleLook["members"][number], { say }: ProjectAt): Finding {
  const { email, serviceAccounts } = account;
  if (drift === undefined) return say("GoogleAccountMissing", `there is no service account ${email}`);
  if (drift.observed.exists && drift.fields.length === 0)
    return say("MembersMatch", `${email} lets in ${serviceAccounts.join(", ")}`);
  const who = drift.observed.exists ? drift.observed.state.principals.join(", ") : "nobody of the pool";
  return say("MembersDrift", `${email} lets in ${who}, the config means ${serviceAccounts.join(", ")}`);
}

/** Pool and provider as input of the rules; undefined if either is not there. */
function targetOf({ pool, provider }: GoogleLook): ExchangeFacts["target"] {
  const found = provider?.observed;
  if (!pool.observed.exists || found?.exists !== true) return undefined;
  const { attributeCondition, jwksJson, ...state } = found.state;
  return {
    pool: pool.observed.state,
    provider: {
      ...state,
      ...(attributeCondition === "" ? {} : { attributeCondition }),
      ...(jwksJson === "" ? {} : { jwksJson }),
    },
  };
}

const hour = 3600;

/** Google Cloud: a ServiceAccount becomes a service account by its address, or without one a principal of the pool. */
export const googleJudge: PartyJudge<GcpProject, GoogleLook, string | undefined, Exchanged> = {
  codes: "gcp-",
  reasons: { notAsked: "GoogleNotAsked", accepted: "GoogleAccepted", refused: "GoogleRefused" },
  from: ({ project, projectNumber }) => `Google project ${project} (${projectNumber})`,
  endpoint: () => "its token exchange",
  provider: (look, at) => [providerFinding(look, at)],
  trust: ({ members }, at) => members.map((one) => memberFinding(one, at)),
  permission: "none",
  answered(answer, { serviceAccount, identity: email = "a principal of the pool" }) {
    if (answer.outcome === "refused") {
      const seen = `${serviceAccount} as ${email}: ${answer.code}: ${answer.message}`;
      return { isAccepted: false, seen };
    }
    const fresh = "answered now, for a minute at the least";
    return { isAccepted: true, seen: `${serviceAccount} becomes ${email}`, fresh };
  },
  refusal(subjectToken, look, { section, identity: email, judged: { issuer, now } }) {
    const target = targetOf(look);
    if (target === undefined) return undefined;
    const request = {
      grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: providerAudience(section),
      requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
      subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
      subjectToken,
    };
    const documents = issuer === undefined ? undefined : servedDocuments(issuer.reading, issuer);
    const decision = decideExchange({ request, now: Math.floor(now / 1000), target, documents }, keyChecks);
    if (decision.outcome === "refused") return decision.refusal;
    const drift = look.members.find(({ account }) => account.email === email)?.drift;
    if (decision.outcome !== "accepted" || email === undefined || drift === undefined) return undefined;
    const tokenCreators = drift.observed.exists ? drift.observed.state.principals : [];
    return explainImpersonation({
      email,
      members: decision.grant.members,
      account: { disabled: false, tokenCreators },
      lifetime: hour,
      maxLifetime: hour,
    }).find(({ outcome }) => outcome === "refused")?.refusal;
  },
};
