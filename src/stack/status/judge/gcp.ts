import { defined, isoSeconds } from "../../../core/base/index.ts";
import type { PartyJudges } from "./party-judges.ts";
import type { Link, PodtrustError } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import type { GcpProject } from "../../../config/index.ts";
import { servedDocuments } from "../../../issuer/index.ts";
import {
  decideExchange,
  type ExchangeFacts,
  explainImpersonation,
  providerAudience,
} from "../../../rules/gcp/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import type { Jws } from "../../../rules/oidc/index.ts";
import { ownerText } from "../../../rules/plan/index.ts";
import type { Exchanged, GoogleDrift, GoogleLook } from "../../parts/index.ts";
import type { JudgedFacts, LookResult, WorkloadFacts } from "../facts.ts";
import { type Finding, finding } from "../finding.ts";
import { valueOf } from "./errors.ts";
import { tokenText } from "./sts.ts";
import { serviceAccountFindings, tokenFindings } from "./workload.ts";

/** A ServiceAccount, what it becomes, and the answers of cluster and Google about it. */
export interface GoogleWorkload extends Pick<WorkloadFacts, "serviceAccount" | "object" | "namespace"> {
  /** Of the service account; undefined for direct access. */
  readonly email: string | undefined;
  readonly audience: string;
  /** Never part of a report. */
  readonly token: LookResult<Jws>;
  readonly exchange: LookResult<Exchanged>;
}

/** One project of the config. */
export interface GoogleFacts {
  readonly project: GcpProject;
  readonly look: LookResult<GoogleLook>;
  readonly workloads: readonly GoogleWorkload[];
}

const fresh = "read now";

function googleFinding(error: PodtrustError, from: string): Finding {
  const { message, next, code } = error;
  const reason: Reason = code.startsWith("gcp-") ? "GoogleNotAsked" : "LookFailed";
  return finding(reason, { seen: message, from, next, code });
}

const fromOf = ({ project: { project, projectNumber } }: GoogleFacts): string =>
  `Google project ${project} (${projectNumber})`;

/** What keeps a pool or provider from being checked further; undefined if nothing does. */
function brokenOf(
  { observed, fields, mark }: GoogleDrift<{ readonly state: string; readonly disabled: boolean }>,
  what: string,
  from: string,
  beyond: readonly string[] = [],
): Finding | undefined {
  if (!observed.exists) return finding("PoolProviderMissing", { seen: `there is no ${what}`, from, fresh });
  const { owner, state } = observed;
  if (owner.kind !== "ours") {
    const seen = `the ${what} does not carry this stack's mark: it seems to belong to ${ownerText(owner)}`;
    const next = "Choose another id in the config: podtrust changes no pool and no provider of others.";
    return finding("NotOwned", { seen, from, fresh, next });
  }
  if (state.state === "DELETED")
    return finding("PoolProviderMissing", { seen: `the ${what} was deleted`, from, fresh });
  if (mark !== undefined) {
    const seen = `the ${what} is closed after a theft, since ${isoSeconds(mark.closedAt)}`;
    return finding("ClosedAfterTheft", { seen, from, fresh });
  }
  if (state.disabled)
    return finding("PoolProviderDisabled", { seen: `the ${what} is disabled`, from, fresh });
  if (fields.length === 0) return undefined;
  const more =
    beyond.length === 0
      ? ""
      : `; it has keys that neither the cluster shows nor an operator of it remembers: ${beyond.join(", ")}`;
  const seen = `the ${what} differs from the config in ${fields.join(", ")}${more}`;
  return finding("PoolProviderDrift", { seen, from, fresh });
}

function providerFindings({ config }: JudgedFacts, facts: GoogleFacts): readonly Finding[] {
  const from = fromOf(facts);
  const read = valueOf(facts.look, from, googleFinding);
  if ("finding" in read) return [read.finding];
  const { pool, provider } = read.value;
  const { project } = facts;
  const poolFinding = brokenOf(pool, `pool ${project.pool}`, from);
  if (poolFinding !== undefined) return [poolFinding];
  const name = `provider ${project.provider} of pool ${project.pool}`;
  const found = provider === undefined ? undefined : brokenOf(provider, name, from, read.value.beyond);
  if (found !== undefined) return [found];
  const keys = project.keys === "upload" ? "has the cluster's keys" : "fetches its keys";
  const seen = `${name} trusts ${config.issuer}, and ${keys}`;
  return [finding("PoolProviderFound", { seen, from, fresh })];
}

function memberFinding({ account, drift }: GoogleLook["members"][number], from: string): Finding {
  const { email, serviceAccounts } = account;
  if (drift === undefined)
    return finding("GoogleAccountMissing", { seen: `there is no service account ${email}`, from, fresh });
  if (drift.observed.exists && drift.fields.length === 0) {
    const seen = `${email} lets in ${serviceAccounts.join(", ")}`;
    return finding("MembersMatch", { seen, from, fresh });
  }
  const who = drift.observed.exists ? drift.observed.state.principals.join(", ") : "nobody of the pool";
  const seen = `${email} lets in ${who}, the config means ${serviceAccounts.join(", ")}`;
  return finding("MembersDrift", { seen, from, fresh });
}

function trustFindings(_judged: JudgedFacts, facts: GoogleFacts): readonly Finding[] {
  const from = fromOf(facts);
  const read = valueOf(facts.look, from, googleFinding);
  if ("finding" in read) return [read.finding];
  return read.value.members.map((one) => memberFinding(one, from));
}

/** Pool and provider as input of the rules; undefined if either was not read. */
function targetOf({ look }: GoogleFacts): ExchangeFacts["target"] {
  if (look.kind !== "seen") return undefined;
  const [pool, provider] = [look.value.pool.observed, look.value.provider?.observed];
  if (!pool.exists || provider?.exists !== true) return undefined;
  const { attributeCondition, jwksJson, ...state } = provider.state;
  return {
    pool: pool.state,
    provider: {
      ...state,
      ...(attributeCondition === "" ? {} : { attributeCondition }),
      ...(jwksJson === "" ? {} : { jwksJson }),
    },
  };
}

/** What the rules say of a refused exchange, if everything that they need was read here too. */
function whyRefused({ issuer, now }: JudgedFacts, facts: GoogleFacts, { token, email }: GoogleWorkload) {
  const target = targetOf(facts);
  if (token.kind !== "seen" || target === undefined || facts.look.kind !== "seen") return undefined;
  const request = {
    grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: providerAudience(facts.project),
    requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
    subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
    subjectToken: tokenText(token.value),
  };
  const documents = issuer === undefined ? undefined : servedDocuments(issuer.reading, issuer);
  const decision = decideExchange({ request, now: Math.floor(now / 1000), target, documents }, keyChecks);
  if (decision.outcome === "refused") return decision.refusal;
  if (decision.outcome !== "accepted" || email === undefined) return undefined;
  const drift = facts.look.value.members.find(({ account }) => account.email === email)?.drift;
  if (drift === undefined) return undefined;
  const tokenCreators = drift.observed.exists ? drift.observed.state.principals : [];
  const hour = 3600;
  return explainImpersonation({
    email,
    members: decision.grant.members,
    account: { disabled: false, tokenCreators },
    lifetime: hour,
    maxLifetime: hour,
  }).find(({ outcome }) => outcome === "refused")?.refusal;
}

function exchangeFinding(judged: JudgedFacts, facts: GoogleFacts, one: GoogleWorkload): Finding {
  const from = `${fromOf(facts)}, its token exchange`;
  const read = valueOf(one.exchange, from, googleFinding);
  if ("finding" in read) return read.finding;
  const answer = read.value;
  const { serviceAccount, email = "a principal of the pool" } = one;
  if (answer.outcome === "accepted") {
    const seen = `${serviceAccount} becomes ${email}`;
    return finding("GoogleAccepted", { seen, from, fresh: "answered now, for a minute at the least" });
  }
  const refusal = whyRefused(judged, facts, one);
  const why = refusal === undefined ? "" : ` (${refusal.rule}: ${refusal.why})`;
  const seen = `${serviceAccount} as ${email}: ${answer.code}: ${answer.message}${why}`;
  return finding("GoogleRefused", {
    seen,
    from,
    fresh: "answered now",
    ...defined({ next: refusal?.next }),
  });
}

const judges: PartyJudges<GoogleFacts> = {
  provider: providerFindings,
  trust: trustFindings,
  serviceaccount: (judged, { workloads }) => workloads.flatMap((one) => serviceAccountFindings(judged, one)),
  token: (judged, { workloads }) => workloads.flatMap((one) => tokenFindings(judged, one)),
  sts: (judged, facts) => facts.workloads.map((one) => exchangeFinding(judged, facts, one)),
};

/** The findings of a link for one project; none at links that Google has no part in. */
export function judgeGoogle(link: Link, judged: JudgedFacts, facts: GoogleFacts): readonly Finding[] {
  return judges[link]?.(judged, facts) ?? [];
}
