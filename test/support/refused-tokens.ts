import assert from "node:assert/strict";
import type { ForgedToken } from "../../src/sandbox/index.ts";
import type { PodAtFront, PodTokens } from "./pod-at-front.ts";

/** A token that is wrong in one way, and the rule by which each cloud refuses it. */
export interface RefusedToken {
  readonly what: string;
  /** Of the token; a text takes its place. */
  readonly change: ForgedToken | string;
  readonly google: string;
  readonly azure: string;
}

const hoursAgo = (hours: number): number => Math.floor(Date.now() / 1000) - hours * 3600;

/** Each rule that a pod can meet by its token. `banned` is the namespace that the provider's condition keeps out. */
export const refusedTokens: readonly RefusedToken[] = [
  {
    what: "no JWT",
    change: "no-token",
    google: "subject-token-structure",
    azure: "assertion-structure",
  },
  {
    what: "another issuer",
    change: { claims: { iss: "https://other.example.test" } },
    google: "subject-token-issuer",
    azure: "credential-issuer",
  },
  {
    what: "no issuer",
    change: { claims: { iss: undefined } },
    google: "subject-token-issuer",
    azure: "assertion-claims",
  },
  {
    what: "another audience",
    change: { audiences: ["sts.amazonaws.com"] },
    google: "subject-token-audience",
    azure: "credential-audience",
  },
  {
    what: "an end that is past",
    change: { issuedAt: hoursAgo(2), expirationSeconds: 3600 },
    google: "subject-token-time",
    azure: "assertion-time",
  },
  {
    what: "a life of 27 hours, of which 26 are over",
    change: { issuedAt: hoursAgo(26), expirationSeconds: 27 * 3600 },
    google: "subject-token-time",
    azure: "assertion-lifetime",
  },
  {
    what: "an unknown kid",
    change: { header: { kid: "unknown" } },
    google: "key-selection",
    azure: "key-selection",
  },
  {
    what: "no kid",
    change: { header: { kid: undefined } },
    google: "key-selection",
    azure: "assertion-key-named",
  },
  {
    what: "another algorithm",
    change: { header: { alg: "ES256" } },
    google: "key-selection",
    azure: "assertion-algorithm",
  },
  {
    what: "a signature of another key",
    change: { signedBy: "foreign-key" },
    google: "subject-token-signature",
    azure: "assertion-signature",
  },
  {
    what: "a namespace that a condition keeps out",
    change: { namespace: "banned" },
    google: "attribute-condition",
    azure: "credential-subject",
  },
  {
    what: "no subject",
    change: { claims: { sub: undefined } },
    google: "attribute-mapping",
    azure: "assertion-claims",
  },
  {
    what: "a subject of 128 bytes",
    change: { claims: { sub: "s".repeat(128) } },
    google: "mapped-sizes",
    azure: "credential-subject",
  },
];

/** What a cloud's library says of its refusal: its own code has to be there, and the stand-in has met the rule. */
function assertRefused(pod: PodAtFront, cloud: "azure" | "google", rule: string, said: unknown): void {
  const { rule: met, code = "none" } = pod[cloud].decisions().at(-1) ?? {};
  assert.equal(met, rule, String(said));
  assert.ok(String(said).includes(code), `${code} in ${String(said)}`);
}

/**
 * Has libraries ask with each of these tokens in the pod's files. `ask` gives what each of them said, by its name, in the
 * order in which they asked; `clouds` says whose it is.
 */
export async function meetRefusals(
  pod: PodAtFront,
  clouds: Readonly<Record<string, "azure" | "google">>,
  ask: (name: string) => Promise<unknown>,
): Promise<void> {
  for (const { what, change, ...rules } of refusedTokens) {
    const tokens: PodTokens =
      typeof change === "string" ? { google: change, azure: change } : pod.tokens(change);
    await pod.write(tokens);
    for (const [name, cloud] of Object.entries(clouds)) {
      const said = await ask(name);
      try {
        assertRefused(pod, cloud, rules[cloud], said);
      } catch (error) {
        throw new Error(`${name}, ${what}`, { cause: error });
      }
    }
  }
}
