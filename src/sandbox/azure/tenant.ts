import { randomUUID } from "node:crypto";
import { FederatedCredentials, type CredentialTimes } from "./credentials.ts";
import { clouds } from "./hosts.ts";
import type { AzureSettings } from "./options.ts";

/** A user-assigned managed identity. */
export interface UserAssignedIdentity {
  readonly resourceGroup: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly clientId: string;
  /** Its object id. */
  readonly principalId: string;
  readonly credentials: FederatedCredentials;
}

/** An existing application: clients cannot create one. */
export interface Application {
  /** Its object id, which is not its client id. */
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  /** The object id of its service principal. */
  readonly principalId: string;
  readonly credentials: FederatedCredentials;
}

/** A secret of a Key Vault: one version. */
export interface VaultSecret {
  readonly vault: string;
  readonly name: string;
  readonly version: string;
  readonly value: string;
  /** Milliseconds. */
  readonly created: number;
  /** Client ids that may read it; undefined: all of the tenant. */
  readonly readers: readonly string[] | undefined;
}

/** What has a client id. */
export interface Client {
  readonly objectId: string;
  readonly credentials: FederatedCredentials;
  /** Validity of its access tokens, in seconds. */
  readonly lifetime: number;
}

/** "Client credentials flow": an hour; of managed identities up to a day (azure-workload-identity's FAQ). */
const lifetimes = { application: 3599, identity: 86_399 };

/** Azure's names are case-insensitive. */
export function keyOf(...names: readonly string[]): string {
  return names.join("/").toLowerCase();
}

/** One tenant, with its one subscription. */
export class EntraTenant {
  readonly settings: AzureSettings;
  readonly #times: CredentialTimes;
  /** The administrator, whose secret has every right. */
  readonly admin = { clientId: randomUUID(), objectId: randomUUID(), clientSecret: randomUUID() };
  readonly identities = new Map<string, UserAssignedIdentity>();
  readonly applications = new Map<string, Application>();
  readonly secrets = new Map<string, VaultSecret>();

  constructor(settings: AzureSettings, times: CredentialTimes) {
    this.settings = settings;
    this.#times = times;
  }

  get hosts() {
    return clouds[this.settings.cloud];
  }

  /** Whether a name in an address is its own: the id, or the domain that every tenant has. */
  isCalled(name: string): boolean {
    return [this.settings.tenant, "podtrust.onmicrosoft.com"].includes(name.toLowerCase());
  }

  resourceGroup(name: string): string | undefined {
    return this.settings.resourceGroups.find((one) => keyOf(one) === keyOf(name));
  }

  /** Everything with a client id, except the administrator. */
  client(clientId: string): Client | undefined {
    const wanted = clientId.toLowerCase();
    for (const { clientId: id, principalId: objectId, credentials } of this.identities.values())
      if (id === wanted) return { objectId, credentials, lifetime: lifetimes.identity };
    for (const { appId, principalId: objectId, credentials } of this.applications.values())
      if (appId === wanted) return { objectId, credentials, lifetime: lifetimes.application };
    return undefined;
  }

  /** Creates an identity, or gives an existing one new tags. */
  putIdentity(
    order: Pick<UserAssignedIdentity, "resourceGroup" | "name" | "location" | "tags">,
  ): UserAssignedIdentity {
    const key = keyOf(order.resourceGroup, order.name);
    const before = this.identities.get(key);
    const identity: UserAssignedIdentity =
      before === undefined
        ? {
            ...order,
            clientId: randomUUID(),
            principalId: randomUUID(),
            credentials: new FederatedCredentials(this.#times),
          }
        : { ...before, tags: order.tags };
    this.identities.set(key, identity);
    return identity;
  }

  addApplication(displayName: string): Application {
    const [id, appId, principalId] = [randomUUID(), randomUUID(), randomUUID()];
    const credentials = new FederatedCredentials(this.#times);
    const application = { id, appId, displayName, principalId, credentials };
    this.applications.set(id, application);
    return application;
  }

  /** Makes Entra see every federated credential as it is. */
  spread(): void {
    for (const { credentials } of [...this.identities.values(), ...this.applications.values()])
      credentials.spread();
  }

  /** Empties it; the administrator stays. */
  clear(): void {
    this.identities.clear();
    this.applications.clear();
    this.secrets.clear();
  }
}
