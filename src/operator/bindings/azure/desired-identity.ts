import { defined } from "../../../core/base/index.ts";
import {
  besideCredential,
  boundCredential,
  boundCredentialName,
  credentialNamed,
  type ObservedCredential,
  identityOwner,
  identityResource,
  type IdentityState,
  observedCredential,
  observedIdentity,
} from "../../../providers/azure/index.ts";
import type { AzureBinding, AzureTrust, GrantedIdentity } from "../../../rules/bindings/azure/index.ts";
import { bindingMark, isBindingMark } from "../../../rules/bindings/index.ts";
import { type Plan, planOf, type Resource, namedStack } from "../../../rules/plan/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import { desiredCredential } from "./identity-ref.ts";
import type { BoundTenant } from "./tenants.ts";

/** A binding and the identity that it was granted. */
export interface GrantedBinding {
  readonly binding: AzureBinding;
  readonly trust: AzureTrust;
  readonly identity: GrantedIdentity;
}

/** The state of an identity. */
export interface IdentityLook {
  readonly state: IdentityState | undefined;
  readonly credentials: readonly ObservedCredential[] | undefined;
}

/** What a binding wants of its identity, compared with what exists there. Changes nothing. */
export class DesiredIdentity {
  readonly #tenant: BoundTenant;
  readonly #granted: GrantedBinding;

  constructor(tenant: BoundTenant, granted: GrantedBinding) {
    this.#tenant = tenant;
    this.#granted = granted;
  }

  get #from(): string {
    return `Azure tenant ${this.#granted.trust.tenant}`;
  }

  #finding(reason: Parameters<typeof finding>[0], seen: string): Finding {
    return finding(reason, { seen, from: this.#from });
  }

  get #desired() {
    return desiredCredential(this.#granted.trust, this.#granted.binding, this.#tenant);
  }

  /** Of the credential. */
  get name(): string {
    return boundCredentialName(this.#granted.trust.stack, this.#desired);
  }

  #beside(credentials: readonly ObservedCredential[]) {
    return besideCredential({ stack: this.#granted.trust.stack, desired: this.#desired }, credentials);
  }

  /** Reads it. `oldest`: milliseconds. Throws `azure-*`. */
  async look(signal: AbortSignal, oldest: number): Promise<IdentityLook> {
    const { group, name } = this.#granted.identity;
    const state = await this.#tenant.identity(group, name, signal, oldest);
    const credentials =
      state === undefined ? undefined : await this.#tenant.credentials(group, name, signal, oldest);
    return { state, credentials };
  }

  /** Another credential, not podtrust's, by which the identity lets the ServiceAccount in. */
  doubled({ credentials }: IdentityLook): ObservedCredential | undefined {
    return this.#beside(credentials ?? []).doubled;
  }

  isThere({ credentials }: IdentityLook): boolean {
    return credentialNamed(credentials, this.name) !== undefined;
  }

  #isEnough(audiences: readonly string[]): boolean {
    return audiences.length === 1 && audiences[0] === this.#desired.audience;
  }

  /** For whom else the identity is, as the end of a sentence: nobody lets a workload become it. */
  #reserved(state: IdentityState): string | undefined {
    const { trust, binding, identity } = this.#granted;
    if (state.clientId === this.#tenant.ownClientId) return "is podtrust's own";
    const owner = identityOwner(state, namedStack(bindingMark(trust, binding)));
    const isOther = !identity.managed && owner.kind === "other-stack" && isBindingMark(owner.stack);
    return isOther ? `was made for the binding ${owner.stack}` : undefined;
  }

  /** What bars the binding from this identity, whatever is written. */
  refusal(look: IdentityLook): Finding | undefined {
    const { state, credentials } = look;
    const { identity } = this.#granted;
    if (state === undefined && !identity.managed)
      return this.#finding("AzureIdentityMissing", `there is no identity ${identity.resourceId}`);
    const reserved = state && this.#reserved(state);
    if (reserved !== undefined)
      return this.#finding(
        "IdentityNotGranted",
        `identity ${identity.name} ${reserved}: no other workload may become it`,
      );
    const { tooMany, doubled } = this.#beside(credentials ?? []);
    if (doubled !== undefined && !this.#isEnough(doubled.audiences))
      return this.#finding(
        "FederatedCredentialDrift",
        `the federated credential ${doubled.name} of identity ${identity.name}, which is not podtrust's, is for ${doubled.audiences.join(", ")}`,
      );
    if (tooMany !== undefined && doubled === undefined && !this.isThere(look))
      return this.#finding(
        "QuotaReached",
        `identity ${identity.name} would have ${tooMany} federated credentials with those of others, and Azure takes no more`,
      );
    return undefined;
  }

  /**
   * Compares identity and credential with what was seen; if another credential already lets the ServiceAccount in, none
   * is written.
   */
  async plan(look: IdentityLook, signal: AbortSignal): Promise<Plan> {
    const { trust, binding, identity } = this.#granted;
    const { group, name } = identity;
    const mark = namedStack(bindingMark(trust, binding));
    const resources: Resource[] = [];
    const seen = new Map();
    if (identity.managed) {
      const { location } = group;
      const spec = { ...mark, group, name, ...defined({ location }) };
      const resource = identityResource(this.#tenant.management, spec);
      resources.push(resource);
      seen.set(resource.id, observedIdentity(look.state, mark));
    }
    if (this.doubled(look) === undefined) {
      const dependsOn = resources.map(({ id }) => id);
      const holder = this.#tenant.holder(group, name);
      const spec = { stack: trust.stack, holder, desired: this.#desired, dependsOn };
      const resource = boundCredential(spec);
      resources.push(resource);
      seen.set(resource.id, observedCredential(credentialNamed(look.credentials, this.name)));
    }
    return planOf({ desired: resources, seen }, signal);
  }

  /** That the identity lets the ServiceAccount in, and by what; or that it was closed after a theft. */
  match(look: IdentityLook): Finding {
    const { binding, identity } = this.#granted;
    const doubled = this.doubled(look);
    if ((doubled ?? credentialNamed(look.credentials, this.name))?.closed === true) {
      const what = `the federated credential of identity ${identity.name} for ${binding.namespace}/${binding.name} is closed after a theft`;
      return this.#finding("ClosedAfterTheft", what);
    }
    const by =
      doubled === undefined ? this.name : `${doubled.name}, which is not podtrust's: no second one is made`;
    const seen = `identity ${identity.name} lets in ${binding.namespace}/${binding.name} by the federated credential ${by}`;
    return this.#finding("FederatedCredentialsMatch", seen);
  }

  /** What exists there once the plan is done. */
  after({ state, credentials = [] }: IdentityLook): IdentityLook {
    const { issuer, subject, audience } = this.#desired;
    if (this.doubled({ state, credentials }) !== undefined || this.isThere({ state, credentials }))
      return { state, credentials };
    const made = { name: this.name, issuer, subject, audiences: [audience], description: "" };
    return { state, credentials: [...credentials, made] };
  }
}
