import { isOnlyWildcards } from "../condition/pattern.ts";
import type { Condition, PolicyDocument } from "../language/document.ts";

export interface WebIdentityStatement {
  /** ARN of the OIDC provider. */
  readonly providerArn: string;
  /** The issuer as IAM keeps it: without the scheme. */
  readonly providerUrl: string;
  /** At least one. */
  readonly audiences: readonly string[];
  /** Exact subjects: `system:serviceaccount:namespace:name`. */
  readonly subjects: readonly string[];
  /** Subjects with `*` and `?`; only where patterns were asked for. */
  readonly subjectPatterns?: readonly string[];
  /** Also allows session tags, source identities. */
  readonly tagSession?: boolean;
  readonly setSourceIdentity?: boolean;
}

function subjectCondition(trust: WebIdentityStatement): Condition {
  const patterns = trust.subjectPatterns ?? [];
  const key = `${trust.providerUrl}:sub`;
  if (patterns.length === 0) return { operator: "StringEquals", key, values: trust.subjects };
  // Two lines of one block would both have to hold, so exact subjects join the patterns, with nothing in them
  // that is a wildcard.
  const exact = trust.subjects.map((subject) => subject.replaceAll(/[*?]/gu, (wild) => `\${${wild}}`));
  return { operator: "StringLike", key, values: [...exact, ...patterns] };
}

/**
 * The trust policy by which exactly these subjects of one OIDC provider may assume a role: audience and subject by
 * StringEquals, patterns by StringLike only when there are any. TypeError without audience or subject, or for a
 * pattern that would fit every subject.
 */
export function webIdentityTrustPolicy(trust: WebIdentityStatement): PolicyDocument {
  const patterns = trust.subjectPatterns ?? [];
  if (trust.audiences.length === 0) throw new TypeError("a trust policy needs an audience");
  if (trust.subjects.length + patterns.length === 0) throw new TypeError("a trust policy needs a subject");
  const open = patterns.find((pattern) => pattern === "" || isOnlyWildcards(pattern));
  if (open !== undefined)
    throw new TypeError(`the subject pattern ${JSON.stringify(open)} fits every subject`);
  const actions = [
    "sts:AssumeRoleWithWebIdentity",
    ...(trust.tagSession === true ? ["sts:TagSession"] : []),
    ...(trust.setSourceIdentity === true ? ["sts:SetSourceIdentity"] : []),
  ];
  return {
    version: "2012-10-17",
    statements: [
      {
        effect: "Allow",
        principals: { Federated: [trust.providerArn] },
        actions,
        conditions: [
          { operator: "StringEquals", key: `${trust.providerUrl}:aud`, values: trust.audiences },
          subjectCondition(trust),
        ],
      },
    ],
  };
}
