import { type Clock, mapLimit, type PodtrustError } from "../../../core/base/index.ts";
import {
  boundCredentialName,
  type ObservedCredential,
  isBoundCredential,
} from "../../../providers/azure/index.ts";
import {
  type AzureTrust,
  type AzureTrustGroup,
  groupId,
  readAzureTrust,
  resourceIdOf,
} from "../../../rules/bindings/azure/index.ts";
import { markedBinding, partyNames, type Read } from "../../../rules/bindings/index.ts";
import { parseSubject } from "../../../rules/oidc/index.ts";
import { azureTags } from "../../../rules/plan/index.ts";
import type { BindingEvent } from "../pass.ts";
import { EmptyScopes } from "../scopes.ts";
import { takenAway } from "../engine/cut.ts";
import { azureErrors, isAzures } from "./finding.ts";
import { identitiesOf, type IdentityClients, type IdentityStatus } from "./rights.ts";
import { pairOf, placeOf, sameId } from "./identity-ref.ts";
import { trustNameOf } from "../status.ts";
import { TakingCredentials } from "./taking.ts";
import { type BoundTenant, freshLook, maxLookAge } from "./tenants.ts";

/**
 * How long a credential must be orphaned before it is deleted, in milliseconds: a cluster restored to an older state
 * knows some bindings only when they are applied again.
 */
const graceMs = 600_000;
/** After this long without a look, nothing is known of the time in between, in milliseconds. */
const maxGap = graceMs;
// A subscription's credentials may be listed five times a second.
const few = 4;

/** What a sweep works with. */
export interface Sweep {
  readonly clients: IdentityClients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bindings that name the trust, as NAMESPACE/NAME. */
  readonly known: ReadonlySet<string>;
  /** Whether the trust is being deleted: orphaned credentials are then deleted at once. */
  readonly isGoing: boolean;
  /** Whether to look now: a trust that no binding names may be deleted. */
  readonly isAsked: boolean;
}

/** An orphaned credential, and its identity. */
export interface Left {
  readonly id: string;
  readonly credential: string;
}

/** The same key for a credential of the same name in the same identity. */
export const keyOf = ({ id, credential }: Left): string => `${id} ${credential}`.toLowerCase();

/**
 * The federated credentials of one trust whose binding is gone: those that Azure did not delete in time, and those of
 * bindings whose finalizer was removed. Identities made for such bindings are reported, and stay: rights assigned to
 * their ids would be lost.
 */
export class LeftCredentials {
  readonly emptied = new EmptyScopes();
  #at = -Infinity;
  /** Since when, by identity and name. */
  #since: ReadonlyMap<string, number> = new Map();
  #reported: ReadonlySet<string> = new Set();
  /** Whether a group could not be read at the last look: it is tried again at once. */
  #isUnread = false;

  /** Whether there were any at the last look. */
  get areThere(): boolean {
    return this.#since.size > 0;
  }

  /**
   * Deletes those that have been orphaned for ten minutes. Looks every few minutes, however often it is called, unless
   * the sweep asks for it. Throws `azure-*` and `cluster-*`.
   */
  async sweep(tenant: BoundTenant, trust: AzureTrust, sweep: Sweep): Promise<readonly BindingEvent[]> {
    const { clock, known, isGoing, isAsked, signal } = sweep;
    const now = clock.elapsed();
    if (!isAsked && !this.#isDue(now)) return [];
    const before = this.#before(now);
    const oldest = isAsked ? freshLook : maxLookAge;
    const look = await lookOf(tenant, trust, { signal, oldest }, new Claims(trust, sweep));
    // A group that was not read keeps its times.
    const since = new Map(look.failures.length > 0 ? before : []);
    const due: IdentityStatus[] = [];
    for (const one of look.left) {
      const first = before.get(keyOf(one)) ?? now;
      since.set(keyOf(one), first);
      if (isGoing || now - first >= graceMs) due.push({ ...one, managed: false });
    }
    // Identities themselves stay: it has the mark of no binding.
    const taking = new TakingCredentials(tenant, trust.stack);
    const writing = { clock, signal, assertHeld: () => sweep.clients.assertHeld?.() };
    const { left, failures: uncut } = await takenAway(
      azureErrors,
      (one, own) => taking.take(one, own),
      due,
      writing,
    );
    signal.throwIfAborted();
    const stays = new Set(left.map((one) => keyOf({ id: one.id, credential: one.credential ?? "" })));
    const gone = due.filter((one) => !stays.has(keyOf({ id: one.id, credential: one.credential ?? "" })));
    for (const { id, credential = "" } of gone) since.delete(keyOf({ id, credential }));
    [this.#at, this.#since, this.#isUnread] = [now, since, look.failures.length > 0];
    const [failure] = [...look.failures, ...uncut];
    if (failure !== undefined) throw failure;
    const unclaimed = look.identities.filter(({ binding }) => !known.has(binding));
    const fresh = unclaimed.filter(({ id }) => !this.#reported.has(id));
    this.#reported = new Set(unclaimed.map(({ id }) => id));
    return [...gone.map(goneEvent), ...fresh.map(unclaimedEvent)];
  }

  #isDue(now: number): boolean {
    return this.#isUnread || now - this.#at >= maxLookAge;
  }

  /** Since when there were some at the look before, as far as it was watched. */
  #before(now: number): ReadonlyMap<string, number> {
    return now - this.#at > maxGap ? new Map() : this.#since;
  }
}

const goneEvent = ({ id, credential = "" }: IdentityStatus): BindingEvent => ({
  type: "Normal",
  reason: "IdentityKept",
  message: `${id}, federated credential ${credential}: deleted, its binding is gone`,
});

const unclaimedEvent = ({
  id,
  binding,
}: {
  readonly id: string;
  readonly binding: string;
}): BindingEvent => ({
  type: "Warning",
  reason: "IdentityUnclaimed",
  message: `${id} was made for the binding ${binding}, which is not here: it lets nobody in by podtrust, and stays`,
});

/** What a trust's groups contain of a stack. */
interface GroupsLook {
  readonly left: readonly Left[];
  /** Those that were made for bindings, NAMESPACE/NAME. */
  readonly identities: readonly { readonly id: string; readonly binding: string }[];
  /** Why groups could not be read. */
  readonly failures: readonly PodtrustError[];
}

/**
 * Reads a trust's groups, each for itself. `oldest`: maximum age in milliseconds; `claims`: what belongs to a binding.
 * Throws what `claims` throws.
 */
export async function lookOf(
  tenant: BoundTenant,
  trust: AzureTrust,
  { signal, oldest }: { readonly signal: AbortSignal; readonly oldest: number },
  claims: Pick<Claims, "has">,
): Promise<GroupsLook> {
  const left: Left[] = [];
  const identities: GroupsLook["identities"][number][] = [];
  const failures: PodtrustError[] = [];
  for (const group of trust.groups) {
    try {
      const all = await tenant.all(group, signal, oldest);
      await mapLimit(
        all,
        async (state) => {
          const id = resourceIdOf(group, state.name);
          const made = markedBinding(trust, azureTags.stackOf(state.tags) ?? "");
          if (made !== undefined) identities.push({ id, binding: `${made.namespace}/${made.name}` });
          const credentials = (await tenant.credentials(group, state.name, signal, oldest)) ?? [];
          for (const one of credentials)
            if (isOurs(trust, one) && !(await claims.has(id, one))) left.push({ id, credential: one.name });
        },
        few,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!isAzures(error)) throw error;
      failures.push(error);
    }
  }
  return { left, identities, failures };
}

/**
 * What bindings have in a group that leaves a trust, as ids of identities with the names of their federated credentials.
 * Throws `azure-*`.
 */
export async function standingIn(
  tenant: BoundTenant,
  trust: AzureTrust,
  group: AzureTrustGroup,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = await tenant.all(group, signal, freshLook);
  const found = await mapLimit(
    all,
    async ({ name }) => {
      const credentials = (await tenant.credentials(group, name, signal, freshLook)) ?? [];
      const ours = credentials.filter((one) => isOurs(trust, one));
      return ours.map((one) => `${resourceIdOf(group, name)} ${one.name}`);
    },
    few,
  );
  return found.flat();
}

/** Another cluster's stack may have the same name: its credentials name its own issuer. */
const isOurs = ({ stack, issuer }: AzureTrust, one: ObservedCredential): boolean =>
  one.issuer === issuer && isBoundCredential(one, stack);

/** What a binding has, and the trust that it names. */
interface ClaimingBinding {
  readonly identities: readonly IdentityStatus[];
  readonly trust: string;
}

/** Owners of credentials, by the status of bindings. */
class Claims {
  readonly #trust: AzureTrust;
  readonly #sweep: Sweep;
  /** NAMESPACE/NAME by the name of such a binding's credential. */
  readonly #byName: ReadonlyMap<string, string>;
  readonly #bindings = new Map<string, Promise<ClaimingBinding | undefined>>();
  readonly #trusts = new Map<string, Promise<Read<AzureTrust> | undefined>>();

  constructor(trust: AzureTrust, sweep: Sweep) {
    this.#trust = trust;
    this.#sweep = sweep;
    this.#byName = new Map(
      [...sweep.known].map((key) => {
        const [namespace = "", name = ""] = key.split("/");
        return [boundCredentialName(trust.stack, pairOf(trust, { namespace, name })), key];
      }),
    );
  }

  #binding(key: string): Promise<ClaimingBinding | undefined> {
    const { clients, signal } = this.#sweep;
    const [namespace = "", name = ""] = key.split("/");
    const { kind } = partyNames.azure.binding;
    return answered(this.#bindings, key, async () => {
      const object = await clients.cluster.read({ kind, namespace, name }, { signal });
      return object && { identities: identitiesOf(object), trust: trustNameOf(object) };
    });
  }

  #other(name: string): Promise<Read<AzureTrust> | undefined> {
    const { clients, signal } = this.#sweep;
    const { kind } = partyNames.azure.trust;
    return answered(this.#trusts, name, async () => {
      const object = await clients.cluster.read({ kind, name }, { signal });
      return object && readAzureTrust(object);
    });
  }

  /**
   * Whether bindings of a trust of this name may have a credential of this one in this identity; true if that trust cannot
   * be read.
   */
  async #mayHave(name: string, id: string): Promise<boolean> {
    const own = this.#trust;
    if (name === own.name) return true;
    const read = await this.#other(name);
    if (read === undefined || "problems" in read) return read !== undefined;
    const { stack, issuer, tenant, groups } = read.object;
    const group = groupId(placeOf(id).group);
    const isSame = stack === own.stack && issuer === own.issuer && tenant === own.tenant;
    return isSame && groups.some((one) => one.id === group);
  }

  /** Whether a binding of this trust, or of another one that may have it, has this credential in this identity. */
  async has(id: string, { name, subject }: ObservedCredential): Promise<boolean> {
    const whose = parseSubject(subject);
    const keys = [
      this.#byName.get(name.toLowerCase()),
      whose === undefined ? undefined : `${whose.namespace}/${whose.name}`,
    ];
    for (const key of new Set(keys)) {
      const binding = key === undefined ? undefined : await this.#binding(key);
      const isIts = binding?.identities.some(
        (one) => sameId(one.id, id) && one.credential?.toLowerCase() === name.toLowerCase(),
      );
      if (isIts === true && binding !== undefined && (await this.#mayHave(binding.trust, id))) return true;
    }
    return false;
  }
}

/** What was asked for under a key before, or is now. */
function answered<T>(asked: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const one = asked.get(key) ?? ask();
  asked.set(key, one);
  return one;
}
