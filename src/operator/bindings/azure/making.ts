import { defined, type PodtrustError } from "../../../core/base/index.ts";
import type { IdentityState } from "../../../providers/azure/index.ts";
import { applyPlan, type Plan } from "../../../rules/plan/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import { limitOf, maxWrite, within } from "../engine/cut.ts";
import type { Bound, Had, Made, Making, Writing } from "../engine/row.ts";
import type { BindingOutcome } from "../pass.ts";
import { azureErrors, azureTrouble, isAzures } from "./finding.ts";
import type { AzureTypes, IdentityStatus } from "./rights.ts";
import { type BoundTenant, freshLook, maxLookAge } from "./tenants.ts";
import { DesiredIdentity } from "./desired-identity.ts";

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
  readonly #changes: BindingOutcome["changes"][number][] = [];
  readonly #tenant: BoundTenant;
  readonly #bound: Bound<AzureTypes>;
  readonly #stood: IdentityStatus | undefined;
  readonly #desired: DesiredIdentity;
  readonly #writing: Writing;

  constructor(
    tenant: BoundTenant,
    bound: Bound<AzureTypes>,
    stood: IdentityStatus | undefined,
    writing: Writing,
  ) {
    this.#tenant = tenant;
    this.#bound = bound;
    this.#stood = stood;
    this.#desired = new DesiredIdentity(tenant, { ...bound, identity: bound.granted });
    this.#writing = writing;
  }

  get #from(): string {
    return `Azure tenant ${this.#bound.trust.tenant}`;
  }

  async #apply(plan: Plan): Promise<Finding | undefined> {
    const { group, name } = this.#bound.granted;
    try {
      return await within(this.#writing, limitOf(azureErrors, maxWrite), async (signal) => {
        const { done, failed } = await applyPlan(plan, { signal });
        this.#changes.push(...done);
        const [failure] = failed;
        return failure && azureTrouble(failure.error, this.#from);
      });
    } finally {
      this.#tenant.changed(group, name);
    }
  }

  #ended(found: Finding, state: IdentityState | undefined, isOurs: boolean, wait = 0): Made<AzureTypes> {
    const { resourceId: id, managed } = this.#bound.granted;
    const clientId = state?.clientId ?? this.#stood?.clientId;
    const principalId = state?.principalId ?? this.#stood?.principalId;
    const credential = isOurs ? this.#desired.name : undefined;
    const right = { id, managed, ...defined({ clientId, principalId, credential }) };
    return { finding: found, rights: [right], changes: this.#changes, wait };
  }

  /** `oldest`: maximum age of a look, in milliseconds. */
  async run(oldest: number): Promise<Made<AzureTypes>> {
    const { group, name } = this.#bound.granted;
    const { signal, assertHeld } = this.#writing;
    const look = await this.#desired.look(signal, oldest);
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
      assertHeld();
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
  failed(error: PodtrustError): Made<AzureTypes> {
    return this.#ended(azureTrouble(error, this.#from), undefined, true);
  }
}

/** Brings identities of a tenant, and their federated credentials, to the desired state of bindings. */
export class MakingIdentities implements Making<AzureTypes> {
  readonly #tenant: BoundTenant;

  constructor(tenant: BoundTenant) {
    this.#tenant = tenant;
  }

  /** Nothing: a federated credential names its issuer itself. */
  bars(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async make(
    bound: Bound<AzureTypes>,
    { rights: [right], isKnown }: Had<AzureTypes>,
    writing: Writing,
  ): Promise<Made<AzureTypes>> {
    const sync = new IdentitySync(this.#tenant, bound, right, writing);
    try {
      return await sync.run(isKnown ? maxLookAge : freshLook);
    } catch (error) {
      writing.signal.throwIfAborted();
      if (!isAzures(error)) throw error;
      return sync.failed(error);
    }
  }
}
