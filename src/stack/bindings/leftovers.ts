import {
  type Binding,
  bindingMark,
  bindingNames,
  markedBinding,
  readTrust,
  type Trust,
  trustNames,
} from "../../bindings/index.ts";
import { awsTags } from "../../plan/index.ts";
import type { BoundAccount } from "../parts/index.ts";
import type { StateApi } from "./state.ts";
import { trustNameOf } from "./trust-reads.ts";

/**
 * So long a role has to be nobody's before it goes, in milliseconds: a cluster that was restored to an older state knows
 * some bindings only when they are applied again.
 */
const patience = 600_000;
/** After so long without a look nothing is known of the time in between, in milliseconds. */
const longestGap = patience / 2;

interface Sweep {
  readonly api: StateApi;
  /** Bindings that name the trust, as NAMESPACE/NAME. */
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
   * says does not exist, or names a trust that has nothing to do with them, for ten minutes now. Gives their ARNs. Throws
   * `aws-*` and `cluster-*`.
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
      if (whose === undefined || (await isThere(whose, { trust, account: id }, sweep))) continue;
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

/**
 * Whether there is a binding whose role it is. What is not known to be there is asked for: a list may lag behind. One of that
 * name that names another trust is another binding: whoever may write it must not keep a role alive by it.
 */
async function isThere(
  whose: Pick<Binding, "namespace" | "name">,
  of: { readonly trust: Trust; readonly account: string },
  { api, known, signal }: Sweep,
): Promise<boolean> {
  if (known.has(`${whose.namespace}/${whose.name}`)) return true;
  const binding = await api.read({ kind: bindingNames.kind, ...whose }, { signal });
  if (binding === undefined) return false;
  const name = trustNameOf(binding);
  if (name === of.trust.name) return true;
  const other = await api.read({ kind: trustNames.kind, name }, { signal });
  return other !== undefined && mayHave(readTrust(other), of);
}

/** Whether the roles of a binding by another trust may be the same: what cannot be read may. */
function mayHave(
  read: ReturnType<typeof readTrust>,
  { trust, account }: { readonly trust: Trust; readonly account: string },
): boolean {
  if ("problems" in read) return true;
  const { stack, issuer, accounts } = read.object;
  return stack === trust.stack && issuer === trust.issuer && accounts.some(({ id }) => id === account);
}
