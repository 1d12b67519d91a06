import {
  azureAudiences,
  decideAssertion,
  entraRules,
  type FederatedCredential,
} from "../../../src/rules/azure/index.ts";
import { keyChecks } from "../../../src/rules/keys/index.ts";
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
  servedBy,
  unreadable,
  type VendorCases,
} from "../vendor.ts";

/** A call of Entra's token endpoint. */
export interface AzureCase extends RuleCase {
  readonly token?: TokenOf;
  /** In place of the tenant's id. */
  readonly tenant?: string;
  /** Parameters in place of the usual ones; undefined takes one away. */
  readonly parameters?: Readonly<Record<string, string | undefined>>;
}

const nobody = "00000000-0000-0000-0000-000000000000";
export const audience = azureAudiences.public;

/** The recorder's federated credentials: of its issuer, and of one below it that serves nothing. */
export const credentialsOf = (issuer: string): readonly FederatedCredential[] => [
  { name: "plain", issuer, subject, audiences: [audience] },
  { name: "unreadable", issuer: `${issuer}/absent`, subject, audiences: [audience] },
];

const requests: readonly AzureCase[] = [
  { rule: "tenant-exists", name: "a tenant that does not exist", tenant: nobody },
  { rule: "tenant-exists", name: "a tenant that is neither an id nor a domain", tenant: "no_tenant" },
  { rule: "token-request-parameters", name: "another grant type", parameters: { grant_type: "nothing" } },
  { rule: "token-request-parameters", name: "no grant type", parameters: { grant_type: undefined } },
  { rule: "token-request-parameters", name: "no client id", parameters: { client_id: undefined } },
  { rule: "scope-default", name: "no scope", parameters: { scope: undefined } },
  {
    rule: "scope-default",
    name: "two resources",
    parameters: { scope: "https://management.azure.com/.default https://graph.microsoft.com/.default" },
  },
  {
    rule: "scope-default",
    name: "a permission of a resource",
    parameters: { scope: "https://management.azure.com/user_impersonation" },
  },
  {
    rule: "scope-default",
    name: "a scope without default at its end",
    parameters: { scope: "https://management.azure.com" },
  },
  { rule: "client-exists", name: "a client that does not exist", parameters: { client_id: nobody } },
  {
    rule: "resource-known",
    name: "a resource that the tenant does not know",
    parameters: { scope: "https://podtrust-record.invalid/.default" },
  },
];

const assertions: readonly AzureCase[] = [
  { rule: "assertion-given", name: "no assertion", parameters: { client_assertion: undefined } },
  {
    rule: "assertion-given",
    name: "an assertion of another type",
    parameters: { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer" },
  },
  { rule: "assertion-structure", name: "an assertion that is no JWT", token: () => ({ raw: "no-token" }) },
  { rule: "assertion-key-named", name: "no kid", token: () => ({ header: { kid: undefined } }) },
  { rule: "assertion-algorithm", name: "ES256", token: () => ({ signer: "curve" }) },
  { rule: "assertion-claims", name: "no iss", token: withClaims({ iss: undefined }) },
  { rule: "assertion-claims", name: "no sub", token: withClaims({ sub: undefined }) },
  { rule: "assertion-claims", name: "no aud", token: withClaims({ aud: undefined }) },
  {
    rule: "assertion-time",
    name: "expired an hour ago",
    token: claimsBy(({ now }) => ({ iat: now - 7200, nbf: now - 7200, exp: now - 3600 })),
  },
  {
    rule: "assertion-time",
    name: "good from an hour on",
    token: claimsBy(({ now }) => ({ nbf: now + 3600 })),
  },
  { rule: "assertion-time", name: "no exp", token: withClaims({ exp: undefined }) },
  {
    rule: "assertion-lifetime",
    name: "good for 26 hours",
    token: claimsBy(({ now }) => ({ iat: now - 60, exp: now - 60 + 26 * 3600 })),
  },
  { rule: "assertion-lifetime", name: "no iat", token: withClaims({ iat: undefined }) },
];

const credentials: readonly AzureCase[] = [
  { rule: "credential-issuer", name: "another issuer", token: withClaims({ iss: "https://other.invalid" }) },
  {
    rule: "credential-issuer",
    name: "an issuer with a slash more",
    token: claimsBy(({ issuer }) => ({ iss: `${issuer}/` })),
  },
  { rule: "credential-subject", name: "another subject", token: withClaims({ sub: `${subject}-other` }) },
  {
    rule: "credential-subject",
    name: "a subject in other letters",
    token: withClaims({ sub: subject.replace("cart", "Cart") }),
  },
  {
    rule: "credential-audience",
    name: "another audience",
    token: withClaims({ aud: ["sts.amazonaws.com"] }),
  },
  {
    rule: "credential-audience",
    name: "two audiences, of which one fits",
    token: withClaims({ aud: [audience, "other"] }),
  },
];

const keys: readonly AzureCase[] = [
  {
    rule: "issuer-documents",
    name: "an issuer that serves nothing",
    token: claimsBy(({ issuer }) => ({ iss: `${issuer}/absent` })),
  },
  { rule: "key-selection", name: "an unknown kid", token: () => ({ header: { kid: "unknown" } }) },
  {
    rule: "assertion-signature",
    name: "another key under the same kid",
    token: () => ({ signer: "stranger" }),
  },
];

/** Two faults at once: which of them speaks is the order of the checks, which nobody has published. */
const orders: readonly AzureCase[] = [
  {
    rule: "client-exists",
    name: "order: a client that does not exist, and no JWT",
    parameters: { client_id: nobody },
    token: () => ({ raw: "no-token" }),
  },
  {
    rule: "assertion-time",
    name: "order: expired, and another issuer",
    token: claimsBy(({ now }) => ({ exp: now - 3600, iss: "https://other.invalid" })),
  },
  {
    rule: "credential-issuer",
    name: "order: another issuer and another subject",
    token: withClaims({ iss: "https://other.invalid", sub: "other" }),
  },
  {
    rule: "credential-subject",
    name: "order: another subject and another audience",
    token: withClaims({ sub: "other", aud: ["other"] }),
  },
  {
    rule: "credential-audience",
    name: "order: another audience, and an unknown kid",
    token: () => ({ claims: { aud: ["other"] }, header: { kid: "unknown" } }),
  },
  {
    rule: "assertion-signature",
    name: "order: another key under the same kid, and a resource that the tenant does not know",
    token: () => ({ signer: "stranger" }),
    parameters: { scope: "https://podtrust-record.invalid/.default" },
  },
];

const cases: readonly AzureCase[] = [
  { rule: "resource-known", name: "an assertion in which all is right" },
  ...requests,
  ...assertions,
  ...credentials,
  ...keys,
  ...orders,
];

/** The case of a name. Throws TypeError. */
export const azureCase = (name: string): AzureCase => caseNamed(cases, name);

/** The form of a case's call. */
export function assertionParameters(
  { token, parameters }: Pick<AzureCase, "parameters" | "token">,
  clientId: string,
  world: TokenWorld,
): Readonly<Record<string, string>> {
  const form: Readonly<Record<string, string | undefined>> = {
    client_id: clientId,
    scope: "https://management.azure.com/.default",
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: tokenOf(world, token?.(world)),
    ...parameters,
  };
  return Object.fromEntries(
    Object.entries(form).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

let made: ReturnType<typeof makeSigners> | undefined;

async function judge(asked: Omit<AzureCase, keyof RuleCase>): Promise<Judged> {
  const [tenant, clientId, issuer] = [
    "11111111-2222-3333-4444-555555555555",
    "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    "https://issuer.invalid",
  ];
  const signers = await (made ??= makeSigners());
  const world: TokenWorld = { now: 1_795_000_000, issuer, audience, signers };
  const form = assertionParameters(asked, clientId, world);
  const isAbsent = asked.token?.(world).claims?.["iss"] === `${issuer}/absent`;
  const decision = decideAssertion(
    {
      request: {
        tenant: asked.tenant ?? tenant,
        grantType: form["grant_type"],
        clientId: form["client_id"],
        scope: form["scope"],
        clientAssertionType: form["client_assertion_type"],
        clientAssertion: form["client_assertion"],
      },
      now: world.now,
      tenant: asked.tenant === undefined ? { id: tenant } : undefined,
      client: form["client_id"] === clientId ? { credentials: credentialsOf(issuer) } : undefined,
      isResourceKnown: form["scope"] === "https://management.azure.com/.default",
      documents: isAbsent ? unreadable : servedBy(issuer, [signers.own]),
    },
    keyChecks,
  );
  return decision.outcome === "refused" ? judgedRefusal(decision.refusal) : { outcome: "granted" };
}

const day = 86_400;
const offsets = [0, 30, 60, 120, 240, 290, 310, 600, 900];

const ladders: VendorCases["ladders"] = {
  "seconds after the end": {
    rule: "assertion-time",
    unit: "seconds",
    values: offsets,
    token: (ago) => claimsBy(({ now }) => ({ exp: now - ago })),
  },
  "seconds before the beginning": {
    rule: "assertion-time",
    unit: "seconds",
    values: offsets,
    token: (ahead) => claimsBy(({ now }) => ({ nbf: now + ahead })),
  },
  "lifetime of an assertion": {
    rule: "assertion-lifetime",
    unit: "seconds",
    values: [3600, day / 2, day, 25 * 3600, 25 * 3600 + 1, 2 * day, 365 * day],
    token: (whole) => claimsBy(({ now }) => ({ iat: now - 60, exp: now - 60 + whole })),
  },
  "size of an assertion": { unit: "bytes", values: tokenSizes, token: (size) => () => ({ size }) },
};

export const azureCases: VendorCases = {
  vendor: "azure",
  rules: entraRules.map(({ name }) => name),
  cases,
  notAsked: {},
  // What needs the access token comes before what waits.
  questions: {
    "new issuer": "After how many seconds does Entra know the keys of an issuer that is new to it?",
    "federated credentials of an identity":
      "How many federated credentials may an identity have, and what does ARM say of one more?",
    "federated credentials of an application":
      "How many federated credentials may an application have, and what does Graph say of one more?",
    "seconds after the end": "For how many seconds after its end is an assertion taken?",
    "seconds before the beginning": "How many seconds before its beginning is an assertion taken?",
    "lifetime of an assertion": "For how many seconds may an assertion be good?",
    "size of an assertion": "How many characters may an assertion have?",
    "new key": "After how many seconds does a key count that an issuer serves since then?",
  },
  ladders,
  judge: (name) => judge(azureCase(name)),
  judgeToken: (token) => judge({ token }),
};
