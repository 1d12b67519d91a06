import type { Link } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import { judgeIssuer } from "../../../issuer/index.ts";
import type { StatusFacts, IssuerFacts, JudgedFacts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { judgePermissions, judgeProviders, judgeTrust } from "./aws.ts";
import { judgeCluster } from "./cluster.ts";
import { judgeDiscovery, judgeJwks } from "./documents.ts";
import { judgeDns, judgeReachability, judgeTls } from "./outside.ts";
import { judgeSts } from "./sts.ts";
import { judgeInjection, judgeServiceAccounts, judgeTokens } from "./workload.ts";

export { awsFinding, behindCluster } from "./errors.ts";
export { judgeSection, type PartyJudge, type PartyWorkload, type SectionFacts } from "./party.ts";
export { decisionOf } from "./sts.ts";

type LinkJudge = (facts: JudgedFacts) => readonly Finding[];

/** A judge of what the issuer serves, which was read whenever such a link is reported on. */
function ofIssuer(judge: (facts: JudgedFacts, issuer: IssuerFacts) => readonly Finding[]): LinkJudge {
  return (facts) => (facts.issuer === undefined ? [] : judge(facts, facts.issuer));
}

const judges: Readonly<Record<Link, LinkJudge>> = {
  cluster: judgeCluster,
  discovery: ofIssuer(judgeDiscovery),
  jwks: ofIssuer(judgeJwks),
  dns: ofIssuer(judgeDns),
  tls: ofIssuer(judgeTls),
  reachability: ofIssuer(judgeReachability),
  provider: judgeProviders,
  trust: judgeTrust,
  serviceaccount: judgeServiceAccounts,
  injection: judgeInjection,
  token: judgeTokens,
  sts: judgeSts,
  permission: judgePermissions,
};

/** The judges of relying parties beside AWS, each loaded with the config's section. */
export const partyJudges = {
  gcp: async () => (await import("./gcp.ts")).googleJudge,
  azure: async () => (await import("./azure.ts")).azureJudge,
  openbao: async () => (await import("./openbao.ts")).openbaoJudge,
} as const;

/** Findings for a config without roles of AWS: beside findings of another relying party they say nothing. */
const withoutAws: ReadonlySet<Reason> = new Set<Reason>(["AwsNotConfigured", "NoServiceAccount"]);

function findingsAt(link: Link, judged: JudgedFacts): readonly Finding[] {
  const own = judges[link](judged);
  const others = (judged.parties ?? []).flatMap((party) => party.judge(link, judged));
  return others.length === 0 ? own : [...own.filter(({ reason }) => !withoutAws.has(reason)), ...others];
}

/** What the facts mean, link by link. Pure: equal facts give equal findings. */
export function judgeFacts(
  facts: StatusFacts,
  links: readonly Link[],
): ReadonlyMap<Link, readonly Finding[]> {
  const judgement = facts.issuer === undefined ? { findings: [] } : judgeIssuer(facts.issuer.reading);
  const judged: JudgedFacts = { ...facts, judgement };
  return new Map(links.map((link) => [link, findingsAt(link, judged)]));
}
