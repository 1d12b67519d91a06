import { defined } from "../../../../core/base/index.ts";
import { moment, shown } from "../../../judge/index.ts";
import { readArn } from "../../../oidc/index.ts";
import type { AccessRequest, Evaluation, RequestContext, StatementCheck } from "../../language/request.ts";
import { evaluate } from "../../access/evaluate.ts";
import { trustPolicyWarnings } from "../../policy/lint.ts";
import { claimsWithKeys } from "../../policy/shared-provider.ts";
import { type AwsMessage, sameText } from "../answer.ts";
import type { RoleFacts, WebIdentityFacts } from "../facts.ts";
import { type DecidingKey, type LearnedFacts, type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { notAuthorized } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";
import { claimsWithoutKey, trustClaimKeys } from "./claim-keys.ts";

function denied(when: string, evidence: AwsMessage["evidence"]["2026"]): AwsMessage {
  return sameText(when, "AccessDenied", notAuthorized, { evidence, status: 403 });
}

const noRole = denied("the role does not exist, or has not spread to STS yet", "documented");

const roleExists = stsRule({
  name: "role-exists",
  title: "The role exists and has spread to STS.",
  sources: [sources.irsaErrors, sources.observed],
  evidence: "observed",
  note: "On purpose the same answer as for a trust policy that says no. A new role was refused for 7.6 to 11.5 seconds.",
  answers: [noRole],
  needs: ["roleArn"],
  check({ role }, { roleArn }) {
    if (role !== undefined && role.arn === roleArn.arn) return accepted(`role ${role.name} exists`, { role });
    return refused(noRole, {
      why:
        role === undefined
          ? `there is no role ${roleArn.arn}, or it was made a moment ago and STS does not know it yet`
          : `the role's ARN is ${role.arn}, and asked is ${roleArn.arn}`,
      next: "Check the account, the path and the name; after making a role wait some seconds and try again.",
    });
  },
});

type Values = Readonly<Record<string, string | readonly string[]>>;

function tagKeys({ tags, transitiveTagKeys }: LearnedFacts["tokenTags"]): Values {
  const names = Object.keys(tags);
  if (names.length === 0) return {};
  return {
    "aws:TagKeys": names,
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...(transitiveTagKeys.length === 0 ? {} : { "sts:TransitiveTagKeys": transitiveTagKeys }),
  };
}

type Asking = Pick<
  LearnedFacts,
  | "provider"
  | "payload"
  | "subject"
  | "audience"
  | "audiences"
  | "tokenTags"
  | "sourceIdentity"
  | "roleAuthorizedByIdp"
>;

/** All condition keys that a trust policy sees. aws:PrincipalArn is not among them. */
function contextOf(facts: WebIdentityFacts, known: Asking): RequestContext {
  const { arn } = known.provider;
  const source = known.sourceIdentity.value;
  const session = facts.request.roleSessionName;
  return {
    // STS answers over TLS only.
    "aws:SecureTransport": "true",
    ...facts.context,
    "aws:CurrentTime": moment(facts.now),
    "aws:EpochTime": String(facts.now),
    "aws:PrincipalAccount": readArn(arn).account,
    "aws:PrincipalType": "User",
    "aws:userid": arn,
    ...defined({ "sts:RoleSessionName": session }),
    "sts:RoleAuthorizedByIdp": String(known.roleAuthorizedByIdp),
    ...defined({ "sts:SourceIdentity": source }),
    ...tagKeys(known.tokenTags),
    ...trustClaimKeys(known),
  };
}

/** What the closest statements say: those about this principal and action that do not hold. */
function closest({ trace }: Evaluation): string {
  const lines = trace.map((one) => {
    const name = one.sid === undefined ? `statement ${one.statement}` : `statement ${one.sid}`;
    return `${name} (${one.effect}): ${one.checks.map(({ because }) => because).join("; ")}`;
  });
  return lines.length === 0 ? "it has no statement" : lines.join(" · ");
}

/** The statement that decided; there is one unless none matched. */
function deciding({ by }: Evaluation): string {
  const { sid, statement } = by as NonNullable<Evaluation["by"]>;
  return `statement ${sid ?? statement}`;
}

function whyNot(role: RoleFacts, action: string, answer: Evaluation): string {
  if (answer.by === undefined)
    return `the trust policy of role ${role.name} does not allow ${action}: ${closest(answer)}`;
  const reasons = answer.trace
    .filter((one) => one.matched && one.effect === "Deny")
    .flatMap((one) => one.checks.map(({ because }) => because));
  const says = `${deciding(answer)} of the trust policy of role ${role.name} denies ${action}`;
  return [says, ...reasons].join("; ");
}

function ask(role: RoleFacts, request: AccessRequest): Evaluation {
  return evaluate([{ name: "trust", document: role.trustPolicy }], request);
}

const sessionKey = "sts:RoleSessionName";

/**
 * The values of this one call on which the answer depends: what is not known yet, and the name that a caller chooses.
 */
function decidingKeysOf(
  role: RoleFacts,
  question: LearnedFacts["question"],
  answer: Evaluation,
  sessionName: string | undefined,
): readonly DecidingKey[] {
  if (answer.effect === "undecided") {
    const open = answer.trace.filter(({ matched }) => matched === undefined);
    const keys = open.flatMap(({ checks }) => checks.flatMap(({ dependsOn = [] }) => dependsOn));
    return [...new Set(keys)].map((key) => ({ key, value: undefined }));
  }
  const anyName = ask(role, { ...question, unknownKeys: [...question.unknownKeys, sessionKey] });
  return anyName.effect === "undecided" ? [{ key: sessionKey, value: sessionName }] : [];
}

/** The conditions of statements of the right principal and action that do not hold. */
function failed({ trace }: Evaluation): readonly StatementCheck[] {
  return trace
    .flatMap((one) => (one.effect === "Allow" ? one.checks : []))
    .filter(({ key, holds }) => key !== undefined && holds === false);
}

/** What they ask of the session's name and do not get. */
function wantedNames(answer: Evaluation): readonly string[] {
  const names = failed(answer).filter(({ key }) => key?.toLowerCase() === sessionKey.toLowerCase());
  return names.flatMap(({ wanted }) => wanted);
}

function nextAfter(answer: Evaluation, question: AccessRequest, known: Asking): string {
  const names = wantedNames(answer);
  if (names.length > 0) {
    const list = names.map((name) => JSON.stringify(name)).join(" or ");
    return `Ask with the session name ${list} (AWS_ROLE_SESSION_NAME, sessionName in the config), or change that condition.`;
  }
  const { arn, url } = known.provider;
  const dead = claimsWithoutKey(
    failed(answer)
      .map(({ key }) => key)
      .filter((key) => key !== undefined),
    known,
  );
  if (dead.length > 0) {
    const keys = claimsWithKeys(url).map((claim) => `:${claim}`);
    return `Take the condition on :${dead.join(" and :")} out: the token has that claim, and AWS makes no condition key of it. The keys of ${url} are ${keys.join(", ")}.`;
  }
  return `Let the trust policy allow ${question.action} to ${arn} with StringEquals on ${url}:aud (${known.audience}) and ${url}:sub (${known.subject}), if this workload is meant.`;
}

/** `, for the session name "demo"`: what an acceptance depends on. */
function proviso(decidingKeys: readonly DecidingKey[]): string {
  const names = decidingKeys.flatMap(({ value }) => value ?? []);
  return names.length === 0 ? "" : `, for the session name ${names.map((name) => shown(name)).join(", ")}`;
}

function openWarnings(decidingKeys: readonly DecidingKey[]): readonly string[] {
  return decidingKeys
    .filter(({ value }) => value === undefined)
    .map(({ key }) => `Whether it is allowed depends on ${key}, which only the call itself brings.`);
}

const trustSaysNo = denied("no statement of the trust policy allows it, or one denies it", "observed");

const trustPolicy = stsRule({
  name: "trust-policy",
  title: "The role's trust policy allows sts:AssumeRoleWithWebIdentity to this provider and these claims.",
  sources: [
    sources.irsaErrors,
    sources.conditionOperators,
    sources.conditionKeys,
    sources.providerClaims,
    sources.principals,
    sources.observed,
  ],
  evidence: "observed",
  note: "Keys of a private issuer: :aud (azp, else the audience), :oaud (what aud says), :sub, :amr, :email, all after the provider's URL as it is registered. GitHub Actions has more since January 2026 (reported: AWS's table as two readers copied it): :actor, :actor_id, :enterprise_id, :environment, :job_workflow_ref, :ref, :repository, :repository_id, :repository_owner_id, :workflow; the session's own policies do not see these. Also seen: aws:PrincipalAccount (of the provider), aws:PrincipalType User, aws:userid (the provider's ARN), sts:RoleSessionName, sts:RoleAuthorizedByIdp, and tags and source identity of the token; aws:PrincipalArn is not there. A principal AWS * does not let OIDC users in. Principal * (documented: all principals; not seen) means them too, in a Deny as in an Allow.",
  answers: [trustSaysNo],
  needs: [
    "role",
    "provider",
    "payload",
    "subject",
    "audience",
    "audiences",
    "tokenTags",
    "sourceIdentity",
    "roleAuthorizedByIdp",
  ],
  check(facts, known) {
    const { role, provider } = known;
    const question: LearnedFacts["question"] = {
      action: "sts:AssumeRoleWithWebIdentity",
      resource: role.arn,
      principal: { type: "Federated", ids: [provider.arn] },
      context: contextOf(facts, known),
      unknownKeys: (facts.unknownKeys ?? []).filter((key) => facts.context?.[key] === undefined),
    };
    const answer = ask(role, question);
    const decidingKeys = decidingKeysOf(role, question, answer, facts.request.roleSessionName);
    if (answer.effect === "allow" || answer.effect === "undecided") {
      const warnings = trustPolicyWarnings(role.trustPolicy).map(
        (one) => `statement ${one.statement}: ${one.message}. ${one.next}`,
      );
      const verb = answer.effect === "allow" ? "allows it" : "may allow it";
      const finding = `${deciding(answer)} of the trust policy ${verb}${proviso(decidingKeys)}`;
      return accepted(finding, { question, decidingKeys }, [...openWarnings(decidingKeys), ...warnings]);
    }
    return refused(trustSaysNo, {
      why: whyNot(role, question.action, answer),
      next: nextAfter(answer, question, known),
      statements: answer.trace,
      learned: { question, decidingKeys: [] },
    });
  },
});

interface ExtraAction {
  readonly name: string;
  readonly action: "sts:TagSession" | "sts:SetSourceIdentity";
  readonly title: string;
  readonly source: string;
  readonly used: (known: Pick<LearnedFacts, "tokenTags" | "sourceIdentity">) => boolean;
}

function extraAction({ name, action, title, source, used }: ExtraAction): StsRule {
  const answer = denied(`the trust policy does not allow ${action}`, "inferred");
  return stsRule({
    name,
    title,
    sources: [source],
    evidence: "documented",
    note: "That it is needed is documented; the answer's text has not been seen.",
    answers: [answer],
    needs: ["role", "question", "decidingKeys", "tokenTags", "sourceIdentity"],
    check(_facts, known) {
      if (!used(known)) return accepted(`${action} is not needed`);
      const says = ask(known.role, { ...known.question, action });
      if (says.effect === "allow") return accepted(`the trust policy allows ${action}`);
      if (says.effect === "undecided") {
        const more = decidingKeysOf(known.role, { ...known.question, action }, says, undefined);
        const decidingKeys = [...known.decidingKeys, ...more];
        return accepted(`the trust policy may allow ${action}`, { decidingKeys }, openWarnings(more));
      }
      return refused(answer, {
        why: whyNot(known.role, action, says),
        next: `Add ${action} to the actions of the trust policy's statement, or take the claim out of the token.`,
        statements: says.trace,
      });
    },
  });
}

/** The rules about the role and what its trust policy says. */
export const trustRules: readonly StsRule[] = [
  roleExists,
  trustPolicy,
  extraAction({
    name: "tag-session-allowed",
    action: "sts:TagSession",
    title: "The trust policy allows sts:TagSession when the token brings session tags.",
    source: sources.sessionTags,
    used: ({ tokenTags }) => Object.keys(tokenTags.tags).length > 0,
  }),
  extraAction({
    name: "source-identity-allowed",
    action: "sts:SetSourceIdentity",
    title: "The trust policy allows sts:SetSourceIdentity when the token brings a source identity.",
    source: sources.sourceIdentity,
    used: ({ sourceIdentity }) => sourceIdentity.value !== undefined,
  }),
];
