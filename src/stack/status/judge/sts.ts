import { lengthText } from "../../../core/base/index.ts";
import { servedDocuments } from "../../../issuer/index.ts";
import { iamProviderKey, type Jws, parseSubject } from "../../../rules/oidc/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import { decideWebIdentity, type Refusal, type WebIdentityFacts } from "../../../rules/trust/index.ts";
import { roleArnOf, trustedRole } from "../../parts/index.ts";
import type { StatusFacts, JudgedFacts, WorkloadFacts } from "../facts.ts";
import { type Finding, finding } from "../finding.ts";
import { awsFinding, valueOf } from "./errors.ts";

/** A token as it was minted. */
export function tokenText({ signingInput, signature }: Jws): string {
  return `${signingInput}.${Buffer.from(signature).toString("base64url")}`;
}

type Decided = Refusal | "accepted";

/** What IAM shows of a workload's provider and role; undefined if something was not read. */
function iamOf(
  facts: StatusFacts,
  { account, role }: WorkloadFacts,
): Pick<WebIdentityFacts, "providers" | "role"> | undefined {
  const seen = facts.accounts.find((one) => one.account === account);
  const look = seen?.roles.find((one) => one.role === role)?.look;
  if (seen?.provider.kind !== "seen" || look?.kind !== "seen") return undefined;
  const [provider, state] = [seen.provider.value.observed, look.value.observed];
  const url = iamProviderKey(facts.config.issuer);
  return {
    providers: provider.exists ? [{ ...provider.state, url }] : (seen.others ?? []),
    role: state.exists ? trustedRole(state.state) : undefined,
  };
}

/** What STS should answer by the rules, if everything that they need was read here too. */
export function decisionOf(facts: StatusFacts, one: WorkloadFacts): Decided | undefined {
  const { account, role, token } = one;
  const iam = iamOf(facts, one);
  if (facts.issuer === undefined || token?.kind !== "seen" || iam === undefined) return undefined;
  const asked: WebIdentityFacts = {
    request: {
      roleArn: roleArnOf(account, role),
      roleSessionName: role.sessionName,
      webIdentityToken: tokenText(token.value),
    },
    now: Math.floor(facts.now / 1000),
    ...iam,
    documents: servedDocuments(facts.issuer.reading, facts.issuer),
    context: { "aws:RequestedRegion": account.region },
  };
  const decision = decideWebIdentity(asked, keyChecks);
  return decision.outcome === "refused" ? decision.refusal : "accepted";
}

function nextOf(decided: Decided | undefined, { account, role, serviceAccount }: WorkloadFacts): string {
  if (decided === "accepted")
    return "By everything that was seen STS should accept it: a role or trust policy that was changed a moment ago is known to STS some seconds later. Look again.";
  if (decided !== undefined) return decided.next;
  const arn = roleArnOf(account, role);
  return `See by which rule: podtrust token ${serviceAccount} --raw | podtrust explain --token - --role ${arn}`;
}

function stsFinding(facts: JudgedFacts, one: WorkloadFacts): readonly Finding[] {
  const { account, role, serviceAccount, exchange } = one;
  if (exchange === undefined) return [];
  const from = `STS in ${account.region}`;
  const read = valueOf(exchange, from, awsFinding);
  if ("finding" in read) return [read.finding];
  const answer = read.value;
  if (answer.kind === "refused") {
    const decided = decisionOf(facts, one);
    const why = decided === undefined || decided === "accepted" ? "" : ` (${decided.rule}: ${decided.why})`;
    const seen = `${serviceAccount} for ${roleArnOf(account, role)}: ${answer.code}: ${answer.message}${why}`;
    return [finding("StsRefused", { seen, from, fresh: "answered now", next: nextOf(decided, one) })];
  }
  const who = parseSubject(answer.subject);
  const name = who === undefined ? serviceAccount : `${who.namespace}/${who.name}`;
  const fresh = `answered now, credentials good for ${lengthText(answer.expiration - facts.now)}`;
  return [finding("StsAccepted", { seen: `${name} is ${answer.arn}`, from, fresh })];
}

/** STS's answer to a real token of each role. */
export function judgeSts(facts: JudgedFacts): readonly Finding[] {
  if (facts.accounts.length === 0)
    return [
      finding("AwsNotConfigured", { seen: "the config names no AWS account", from: facts.config.file }),
    ];
  const found = facts.workloads.flatMap((one) => stsFinding(facts, one));
  if (found.length > 0) return found;
  const seen = "no role of the config names a ServiceAccount";
  return [finding("NoServiceAccount", { seen, from: facts.config.file })];
}
