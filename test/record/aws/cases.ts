import { keyChecks } from "../../../src/rules/keys/index.ts";
import {
  decideWebIdentity,
  parsePolicy,
  type RoleFacts,
  stsRules,
  type WebIdentityFacts,
} from "../../../src/rules/trust/index.ts";
import {
  claimsBy,
  makeSigners,
  subject,
  type TokenOf,
  tokenOf,
  type TokenWorld,
  withClaims,
} from "../tokens.ts";
import { caseNamed, type Judged, type RuleCase, servedBy, type VendorCases } from "../vendor.ts";

/** Parameters of AssumeRoleWithWebIdentity, by their names on the wire; `PolicyArns` as a list. */
interface Parameters {
  readonly RoleArn?: string;
  readonly RoleSessionName?: string;
  readonly WebIdentityToken?: string;
  readonly ProviderId?: string;
  readonly DurationSeconds?: string;
  readonly Policy?: string;
  readonly PolicyArns?: readonly string[];
}

/** A call of AssumeRoleWithWebIdentity. */
export interface AwsCase extends RuleCase {
  readonly token?: TokenOf;
  readonly parameters?: (roleArn: string) => Parameters;
}

export const audience = "sts.amazonaws.com";
const tags = "https://aws.amazon.com/tags";

const parameters = (of: Parameters) => (): Parameters => of;

const requests: readonly AwsCase[] = [
  {
    rule: "role-arn-length",
    name: "a role ARN of nine characters",
    parameters: parameters({ RoleArn: "role/cart" }),
  },
  {
    rule: "role-arn-form",
    name: "a role ARN that is none",
    parameters: parameters({ RoleArn: "this is no ARN at all" }),
  },
  {
    rule: "role-exists",
    name: "a role that does not exist",
    parameters: (roleArn) => ({ RoleArn: `${roleArn}-absent` }),
  },
  {
    rule: "role-session-name",
    name: "a session name with a space",
    parameters: parameters({ RoleSessionName: "a b" }),
  },
  {
    rule: "provider-id-absent",
    name: "Login with Amazon",
    parameters: parameters({ ProviderId: "www.amazon.com" }),
  },
  {
    rule: "provider-id-length",
    name: "a provider id of three characters",
    parameters: parameters({ ProviderId: "abc" }),
  },
  { rule: "duration-bounds", name: "899 seconds", parameters: parameters({ DurationSeconds: "899" }) },
  {
    rule: "duration-of-role",
    name: "7200 seconds of a role of 3600",
    parameters: parameters({ DurationSeconds: "7200" }),
  },
  {
    rule: "session-policy",
    name: "a session policy that breaks off",
    parameters: parameters({ Policy: "{" }),
  },
  {
    rule: "session-policy-length",
    name: "a session policy of 2049 characters",
    parameters: parameters({ Policy: '{"Version":"2012-10-17","Statement":[]}'.padEnd(2049) }),
  },
  {
    rule: "session-policy-arns",
    name: "a managed policy that does not exist",
    parameters: parameters({ PolicyArns: ["arn:aws:iam::aws:policy/PodtrustRecordNothing"] }),
  },
  {
    rule: "policy-arns-bounds",
    name: "a managed policy of eight characters",
    parameters: parameters({ PolicyArns: ["policy/a"] }),
  },
];

const tokens: readonly AwsCase[] = [
  { rule: "token-length", name: "a token of three characters", token: () => ({ raw: "abc" }) },
  { rule: "token-structure", name: "a token that is no JWT", token: () => ({ raw: "opaque-access-token" }) },
  { rule: "token-algorithm", name: "HS256", token: () => ({ header: { alg: "HS256" } }) },
  { rule: "token-critical-headers", name: "crit", token: () => ({ header: { crit: ["x"], x: 1 } }) },
  { rule: "required-claims", name: "no sub", token: withClaims({ sub: undefined }) },
  { rule: "required-claims", name: "no aud", token: withClaims({ aud: undefined }) },
  { rule: "required-claims", name: "no exp", token: withClaims({ exp: undefined }) },
  {
    rule: "timestamps-whole",
    name: "half a second",
    token: claimsBy(({ now }) => ({ exp: now + 3540.5 })),
  },
  { rule: "subject-text", name: "a sub of null", token: withClaims({ sub: null }) },
  {
    rule: "issued-in-past",
    name: "issued in an hour",
    token: claimsBy(({ now }) => ({ iat: now + 3600 })),
  },
  {
    rule: "not-before-reached",
    name: "good from an hour on",
    token: claimsBy(({ now }) => ({ nbf: now + 3600 })),
  },
  {
    rule: "not-expired",
    name: "expired an hour ago",
    token: claimsBy(({ now }) => ({ iat: now - 7200, nbf: now - 7200, exp: now - 3600 })),
  },
  {
    rule: "not-expired",
    name: "expired four minutes ago",
    token: claimsBy(({ now }) => ({ exp: now - 240 })),
  },
  {
    rule: "issuer-registered",
    name: "an issuer with a slash more",
    token: claimsBy(({ issuer }) => ({ iss: `${issuer}/` })),
  },
  { rule: "audience-form", name: "no audience", token: withClaims({ aud: [] }) },
  { rule: "audience-registered", name: "another audience", token: withClaims({ aud: ["other"] }) },
  { rule: "audience-single", name: "two audiences", token: withClaims({ aud: [audience, "other"] }) },
  { rule: "key-selection", name: "an unknown kid", token: () => ({ header: { kid: "unknown" } }) },
  {
    rule: "key-selection",
    name: "a key of an elliptic curve under the kid of an RSA key",
    token: () => ({ signer: "curve" }),
  },
  { rule: "signature", name: "another key under the same kid", token: () => ({ signer: "stranger" }) },
  { rule: "trust-policy", name: "another subject", token: withClaims({ sub: `${subject}-other` }) },
  {
    rule: "principal-tags",
    name: "a tag that is a text",
    token: withClaims({ [tags]: { principal_tags: { team: "shop" } } }),
  },
  {
    rule: "tag-session-allowed",
    name: "tags, and no right to them",
    token: withClaims({ [`${tags}/principal_tags/team`]: "shop" }),
  },
  {
    rule: "source-identity",
    name: "a source identity with a space",
    token: withClaims({ "https://aws.amazon.com/source_identity": "a b" }),
  },
  {
    rule: "source-identity-allowed",
    name: "a source identity, and no right to it",
    token: withClaims({ "https://aws.amazon.com/source_identity": "alice" }),
  },
  {
    rule: "roles-claim",
    name: "a roles claim that is a number",
    token: withClaims({ "https://aws.amazon.com/roles": 1 }),
  },
];

/** Two faults at once: which of them speaks is the order of the checks. */
const orders: readonly AwsCase[] = [
  {
    rule: "issuer-registered",
    name: "order: another issuer and another audience",
    token: withClaims({ iss: "https://other.invalid", aud: ["other"] }),
  },
  {
    rule: "not-expired",
    name: "order: expired, and another key under the same kid",
    token: ({ now }) => ({ claims: { exp: now - 3600 }, signer: "stranger" }),
  },
  {
    rule: "signature",
    name: "order: another key under the same kid, and another subject",
    token: () => ({ claims: { sub: `${subject}-other` }, signer: "stranger" }),
  },
];

const cases: readonly AwsCase[] = [
  { rule: "trust-policy", name: "a token in which all is right" },
  ...requests,
  ...tokens,
  ...orders,
];

/** The case of a name. Throws TypeError. */
export const awsCase = (name: string): AwsCase => caseNamed(cases, name);

/** The parameters of a case's call. */
export function callParameters(
  { token, parameters: change }: Pick<AwsCase, "parameters" | "token">,
  roleArn: string,
  world: TokenWorld,
): Parameters {
  return {
    RoleArn: roleArn,
    RoleSessionName: "podtrust-record",
    WebIdentityToken: tokenOf(world, token?.(world)),
    ...change?.(roleArn),
  };
}

/** The trust policy of the recorder's role. `url`: the provider's, without a scheme. */
export function trustPolicy(providerArn: string, url: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${url}:aud`]: audience, [`${url}:sub`]: subject } },
      },
    ],
  });
}

let made: ReturnType<typeof makeSigners> | undefined;

async function judge(asked: Omit<AwsCase, keyof RuleCase>): Promise<Judged> {
  const [account, url] = ["111122223333", "issuer.invalid"];
  const issuer = `https://${url}`;
  const providerArn = `arn:aws:iam::${account}:oidc-provider/${url}`;
  const signers = await (made ??= makeSigners());
  const world: TokenWorld = { now: 1_795_000_000, issuer, audience, signers };
  const role: RoleFacts = {
    arn: `arn:aws:iam::${account}:role/podtrust-record/cart`,
    name: "cart",
    id: "AROAEXAMPLEEXAMPLE123",
    trustPolicy: parsePolicy(trustPolicy(providerArn, url), "trust"),
    maxSessionDuration: 3600,
    account,
  };
  const call = callParameters(asked, role.arn, world);
  const facts: WebIdentityFacts = {
    request: {
      roleArn: call.RoleArn,
      roleSessionName: call.RoleSessionName,
      webIdentityToken: call.WebIdentityToken,
      providerId: call.ProviderId,
      durationSeconds: call.DurationSeconds,
      policy: call.Policy,
      policyArns: call.PolicyArns,
    },
    now: world.now,
    providers: [{ arn: providerArn, url, clientIds: [audience] }],
    role: call.RoleArn === role.arn ? role : undefined,
    documents: servedBy(issuer, [signers.own]),
  };
  const decision = decideWebIdentity(facts, keyChecks);
  if (decision.outcome !== "refused") return { outcome: "granted" };
  const { rule, status, code, messages } = decision.refusal;
  return { outcome: "refused", rule, status, code, texts: Object.values(messages) };
}

const offsets = [0, 60, 240, 290, 310, 600];

const ladders: VendorCases["ladders"] = {
  "seconds after the end": {
    rule: "not-expired",
    unit: "seconds",
    values: offsets,
    token: (ago) => claimsBy(({ now }) => ({ exp: now - ago })),
  },
  "seconds before issue": {
    rule: "issued-in-past",
    unit: "seconds",
    values: offsets,
    token: (ahead) => claimsBy(({ now }) => ({ iat: now + ahead })),
  },
};

const otherIssuer = "it wants an issuer that serves something else";

export const awsCases: VendorCases = {
  vendor: "aws",
  rules: stsRules.map(({ name }) => name),
  cases,
  notAsked: {
    "discovery-document": otherIssuer,
    "documents-reachable": otherIssuer,
    "issuer-certificate": otherIssuer,
    "jwk-set-document": otherIssuer,
    "key-count": otherIssuer,
    "key-operations-absent": otherIssuer,
    "packed-policy-size":
      "the size of packed policies is AWS's own arithmetic, of which the percent is compared elsewhere",
    "region-activated": "it wants a region that the account has not switched on",
  },
  questions: {
    "new role": "After how many seconds does STS know a role that was just made?",
    "seconds after the end": "For how many seconds after its end is a token taken?",
    "seconds before issue": "How many seconds before it was issued is a token taken?",
    "new key": "After how many seconds does a key count that an issuer serves since then?",
  },
  ladders,
  judge: (name) => judge(awsCase(name)),
  judgeToken: (token) => judge({ token }),
};
