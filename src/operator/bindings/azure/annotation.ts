import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { azureAnnotations } from "../../../rules/injection/index.ts";
import type { DesiredAnnotations } from "../service-account.ts";

const { "client-id": client, "tenant-id": tenantId, "azure-cloud": cloudOf } = azureAnnotations;

/** The annotation that every binding sets. */
export const clientAnnotation = client.key;

/** The identity that pods of a ServiceAccount become. */
export interface PodIdentity {
  readonly clientId: string;
  readonly tenant: string;
  readonly cloud: string;
}

/** The annotations of a ServiceAccount whose pods become an identity. */
export function identityAnnotations({ clientId, tenant, cloud }: PodIdentity): DesiredAnnotations {
  const annotations = {
    [client.key]: clientId,
    [tenantId.key]: tenant,
    // Injection defaults to the public cloud.
    ...(cloud === "public" ? {} : { [cloudOf.key]: cloud }),
  };
  return {
    party: "azure",
    annotations,
    isOurs: (key) => key === cloudOf.key,
    conflict({ metadata }: KubernetesObject) {
      const held: Readonly<Record<string, string>> = { [cloudOf.key]: "public", ...metadata.annotations };
      const other = Object.entries({ [cloudOf.key]: "public", ...annotations }).find(
        ([key, value]) => held[key] !== value,
      );
      if (other === undefined) return undefined;
      const [key, value] = other;
      return `has the annotation ${key}: ${held[key] ?? ""}, and not ${value}`;
    },
    does: `names client id ${clientId}`,
  };
}
