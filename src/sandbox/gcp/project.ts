import type { MovableClock } from "../clock/index.ts";
import type { GoogleIssuerSource } from "./issuer-source.ts";
import type { Settings } from "./options.ts";
import { IamPolicy } from "./policy.ts";
import { Tokens } from "./tokens.ts";

/** What pool and provider have in common. */
export interface Deletable {
  readonly id: string;
  displayName: string;
  description: string;
  disabled: boolean;
  /** Milliseconds since the epoch. */
  deletedAt?: number;
}

/** A provider's settings for its issuer (IAM API, `Oidc`). */
export interface Oidc {
  readonly issuerUri: string;
  readonly allowedAudiences: readonly string[];
  readonly jwksJson?: string;
  readonly discoveryUri?: string;
}

export interface Provider extends Deletable {
  attributeMapping: Readonly<Record<string, string>>;
  attributeCondition: string;
  oidc: Oidc;
  /** Earlier uploaded keys, in effect until those of `oidc` are. */
  before?: { readonly jwksJson: string | undefined; readonly until: number };
}

/** The uploaded keys in effect: the earlier ones, until the new ones have spread. */
export function countingKeys({ before, oidc }: Provider, now: number): string | undefined {
  return before !== undefined && now < before.until ? before.jwksJson : oidc.jwksJson;
}

export interface IdentityPool extends Deletable {
  readonly providers: Map<string, Provider>;
}

export interface ServiceAccount {
  readonly email: string;
  readonly uniqueId: string;
  readonly policy: IamPolicy;
  displayName: string;
  description: string;
  disabled: boolean;
}

export interface Secret {
  readonly id: string;
  readonly value: string;
  readonly policy: IamPolicy;
}

/** A long-running operation, done at this time in milliseconds. */
export interface Operation {
  readonly name: string;
  readonly doneAt: number;
}

/** How long a soft-deleted pool or provider is kept: "approximately 30 days". */
export const keptMs = 30 * 86_400_000;
/** The most operations remembered. */
const maxOperations = 1000;

/** One project with all its content, and its surroundings. */
export class Project {
  readonly settings: Settings;
  readonly clock: MovableClock;
  readonly issuers: GoogleIssuerSource;
  readonly tokens: Tokens;
  readonly pools = new Map<string, IdentityPool>();
  readonly accounts = new Map<string, ServiceAccount>();
  readonly secrets = new Map<string, Secret>();
  readonly operations = new Map<string, Operation>();
  policy: IamPolicy;
  #operations = 0;

  constructor(settings: Settings, clock: MovableClock, issuers: GoogleIssuerSource) {
    this.settings = settings;
    this.clock = clock;
    this.issuers = issuers;
    this.tokens = new Tokens();
    this.policy = this.newPolicy();
  }

  newPolicy(): IamPolicy {
    return new IamPolicy(this.settings.delays);
  }

  /** Whether a path's `projects/X` is this one, by id or number. */
  isMeant(name: string): boolean {
    return name === this.settings.project || name === this.settings.projectNumber;
  }

  /** `projects/NUMBER/locations/global/workloadIdentityPools` */
  get poolsName(): string {
    return `projects/${this.settings.projectNumber}/locations/global/workloadIdentityPools`;
  }

  poolName({ id }: Pick<IdentityPool, "id">): string {
    return `${this.poolsName}/${id}`;
  }

  providerName(pool: IdentityPool, { id }: Pick<Provider, "id">): string {
    return `${this.poolName(pool)}/providers/${id}`;
  }

  /** Purges what was deleted 30 days ago. */
  purge(): void {
    const gone = ({ deletedAt }: Deletable): boolean =>
      deletedAt !== undefined && this.clock.now() >= deletedAt + keptMs;
    for (const pool of this.pools.values()) {
      if (gone(pool)) this.pools.delete(pool.id);
      for (const provider of pool.providers.values()) if (gone(provider)) pool.providers.delete(provider.id);
    }
  }

  /** An operation on a resource, already carried out. */
  operate(resource: string): Operation {
    this.#operations += 1;
    const id = this.#operations.toString(36).padStart(24, "bcdef");
    const doneAt = this.clock.now() + this.settings.operationMs;
    const operation = { name: `${resource}/operations/${id}`, doneAt };
    this.operations.set(operation.name, operation);
    const [oldest] = this.operations.keys();
    if (this.operations.size > maxOperations && oldest !== undefined) this.operations.delete(oldest);
    return operation;
  }

  /** Ends all propagation: policies and uploaded keys take effect as they are. */
  spread(): void {
    for (const { policy } of [this, ...this.accounts.values(), ...this.secrets.values()]) policy.spread();
    for (const pool of this.pools.values())
      for (const provider of pool.providers.values()) delete provider.before;
  }

  /** Empties it. The administrator's token stays. */
  clear(): void {
    for (const table of [this.pools, this.accounts, this.secrets, this.operations]) table.clear();
    this.policy = this.newPolicy();
    this.tokens.clear();
    this.issuers.forget();
  }
}
