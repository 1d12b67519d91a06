import { defined, type PodtrustError } from "../../../core/base/index.ts";
import type { IdentityState } from "../../../providers/azure/index.ts";
import { applyPlan, type Plan } from "../../../rules/plan/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import type { BindingOutcome } from "../pass.ts";
import { maxWrite, within } from "./cut.ts";
import { azureTrouble, isAzures } from "./finding.ts";
import type { IdentityPass, IdentityStatus } from "./pass.ts";
import { type BoundTenant, freshLook, maxLookAge } from "./tenants.ts";
import { type GrantedBinding, DesiredIdentity } from "./desired-identity.ts";

/** The binding's identity at Azure after its pass there. */
export interface SyncedIdentity {
  readonly finding: Finding;
  /** The granted identity, in the form of the status. */
  readonly status: IdentityStatus;
  readonly state: IdentityState | undefined;
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until the identity may be written; 0 if nothing waits for that. */
  readonly wait: number;
}

/** While Azure is adding a first credential, and until Entra has let the ServiceAccount in. */
export const pending = finding("CredentialPending", {
  seen: "Azure is asked for the federated credential, and Entra has not let the ServiceAccount in yet",
  from: "Azure",
});

/** While a binding waits only for its turn to write its identity. */
export const waiting = finding("CredentialPending", {
  seen: "Azure takes the writes of one identity one after another, and this one waits for others",
  from: "Azure",
});

/** One pass of a binding over its identity. */
class IdentitySync {
  readonly changes: BindingOutcome["changes"][number][] = [];
  readonly #pass: IdentityPass;
  readonly #tenant: BoundTenant;
  readonly #granted: GrantedBinding;
  readonly #desired: DesiredIdentity;
  /** Maximum age of a look, in milliseconds. */
  readonly #oldest: number;

  constructor(pass: IdentityPass, tenant: BoundTenant, granted: GrantedBinding, oldest: number) {
    this.#pass = pass;
    this.#tenant = tenant;
    this.#granted = granted;
    this.#desired = new DesiredIdentity(tenant, granted);
    this.#oldest = oldest;
  }

  get #from(): string {
    return `Azure tenant ${this.#granted.trust.tenant}`;
  }

  async #apply(plan: Plan): Promise<Finding | undefined> {
    const { group, name } = this.#granted.identity;
    try {
      return await within(this.#pass, maxWrite, async (signal) => {
        const { done, failed } = await applyPlan(plan, { signal });
        this.changes.push(...done);
        const [failure] = failed;
        return failure && azureTrouble(failure.error, this.#from);
      });
    } finally {
      this.#tenant.changed(group, name);
    }
  }

  #ended(found: Finding, state: IdentityState | undefined, isOurs: boolean, wait = 0): SyncedIdentity {
    const { identity } = this.#granted;
    const { clientId, principalId } = state ?? {};
    const stood = this.#pass.status.identities.find(({ id }) => id === identity.resourceId);
    const credential = isOurs ? this.#desired.name : undefined;
    return {
      finding: found,
      state,
      changes: this.changes,
      wait,
      status: {
        id: identity.resourceId,
        managed: identity.managed,
        ...defined({
          clientId: clientId ?? stood?.clientId,
          principalId: principalId ?? stood?.principalId,
          credential,
        }),
      },
    };
  }

  async run(): Promise<SyncedIdentity> {
    const { group, name } = this.#granted.identity;
    const { signal } = this.#pass;
    const look = await this.#desired.look(signal, this.#oldest);
    const isOurs = this.#desired.doubled(look) === undefined;
    const refusal = this.#desired.refusal(look);
    if (refusal !== undefined) return this.#ended(refusal, look.state, this.#desired.isThere(look));
    const plan = await this.#desired.plan(look, signal);
    const [first] = plan.refusals;
    // A credential that is there stays in the status, whatever is refused: it goes by what the status has.
    if (first !== undefined)
      return this.#ended(azureTrouble(first, this.#from), look.state, this.#desired.isThere(look));
    let state = look.state;
    if (plan.changes.some(({ kind }) => kind !== "none")) {
      this.#pass.clients.assertHeld?.();
      const wait = this.#tenant.turn(group, name);
      if (wait > 0) return this.#ended(waiting, state, isOurs, wait);
      const failure = await this.#apply(plan);
      if (failure !== undefined) return this.#ended(failure, state, isOurs);
      state = await this.#tenant.identity(group, name, signal, freshLook);
      // A new credential is not visible everywhere at once.
      if (state === undefined) return this.#ended(pending, state, isOurs);
    }
    return this.#ended(this.#desired.match(look), state, isOurs);
  }

  /** Why the sync stopped early. */
  failed(error: PodtrustError): SyncedIdentity {
    return this.#ended(azureTrouble(error, this.#from), undefined, true);
  }
}

/**
 * Brings the identity of a binding, and its federated credential there, to their desired state, and reports the result.
 * `isKnown`: nothing relevant has changed since the last pass, so an older look at Azure is enough.
 */
export async function syncedIdentity(
  pass: IdentityPass,
  tenant: BoundTenant,
  granted: GrantedBinding,
  isKnown: boolean,
): Promise<SyncedIdentity> {
  const sync = new IdentitySync(pass, tenant, granted, isKnown ? maxLookAge : freshLook);
  try {
    return await sync.run();
  } catch (error) {
    pass.signal.throwIfAborted();
    if (!isAzures(error)) throw error;
    return sync.failed(error);
  }
}
