import { PodtrustError } from "../../core/base/index.ts";
import { forms, type Forms } from "../errors/index.ts";
import { type AzureCloud, clouds } from "./hosts.ts";

export interface AzureOptions {
  /**
   * The tenant's id, a UUID.
   *
   * @default "11111111-2222-3333-4444-555555555555"
   */
  readonly tenant?: string;
  /**
   * The id of the tenant's one subscription, a UUID.
   *
   * @default "66666666-7777-8888-9999-000000000000"
   */
  readonly subscription?: string;
  /**
   * Names of the subscription's resource groups.
   *
   * @default ["podtrust"]
   */
  readonly resourceGroups?: readonly string[];
  /**
   * The cloud that the tenant is in: it is unknown in the others.
   *
   * @default "public"
   */
  readonly cloud?: AzureCloud;
  /**
   * How long Entra takes to see a federated credential's creation, change or deletion, in milliseconds: on Azure one to
   * five minutes.
   *
   * @default 120000; the exact value is ours
   */
  readonly propagationMs?: number;
  /**
   * How long Entra knows no key of a new issuer, in milliseconds: up to half an hour has been measured.
   *
   * @default 1200000; the exact value is ours
   */
  readonly newIssuerMs?: number;
  /**
   * How long Entra caches an issuer's keys, in milliseconds. Azure has not published it.
   *
   * @default 1200000, which is ours
   */
  readonly issuerCacheMs?: number;
  /**
   * How long ARM takes to write a federated credential, in milliseconds: another write of the same identity is refused meanwhile.
   *
   * @default 100, which is ours
   */
  readonly writeMs?: number;
  /**
   * Resources that the tenant knows beside ARM, Graph and Key Vault: application ID URIs.
   *
   * @default none
   */
  readonly resources?: readonly string[];
}

const { anyText, milliseconds, texts } = forms;

/** What each option of a stand-in for Azure beside AWS has to be. */
export const azureForms: Forms<AzureOptions> = {
  tenant: anyText,
  subscription: anyText,
  resourceGroups: texts,
  cloud: anyText,
  propagationMs: milliseconds,
  newIssuerMs: milliseconds,
  issuerCacheMs: milliseconds,
  writeMs: milliseconds,
  resources: texts,
};

/** The options with all members set. */
export type AzureSettings = Required<AzureOptions>;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

function uuidIn(name: string, value: string): string {
  if (uuid.test(value)) return value;
  throw new PodtrustError("usage", `Azure's ${name} ${JSON.stringify(value)} is not a UUID in small letters`);
}

function cloudIn(cloud: string): AzureCloud {
  if (Object.hasOwn(clouds, cloud)) return cloud as AzureCloud;
  throw new PodtrustError(
    "usage",
    `the cloud ${JSON.stringify(cloud)} is none of ${Object.keys(clouds).join(", ")}`,
  );
}

/** The options with their defaults. Throws `usage`. */
export function settingsOf(options: AzureOptions): AzureSettings {
  const minute = 60_000;
  return {
    tenant: uuidIn("tenant", options.tenant ?? "11111111-2222-3333-4444-555555555555"),
    subscription: uuidIn("subscription", options.subscription ?? "66666666-7777-8888-9999-000000000000"),
    resourceGroups: options.resourceGroups ?? ["podtrust"],
    cloud: cloudIn(options.cloud ?? "public"),
    propagationMs: options.propagationMs ?? 2 * minute,
    newIssuerMs: options.newIssuerMs ?? 20 * minute,
    issuerCacheMs: options.issuerCacheMs ?? 20 * minute,
    writeMs: options.writeMs ?? 100,
    resources: options.resources ?? [],
  };
}
