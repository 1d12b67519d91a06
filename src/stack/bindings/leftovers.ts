import { bindingMark, bindingNames, markedBinding, type Trust } from "../../bindings/index.ts";
import { awsTags } from "../../plan/index.ts";
import type { BoundAccount } from "../parts/index.ts";
import type { StateApi } from "./state.ts";

/**
 * So long a role has to be nobody's before it goes, in milliseconds: a cluster that was restored to an older state knows
 * some bindings only when they are applied again.
 */
const patience = 600_000;

interface Sweep {
  readonly api: StateApi;
  /** Bindings that are there, as NAMESPACE/NAME. */
  readonly known: ReadonlySet<string>;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Roles whose binding is gone: those that AWS did not let go in time, and those of bindings whose finalizer was taken. */
export class Leftovers {
  /** Since when a role is known to be nobody's. */
  readonly #since = new Map<string, number>();

  /**
   * Deletes the roles of an account that carry a mark of this stack, of a binding that the API server says does not exist,
   * for ten minutes now. Gives their ARNs. Throws `aws-*` and `cluster-*`.
   */
  async sweep(
    trust: Trust,
    account: BoundAccount,
    { api, known, now, signal }: Sweep,
  ): Promise<readonly string[]> {
    const gone: string[] = [];
    const survey = await account.survey(signal);
    for (const { name, arn, tags } of survey.roles) {
      const whose = markedBinding(trust, tags[awsTags.stackKey] ?? "");
      if (whose === undefined) continue;
      const isKnown = known.has(`${whose.namespace}/${whose.name}`);
      // What is not known to be there is asked for: a list may lag behind.
      const binding =
        isKnown || (await api.read({ kind: bindingNames.kind, ...whose }, { signal })) !== undefined;
      if (binding) {
        this.#since.delete(arn);
        continue;
      }
      const since = this.#since.get(arn) ?? now;
      this.#since.set(arn, since);
      if (now - since < patience) continue;
      const { failed } = await account.remove(bindingMark(trust, whose), [name], signal);
      if (failed[0] !== undefined) throw failed[0].error;
      this.#since.delete(arn);
      gone.push(arn);
    }
    return gone;
  }
}
