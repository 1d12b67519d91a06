import { mapLimit, PodtrustError } from "../../../core/base/index.ts";
import type { AzureIdentity } from "../../../config/index.ts";
import {
  type CredentialHolder,
  type CredentialOwner,
  credentialsResource,
  type ObservedCredential,
  type HolderView,
  identityHolder,
  identityOwner,
  type IdentityState,
  listIdentities,
  observedCredentials,
  observedIdentity,
  otherIssuers,
  viewOf,
  type DesiredCredential,
} from "../../../providers/azure/index.ts";
import { lacksIdentity, type Observed, type Owner, type Resource } from "../../../rules/plan/index.ts";
import { issuerMakers } from "../issuer-makers.ts";
import type { Goal, Survey } from "../part.ts";
import { type AzureSection, holderOf, identityOf, type TenantApis, wantedOf } from "./resources.ts";

/** State of one identity or application of the config. */
export interface LookedAt {
  readonly identity: AzureIdentity;
  readonly holder: CredentialHolder;
  readonly view: HolderView;
  /** Of an existing managed identity. */
  readonly found: IdentityState | undefined;
  readonly owner: Owner | undefined;
  /** All that exist there, of any owner; undefined if the identity or application does not exist. */
  readonly credentials: readonly ObservedCredential[] | undefined;
  /** Those of the config that no credential of another owner replaces. */
  readonly desired: readonly DesiredCredential[];
}

/** What a reading of a section says beside its survey. */
export interface SectionFacts {
  readonly looked: readonly LookedAt[];
  /** Identities of the stack's that the config no longer names, and what others have in them. */
  readonly surplus: readonly { readonly id: string; readonly others: readonly ObservedCredential[] }[];
}

/** A resource, and what was found of it. */
type ObservedResource = readonly [resource: Resource, observed: Observed];

// Azure allows five lists of credentials a second per subscription.
const few = 4;

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function absentApplication(clientId: string): PodtrustError {
  return new PodtrustError("azure-application-absent", `there is no application ${clientId} in the tenant`, {
    detail: { clientId },
  });
}

/** Whether an identity is made and changed by this stack. One of a newer podtrust is shown as such. */
const isForeign = (owner: Owner | undefined): boolean =>
  owner !== undefined && owner.kind !== "ours" && owner.kind !== "newer-format";

/** What a reading of one identity or application of a section needs. */
export interface SectionLooking {
  readonly apis: TenantApis;
  readonly section: AzureSection;
  /** The identities of its resource group. */
  readonly all: readonly IdentityState[];
  readonly signal: AbortSignal;
}

/** Reads the state of one identity or application that should be as `desired`. Throws `azure-*`. */
export async function lookAt(
  { apis, section, all, signal }: SectionLooking,
  identity: AzureIdentity,
  desired: readonly DesiredCredential[],
): Promise<LookedAt> {
  const { stack, identity: own, issuer } = section.config;
  const holder = holderOf(apis, section, identity);
  const found = identity.kind === "managed" ? all.find(({ name }) => same(name, identity.name)) : undefined;
  const isThere = identity.kind === "application" || found !== undefined;
  const credentials = isThere ? await holder.list(signal) : undefined;
  const view = viewOf({ stack, identity: own, issuer, desired }, credentials ?? []);
  return {
    identity,
    holder,
    view,
    found,
    owner: found === undefined ? undefined : identityOwner(found, section.config),
    credentials,
    desired: desired.filter((one) => !view.doubled.some((pair) => pair.desired === one)),
  };
}

class SectionSurvey {
  readonly #apis: TenantApis;
  readonly #section: AzureSection;
  readonly #goal: Goal;
  readonly #signal: AbortSignal;

  constructor(apis: TenantApis, section: AzureSection, goal: Goal, signal: AbortSignal) {
    this.#apis = apis;
    this.#section = section;
    this.#goal = goal;
    this.#signal = signal;
  }

  get #stack(): CredentialOwner {
    const { stack, identity, issuer } = this.#section.config;
    return { stack, identity, issuer };
  }

  /**
   * An identity as a resource. One that is marked by the stack's name alone is for the issuers of the credentials that were made
   * with it: it may be that of another stack of the name.
   */
  #identity(
    name: string,
    owner: Owner | undefined,
    credentials: readonly ObservedCredential[] = [],
  ): Resource<IdentityState> {
    const resource = identityOf(this.#apis, this.#section, name);
    if (!lacksIdentity(owner)) return resource;
    return { ...resource, issuers: () => otherIssuers(credentials, this.#stack) };
  }

  /** State of one identity or application, and its resources in a plan. */
  async #look(
    identity: AzureIdentity,
    all: readonly IdentityState[],
  ): Promise<{ readonly looked: LookedAt; readonly seen: readonly ObservedResource[] }> {
    const desired = this.#goal === "present" ? wantedOf(this.#section, identity) : [];
    const looking = { apis: this.#apis, section: this.#section, all, signal: this.#signal };
    const looked = await lookAt(looking, identity, desired);
    const { credentials, found, holder } = looked;
    if (credentials === undefined && identity.kind === "application" && this.#goal === "present")
      throw absentApplication(identity.clientId);
    const stack = this.#stack;
    const made: ObservedResource[] = [];
    if (identity.kind === "managed" && !isForeign(looked.owner)) {
      const own = this.#identity(identity.name, looked.owner, credentials);
      made.push([own, observedIdentity(found, stack)]);
    }
    const dependsOn = made.map(([{ id }]) => id);
    const resource = credentialsResource({ ...stack, holder, desired: looked.desired, dependsOn });
    return {
      looked,
      seen: [...made, [resource, observedCredentials(credentials, stack)]],
    };
  }

  /** What the stack has in the group that the config no longer names: identities, and credentials in other identities. */
  async #surplus(
    all: readonly IdentityState[],
  ): Promise<{ readonly seen: readonly ObservedResource[]; readonly surplus: SectionFacts["surplus"] }> {
    const { tenant } = this.#section;
    const { management } = this.#apis;
    const isNamed = ({ name }: IdentityState): boolean =>
      tenant.identities.some((one) => one.kind === "managed" && same(one.name, name));
    const others = all.filter((one) => !isNamed(one));
    const looks = await mapLimit(
      others,
      async (found) => {
        const holder = identityHolder(management, tenant, found.name);
        return { found, holder, credentials: (await holder.list(this.#signal)) ?? [] };
      },
      few,
    );
    const stack = this.#stack;
    const seen = looks.flatMap(({ found, holder, credentials }): readonly ObservedResource[] => {
      const owner = identityOwner(found, stack);
      const isOurs = owner.kind === "ours";
      const identity = this.#identity(found.name, owner, credentials) as Resource;
      const dependsOn = isOurs ? [identity.id] : [];
      const own = observedCredentials(credentials, stack);
      return [
        ...(isOurs ? [[identity, observedIdentity(found, stack)] as const] : []),
        ...(own.exists
          ? [[credentialsResource({ ...stack, holder, desired: [], dependsOn }) as Resource, own] as const]
          : []),
      ];
    });
    const surplus = looks.map(({ found, credentials }) => ({
      id: identityOf(this.#apis, this.#section, found.name).id,
      others: viewOf({ ...stack, desired: [] }, credentials).others,
    }));
    return { seen, surplus };
  }

  async run(): Promise<{ readonly survey: Survey; readonly found: SectionFacts }> {
    const { tenant, config } = this.#section;
    const all = await listIdentities(this.#apis.management, tenant, this.#signal);
    const looks = await mapLimit(tenant.identities, (identity) => this.#look(identity, all), few);
    const { seen: owned, surplus } = await this.#surplus(all);
    const desired = looks.flatMap(({ seen }) => seen);
    const makers = issuerMakers(config);
    return {
      survey: {
        // Entra reads the issuer when the first token comes, and remembers a failed read.
        desired: desired.map(([one]) => ({ ...one, dependsOn: [...one.dependsOn, ...makers] })),
        owned: owned.map(([one]) => one),
        seen: new Map([...desired, ...owned].map(([{ id }, observed]) => [id, observed])),
      },
      found: { looked: looks.map(({ looked }) => looked), surplus },
    };
  }
}

/** Reads the state of a section. Throws `azure-*`. */
export function surveyOf(
  apis: TenantApis,
  section: AzureSection,
  goal: Goal,
  signal: AbortSignal,
): Promise<{ readonly survey: Survey; readonly found: SectionFacts }> {
  return new SectionSurvey(apis, section, goal, signal).run();
}
