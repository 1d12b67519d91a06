import { PodtrustError } from "../../core/base/index.ts";
import { example } from "../example.ts";
import { signedByForeignKey } from "../foreign-token.ts";
import type { Stage } from "../stage.ts";
import { expiredToken, mintToken } from "../tokens.ts";
import type { AttemptName, DemoParty, OpenedParty } from "./party.ts";
import type { PartyRefusal } from "./report.ts";

/** An attempt that has to be refused. */
interface Attempt {
  readonly name: AttemptName;
  /** Which client comes with which token. */
  readonly what: string;
  readonly token: () => Promise<string>;
}

/** The audience of a token that is sent to another party. */
export interface OtherAudience {
  readonly audience: string;
  /** `Google Cloud` */
  readonly title: string;
}

/** All attempts that have to be refused when tokens are for `audience`. The stage's cluster is a stand-in. */
function attempts(stage: Stage, audience: string, other: OtherAudience): readonly Attempt[] {
  const { namespace, serviceAccount, otherServiceAccount } = example;
  const expired = expiredToken(stage, audience);
  if (expired === undefined)
    throw new TypeError("the demo of several relying parties has a stand-in cluster");
  return [
    {
      name: "other-account",
      what: `another ServiceAccount, ${namespace}/${otherServiceAccount}`,
      token: () => mintToken(stage, otherServiceAccount, audience),
    },
    {
      name: "other-audience",
      what: `the right ServiceAccount, with its token for ${other.title}`,
      token: () => mintToken(stage, serviceAccount, other.audience),
    },
    {
      name: "forged",
      what: "a forged token, with the same claims but signed by another key",
      token: async () => signedByForeignKey(await mintToken(stage, serviceAccount, audience)),
    },
    { name: "expired", what: "the right ServiceAccount, with a token that has expired", token: expired },
  ];
}

/**
 * Makes every attempt that has to be refused, one after another. Throws `demo-not-refused` if one is granted,
 * or refused by another rule than expected.
 */
export async function showRefused(
  stage: Stage,
  asked: {
    readonly party: DemoParty;
    readonly opened: OpenedParty;
    readonly audience: string;
    readonly other: OtherAudience;
  },
  onRefusal: (refusal: PartyRefusal) => void,
): Promise<readonly PartyRefusal[]> {
  const { party, opened, audience, other } = asked;
  const refusals: PartyRefusal[] = [];
  for (const { name, what, token } of attempts(stage, audience, other)) {
    const answer = await opened.exchange(await token());
    const expected = party.rules[name];
    if (answer.outcome === "granted")
      throw new PodtrustError("demo-not-refused", `${what}: succeeded, and should have been denied`);
    const { code, message, rule, why } = answer;
    if (rule !== expected)
      throw new PodtrustError(
        "demo-not-refused",
        `${what}: refused by ${rule}, expected ${expected}: ${code}: ${message}`,
      );
    const refusal = { what, code, message, rule, why };
    onRefusal(refusal);
    refusals.push(refusal);
  }
  return refusals;
}
