import { apiGroup, bindingNames } from "../names.ts";

/** How much of an account and of the cluster a namespace may take. */
export interface QuotaSpec {
  readonly namespace: string;
  /** Bindings: of each come up to eight roles, of which an account has 1,000 by AWS's default. */
  readonly bindings: number;
  readonly serviceAccounts: number;
}

/** A ResourceQuota: who may write in a namespace, by the roles `edit` and `admin` of Kubernetes, may not change it. */
export function tenantQuota({ namespace, bindings, serviceAccounts }: QuotaSpec): object {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "podtrust-bindings", namespace },
    spec: {
      hard: {
        [`count/${bindingNames.plural}.${apiGroup}`]: String(bindings),
        "count/serviceaccounts": String(serviceAccounts),
      },
    },
  };
}
