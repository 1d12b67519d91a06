import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Read } from "../../rules/bindings/index.ts";
import type { AnyPass, BindingOutcome } from "./pass.ts";

/** So long a binding waits for its relying party before it goes all the same, in milliseconds: a namespace must not hang on it. */
export const maxWait = 60_000;
/** Milliseconds from one try to the next. */
export const tryAgain = 2000;
/** One try takes so long at the most, in milliseconds: a relying party that says nothing must not hold up who waits behind. */
export const maxTry = 20_000;

/** The end of a binding of which nothing is left. */
export const gone: BindingOutcome = { conditions: [], events: [], changes: [], againIn: undefined };

/** The trust of a binding; undefined where there is none that can be read. */
export function readableTrust<Trust>(
  { facts }: Pick<AnyPass, "facts">,
  read: (trust: KubernetesObject) => Read<Trust>,
): Trust | undefined {
  const found = facts.trust === undefined ? undefined : read(facts.trust);
  return found !== undefined && "object" in found ? found.object : undefined;
}
