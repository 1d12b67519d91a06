import { PodtrustError } from "../base/index.ts";
import { signedByForeignKey } from "./foreign-token.ts";
import { type JobRun, runJob, type Workload } from "./job.ts";
import type { NotShown, StoryRefusal } from "./story.ts";

/** What the refusals need of the stage. Tokens are made by the cluster, as anybody in it could ask for them. */
export interface RefusalStage {
  readonly workload: Workload;
  /** The token that AWS accepts. */
  readonly goodToken: string;
  /** `namespace/name` of the ServiceAccount that the role trusts, and of another one beside it. */
  readonly trusted: string;
  readonly other: string;
  readonly audience: string;
  readonly otherAudience: string;
  /** A parameter that the role's inline policy denies. */
  readonly deniedParameter: string;
  tokenFor(serviceAccount: "trusted" | "other", audience: string): Promise<string>;
  /** A token that the cluster signed long ago; absent where one would have to be waited for. */
  expiredToken?(): Promise<string>;
}

/** One who shall be turned away. */
interface Attempt {
  readonly what: string;
  /** The code that proves the refusal is for the reason we give. */
  readonly expected: string;
  readonly why: string;
  run(stage: RefusalStage): Promise<JobRun>;
}

const noToken: Attempt = {
  what: "no token at all",
  expected: "CredentialsProviderError",
  why: "There is no stored key to fall back to: without the projected token the SDK stops before it asks AWS.",
  run: () => Promise.resolve({ token: undefined }),
};

const otherServiceAccount = (stage: RefusalStage): Attempt => ({
  what: `another ServiceAccount, ${stage.other}`,
  expected: "AccessDenied",
  why: `Its token is genuine, but the role's trust policy names ${stage.trusted} and nobody else.`,
  run: async () => ({ token: await stage.tokenFor("other", stage.audience) }),
});

const otherAudience = (stage: RefusalStage): Attempt => ({
  what: `the right ServiceAccount, with a token meant for ${stage.otherAudience}`,
  expected: "InvalidIdentityToken",
  why: `A token is good for one audience: the OIDC provider knows ${stage.audience} alone.`,
  run: async () => ({ token: await stage.tokenFor("trusted", stage.otherAudience) }),
});

const otherKey = (stage: RefusalStage): Attempt => ({
  what: "a forged token, with the same claims but signed by another key",
  expected: "InvalidIdentityToken",
  why: "The published key of that kid does not verify the signature, so nothing in the token counts.",
  run: async () => ({ token: await signedByForeignKey(stage.goodToken) }),
});

const expired = (token: () => Promise<string>): Attempt => ({
  what: "the right ServiceAccount, with a token that has expired",
  expected: "ExpiredTokenException",
  why: "AWS forgives clocks five minutes; after that a stolen token is worthless.",
  run: async () => ({ token: await token() }),
});

const deniedParameter = (stage: RefusalStage): Attempt => ({
  what: `the right token, reading ${stage.deniedParameter}`,
  expected: "AccessDeniedException",
  why: "It is let in, but an inline policy of its role denies this one parameter: a Deny wins over any Allow.",
  run: () => Promise.resolve({ token: stage.goodToken, read: stage.deniedParameter }),
});

async function attempt(one: Attempt, stage: RefusalStage): Promise<StoryRefusal> {
  const result = await runJob(stage.workload, await one.run(stage));
  if (result.error === undefined) {
    throw new PodtrustError("demo-not-refused", `${one.what}: was let in, and should have been refused`);
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

/** Tries everybody who shall be turned away, two at a time, and gives the refusals in order. */
export async function showRefusals(
  stage: RefusalStage,
  tell: (refusal: StoryRefusal) => void,
): Promise<{ refusals: StoryRefusal[]; notShown: NotShown[] }> {
  const expiredToken = stage.expiredToken?.bind(stage);
  const attempts = [
    noToken,
    otherServiceAccount(stage),
    otherAudience(stage),
    otherKey(stage),
    ...(expiredToken === undefined ? [] : [expired(expiredToken)]),
    deniedParameter(stage),
  ];
  const refusals: StoryRefusal[] = [];
  for (let i = 0; i < attempts.length; i += 2) {
    // Each attempt is a process of its own that starts a whole SDK; two keep two cores busy.
    for (const refusal of await Promise.all(attempts.slice(i, i + 2).map((one) => attempt(one, stage)))) {
      tell(refusal);
      refusals.push(refusal);
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
