import { isoTime, PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { judgeTheft, maxSessionMs, type Theft } from "../../rules/rotation/index.ts";
import type { RotationView } from "./sources.ts";
import type { Rotation } from "./rotation.ts";

/** What the theft of a key means, by what was seen. Throws `rotation-key-unknown` for a key that nothing shows. */
export function theftOf({ facts, pods, rules }: RotationView, kid: string, sessionMs = maxSessionMs): Theft {
  const theft = judgeTheft(facts, kid, { pods, rules, sessionMs });
  if (theft.state !== "out") return theft;
  throw new PodtrustError("rotation-key-unknown", `no API server verifies ${kid}, and it is not published`, {
    detail: { kid },
  });
}

/** Why nothing can be done about a theft at once without refusing tokens; undefined if something can. */
export function dilemmaOf({ kid, answer, relyingPartiesUntil, pods }: Theft): PodtrustError | undefined {
  const hit = `${pods.length} pods are refused until their tokens are renewed`;
  if (answer.way === "wait-or-lose") {
    const from = isoTime(answer.from);
    return new PodtrustError("rotation-refused", `the next key ${answer.kid} may sign from ${from} on only`, {
      next: `End it at once: podtrust rotate stolen ${kid} --at-once. Or give --wait: the thief has access until then and for the caches' time after it.`,
      detail: { reason: "too-young", from: answer.from, relyingPartiesUntil },
    });
  }
  if (answer.way === "by-hand") {
    return new PodtrustError("rotation-refused", answer.why, {
      next: `${answer.next} Meanwhile podtrust rotate distrust ${kid} --force takes the key out of what is published: ${hit}, and every token that is made until then.`,
      detail: { reason: "keys-in-datastore" },
    });
  }
  if (answer.way !== "no-next") return undefined;
  return new PodtrustError("rotation-refused", `there is no next key that could sign: ${answer.why}`, {
    next: `End it at once: podtrust rotate stolen ${kid} --at-once. Or: ${answer.next} The thief has access meanwhile.`,
    detail: { reason: "nothing-prepared" },
  });
}

/**
 * Does what a theft asks for: the next key signs everywhere, and the stolen one is distrusted; or the next one is given
 * up. Throws `rotation-refused` if tokens would be refused without need.
 */
export async function answerTheft(rotation: Rotation, theft: Theft, wait: boolean): Promise<void> {
  const { answer, kid } = theft;
  const dilemma = dilemmaOf(theft);
  if (dilemma !== undefined && !(wait && answer.way === "wait-or-lose")) throw dilemma;
  if (answer.way === "give-up") await rotation.abort();
  else if (answer.way !== "distrust") await rotation.promoteInTime("theft");
  await rotation.distrust(kid);
}

/**
 * Evicts the pods whose token is of the stolen key, as far as budgets allow: their successors get tokens of the new one.
 */
export async function evictHit(
  cluster: Pick<KubernetesApi, "evict">,
  { pods }: Theft,
  signal: AbortSignal,
): Promise<readonly { readonly pod: string; readonly outcome: string }[]> {
  const outcomes: { pod: string; outcome: string }[] = [];
  for (const { namespace, name, uid } of pods) {
    const outcome = await cluster.evict({ namespace, name, uid }, { signal });
    outcomes.push({ pod: `${namespace}/${name}`, outcome });
  }
  return outcomes;
}
