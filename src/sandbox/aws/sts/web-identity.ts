import { defined } from "../../../core/base/index.ts";
import { parseJws } from "../../../rules/oidc/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import {
  decideWebIdentity,
  parseRoleArn,
  policyText,
  parsePolicy,
  type SessionGrant,
  type ProviderFacts,
  type Refusal,
  type WebIdentityDecision,
  type WebIdentityFacts,
  type PolicyDocument,
} from "../../../rules/trust/index.ts";
import { action, type ServiceAction, type Call } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { structures, text, type ValueOf } from "../wire/input.ts";
import { managedPolicyText } from "../iam/policy-store.ts";
import type { Tag } from "../state/records.ts";
import type { Account } from "../state/account.ts";
import { assumedRoleArn, credentials, type SessionStore } from "./session-store.ts";
import { roleFacts } from "./role-facts.ts";
import type { StsOptions } from "./options.ts";

/** The managed policies that may limit a session of the account, by ARN. */
function sessionManagedPolicy(account: Account): (arn: string) => PolicyDocument | undefined {
  return (arn) => {
    const document = managedPolicyText(account, arn);
    return document === undefined ? undefined : parsePolicy(document, "session");
  };
}

// The rules of src/rules/trust check the parameters; here they are taken unchecked.
const input = {
  RoleArn: text(),
  RoleSessionName: text(),
  WebIdentityToken: text(),
  ProviderId: text(),
  DurationSeconds: text(),
  Policy: text(),
  PolicyArns: structures({ arn: text() }),
};

function factsOf(options: StsOptions, params: ValueOf<typeof input>, call: Call): WebIdentityFacts {
  const roleArn = params.RoleArn ?? "";
  const ours = parseRoleArn(roleArn)?.account === options.account.id;
  const providers: readonly ProviderFacts[] = ours ? options.account.providers.values() : [];
  return {
    request: {
      roleArn: params.RoleArn,
      roleSessionName: params.RoleSessionName,
      webIdentityToken: params.WebIdentityToken,
      providerId: params.ProviderId,
      durationSeconds: params.DurationSeconds,
      policy: params.Policy,
      policyArns: params.PolicyArns?.map(({ arn }) => arn ?? ""),
    },
    now: Math.floor(call.now / 1000),
    providers,
    role: roleFacts(options, roleArn, call.now),
    managedPolicy: sessionManagedPolicy(options.account),
    context: {
      "aws:RequestedRegion": call.region,
      // AWS is reached over TLS only; loopback stands in for it, and a policy that requires TLS must work here too.
      "aws:SecureTransport": "true",
      "aws:SourceIp": call.sourceAddress.replace(/^::ffff:/u, ""),
      "aws:UserAgent": call.userAgent,
    },
  };
}

async function decide(options: StsOptions, facts: WebIdentityFacts): Promise<WebIdentityDecision> {
  const decision = decideWebIdentity(facts, keyChecks);
  if (decision.outcome !== "needs-documents") return decision;
  const { provider, kid } = decision;
  const registered = options.account.providers.get(provider.arn);
  const issuer = { url: provider.url, thumbprints: registered?.thumbprints ?? [] };
  const documents = await options.issuers.documents(issuer, kid);
  return decideWebIdentity({ ...facts, documents }, keyChecks);
}

/** The subject that a token claims, for the record of a refusal; cut, since clients choose it. */
function claimedSubject(token: string | undefined): string | undefined {
  try {
    const { sub } = parseJws(token ?? "").claims;
    return typeof sub === "string" ? `${sub.slice(0, 300)} (as the token says)` : undefined;
  } catch {
    return undefined;
  }
}

function refusalError(refusal: Refusal, profile: StsOptions["messageProfile"]): AwsError {
  const { code, status, type, rule, why, next } = refusal;
  return new AwsError(code, refusal.messages[profile], { status, type, rule, why, next });
}

function tagList(tags: Readonly<Record<string, string>>): readonly Tag[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function sessionOf(grant: SessionGrant, facts: WebIdentityFacts): Parameters<SessionStore["issue"]>[1] {
  const role = facts.role;
  if (role === undefined) throw new TypeError("a web identity was accepted for a role that is not there");
  return {
    duration: grant.duration,
    of: {
      kind: "role",
      roleArn: role.arn,
      roleName: role.name,
      roleId: role.id,
      sessionName: grant.sessionName,
    },
    policies: grant.sessionPolicies.map(({ name, document }) => ({ name, document: policyText(document) })),
    tags: tagList(grant.tags),
    transitiveTagKeys: grant.transitiveTagKeys,
    federatedProvider: grant.provider.arn,
    claims: grant.claims,
    ...defined({ sourceIdentity: grant.sourceIdentity }),
  };
}

/**
 * AssumeRoleWithWebIdentity: unsigned, decided by the rules of src/rules/trust. `Provider` is the provider's ARN, as
 * the real service answers for IAM's OIDC providers, contrary to its reference.
 */
export function assumeRoleWithWebIdentity(options: StsOptions, sessions: SessionStore): ServiceAction {
  return action({
    input,
    unsigned: true,
    access: () => [],
    async run(params, call) {
      const facts = factsOf(options, params, call);
      const who = claimedSubject(params.WebIdentityToken);
      call.note(defined({ who, resource: facts.request.roleArn }));
      const decision = await decide(options, facts);
      if (decision.outcome === "refused") throw refusalError(decision.refusal, options.messageProfile);
      if (decision.outcome === "needs-documents")
        throw new TypeError("documents were given and asked for again");
      const { grant } = decision;
      const session = sessions.issue(call.now, sessionOf(grant, facts));
      if (session.of.kind !== "role") throw new TypeError("a web identity has a role's session");
      const { roleId, roleName, sessionName } = session.of;
      call.note({
        who: grant.subject,
        rule: "web-identity",
        why: `${grant.issuer} vouches for ${grant.subject}, and the role trusts it.`,
      });
      return {
        SubjectFromWebIdentityToken: grant.subject,
        Audience: grant.audience,
        AssumedRoleUser: {
          AssumedRoleId: `${roleId}:${sessionName}`,
          Arn: assumedRoleArn(options.account.id, roleName, sessionName),
        },
        Provider: grant.provider.arn,
        SourceIdentity: grant.sourceIdentity,
        Credentials: credentials(session),
        PackedPolicySize: grant.packedPolicySize,
      };
    },
  });
}
