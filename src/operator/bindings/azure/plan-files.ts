import {
  boundCredentialName,
  boundCredentialToDelete,
  credentialNamed,
  type ObservedCredential,
  identityResource,
  observedCredential,
  observedIdentity,
} from "../../../providers/azure/index.ts";
import type { AzureBinding, AzureTrust, GrantedIdentity } from "../../../rules/bindings/azure/index.ts";
import { bindingMark } from "../../../rules/bindings/index.ts";
import { parseSubject } from "../../../rules/oidc/index.ts";
import { type Observed, planOf, type Resource, namedStack } from "../../../rules/plan/index.ts";
import {
  type TrustDecisions,
  type FilePlanner,
  filePlanner,
  type FilePlans,
  foundError,
  GatheredPlan,
  nameOf,
  type PlanTime,
} from "../plan-files.ts";
import { othersText } from "./taking.ts";
import { azureTrouble, isAzures } from "./finding.ts";
import { keyOf, type Left, lookOf } from "./leftovers.ts";
import { pairOf, placeOf, sameId } from "./identity-ref.ts";
import { identityRules } from "./rights.ts";
import { type BoundTenant, BoundTenants, freshLook, type TenantContext } from "./tenants.ts";
import { type IdentityLook, DesiredIdentity } from "./desired-identity.ts";

type IdentityDecisions = TrustDecisions<AzureBinding, GrantedIdentity>;

/** One plan of a trust. */
class TrustFiles extends GatheredPlan {
  readonly #tenant: BoundTenant;
  readonly #trust: AzureTrust;
  readonly #asked: IdentityDecisions;
  readonly #signal: AbortSignal;
  /** Credentials of identities after the steps planned so far: several bindings may share an identity. */
  readonly #after = new Map<string, readonly ObservedCredential[]>();

  constructor(tenant: BoundTenant, trust: AzureTrust, asked: IdentityDecisions, { signal }: PlanTime) {
    super();
    this.#tenant = tenant;
    this.#trust = trust;
    this.#asked = asked;
    this.#signal = signal;
  }

  /** Whether a binding of the files has a credential, or may have it while it is refused. */
  #has(id: string, { name }: ObservedCredential): boolean {
    const { everywhere, refused } = this.#asked;
    const isOf = (binding: AzureBinding): boolean =>
      boundCredentialName(this.#trust.stack, pairOf(this.#trust, binding)) === name.toLowerCase();
    const isThere = ([binding, { resourceId }]: [AzureBinding, GrantedIdentity]): boolean =>
      sameId(resourceId, id) && isOf(binding);
    return refused.some(isOf) || [...everywhere].some(isThere);
  }

  async #gone(resource: Resource, observed: Observed): Promise<void> {
    const seen = new Map([[resource.id, observed]]);
    const plan = await planOf({ desired: [], owned: [resource], seen }, this.#signal);
    this.take(plan);
  }

  /** What the trust's groups hold of bindings that are in no file is removed first. */
  async cut(): Promise<void> {
    const claims = { has: (id: string, one: ObservedCredential) => Promise.resolve(this.#has(id, one)) };
    const look = { signal: this.#signal, oldest: freshLook };
    const { left, identities, failures } = await lookOf(this.#tenant, this.#trust, look, claims);
    if (failures[0] !== undefined) throw failures[0];
    // They were read several at a time: sorted, so that the plan is always the same.
    const inOrder = left.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    for (const [id, all] of Map.groupBy(inOrder, (one) => one.id)) await this.#cutFrom(id, all);
    for (const { id, binding } of identities.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
      if (!this.#isClaimed(id, binding)) await this.#cutIdentity(id, binding);
  }

  #isClaimed(id: string, whose: string): boolean {
    const { everywhere, refused } = this.#asked;
    const isHere = ([binding, { resourceId }]: [AzureBinding, GrantedIdentity]): boolean =>
      nameOf(binding) === whose && sameId(resourceId, id);
    return refused.some((one) => nameOf(one) === whose) || [...everywhere].some(isHere);
  }

  async #cutFrom(id: string, left: readonly Left[]): Promise<void> {
    const { group, name } = placeOf(id);
    const all = (await this.#tenant.credentials(group, name, this.#signal)) ?? [];
    const gone = left.flatMap(({ credential }) => credentialNamed(all, credential) ?? []);
    for (const one of gone) {
      const whose = parseSubject(one.subject);
      const account = whose === undefined ? one.name : nameOf(whose);
      const resource = boundCredentialToDelete(this.#tenant.holder(group, name), one.name, account);
      await this.#gone(resource, observedCredential(one));
    }
    this.#after.set(
      id.toLowerCase(),
      all.filter((one) => !gone.includes(one)),
    );
  }

  /** An identity made for a binding: it is deleted with that, unless it lets others in. */
  async #cutIdentity(id: string, whose: string): Promise<void> {
    const { group, name } = placeOf(id);
    const stay = this.#after.get(id.toLowerCase());
    if (stay === undefined || stay.length > 0) {
      const why = stay === undefined ? "it lets nobody in by that" : othersText(stay);
      this.warnings.push(`${id} was made for the binding ${whose}, which is in no file, and stays: ${why}`);
      return;
    }
    const [namespace = "", account = ""] = whose.split("/");
    const mark = namedStack(bindingMark(this.#trust, { namespace, name: account }));
    const state = await this.#tenant.identity(group, name, this.#signal);
    const resource = identityResource(this.#tenant.management, { ...mark, group, name });
    await this.#gone(resource, observedIdentity(state, mark));
  }

  /** What a binding's pass would write. */
  async add(binding: AzureBinding, identity: GrantedIdentity): Promise<void> {
    const desired = new DesiredIdentity(this.#tenant, { binding, identity, trust: this.#trust });
    try {
      await this.#plan(desired, binding, identity);
    } catch (error) {
      this.#signal.throwIfAborted();
      // The binding's pass reports it, and the other bindings continue.
      if (!isAzures(error)) throw error;
      this.refusals.push(foundError(binding, azureTrouble(error, `Azure tenant ${this.#trust.tenant}`)));
    }
  }

  async #plan(desired: DesiredIdentity, binding: AzureBinding, identity: GrantedIdentity): Promise<void> {
    const key = identity.resourceId.toLowerCase();
    const { state, credentials } = await desired.look(this.#signal, freshLook);
    const look: IdentityLook = { state, credentials: this.#after.get(key) ?? credentials };
    const refusal = desired.refusal(look);
    if (refusal !== undefined) {
      this.refusals.push(foundError(binding, refusal));
      return;
    }
    const plan = await desired.plan(look, this.#signal);
    this.take(plan);
    if (desired.doubled(look) !== undefined)
      this.warnings.push(`${nameOf(binding)}: ${desired.match(look).seen}`);
    this.#after.set(key, desired.after(look).credentials ?? []);
  }
}

/** Plans of AzureIdentityBinding and AzureTrust. */
function identityPlans(azure: BoundTenants): FilePlans<AzureBinding, AzureTrust, GrantedIdentity> {
  return {
    ...identityRules,
    async plan(trust, asked, at) {
      const tenant = await azure.of(trust, at.signal);
      const made = new TrustFiles(tenant, trust, asked, at);
      // The same check as in a pass of the trust.
      for (const group of trust.groups) await tenant.all(group, at.signal);
      if (!asked.keeps) await made.cut();
      for (const [binding, identity] of asked.granted) await made.add(binding, identity);
      const { changes, refusals, warnings } = made;
      const places = trust.groups.map((group) => tenant.place(trust, group));
      return { places, changes, refusals, warnings };
    },
  };
}

/** Plans files of Azure, with the environment's credentials for Azure, or with the Azure CLI. */
export function planningIdentities(context: TenantContext): FilePlanner {
  return filePlanner(identityPlans(new BoundTenants(context)));
}
