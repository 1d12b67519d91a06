import { apiGroup, type BoundParty, partyNames } from "../names/index.ts";

/** How much of an account and of the cluster a namespace may take. */
export interface QuotaSpec {
  readonly namespace: string;
  /**
   * How many for each relying party: one at AWS makes up to eight roles, of which an account has 1,000 by AWS's
   * default.
   */
  readonly bindings: number;
  /** AWS alone by default. */
  readonly parties?: readonly BoundParty[];
  readonly serviceAccounts: number;
}

/** A ResourceQuota: the roles `edit` and `admin` of Kubernetes do not allow changing it. */
export function tenantQuota(spec: QuotaSpec): object {
  const { namespace, bindings, parties = ["aws"], serviceAccounts } = spec;
  const counted = parties.map((one) => [
    `count/${partyNames[one].binding.plural}.${apiGroup}`,
    String(bindings),
  ]);
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "podtrust-bindings", namespace },
    spec: {
      hard: {
        ...(Object.fromEntries(counted) as Readonly<Record<string, string>>),
        "count/serviceaccounts": String(serviceAccounts),
      },
    },
  };
}
