import {
  allowedOf,
  type Binding,
  bindingMark,
  bindingNames,
  isRetained,
  markedBinding,
  readTrust,
  type Trust,
  trustNames,
} from "../../rules/bindings/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { awsTags } from "../../rules/plan/index.ts";
import type { BoundAccount } from "./account/account.ts";
import type { RoleState } from "../../providers/aws/index.ts";
import { EmptyScopes } from "./scopes.ts";
import type { StateApi } from "./status.ts";
import { trustNameOf } from "./status.ts";

/**
 * How long a role must be orphaned before it is deleted, in milliseconds: a cluster restored to an older state knows
 * some bindings only when they are applied again.
 */
const graceMs = 600_000;
/** After this long without a look, nothing is known of the time in between, in milliseconds. */
const maxGap = graceMs / 2;

interface Sweep {
  readonly api: StateApi;
  /** Bindings that name the trust, as NAMESPACE/NAME. */
  readonly known: ReadonlySet<string>;
  /** By `elapsed`: a time of day may be set. */
  readonly now: number;
  /** Maximum age of a look at an account, in milliseconds; the default of all other calls if absent. */
  readonly oldest?: number;
  /**
   * Roles created before this are from an earlier life of the cluster, and not deleted; milliseconds since the epoch.
   * Absent if a person has consented, or the time is unknown.
   */
  readonly begin?: number;
  readonly signal: AbortSignal;
  /** Called before AWS is changed; throws if this process may not. */
  readonly assertHeld: () => void;
}

/** The orphaned roles at the last look at an account. */
interface LeftoverLook {
  readonly at: number;
  /** Since when, by ARN. */
  readonly since: ReadonlyMap<string, number>;
  /** ARNs of those that could not be changed. */
  readonly stuck: ReadonlySet<string>;
}

/** An orphaned role that could not be changed, because of the role itself or of the operator's rights. */
export interface StuckRole {
  readonly arn: string;
  readonly error: PodtrustError;
}

/** An orphaned role from an earlier life of the cluster. */
export interface Unclaimed {
  readonly arn: string;
  /** NAMESPACE/NAME of the binding that adopts it if it is created again. */
  readonly binding: string;
}

/** Result of a sweep. */
interface SweepOutcome {
  /** ARNs of roles that were deleted. */
  readonly gone: readonly string[];
  /** Those that were not yet orphaned at the look before. */
  readonly unclaimed: readonly Unclaimed[];
  /** Those that could still be changed at the look before. */
  readonly stuck: readonly StuckRole[];
  /** Why a role could not be cleared; undefined if all were. */
  readonly failure: PodtrustError | undefined;
}

/**
 * The roles of one trust whose binding is gone: those that AWS did not delete in time, and those of bindings whose
 * finalizer was removed.
 */
export class Leftovers {
  readonly emptied = new EmptyScopes();
  /** By the account's id. */
  readonly #looks = new Map<string, LeftoverLook>();

  /**
   * Deletes the roles of an account that trust the issuer, carry a mark of this stack, and have been orphaned for ten
   * minutes: by the API server their binding does not exist, or names an unrelated trust. A role that is to stay
   * without its binding is held to its grants and closed instead. One from an earlier life of the cluster is only held
   * to its grants: its binding may come back and adopt it by its mark. One that cannot be changed does not stop the
   * others. Throws `aws-*` and `cluster-*`.
   */
  async sweep(trust: Trust, account: BoundAccount, sweep: Sweep): Promise<SweepOutcome> {
    const { now, oldest, signal, begin = 0 } = sweep;
    const { account: id } = account.account;
    const known = this.#known(id, now);
    const since = new Map<string, number>();
    const gone: string[] = [];
    const unclaimed: Unclaimed[] = [];
    const stuck: StuckRole[] = [];
    try {
      for (const { name, arn, tags, created } of await account.trusting(signal, oldest)) {
        const whose = whoseIs(trust, tags);
        if (whose === undefined || (await isThere(whose, { trust, account: id }, sweep))) continue;
        const first = known.get(arn) ?? now;
        const isLeft = now - first >= graceMs;
        const fate = fateOf(tags, created < begin);
        if (fate === "unclaimed" && !known.has(arn))
          unclaimed.push({ arn, binding: `${whose.namespace}/${whose.name}` });
        since.set(arn, first);
        const isGone = await unlessStuck(arn, stuck, () =>
          cleared(trust, account, { name, whose, isLeft, fate }, sweep),
        );
        if (isGone !== true) continue;
        gone.push(arn);
        since.delete(arn);
      }
    } catch (error) {
      // An account that was not read keeps its times.
      const still = new Map([...known, ...since]);
      for (const arn of gone) still.delete(arn);
      this.#looked(id, { at: now, since: still }, stuck);
      throw error;
    }
    return { gone, unclaimed, ...this.#looked(id, { at: now, since }, stuck) };
  }

  /** Records a look; returns the roles that are newly stuck. */
  #looked(
    id: string,
    look: Pick<LeftoverLook, "at" | "since">,
    stuck: readonly StuckRole[],
  ): Pick<SweepOutcome, "stuck" | "failure"> {
    const before = this.#looks.get(id)?.stuck;
    this.#looks.set(id, { ...look, stuck: new Set(stuck.map(({ arn }) => arn)) });
    return { stuck: stuck.filter(({ arn }) => before?.has(arn) !== true), failure: stuck[0]?.error };
  }

  /** Since when roles of an account are orphaned, as far as it was watched. */
  #known(id: string, now: number): ReadonlyMap<string, number> {
    const before = this.#looks.get(id);
    return before === undefined || now - before.at > maxGap ? new Map<string, number>() : before.since;
  }

  /** Whether an account had orphaned roles at its last look. */
  get areThere(): boolean {
    return [...this.#looks.values()].some(({ since }) => since.size > 0);
  }

  /**
   * Closes orphaned roles of an account at once, because their trust is deleted too: no grant is left for them. One
   * that is to stay without its binding keeps what its grant allows, but can no longer be assumed. Those that were
   * changed are `gone`. Throws `aws-*` and `cluster-*`.
   */
  async close(trust: Trust, account: BoundAccount, sweep: Sweep): Promise<SweepOutcome> {
    const { account: id } = account.account;
    const gone: string[] = [];
    const stuck: StuckRole[] = [];
    for (const { name, arn, tags } of await account.trusting(sweep.signal, sweep.oldest)) {
      const whose = whoseIs(trust, tags);
      if (whose === undefined || (await isThere(whose, { trust, account: id }, sweep))) continue;
      const isStaying = isRetained(tags);
      const held = isStaying ? trust : { ...trust, grants: [] };
      const isChanged = await unlessStuck(arn, stuck, () =>
        hold(held, account, { name, whose, isLeft: isStaying }, sweep),
      );
      if (isChanged === true) gone.push(arn);
    }
    const look = this.#looks.get(id) ?? { at: sweep.now, since: new Map<string, number>() };
    return { gone, unclaimed: [], ...this.#looked(id, look, stuck) };
  }
}

/** Problems of one role, or of the operator's rights to it, and not of the account. */
const ofOneRole: readonly string[] = ["aws-denied", "aws-quota", "aws-invalid-input", "aws-refused"];

/**
 * Runs work on a role; if it fails for reasons of that role, the role is stuck and the result undefined. Rethrows all
 * else.
 */
async function unlessStuck<T>(
  arn: string,
  stuck: StuckRole[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PodtrustError) || !ofOneRole.includes(error.code)) throw error;
    stuck.push({ arn, error });
    return undefined;
  }
}

/** The binding that a role's mark names; undefined if that is no binding of the trust. */
function whoseIs(trust: Trust, tags: RoleState["tags"]): ReturnType<typeof markedBinding> {
  return markedBinding(trust, awsTags.stackOf(tags) ?? "");
}

/** Whether a role holds its account in a trust that the account leaves: one that stays without its binding does not. */
export function isHolding(trust: Trust, tags: RoleState["tags"]): boolean {
  return whoseIs(trust, tags) !== undefined && !isRetained(tags);
}

type Fate = "goes" | "stays" | "unclaimed";

/**
 * What happens to an orphaned role: it is deleted after a while, stays and is closed then, or is from an earlier life
 * of the cluster and stays as it is.
 */
function fateOf(tags: RoleState["tags"], isEarlier: boolean): Fate {
  if (isRetained(tags)) return "stays";
  return isEarlier ? "unclaimed" : "goes";
}

/** A role whose binding is gone; `isLeft`: for long enough. */
interface Left {
  readonly name: string;
  readonly whose: Pick<Binding, "namespace" | "name">;
  readonly isLeft: boolean;
}

/**
 * Holds it to what a grant allows, and closes it, also if AWS did not answer when its binding was deleted. Returns
 * whether anything was changed.
 */
async function hold(
  trust: Trust,
  account: BoundAccount,
  { name, whose, isLeft }: Left,
  { assertHeld, signal }: Sweep,
): Promise<boolean> {
  const allowed = (role: RoleState) => allowedOf(role, whose, trust);
  const spec = {
    mark: bindingMark(trust, whose),
    names: [name],
    retain: isLeft,
    alone: true,
    allowed,
    assertHeld,
  };
  const { done, failed } = await account.cut(spec, signal);
  if (failed[0] !== undefined) throw failed[0];
  return done.length > 0;
}

/** Applies its fate to a role. Returns whether it is gone. */
async function cleared(
  trust: Trust,
  account: BoundAccount,
  { fate, ...left }: Left & { readonly fate: Fate },
  sweep: Sweep,
): Promise<boolean> {
  if (fate === "goes") {
    if (left.isLeft) await remove(trust, account, left, sweep.signal);
    return left.isLeft;
  }
  await hold(trust, account, { ...left, isLeft: left.isLeft && fate === "stays" }, sweep);
  return false;
}

async function remove(
  trust: Trust,
  account: BoundAccount,
  { name, whose }: Left,
  signal: AbortSignal,
): Promise<void> {
  const [failure] = (await account.remove(bindingMark(trust, whose), [name], signal)).failed;
  if (failure !== undefined) throw failure.error;
}

/**
 * Whether its binding exists. If it is not in the list, the API server is asked: a list may lag behind. A binding of
 * that name with another trust is another binding: its author must not keep a role alive with it.
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

/** Whether the roles of a binding by another trust may be the same ones; true if that trust cannot be read. */
function mayHave(
  read: ReturnType<typeof readTrust>,
  { trust, account }: { readonly trust: Trust; readonly account: string },
): boolean {
  if ("problems" in read) return true;
  const { stack, issuer, accounts } = read.object;
  return stack === trust.stack && issuer === trust.issuer && accounts.some(({ id }) => id === account);
}
