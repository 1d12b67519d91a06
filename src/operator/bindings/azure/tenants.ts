import { type Clock, SharedAnswers, type Environment } from "../../../core/base/index.ts";
import {
  AzureAccessTokens,
  type AzureApi,
  azureApi,
  type AzureEndpoints,
  azureEndpoints,
  callerOf,
  type CredentialHolder,
  type ObservedCredential,
  type ResourceGroupRef,
  identityHolder,
  identityPaceMs,
  identityPath,
  type IdentityState,
  listIdentities,
  readCredentials,
  readIdentity,
} from "../../../providers/azure/index.ts";
import type { AzureTrust } from "../../../rules/bindings/azure/index.ts";
import { type PartyCloud, relyingParties } from "../../../rules/oidc/index.ts";
import type { PartTarget } from "../../../stack/index.ts";

/** What Azure is asked for, and for how long an answer is valid. */
export interface TenantContext {
  readonly clock: Clock;
  readonly env: Environment;
  /** Whether the Azure CLI is asked for access tokens. */
  readonly azureCli?: boolean;
}

/** Maximum age of a look at an identity, in milliseconds: a subscription's credentials may be listed five times a second. */
export const maxLookAge = 270_000;
/** Requests within this time share an answer, in milliseconds; a decision about a change asks for nothing older. */
export const freshLook = 2000;
const maxKept = 20_000;

interface Kept<T> {
  readonly at: number;
  readonly value: T;
}

/** Answers by key; each caller says how old one may be. */
class Looks<T> {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #kept = new Map<string, Kept<T>>();
  readonly #asked: SharedAnswers<T>;
  /** How often a key was forgotten: an answer to an earlier request is not kept. */
  readonly #forgotten = new Map<string, number>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
    this.#asked = new SharedAnswers(clock, freshLook, maxKept);
  }

  async of(
    key: string,
    oldest: number,
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#clock.elapsed() - kept.at <= oldest) return kept.value;
    return this.#asked.of(key, signal, async (own) => {
      const [at, version] = [this.#clock.elapsed(), this.#forgotten.get(key)];
      const value = await ask(own);
      if (this.#forgotten.get(key) === version) this.#keep(key, { at, value });
      return value;
    });
  }

  #keep(key: string, kept: Kept<T>): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
  }

  forget(key: string): void {
    this.#kept.delete(key);
    this.#asked.forget(key);
    if (this.#forgotten.size >= maxKept) this.#forgotten.clear();
    this.#forgotten.set(key, (this.#forgotten.get(key) ?? 0) + 1);
  }
}

const keyOf = (group: ResourceGroupRef, name: string): string => identityPath(group, name).toLowerCase();

/** One tenant, for all bindings that have identities there: one memory of what was seen, and one pace. */
export class BoundTenant {
  readonly cloud: PartyCloud;
  readonly at: AzureEndpoints;
  readonly management: AzureApi;
  /** The application or identity that podtrust itself uses; undefined if unknown. */
  readonly ownClientId: string | undefined;
  /** The same in words. */
  readonly caller: string;
  readonly #clock: Clock;
  readonly #identities: Looks<IdentityState | undefined>;
  readonly #credentials: Looks<readonly ObservedCredential[] | undefined>;
  readonly #groups: Looks<readonly IdentityState[]>;
  /** When an identity may be written again, by `elapsed`. */
  readonly #free = new Map<string, number>();

  constructor(
    clock: Clock,
    made: Pick<BoundTenant, "cloud" | "at" | "management" | "ownClientId" | "caller">,
  ) {
    this.#clock = clock;
    this.cloud = made.cloud;
    this.at = made.at;
    this.management = made.management;
    this.ownClientId = made.ownClientId;
    this.caller = made.caller;
    this.#identities = new Looks(clock);
    this.#credentials = new Looks(clock);
    this.#groups = new Looks(clock);
  }

  /** Where identities of a group are, and which principal asks Azure. */
  place(
    { tenant }: Pick<AzureTrust, "tenant">,
    { subscription, resourceGroup }: ResourceGroupRef,
  ): PartTarget {
    const at = this.at.management === this.cloud.management ? "" : ` at ${this.at.management}`;
    const where = `Azure tenant ${tenant}, subscription ${subscription}, resource group ${resourceGroup}${at}`;
    return { where, caller: this.caller };
  }

  holder(group: ResourceGroupRef, name: string): CredentialHolder {
    return identityHolder(this.management, group, name);
  }

  /** An identity; undefined if there is none. `oldest`: milliseconds. Throws `azure-*`. */
  identity(
    group: ResourceGroupRef,
    name: string,
    signal: AbortSignal,
    oldest = maxLookAge,
  ): Promise<IdentityState | undefined> {
    return this.#identities.of(keyOf(group, name), oldest, signal, (own) =>
      readIdentity(this.management, { group, name }, own),
    );
  }

  /** The federated credentials of an identity; undefined if there is none. Throws `azure-*`. */
  credentials(
    group: ResourceGroupRef,
    name: string,
    signal: AbortSignal,
    oldest = maxLookAge,
  ): Promise<readonly ObservedCredential[] | undefined> {
    return this.#credentials.of(keyOf(group, name), oldest, signal, (own) =>
      this.holder(group, name).list(own),
    );
  }

  /** All identities of a resource group. Throws `azure-*`. */
  all(group: ResourceGroupRef, signal: AbortSignal, oldest = maxLookAge): Promise<readonly IdentityState[]> {
    return this.#groups.of(keyOf(group, ""), oldest, signal, (own) =>
      listIdentities(this.management, group, own),
    );
  }

  /** What is remembered of an identity is outdated by what was just done there. */
  changed(group: ResourceGroupRef, name: string): void {
    for (const looks of [this.#identities, this.#credentials]) looks.forget(keyOf(group, name));
    this.#groups.forget(keyOf(group, ""));
  }

  /** Milliseconds until an identity may be written; 0 if it may be now, and the caller has taken the turn. */
  turn(group: ResourceGroupRef, name: string): number {
    const [key, now] = [keyOf(group, name), this.#clock.elapsed()];
    const free = this.#free.get(key) ?? 0;
    if (free > now) return free - now;
    for (const [one, at] of this.#free) if (at <= now) this.#free.delete(one);
    this.#free.set(key, now + identityPaceMs);
    return 0;
  }
}

/** The tenants of all trusts, with the credentials of the environment. */
export class BoundTenants {
  readonly #context: TenantContext;
  readonly #open: SharedAnswers<BoundTenant>;

  constructor(context: TenantContext) {
    this.#context = context;
    this.#open = new SharedAnswers(context.clock, Infinity, 1000);
  }

  /** The client of a trust's tenant. Throws `azure-credentials-*` and `azure-endpoint`. */
  of({ tenant, cloud }: Pick<AzureTrust, "tenant" | "cloud">, signal: AbortSignal): Promise<BoundTenant> {
    return this.#open.of(`${cloud} ${tenant}`, signal, async () => {
      const { clock, env, azureCli } = this.#context;
      const home = relyingParties.azure.clouds[cloud];
      const at = azureEndpoints(home, env);
      const credentials = await readCredentials(env, azureCli);
      const tokens = new AzureAccessTokens({ login: at.login, tenant, credentials }, clock);
      const management = azureApi({ endpoint: at.management, resource: home.management, tokens, clock });
      const ownClientId = credentials.kind === "azure-cli" ? undefined : credentials.clientId.toLowerCase();
      const caller = callerOf(credentials);
      return new BoundTenant(clock, { cloud: home, at, management, ownClientId, caller });
    });
  }
}
