import { randomUUID } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import { CredentialRefused, type FederatedCredentials } from "./credentials.ts";
import { AzureError } from "./service.ts";
import type { EntraTenant } from "./tenant.ts";
import { putSecret } from "./vault.ts";

/** A federated credential to be made. */
export interface SeedCredential {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  /**
   * The one audience.
   *
   * @default "api://AzureADTokenExchange"
   */
  readonly audience?: string;
}

/** The initial content of a tenant for a test. */
export interface AzureSeed {
  readonly identities?: readonly {
    readonly name: string;
    /** @default the first of the subscription's */
    readonly resourceGroup?: string;
    /** @default "westeurope" */
    readonly location?: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly credentials?: readonly SeedCredential[];
  }[];
  readonly applications?: readonly {
    readonly name: string;
    readonly credentials?: readonly SeedCredential[];
  }[];
  readonly secrets?: readonly {
    /** `shop` of `https://shop.vault.azure.net` */
    readonly vault: string;
    readonly name: string;
    readonly value: string;
    /** Names of identities and applications that may read it. */
    readonly readers?: readonly string[];
  }[];
}

/** The ids of something with a client id. */
export interface AzureClient {
  readonly name: string;
  /** For AZURE_CLIENT_ID. */
  readonly clientId: string;
  /** Of an identity its principal's id, of an application its own object id. */
  readonly objectId: string;
}

/** Everything of a tenant that has a client id. */
export function clientsOf({ identities, applications }: EntraTenant): readonly AzureClient[] {
  return [
    ...[...identities.values()].map(({ name, clientId, principalId: objectId }) => ({
      name,
      clientId,
      objectId,
    })),
    ...[...applications.values()].map(({ displayName: name, appId: clientId, id: objectId }) => ({
      name,
      clientId,
      objectId,
    })),
  ];
}

const refused = (message: string): PodtrustError =>
  new PodtrustError("sandbox-seed", message, { next: "Correct the seed: what came before it stays." });

function addCredentials(
  kept: FederatedCredentials,
  of: string,
  wanted: readonly SeedCredential[] = [],
): void {
  for (const { audience = "api://AzureADTokenExchange", ...rest } of wanted) {
    try {
      kept.add({ ...rest, audiences: [audience] }, randomUUID);
    } catch (error) {
      if (!(error instanceof CredentialRefused)) throw error;
      throw refused(`Azure refuses the federated credential ${rest.name} of ${of}: ${error.fault}`);
    }
  }
}

type SeedIdentity = NonNullable<AzureSeed["identities"]>[number];
type SeedSecret = NonNullable<AzureSeed["secrets"]>[number];

function addIdentity(tenant: EntraTenant, wanted: SeedIdentity): void {
  const { name, resourceGroup, location = "westeurope", tags = {}, credentials } = wanted;
  const group = tenant.resourceGroup(resourceGroup ?? tenant.settings.resourceGroups[0] ?? "");
  if (group === undefined) throw refused(`the subscription has no resource group ${resourceGroup ?? ""}`);
  const identity = tenant.putIdentity({ resourceGroup: group, name, location, tags });
  addCredentials(identity.credentials, name, credentials);
}

function clientIdOf(tenant: EntraTenant, reader: string): string {
  const client = clientsOf(tenant).find((one) => one.name === reader);
  if (client === undefined) throw refused(`nothing in the tenant is called ${reader}`);
  return client.clientId;
}

function addSecret(tenant: EntraTenant, { readers, ...secret }: SeedSecret, now: number): void {
  const ids = readers?.map((reader) => clientIdOf(tenant, reader));
  try {
    putSecret(tenant, { ...secret, readers: ids }, now);
  } catch (error) {
    if (error instanceof AzureError) throw refused(`Key Vault refuses the secret ${secret.name}`);
    throw error;
  }
}

/** Creates what a seed describes, within Azure's limits; Entra sees it at once. Throws `sandbox-seed`. */
export function applySeed(tenant: EntraTenant, seed: AzureSeed, now: number): void {
  const { identities = [], applications = [], secrets = [] } = seed;
  for (const wanted of identities) addIdentity(tenant, wanted);
  for (const { name, credentials } of applications)
    addCredentials(tenant.addApplication(name).credentials, name, credentials);
  for (const secret of secrets) addSecret(tenant, secret, now);
}
