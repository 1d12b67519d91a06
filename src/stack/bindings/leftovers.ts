import { bindingMark, bindingNames, markedBinding, type Trust } from "../../bindings/index.ts";
import { awsTags } from "../../plan/index.ts";
import type { BoundAccount } from "../parts/index.ts";
import type { StateApi } from "./state.ts";

/**
 * So long a role has to be nobody's before it goes, in milliseconds: a cluster that was restored to an older state knows
 * some bindings only when they are applied again.
 */
const patience = 600_000;
/** After so long without a look nothing is known of the time in between, in milliseconds. */
const longestGap = patience / 2;

interface Sweep {
  readonly api: StateApi;
  /** Bindings that are there, as NAMESPACE/NAME. */
  readonly known: ReadonlySet<string>;
  /** By `elapsed`: a time of day may be set. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What was nobody's when an account was looked at last. */
interface Look {
  readonly at: number;
  /** Since when, by ARN. */
  readonly since: ReadonlyMap<string, number>;
}

/**
 * The roles of one trust whose binding is gone: those that AWS did not let go in time, and those of bindings whose
 * finalizer was taken.
 */
export class Leftovers {
  /** By the account's id. */
  readonly #looks = new Map<string, Look>();

  /**
   * Deletes the roles of an account that trust the issuer and carry a mark of this stack, of a binding that the API server
   * says does not exist, for ten minutes now. Gives their ARNs. Throws `aws-*` and `cluster-*`.
   */
  async sweep(trust: Trust, account: BoundAccount, sweep: Sweep): Promise<readonly string[]> {
    const { now, signal } = sweep;
    const { account: id } = account.account;
    const before = this.#looks.get(id);
    const known =
      before === undefined || now - before.at > longestGap ? new Map<string, number>() : before.since;
    const since = new Map<string, number>();
    const gone: string[] = [];
    for (const { name, arn, tags } of await account.trusting(signal)) {
      const whose = markedBinding(trust, awsTags.stackOf(tags) ?? "");
      if (whose === undefined || (await isThere(whose, sweep))) continue;
      const first = known.get(arn) ?? now;
      if (now - first < patience) {
        since.set(arn, first);
        continue;
      }
      const { failed } = await account.remove(bindingMark(trust, whose), [name], signal);
      if (failed[0] !== undefined) throw failed[0].error;
      gone.push(arn);
    }
    this.#looks.set(id, { at: now, since });
    return gone;
  }
}

/** Whether there is such a binding. What is not known to be there is asked for: a list may lag behind. */
async function isThere(
  whose: { readonly namespace: string; readonly name: string },
  { api, known, signal }: Sweep,
): Promise<boolean> {
  if (known.has(`${whose.namespace}/${whose.name}`)) return true;
  return (await api.read({ kind: bindingNames.kind, ...whose }, { signal })) !== undefined;
}
