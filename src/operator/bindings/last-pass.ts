import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Read } from "../../rules/bindings/index.ts";
import type { AnyPass, BindingOutcome } from "./pass.ts";

/** How long a deleted binding waits for its relying party, in milliseconds: a namespace must not hang on it. */
export const maxWait = 60_000;
/** Milliseconds from one try to the next. */
export const tryAgain = 2000;
/** The longest one try may take, in milliseconds: a silent relying party must not hold up the bindings behind it. */
export const maxTry = 20_000;

/** The end of a binding of which nothing is left. */
export const gone: BindingOutcome = { conditions: [], events: [], changes: [], againIn: undefined };

/** The trust of a binding; undefined if there is none that can be read. */
export function readableTrust<Trust>(
  { facts }: Pick<AnyPass, "facts">,
  read: (trust: KubernetesObject) => Read<Trust>,
): Trust | undefined {
  const found = facts.trust === undefined ? undefined : read(facts.trust);
  return found !== undefined && "object" in found ? found.object : undefined;
}
