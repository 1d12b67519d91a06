import { defined } from "../../../src/core/base/index.ts";
import { keyChecks } from "../../../src/rules/keys/index.ts";
import {
  decideExchange,
  type ExchangeFacts,
  exchangeRules,
  explainImpersonation,
  type GoogleProvider,
  impersonationRules,
  membersOf,
  parseProviderName,
  principalOf,
} from "../../../src/rules/gcp/index.ts";
import {
  claimsBy,
  makeSigners,
  subject,
  type TokenOf,
  tokenOf,
  tokenSizes,
  type TokenWorld,
  withClaims,
} from "../tokens.ts";
import {
  caseNamed,
  judgedRefusal,
  type Judged,
  type RuleCase,
  unreadable,
  type VendorCases,
} from "../vendor.ts";

/** A provider of the recorder's pool: what makes it another than `plain`. */
export interface Variant {
  readonly condition?: string;
  readonly mapping?: string;
  readonly disabled?: true;
  /** Its issuer serves nothing, and no keys are uploaded. */
  readonly isUnreadable?: true;
}

export const variants = {
  plain: {},
  conditioned: { condition: "assertion.sub == 'nobody'" },
  unmapped: { mapping: "assertion.nothing" },
  disabled: { disabled: true },
  unreadable: { isUnreadable: true },
} as const satisfies Readonly<Record<string, Variant>>;

export type VariantName = keyof typeof variants;

/** An issuer of nobody: RFC 6761 keeps its name free. */
export const nowhere = "https://podtrust-record.invalid";

/** A call of the exchange, or of `generateAccessToken` behind one. */
export interface GoogleCase extends RuleCase {
  readonly token?: TokenOf;
  /** Parameters in place of the usual ones; `target` is the provider's full name. */
  readonly parameters?: (target: string) => Readonly<Record<string, string>>;
  readonly provider?: VariantName;
  /** Asks for the service account's token then. */
  readonly impersonates?: { readonly isMember: boolean; readonly lifetime: number };
}

const stranger: TokenOf = () => ({ signer: "stranger" });

const requests: readonly GoogleCase[] = [
  { rule: "exchange-parameters", name: "another grant type", parameters: () => ({ grant_type: "password" }) },
  {
    rule: "exchange-parameters",
    name: "a subject token type that is none",
    parameters: () => ({ subject_token_type: "urn:ietf:params:oauth:token-type:nothing" }),
  },
  {
    rule: "exchange-audience",
    name: "the provider's name behind https",
    parameters: (target) => ({ audience: `https:${target}` }),
  },
  {
    rule: "target-active",
    name: "a provider that does not exist",
    parameters: (target) => ({ audience: `${target}-absent` }),
  },
  { rule: "target-active", name: "a provider that is disabled", provider: "disabled" },
];

const tokens: readonly GoogleCase[] = [
  { rule: "subject-token-structure", name: "a token that is no JWT", token: () => ({ raw: "no-token" }) },
  {
    rule: "subject-token-issuer",
    name: "another issuer",
    token: withClaims({ iss: "https://other.invalid" }),
  },
  {
    rule: "subject-token-issuer",
    name: "an issuer with a slash more",
    token: ({ issuer }) => ({ claims: { iss: `${issuer}/` } }),
  },
  { rule: "subject-token-issuer", name: "no iss", token: withClaims({ iss: undefined }) },
  {
    rule: "subject-token-audience",
    name: "another audience",
    token: withClaims({ aud: ["sts.amazonaws.com"] }),
  },
  {
    rule: "subject-token-audience",
    name: "two audiences, of which one fits",
    token: ({ audience }) => ({ claims: { aud: ["other", audience] } }),
  },
  {
    rule: "subject-token-time",
    name: "expired an hour ago",
    token: ({ now }) => ({ claims: { iat: now - 7200, nbf: now - 7200, exp: now - 3600 } }),
  },
  {
    rule: "subject-token-time",
    name: "expired half a minute ago",
    token: ({ now }) => ({ claims: { exp: now - 30 } }),
  },
  {
    rule: "subject-token-time",
    name: "issued in an hour",
    token: ({ now }) => ({ claims: { iat: now + 3600 } }),
  },
  {
    rule: "subject-token-time",
    name: "issued 25 hours ago, and not expired",
    token: ({ now }) => ({ claims: { iat: now - 90_000, nbf: now - 90_000 } }),
  },
  { rule: "subject-token-time", name: "no exp", token: withClaims({ exp: undefined }) },
  { rule: "subject-token-time", name: "no iat", token: withClaims({ iat: undefined }) },
  {
    rule: "subject-token-time",
    name: "good from an hour on",
    token: ({ now }) => ({ claims: { nbf: now + 3600 } }),
  },
  {
    rule: "subject-token-time",
    name: "good for eleven years",
    token: ({ now }) => ({ claims: { exp: now + 11 * 365 * 86_400 } }),
  },
];

const keys: readonly GoogleCase[] = [
  {
    rule: "issuer-documents",
    name: "an issuer that serves nothing",
    provider: "unreadable",
    token: withClaims({ iss: nowhere }),
  },
  { rule: "key-selection", name: "an unknown kid", token: () => ({ header: { kid: "unknown" } }) },
  { rule: "key-selection", name: "no kid", token: () => ({ header: { kid: undefined } }) },
  {
    rule: "key-selection",
    name: "a key of an elliptic curve under the kid of an RSA key",
    token: () => ({ signer: "curve" }),
  },
  { rule: "subject-token-signature", name: "another key under the same kid", token: stranger },
];

const identities: readonly GoogleCase[] = [
  { rule: "attribute-condition", name: "a condition that is false", provider: "conditioned" },
  {
    rule: "attribute-condition",
    name: "a condition on sub, and no sub",
    provider: "conditioned",
    token: withClaims({ sub: undefined }),
  },
  { rule: "attribute-mapping", name: "a mapping by a claim that is not there", provider: "unmapped" },
  { rule: "mapped-sizes", name: "a subject of 128 bytes", token: withClaims({ sub: "s".repeat(128) }) },
  { rule: "mapped-sizes", name: "a subject of 127 bytes", token: withClaims({ sub: "s".repeat(127) }) },
];

/** Two faults at once: which of them speaks is the order of the checks, which nobody has published. */
const orders: readonly GoogleCase[] = [
  {
    rule: "target-active",
    name: "order: a disabled provider, and no JWT",
    provider: "disabled",
    token: () => ({ raw: "no-token" }),
  },
  {
    rule: "subject-token-issuer",
    name: "order: another issuer and another audience",
    token: withClaims({ iss: "https://other.invalid", aud: ["other"] }),
  },
  {
    rule: "subject-token-audience",
    name: "order: another audience, and expired",
    token: ({ now }) => ({ claims: { aud: ["other"], exp: now - 3600 } }),
  },
  {
    rule: "subject-token-time",
    name: "order: expired, and another key under the same kid",
    token: ({ now }) => ({ claims: { exp: now - 3600 }, signer: "stranger" }),
  },
  {
    rule: "subject-token-time",
    name: "order: expired, and an unknown kid",
    token: ({ now }) => ({ claims: { exp: now - 3600 }, header: { kid: "unknown" } }),
  },
  {
    rule: "subject-token-signature",
    name: "order: another key under the same kid, and a condition that is false",
    provider: "conditioned",
    token: stranger,
  },
];

const impersonations: readonly GoogleCase[] = [
  {
    rule: "impersonation-permitted",
    name: "a service account that does not let it in",
    impersonates: { isMember: false, lifetime: 3600 },
  },
  { rule: "lifetime-bounds", name: "a lifetime of nothing", impersonates: { isMember: true, lifetime: 0 } },
  {
    rule: "lifetime-bounds",
    name: "a lifetime of an hour and a second",
    impersonates: { isMember: true, lifetime: 3601 },
  },
  {
    rule: "impersonation-permitted",
    name: "a service account that lets it in",
    impersonates: { isMember: true, lifetime: 3600 },
  },
];

const cases: readonly GoogleCase[] = [
  { rule: "mapped-sizes", name: "a token in which all is right" },
  ...requests,
  ...tokens,
  ...keys,
  ...identities,
  ...orders,
  ...impersonations,
];

/** The case of a name. Throws TypeError. */
export const googleCase = (name: string): GoogleCase => caseNamed(cases, name);

/** The parameters of a case's exchange. `target`: the full name of the provider. */
export function exchangeParameters(
  { token, parameters }: Pick<GoogleCase, "parameters" | "token">,
  target: string,
  world: TokenWorld,
): Readonly<Record<string, string>> {
  return {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: target,
    scope: "https://www.googleapis.com/auth/cloud-platform",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: tokenOf(world, token?.(world)),
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    ...parameters?.(target),
  };
}

/** A provider as IAM keeps it, and as our rules look at it. */
export function providerOf(
  variant: Variant,
  { issuer, signers }: Pick<TokenWorld, "issuer" | "signers">,
): Omit<GoogleProvider, "allowedAudiences" | "disabled" | "state"> {
  const { condition, mapping = "assertion.sub", isUnreadable } = variant;
  return {
    issuerUri: isUnreadable === true ? nowhere : issuer,
    attributeMapping: { "google.subject": mapping },
    ...defined({ attributeCondition: condition }),
    ...(isUnreadable === true ? {} : { jwksJson: JSON.stringify({ keys: [signers.own.jwk] }) }),
  };
}

const target = (provider: VariantName): string =>
  `//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/podtrust-record/providers/${provider}`;

let made: ReturnType<typeof makeSigners> | undefined;

const worldAt = async (now: number, audience: string): Promise<TokenWorld> => ({
  now,
  issuer: "https://issuer.invalid",
  audience,
  signers: await (made ??= makeSigners()),
});

function judgeImpersonation({ isMember, lifetime }: NonNullable<GoogleCase["impersonates"]>): Judged {
  const name = parseProviderName(target("plain"));
  if (name === undefined) throw new TypeError("the target is no provider");
  const refusal = explainImpersonation({
    email: "podtrust-record@shop.iam.gserviceaccount.com",
    members: membersOf(name, { subject, groups: [], attributes: {} }),
    account: { disabled: false, tokenCreators: isMember ? [principalOf(name, subject)] : [] },
    lifetime,
    maxLifetime: 3600,
  }).find(({ outcome }) => outcome === "refused")?.refusal;
  return refusal === undefined ? { outcome: "granted" } : judgedRefusal(refusal);
}

async function judge(asked: Omit<GoogleCase, keyof RuleCase>): Promise<Judged> {
  const { provider = "plain", impersonates } = asked;
  const variant: Variant = variants[provider];
  const now = 1_795_000_000;
  const around = await worldAt(now, `https:${target(provider)}`);
  const form = exchangeParameters(asked, target(provider), around);
  const isThere = parseProviderName(form["audience"] ?? "")?.provider === provider;
  const facts: ExchangeFacts = {
    request: {
      grantType: form["grant_type"],
      audience: form["audience"],
      requestedTokenType: form["requested_token_type"],
      subjectToken: form["subject_token"],
      subjectTokenType: form["subject_token_type"],
    },
    now,
    target: isThere
      ? {
          pool: { state: "ACTIVE", disabled: false },
          provider: {
            state: "ACTIVE",
            disabled: variant.disabled === true,
            allowedAudiences: [],
            ...providerOf(variant, around),
          },
        }
      : undefined,
    documents: unreadable,
  };
  const decision = decideExchange(facts, keyChecks);
  if (decision.outcome === "refused") return judgedRefusal(decision.refusal);
  return impersonates === undefined ? { outcome: "granted" } : judgeImpersonation(impersonates);
}

const hour = 3600;

const ladders: VendorCases["ladders"] = {
  "age of a good token": {
    rule: "subject-token-time",
    unit: "seconds",
    values: [1, 2, 6, 12, 20, 23, 25, 30, 48, 7 * 24].map((hours) => hours * hour),
    token: (age) => claimsBy(({ now }) => ({ iat: now - age, nbf: now - age })),
  },
  "size of a token": { unit: "bytes", values: tokenSizes, token: (size) => () => ({ size }) },
};

export const googleCases: VendorCases = {
  vendor: "gcp",
  rules: [...exchangeRules, ...impersonationRules].map(({ name }) => name),
  cases,
  notAsked: {},
  questions: {
    "age of a good token": "How old may a token be that has not expired?",
    "size of a token": "How many characters may a token have?",
    "member added":
      "After how many seconds does a member count that was written into a service account's policy?",
    "member removed": "For how many seconds does a member count that was taken out?",
    "new uploaded key": "After how many seconds does an uploaded key count?",
    "new fetched key": "After how many seconds does a key count that an issuer serves since then?",
    "removed fetched key": "For how many seconds does a key count that an issuer serves no more?",
  },
  ladders,
  judge: (name) => judge(googleCase(name)),
  judgeToken: (token) => judge({ token }),
};
