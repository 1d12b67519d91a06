import { type JsonRecord, recordOf, textOf } from "../../core/base/index.ts";
import { azureForms, azureGuid, relyingParties } from "../oidc/index.ts";
import type { Surroundings } from "./annotated-access.ts";
import {
  type AnnotationReading,
  type AskingAnnotation,
  type Expiration,
  isAsking,
  namesIn,
  type PartyAsking,
  readAnnotations,
  secondsOf,
} from "./annotation-reading.ts";
import { noteTexts } from "./notes.ts";
import { patterns } from "./patterns.ts";
import { fileIn } from "./mount-paths.ts";
import { injectToken, isLeftAlone, type PartyInjection, type TokenInjection } from "./token.ts";

const prefix = "azure.workload.identity/";

/**
 * The annotations of azure-workload-identity (pkg/webhook of Azure/azure-workload-identity), and one of ours for Microsoft's
 * other clouds, which its webhook takes from its environment; as it does the tenant that a namespace may name here.
 */
export const azureAnnotations = {
  "client-id": {
    key: `${prefix}client-id`,
    on: ["ServiceAccount"],
    pattern: azureGuid,
    instead: "it is no GUID, as client ids are; pods still get it",
  },
  "tenant-id": {
    key: `${prefix}tenant-id`,
    on: ["ServiceAccount", "namespace"],
    pattern: new RegExp(`^${azureForms.guid}$|^[0-9A-Za-z-]{1,63}(?:\\.[0-9A-Za-z-]{1,63}){1,9}$`, "u"),
    instead: "it is neither the GUID of a tenant nor its domain; pods still get it",
  },
  "azure-cloud": {
    key: "podtrust.dev/azure-cloud",
    on: ["ServiceAccount", "namespace"],
    pattern: /^(?:public|usgov|china)$/u,
    instead: "it is neither public, usgov nor china, and not used",
  },
  "token-expiration": {
    key: `${prefix}service-account-token-expiration`,
    on: ["pod", "ServiceAccount"],
    pattern: patterns.integer,
    instead: noteTexts["token-expiration"],
  },
  "skip-containers": {
    key: `${prefix}skip-containers`,
    on: ["pod"],
    isList: true,
    instead: noteTexts["skip-containers"],
  },
  "inject-proxy-sidecar": {
    key: `${prefix}inject-proxy-sidecar`,
    on: ["pod"],
    pattern: /^$/u,
    instead: "no proxy is made: clients have to read AZURE_FEDERATED_TOKEN_FILE themselves",
  },
} as const satisfies Readonly<Record<string, AskingAnnotation>>;

/**
 * The label by which pods ask azure-workload-identity's webhook. It is optional; with another value a pod asks for
 * nothing. With it alone a pod asks where its namespace names the tenant, as that webhook's settings do.
 */
export const azureLabel = {
  key: `${prefix}use`,
  value: "true",
  namespaceKey: azureAnnotations["tenant-id"].key,
} as const;

/** A ServiceAccount that names a tenant alone is for clients that bring a client id themselves. */
export const azureAsking: PartyAsking = {
  annotations: azureAnnotations,
  asks: ["client-id", "tenant-id"],
  configMap: "podtrust-injection-azure",
  label: azureLabel,
};

/** The separator of containers to skip. */
export const azureSeparator = ";";

/** The bounds of azure-workload-identity, which refuses pods beyond them. */
export const azureExpiration: Expiration = { default: 3600, min: 3600, max: 86_400 };

/** Volume, folder and file as azure-workload-identity had them up to its version 1.5, and AKS documents them. */
export const azureMount = {
  volume: "azure-identity-token",
  folder: "/var/run/secrets/azure/tokens",
  token: "azure-identity-token",
} as const;

/** Each is added by itself, in the order of azure-workload-identity, where a container lacks it and there is a value. */
export const azureVariables = {
  client: "AZURE_CLIENT_ID",
  tenant: "AZURE_TENANT_ID",
  file: "AZURE_FEDERATED_TOKEN_FILE",
  authority: "AZURE_AUTHORITY_HOST",
} as const;

export const azureClouds = relyingParties.azure.clouds;

function injectionOf({ values, fitting }: AnnotationReading<keyof typeof azureAnnotations>): TokenInjection {
  const cloud = fitting["azure-cloud"] === "" ? "public" : fitting["azure-cloud"];
  const { audience, authority } = azureClouds[cloud as keyof typeof azureClouds];
  const { volume, folder, token } = azureMount;
  const expirationSeconds = secondsOf(fitting["token-expiration"], azureExpiration);
  const source = { serviceAccountToken: { audience, expirationSeconds, path: token } };
  const texts: Readonly<Record<keyof typeof azureVariables, string>> = {
    client: values["client-id"],
    tenant: values["tenant-id"],
    file: fileIn(folder, token),
    authority,
  };
  const variables = (Object.keys(azureVariables) as readonly (keyof typeof azureVariables)[])
    .filter((name) => texts[name] !== "")
    .map((name) => ({ names: [azureVariables[name]], value: texts[name], isFile: name === "file" }));
  return {
    volume: { name: volume, projected: { sources: [source] } },
    folder,
    variables,
    skipped: namesIn(fitting["skip-containers"], azureSeparator),
  };
}

/**
 * A pod with a token for Entra and the variables of Azure's clients, where its ServiceAccount asks: as
 * azure-workload-identity makes it up to version 1.5, without its proxy, and with no label needed.
 */
export function injectAzure(pod: JsonRecord, around: Surroundings): PartyInjection {
  const { serviceAccount } = around;
  const label = textOf(recordOf(recordOf(pod["metadata"])["labels"])[azureLabel.key]);
  const isLabelled = label === azureLabel.value;
  if (serviceAccount === undefined) return { pod, notes: [] };
  const asks = isAsking(serviceAccount, azureAsking);
  if (!(asks || isLabelled) || (label !== undefined && !isLabelled) || isLeftAlone(pod))
    return { pod, notes: [] };
  const asked = readAnnotations(azureAnnotations, pod, around);
  const { "client-id": client, "tenant-id": tenant } = asked.values;
  // A pod with the label alone, whose namespace names no tenant; or all that is asked for is too long.
  if (client === "" && tenant === "") return { pod, notes: asks ? asked.notes : [] };
  return { pod: injectToken(pod, injectionOf(asked)), notes: asked.notes };
}
