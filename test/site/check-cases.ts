/** Cases of STS's conformance, as a person would paste them: a token and a trust policy. */
import { policyText } from "../../src/rules/trust/index.ts";
import {
  audience,
  type Conditions,
  now,
  providerArn,
  providerUrl,
  roleArn,
  sign,
  subject,
  type TokenChange,
  trust,
  unsigned,
} from "../conformance/fixture.ts";

export interface PastedCase {
  /** What is wrong, as part of a test's name. */
  readonly what: string;
  readonly token: string;
  readonly trustPolicy: string;
}

interface Spec {
  readonly what: string;
  readonly token?: TokenChange | string;
  readonly trust?: ReturnType<typeof trust>;
}

const [aud, sub] = [`${providerUrl}:aud`, `${providerUrl}:sub`];
const subjectIs = (value: string): Conditions => ({ StringEquals: { [sub]: value } });
const tags = { "https://aws.amazon.com/tags": { principal_tags: { team: ["web"] } } };

const specs: readonly Spec[] = [
  { what: "nothing" },
  { what: "another subject", token: { claims: { sub: "system:serviceaccount:other:cart" } } },
  { what: "a subject of other case", token: { claims: { sub: "system:serviceaccount:shop:Cart" } } },
  { what: "a * under StringEquals", trust: trust(subjectIs("system:serviceaccount:shop:*")) },
  { what: "a misspelt issuer", trust: trust({ StringEquals: { "oidc.exampel.test:sub": subject } }) },
  { what: "a key with its scheme", trust: trust({ StringEquals: { [`https://${sub}`]: subject } }) },
  {
    what: "another audience in the policy",
    trust: trust({ StringEquals: { [sub]: subject, [aud]: "other" } }),
  },
  { what: "a Deny", trust: trust(undefined, { deny: subjectIs(subject) }) },
  { what: "another session name", trust: trust({ StringEquals: { "sts:RoleSessionName": "demo" } }) },
  { what: "an expired token", token: { claims: { exp: now - 4000 } } },
  { what: "a token of the future", token: { claims: { iat: now + 4000 } } },
  { what: "a token that is not valid yet", token: { claims: { nbf: now + 4000 } } },
  { what: "times with fractions", token: { claims: { exp: now + 100.5 } } },
  { what: "no exp", token: { claims: { exp: undefined } } },
  { what: "a sub that is null", token: { claims: { sub: null } } },
  { what: "no algorithm", token: unsigned({ alg: "none", kid: "rsa" }) },
  { what: "a critical header", token: { header: { crit: ["x"], x: 1 } } },
  { what: "two audiences", token: { claims: { aud: [audience, "other"] } } },
  { what: "an audience that is not registered", token: { claims: { aud: ["other"] } } },
  { what: "an issuer that is not registered", token: { claims: { iss: "https://other.example.test" } } },
  {
    what: "a principal of another provider",
    trust: trust(undefined, { principal: { Federated: providerArn.replace("oidc.", "other.") } }),
  },
  { what: "tags without sts:TagSession", token: { claims: tags } },
  {
    what: "a source identity without sts:SetSourceIdentity",
    token: { claims: { "https://aws.amazon.com/source_identity": "ci" } },
  },
  {
    what: "a roles claim without the role",
    token: { claims: { "https://aws.amazon.com/roles": `${roleArn}2` } },
  },
];

/** Each case with its token signed. */
export function pastedCases(): Promise<readonly PastedCase[]> {
  return Promise.all(
    specs.map(async ({ what, token = {}, trust: policy = trust() }) => ({
      what,
      token: typeof token === "string" ? token : await sign(token),
      trustPolicy: policyText(policy),
    })),
  );
}
