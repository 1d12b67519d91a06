/**
 * One workload, one issuer, one role: everything is right until a test changes it. Tokens are signed by jose, an
 * independent library, with real keys.
 */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { CompactSign, exportJWK } from "jose";
import { defined } from "../../src/core/base/index.ts";
import { keyChecks } from "../../src/rules/keys/index.ts";
import {
  decideWebIdentity,
  type SessionGrant,
  parsePolicy,
  type ProviderFacts,
  type Refusal,
  type RoleFacts,
  type WebIdentityDecision,
  type WebIdentityFacts,
  type WebIdentityRequest,
} from "../../src/rules/trust/index.ts";
import type { IssuerDocuments } from "../../src/rules/judge/index.ts";

export const now = 1_795_000_000;
export const account = "111122223333";
export const providerUrl = "oidc.example.test";
export const issuer = `https://${providerUrl}`;
export const providerArn = `arn:aws:iam::${account}:oidc-provider/${providerUrl}`;
export const roleArn = `arn:aws:iam::${account}:role/demo`;
export const audience = "sts.amazonaws.com";
export const subject = "system:serviceaccount:shop:cart";

/** AWS's texts that several rules share. */
export const texts = {
  notAJwt: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
  couldNotBeValidated:
    "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.",
  noVerificationKey:
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  notAuthorized: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
} as const;

/** A key pair; `jwk` is its public half as an issuer publishes it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly kid: string;
  readonly alg: string;
  readonly jwk: Readonly<Record<string, unknown>>;
}

async function keyOf(privateKey: KeyObject, kid: string, alg: string): Promise<SigningKey> {
  const jwk = await exportJWK(createPublicKey(privateKey));
  return { privateKey, kid, alg, jwk: { ...jwk, kid, alg, use: "sig" } };
}

export function rsaKey(kid = "rsa", alg = "RS256"): Promise<SigningKey> {
  return keyOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, kid, alg);
}

const curves: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

export function ecKey(kid = "ec", alg = "ES256"): Promise<SigningKey> {
  return keyOf(generateKeyPairSync("ec", { namedCurve: curves[alg] ?? "P-256" }).privateKey, kid, alg);
}

/** The key that signs unless a test says otherwise. */
export const signer = await rsaKey();

/** The claims of the workload's token. */
export const goodClaims = {
  iss: issuer,
  sub: subject,
  aud: [audience],
  iat: now - 60,
  nbf: now - 60,
  exp: now + 3540,
} as const;

export interface TokenChange {
  /** Claims to set; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The payload as text, in place of claims. */
  readonly payload?: string;
  /** Header members to set; undefined takes one away. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** What signs. */
  readonly key?: SigningKey;
}

/** A token signed by jose. */
export function sign(change: TokenChange = {}): Promise<string> {
  const key = change.key ?? signer;
  const payload = change.payload ?? JSON.stringify({ ...goodClaims, ...change.claims });
  const header = { alg: key.alg, kid: key.kid, typ: "JWT", ...change.header };
  const crit = Object.fromEntries(((header as { crit?: string[] }).crit ?? []).map((name) => [name, false]));
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader(header)
    .sign(key.privateKey, { crit });
}

/** A token with any header and claims and a signature of these bytes. */
export function unsigned(header: object, signature: Uint8Array = new Uint8Array()): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part(header)}.${part(goodClaims)}.${Buffer.from(signature).toString("base64url")}`;
}

/** A discovery document as Kubernetes writes it, with changes. */
export function discovery(change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    issuer,
    jwks_uri: `${issuer}/openid/v1/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    ...change,
  });
}

export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** A trust policy with these conditions. */
export function trust(
  conditions: Conditions = {
    StringEquals: { [`${providerUrl}:aud`]: audience, [`${providerUrl}:sub`]: subject },
  },
  change: {
    readonly actions?: readonly string[];
    readonly principal?: object | "*";
    readonly deny?: Conditions;
  } = {},
): RoleFacts["trustPolicy"] {
  const statement = {
    Effect: "Allow",
    Principal: change.principal ?? { Federated: providerArn },
    Action: change.actions ?? ["sts:AssumeRoleWithWebIdentity"],
    Condition: conditions,
  };
  const deny = change.deny === undefined ? [] : [{ ...statement, Effect: "Deny", Condition: change.deny }];
  return parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [statement, ...deny] }), "trust");
}

export interface Change extends TokenChange {
  /** The token itself, in place of a signed one. */
  readonly token?: string;
  readonly request?: WebIdentityRequest;
  readonly now?: number;
  readonly provider?: Partial<ProviderFacts>;
  readonly providers?: readonly ProviderFacts[];
  readonly role?: Partial<RoleFacts>;
  /** There is no role. */
  readonly noRole?: boolean;
  readonly trust?: RoleFacts["trustPolicy"];
  /** The published keys; the signer's unless given. */
  readonly keys?: readonly unknown[];
  readonly documents?: IssuerDocuments;
  /** SHA-1 of the servers' chains, for which a private CA vouches. */
  readonly privateChains?: readonly (readonly string[])[];
  /** Members of the discovery document. */
  readonly discovery?: Readonly<Record<string, unknown>>;
  readonly facts?: Partial<WebIdentityFacts>;
}

function documentsOf(change: Change): IssuerDocuments {
  const keys = change.keys ?? [(change.key ?? signer).jwk];
  const { documents, privateChains } = change;
  const chains = defined({ privateChains });
  const jwks = JSON.stringify({ keys });
  return documents ?? { ok: true, discovery: discovery(change.discovery), jwks, ...chains };
}

/** The facts of a call that is accepted, with changes. */
export async function factsOf(change: Change = {}): Promise<WebIdentityFacts> {
  const role: RoleFacts = {
    arn: roleArn,
    name: "demo",
    id: "AROAEXAMPLEEXAMPLE123",
    trustPolicy: change.trust ?? trust(),
    maxSessionDuration: 3600,
    account,
    ...change.role,
  };
  return {
    request: {
      roleArn,
      roleSessionName: "cart-7f9c",
      webIdentityToken: change.token ?? (await sign(change)),
      ...change.request,
    },
    now: change.now ?? now,
    providers: change.providers ?? [
      { arn: providerArn, url: providerUrl, clientIds: [audience], ...change.provider },
    ],
    role: change.noRole === true ? undefined : role,
    documents: documentsOf(change),
    ...change.facts,
  };
}

/** What STS decides about the call with these changes. */
export async function attempt(change: Change = {}): Promise<WebIdentityDecision> {
  return decideWebIdentity(await factsOf(change), keyChecks);
}

export interface Expected {
  readonly rule: string;
  readonly code: string;
  readonly status?: number;
  /** The text of both generations, or one for each. */
  readonly text: string | { readonly legacy: string; readonly "2026": string };
}

/** Asserts rule, code, status and both texts, letter by letter; gives the refusal for more. */
export async function refusalOf(change: Change, expected: Expected): Promise<Refusal> {
  const decision = await attempt(change);
  assert.ok(decision.outcome === "refused", JSON.stringify(decision));
  const { refusal } = decision;
  const { rule, code, status = 400, text } = expected;
  const messages = typeof text === "string" ? { legacy: text, "2026": text } : text;
  assert.deepEqual(
    { rule: refusal.rule, code: refusal.code, status: refusal.status, messages: refusal.messages },
    { rule, code, status, messages },
  );
  assert.equal(refusal.type, status >= 500 ? "Receiver" : "Sender");
  assert.ok(refusal.why.length > 10 && refusal.next.length > 10);
  return refusal;
}

/** The same, where nothing more is to be looked at. */
export async function refuses(change: Change, expected: Expected): Promise<void> {
  await refusalOf(change, expected);
}

/** Asserts that the call is granted; gives what is granted. */
export async function grantOf(change: Change = {}): Promise<SessionGrant> {
  const decision = await attempt(change);
  assert.ok(decision.outcome === "accepted", JSON.stringify(decision));
  return decision.grant;
}

/** The same, where nothing more is to be looked at. */
export async function accepts(change: Change = {}): Promise<void> {
  await grantOf(change);
}
