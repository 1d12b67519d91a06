import { PodtrustError } from "../core/base/index.ts";
import { signedByForeignKey } from "./foreign-token.ts";
import { type JobRun, runJob, type Workload } from "./job.ts";
import type { NotShown, RefusalReport } from "./report.ts";

/** Inputs of the refusals. The cluster makes the tokens, as any of its users could request them. */
export interface RefusalInputs {
  readonly workload: Workload;
  /** The token that AWS accepts. */
  readonly goodToken: string;
  /** `namespace/name` of the ServiceAccount that the role trusts, and of another one beside it. */
  readonly trusted: string;
  readonly other: string;
  readonly audience: string;
  readonly otherAudience: string;
  /** A parameter that the role's inline policy denies; absent where it has none. */
  readonly deniedParameter?: string;
  tokenFor(serviceAccount: "trusted" | "other", audience: string): Promise<string>;
  /** A token that the cluster signed long ago; absent where one would have to be waited for. */
  expiredToken?(): Promise<string>;
}

/** An attempt that has to be denied. */
interface Attempt {
  readonly what: string;
  /** The code that proves the refusal is for the reason we give. */
  readonly expected: string;
  readonly why: string;
  run(inputs: RefusalInputs): Promise<JobRun>;
}

const noToken: Attempt = {
  what: "no token at all",
  expected: "CredentialsProviderError",
  why: "There is no stored key to fall back to: without the projected token the SDK stops before it asks AWS.",
  run: () => Promise.resolve({ token: undefined }),
};

const otherServiceAccount = (inputs: RefusalInputs): Attempt => ({
  what: `another ServiceAccount, ${inputs.other}`,
  expected: "AccessDenied",
  why: `Its token is genuine, but the role's trust policy names ${inputs.trusted} and no other.`,
  run: async () => ({ token: await inputs.tokenFor("other", inputs.audience) }),
});

const otherAudience = (inputs: RefusalInputs): Attempt => ({
  what: `the right ServiceAccount, with a token meant for ${inputs.otherAudience}`,
  expected: "InvalidIdentityToken",
  why: `A token is good for one audience: the OIDC provider knows ${inputs.audience} alone.`,
  run: async () => ({ token: await inputs.tokenFor("trusted", inputs.otherAudience) }),
});

const otherKey = (inputs: RefusalInputs): Attempt => ({
  what: "a forged token, with the same claims but signed by another key",
  expected: "InvalidIdentityToken",
  why: "The published key of that kid does not verify the signature, so nothing in the token counts.",
  run: async () => ({ token: await signedByForeignKey(inputs.goodToken) }),
});

const expired = (token: () => Promise<string>): Attempt => ({
  what: "the right ServiceAccount, with a token that has expired",
  expected: "ExpiredTokenException",
  why: "AWS forgives clocks five minutes; after that a stolen token is worthless.",
  run: async () => ({ token: await token() }),
});

const deniedParameter = (inputs: RefusalInputs, read: string): Attempt => ({
  what: `the right token, reading ${read}`,
  expected: "AccessDeniedException",
  why: "It may assume the role, but an inline policy of its role denies this one parameter: a Deny wins over any Allow.",
  run: () => Promise.resolve({ token: inputs.goodToken, read }),
});

async function attempt(one: Attempt, inputs: RefusalInputs): Promise<RefusalReport> {
  const result = await runJob(inputs.workload, await one.run(inputs));
  if (result.error === undefined) {
    throw new PodtrustError("demo-not-refused", `${one.what}: succeeded, and should have been denied`);
  }
  const { code, message } = result.error;
  if (code !== one.expected) {
    throw new PodtrustError(
      "demo-not-refused",
      `${one.what}: refused with ${code}, expected ${one.expected}: ${message}`,
    );
  }
  return { what: one.what, code, message, why: one.why };
}

/** Makes every attempt that has to be denied, two at a time, and gives the refusals in order. */
export async function showRefusals(
  inputs: RefusalInputs,
  onRefusal: (refusal: RefusalReport) => void,
): Promise<{ refusals: RefusalReport[]; notShown: NotShown[] }> {
  const expiredToken = inputs.expiredToken?.bind(inputs);
  const { deniedParameter: denied } = inputs;
  const attempts = [
    noToken,
    otherServiceAccount(inputs),
    otherAudience(inputs),
    otherKey(inputs),
    ...(expiredToken === undefined ? [] : [expired(expiredToken)]),
    ...(denied === undefined ? [] : [deniedParameter(inputs, denied)]),
  ];
  const refusals: RefusalReport[] = [];
  for (let i = 0; i < attempts.length; i += 2) {
    // Each attempt is a process of its own that starts a whole SDK; two keep two cores busy.
    const made = await Promise.allSettled(attempts.slice(i, i + 2).map((one) => attempt(one, inputs)));
    // If one fails the other has ended as well: what the demo made is removed next.
    for (const one of made) {
      if (one.status === "rejected") throw one.reason as Error;
      onRefusal(one.value);
      refusals.push(one.value);
    }
  }
  const notShown: NotShown[] =
    expiredToken === undefined
      ? [
          {
            what: "an expired token",
            why: "the cluster gives none shorter than 600 s and the demo does not wait for one",
          },
        ]
      : [];
  return { refusals, notShown };
}
