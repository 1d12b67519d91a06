/** One ServiceAccount, one role of OpenBao's JWT auth method: all is right until a test changes it. */
import assert from "node:assert/strict";
import { explainLogin, type LoginFacts, loginRefusal } from "../../src/rules/openbao/index.ts";
import type { VendorRefusal } from "../../src/rules/judge/index.ts";
import { keyChecks } from "../../src/rules/keys/index.ts";
import { issuer, now, sign, subject, type TokenChange } from "./fixture.ts";
import { assertRefusal, type Expected, served } from "./gcp-fixture.ts";

export interface LoginChange extends TokenChange {
  readonly facts?: Partial<LoginFacts>;
}

export async function loginFacts({ facts, ...token }: LoginChange = {}): Promise<LoginFacts> {
  return {
    role: "cart",
    jwt: await sign({ ...token, claims: { aud: ["openbao"], ...token.claims } }),
    now,
    issuer,
    boundIssuer: issuer,
    found: { boundAudiences: ["openbao"], boundSubject: subject },
    documents: served(),
    ...facts,
  };
}

export async function refusalOf(
  change: LoginChange,
  expected: Omit<Expected, "code" | "number">,
): Promise<VendorRefusal> {
  const facts = await loginFacts(change);
  const refusal = loginRefusal(facts, keyChecks);
  assert.ok(refusal !== undefined && refusal !== "needs-documents");
  assertRefusal(refusal, { code: "Bad Request", ...expected });
  const report = explainLogin(facts, keyChecks).find(({ outcome }) => outcome === "refused");
  assert.deepEqual(report?.refusal, refusal);
  return refusal;
}

export async function accepts(change: LoginChange = {}): Promise<void> {
  assert.equal(loginRefusal(await loginFacts(change), keyChecks), undefined);
}

export async function refuses(
  change: LoginChange,
  expected: Omit<Expected, "code" | "number">,
): Promise<void> {
  await refusalOf(change, expected);
}
