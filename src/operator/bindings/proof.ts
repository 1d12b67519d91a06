import { asPodtrustError } from "../../core/base/index.ts";
import { proofTokenSeconds } from "../../rules/bindings/index.ts";
import { finding, type Finding } from "../../stack/index.ts";
import type { AnyPass } from "./pass.ts";

const proofEvery = 3_600_000;
// What is further in the future than clocks of one cluster differ says nothing.
const maxAhead = 36_000;

/**
 * How old a time of day is that another machine wrote (a replica, or a cloud), in milliseconds by our clock, which may be
 * another: what is far in the future says nothing, as what is not there, and is infinitely old.
 */
export function ageOf({ clock }: Pick<AnyPass, "clock">, time: number): number {
  const age = clock.now() - time;
  return age >= -maxAhead ? Math.max(0, age) : Infinity;
}

/** Whether the last proof still says something: it is of this hour, and nothing was changed since. */
export function isProofFresh(pass: AnyPass, changed: boolean): boolean {
  const { facts, status } = pass;
  const { lastProof, observedGeneration, conditions } = status;
  const ready = conditions.find(({ type }) => type === "Ready");
  return (
    !changed &&
    ready?.status === "True" &&
    observedGeneration === facts.object.metadata.generation &&
    ageOf(pass, Date.parse(lastProof ?? "")) < proofEvery
  );
}

/** A token of the binding's ServiceAccount for a relying party, or why there is none. */
export async function requestedToken(
  { facts, clients, signal }: AnyPass,
  audience: string,
): Promise<{ readonly token: string } | Finding> {
  const { cluster } = clients;
  const { namespace = "", name } = facts.object.metadata;
  const spec = { audiences: [audience], expirationSeconds: proofTokenSeconds };
  try {
    return await cluster.requestToken(namespace, name, spec, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const { message } = asPodtrustError(error);
    return finding("TokenRequestFailed", { seen: message, from: cluster.server });
  }
}
