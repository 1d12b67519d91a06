/** One ServiceAccount, one pool and provider, one service account of Google's: all is right until a test changes it. */
import assert from "node:assert/strict";
import {
  decideExchange,
  type ExchangeFacts,
  type ExchangeRequest,
  explainExchange,
  explainImpersonation,
  type FederatedGrant,
  type GoogleProvider,
  type ImpersonationFacts,
  membersOf,
  parseProviderName,
  type ResourceState,
} from "../../src/rules/gcp/index.ts";
import type { IssuerDocuments, VendorRefusal } from "../../src/rules/judge/index.ts";
import { keyChecks } from "../../src/rules/keys/index.ts";
import { discovery, issuer, now, sign, signer, type TokenChange } from "./fixture.ts";

export const providerName =
  "projects/123456789012/locations/global/workloadIdentityPools/prod/providers/cluster";
export const audience = `https://iam.googleapis.com/${providerName}`;
export const principal =
  "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/prod/subject/system:serviceaccount:shop:cart";

export interface ExchangeChange extends TokenChange {
  readonly request?: Partial<ExchangeRequest>;
  readonly pool?: Partial<ResourceState>;
  readonly provider?: Partial<GoogleProvider>;
  /** No such provider. */
  readonly isMissing?: true;
  /** What the issuer serves; the provider has uploaded keys otherwise. */
  readonly documents?: IssuerDocuments;
  /** The keys that were uploaded. */
  readonly keys?: readonly object[];
}

export const served = (keys: readonly object[] = [signer.jwk], document = discovery()): IssuerDocuments => ({
  ok: true,
  discovery: document,
  jwks: JSON.stringify({ keys }),
});

/** The claims of the workload's token, as Kubernetes writes them. */
const claims = {
  aud: [audience],
  "kubernetes.io": { namespace: "shop", serviceaccount: { name: "cart" } },
  groups: ["writers"],
};

export async function exchangeFacts(change: ExchangeChange = {}): Promise<ExchangeFacts> {
  const { request, pool, provider, documents, keys = [signer.jwk], ...token } = change;
  const uploaded = documents === undefined ? { jwksJson: JSON.stringify({ keys }) } : {};
  return {
    request: {
      grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: `//iam.googleapis.com/${providerName}`,
      requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
      subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
      subjectToken: await sign({ ...token, claims: { ...claims, ...token.claims } }),
      ...request,
    },
    now,
    target:
      change.isMissing === true
        ? undefined
        : {
            pool: { state: "ACTIVE", disabled: false, ...pool },
            provider: {
              state: "ACTIVE",
              disabled: false,
              issuerUri: issuer,
              allowedAudiences: [],
              attributeMapping: { "google.subject": "assertion.sub" },
              ...uploaded,
              ...provider,
            },
          },
    documents,
  };
}

/** What is refused, by which rule, with which words of Google's. */
export interface Expected {
  readonly rule: string;
  readonly code: string;
  readonly text: string;
  /** Default: 400. */
  readonly status?: number;
  /** Of Azure: the number after AADSTS. */
  readonly number?: number;
}

/** Holds a refusal to what is expected, and its own sentences to being there. */
export function assertRefusal(
  refusal: VendorRefusal,
  { rule, code, text, status = 400, number }: Expected,
): void {
  const { message, why, next } = refusal;
  assert.deepEqual(
    [refusal.rule, refusal.code, refusal.status, message, refusal.number],
    [rule, code, status, text, number],
    why,
  );
  assert.ok(why.length > 5 && next.length > 5);
}

export async function refusalOf(change: ExchangeChange, expected: Expected): Promise<VendorRefusal> {
  const facts = await exchangeFacts(change);
  const decision = decideExchange(facts, keyChecks);
  assert.ok(decision.outcome === "refused", decision.outcome);
  assertRefusal(decision.refusal, expected);
  const report = explainExchange(facts, keyChecks).find(({ outcome }) => outcome === "refused");
  assert.deepEqual(report?.refusal, decision.refusal);
  return decision.refusal;
}

export async function grantOf(change: ExchangeChange = {}): Promise<FederatedGrant> {
  const decision = decideExchange(await exchangeFacts(change), keyChecks);
  assert.ok(
    decision.outcome === "accepted",
    decision.outcome === "refused" ? decision.refusal.why : decision.outcome,
  );
  return decision.grant;
}

const email = "cart@my-project.iam.gserviceaccount.com";

/** A call for the service account's token by the workload's principal. */
export function impersonation(change: Partial<ImpersonationFacts> = {}): ImpersonationFacts {
  const name = parseProviderName(`//iam.googleapis.com/${providerName}`);
  assert.ok(name !== undefined);
  return {
    email,
    members: membersOf(name, { subject: "system:serviceaccount:shop:cart", groups: [], attributes: {} }),
    account: { disabled: false, tokenCreators: [principal] },
    lifetime: 3600,
    maxLifetime: 3600,
    ...change,
  };
}

/** The first that refuses speaks. */
function impersonationRefusal(change: Partial<ImpersonationFacts>): VendorRefusal | undefined {
  return explainImpersonation(impersonation(change)).find(({ outcome }) => outcome === "refused")?.refusal;
}

export function refusesImpersonation(change: Partial<ImpersonationFacts>, expected: Expected): VendorRefusal {
  const refusal = impersonationRefusal(change);
  assert.ok(refusal !== undefined);
  assertRefusal(refusal, expected);
  return refusal;
}

export function acceptsImpersonation(change: Partial<ImpersonationFacts> = {}): void {
  assert.equal(impersonationRefusal(change), undefined);
}

export async function refuses(change: ExchangeChange, expected: Expected): Promise<void> {
  await refusalOf(change, expected);
}

export async function accepts(change: ExchangeChange = {}): Promise<void> {
  await grantOf(change);
}
