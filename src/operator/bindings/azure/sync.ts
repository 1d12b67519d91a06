import { defined, type PodtrustError } from "../../../core/base/index.ts";
import {
  besideCredential,
  boundCredential,
  boundCredentialName,
  credentialNamed,
  type FoundCredential,
  identityResource,
  type IdentityState,
  observedCredential,
  observedIdentity,
} from "../../../providers/azure/index.ts";
import type { AzureBinding, AzureTrust, GrantedIdentity } from "../../../rules/bindings/azure/index.ts";
import { bindingMark } from "../../../rules/bindings/index.ts";
import { applyPlan, type Plan, planOf, type Resource } from "../../../rules/plan/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import type { BindingOutcome } from "../pass.ts";
import { maxWrite, within } from "./cut.ts";
import { azureTrouble, isAzures } from "./finding.ts";
import type { IdentityPass, IdentityStatus } from "./pass.ts";
import { wantedCredential } from "./places.ts";
import { type BoundTenant, freshLook, maxLookAge } from "./tenants.ts";

/** A binding and the identity that it was granted. */
export interface GrantedBinding {
  readonly binding: AzureBinding;
  readonly trust: AzureTrust;
  readonly identity: GrantedIdentity;
}

/** What Azure holds for a binding after its pass there. */
export interface SyncedIdentity {
  readonly finding: Finding;
  /** The granted identity as the status has it. */
  readonly status: IdentityStatus;
  readonly state: IdentityState | undefined;
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until the identity may be written; 0 where nothing waits for that. */
  readonly wait: number;
}

/** While Azure is asked for a first credential, and until Entra has let the ServiceAccount in. */
export const pending = finding("CredentialPending", {
  seen: "Azure is asked for the federated credential, and Entra has not let the ServiceAccount in yet",
  from: "Azure",
});

/** Who waits for nothing but the turn of his identity. */
export const waiting = finding("CredentialPending", {
  seen: "Azure takes the writes of one identity one after another, and this one waits for others",
  from: "Azure",
});

/** What stands of an identity. */
interface IdentityLook {
  readonly state: IdentityState | undefined;
  readonly credentials: readonly FoundCredential[] | undefined;
}

/** One pass of a binding over its identity. */
class IdentitySync {
  readonly changes: BindingOutcome["changes"][number][] = [];
  readonly #pass: IdentityPass;
  readonly #tenant: BoundTenant;
  readonly #granted: GrantedBinding;
  /** So old a look may be, in milliseconds. */
  readonly #oldest: number;

  constructor(pass: IdentityPass, tenant: BoundTenant, granted: GrantedBinding, oldest: number) {
    this.#pass = pass;
    this.#tenant = tenant;
    this.#granted = granted;
    this.#oldest = oldest;
  }

  get #from(): string {
    return `Azure tenant ${this.#granted.trust.tenant}`;
  }

  #finding(reason: Parameters<typeof finding>[0], seen: string): Finding {
    return finding(reason, { seen, from: this.#from });
  }

  async #look(oldest: number): Promise<IdentityLook> {
    const { group, name } = this.#granted.identity;
    const { signal } = this.#pass;
    const state = await this.#tenant.identity(group, name, signal, oldest);
    const credentials =
      state === undefined ? undefined : await this.#tenant.credentials(group, name, signal, oldest);
    return { state, credentials };
  }

  /** What keeps the binding from this identity, whatever is written. */
  #refusal({ state, credentials }: IdentityLook): Finding | undefined {
    const { identity } = this.#granted;
    if (state === undefined && !identity.managed)
      return this.#finding("AzureIdentityMissing", `there is no identity ${identity.resourceId}`);
    if (state !== undefined && state.clientId === this.#tenant.ownClientId)
      return this.#finding(
        "IdentityNotGranted",
        `identity ${identity.name} is podtrust's own: nobody else becomes it`,
      );
    const { tooMany, doubled } = this.#beside(credentials ?? []);
    if (doubled !== undefined && !this.#isEnough(doubled.audiences))
      return this.#finding(
        "FederatedCredentialDrift",
        `the federated credential ${doubled.name} of identity ${identity.name}, which is not podtrust's, is for ${doubled.audiences.join(", ")}`,
      );
    if (tooMany !== undefined && doubled === undefined && !this.#isThere(credentials ?? []))
      return this.#finding(
        "QuotaReached",
        `identity ${identity.name} would have ${tooMany} federated credentials with those of others, and Azure takes no more`,
      );
    return undefined;
  }

  get #wanted() {
    return wantedCredential(this.#granted.trust, this.#granted.binding, this.#tenant);
  }

  get #name(): string {
    return boundCredentialName(this.#granted.trust.stack, this.#wanted);
  }

  #beside(credentials: readonly FoundCredential[]) {
    return besideCredential({ stack: this.#granted.trust.stack, wanted: this.#wanted }, credentials);
  }

  #isThere(credentials: readonly FoundCredential[]): boolean {
    return credentialNamed(credentials, this.#name) !== undefined;
  }

  #isEnough(audiences: readonly string[]): boolean {
    return audiences.length === 1 && audiences[0] === this.#wanted.audience;
  }

  /** Compares identity and credential with what was seen. `isOurs`: whether the credential is for us to write. */
  async #plan(look: IdentityLook, isOurs: boolean): Promise<Plan> {
    const { trust, binding, identity } = this.#granted;
    const { group, name } = identity;
    const mark = bindingMark(trust, binding);
    const resources: Resource[] = [];
    const seen = new Map();
    if (identity.managed) {
      const { location } = group;
      const spec = { stack: mark, group, name, ...defined({ location }) };
      const resource = identityResource(this.#tenant.management, spec);
      resources.push(resource);
      seen.set(resource.id, observedIdentity(look.state, mark));
    }
    if (isOurs) {
      const dependsOn = resources.map(({ id }) => id);
      const holder = this.#tenant.holder(group, name);
      const spec = { stack: trust.stack, holder, wanted: this.#wanted, dependsOn };
      const resource = boundCredential(spec);
      resources.push(resource);
      seen.set(resource.id, observedCredential(credentialNamed(look.credentials, this.#name)));
    }
    return planOf({ desired: resources, seen }, this.#pass.signal);
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
    const credential = isOurs ? this.#name : undefined;
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
    const { identity, binding } = this.#granted;
    const { group, name } = identity;
    const look = await this.#look(this.#oldest);
    const { doubled } = this.#beside(look.credentials ?? []);
    const isOurs = doubled === undefined;
    const refusal = this.#refusal(look);
    if (refusal !== undefined) return this.#ended(refusal, look.state, this.#isThere(look.credentials ?? []));
    const plan = await this.#plan(look, isOurs);
    const [first] = plan.refusals;
    if (first !== undefined) return this.#ended(azureTrouble(first, this.#from), undefined, false);
    let state = look.state;
    if (plan.changes.some(({ kind }) => kind !== "none")) {
      this.#pass.clients.assertHeld?.();
      const wait = this.#tenant.turn(group, name);
      if (wait > 0) return this.#ended(waiting, state, isOurs, wait);
      const failure = await this.#apply(plan);
      if (failure !== undefined) return this.#ended(failure, state, isOurs);
      state = await this.#tenant.identity(group, name, this.#pass.signal, freshLook);
      // What was just made is not seen everywhere at once.
      if (state === undefined) return this.#ended(pending, state, isOurs);
    }
    const by = isOurs ? this.#name : `${doubled.name}, which is not podtrust's: no second one is made`;
    const seen = `identity ${name} lets in ${binding.namespace}/${binding.name} by the federated credential ${by}`;
    return this.#ended(this.#finding("FederatedCredentialsMatch", seen), state, isOurs);
  }

  /** What came instead of an end. */
  failed(error: PodtrustError): SyncedIdentity {
    return this.#ended(azureTrouble(error, this.#from), undefined, true);
  }
}

/**
 * Brings the identity of a binding, and its federated credential there, to what they shall be, and says how they are then.
 * `isKnown`: nothing is judged by that has changed since the last pass, so that an older look at Azure serves.
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
