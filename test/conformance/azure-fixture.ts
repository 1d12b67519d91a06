/** One ServiceAccount, one user-assigned managed identity with its federated credential: all is right until a test changes it. */
import assert from "node:assert/strict";
import {
  type AssertionFacts,
  type AssertionGrant,
  type AssertionRequest,
  decideAssertion,
  explainAssertion,
  type FederatedCredential,
} from "../../src/rules/azure/index.ts";
import type { VendorRefusal } from "../../src/rules/judge/index.ts";
import { keyChecks } from "../../src/rules/keys/index.ts";
import { issuer, now, sign, subject, type TokenChange } from "./fixture.ts";
import { assertRefusal, type Expected, served } from "./gcp-fixture.ts";

export const audience = "api://AzureADTokenExchange";
export const tenant = "11111111-2222-3333-4444-555555555555";
export const clientId = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

/** What ends the answers about credentials. */
export const tail =
  " Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation";

export interface AssertionChange extends TokenChange {
  readonly request?: Partial<AssertionRequest>;
  readonly facts?: Partial<AssertionFacts>;
  /** Of the one credential. */
  readonly credential?: Partial<FederatedCredential>;
}

export async function assertionFacts(change: AssertionChange = {}): Promise<AssertionFacts> {
  const { request, facts, credential, ...token } = change;
  return {
    request: {
      tenant,
      grantType: "client_credentials",
      clientId,
      scope: "https://vault.azure.net/.default openid offline_access profile",
      clientAssertionType: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      clientAssertion: await sign({ ...token, claims: { aud: [audience], ...token.claims } }),
      ...request,
    },
    now,
    tenant: { id: tenant },
    client: { credentials: [{ name: "cart", issuer, subject, audiences: [audience], ...credential }] },
    isResourceKnown: true,
    documents: served(),
    ...facts,
  };
}

/** The number is that of the text. */
export async function refusalOf(
  change: AssertionChange,
  expected: Omit<Expected, "number">,
): Promise<VendorRefusal> {
  const facts = await assertionFacts(change);
  const decision = decideAssertion(facts, keyChecks);
  assert.ok(decision.outcome === "refused", decision.outcome);
  const number = Number(/^AADSTS(\d+): /u.exec(expected.text)?.[1]);
  assertRefusal(decision.refusal, { ...expected, number });
  const report = explainAssertion(facts, keyChecks).find(({ outcome }) => outcome === "refused");
  assert.deepEqual(report?.refusal, decision.refusal);
  return decision.refusal;
}

export async function grantOf(change: AssertionChange = {}): Promise<AssertionGrant> {
  const decision = decideAssertion(await assertionFacts(change), keyChecks);
  assert.ok(
    decision.outcome === "accepted",
    decision.outcome === "refused" ? decision.refusal.why : decision.outcome,
  );
  return decision.grant;
}

export async function refuses(change: AssertionChange, expected: Omit<Expected, "number">): Promise<void> {
  await refusalOf(change, expected);
}

export async function accepts(change: AssertionChange = {}): Promise<void> {
  await grantOf(change);
}
