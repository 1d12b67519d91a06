import type { PoolName, ProviderName } from "../../rules/gcp/index.ts";
import type { NamedResource } from "../../rules/plan/index.ts";

/** Where the pools of a project are, below the API's base. */
export const poolsPath = (projectNumber: string): string =>
  `/v1/projects/${projectNumber}/locations/global/workloadIdentityPools`;

export const poolPath = ({ projectNumber, pool }: PoolName): string => `${poolsPath(projectNumber)}/${pool}`;

export const providerPath = (name: ProviderName): string => `${poolPath(name)}/providers/${name.provider}`;

/** The names of a pool in plans and selections. */
export function poolNames({ projectNumber, pool }: PoolName): NamedResource {
  const place = `gcp/${projectNumber}`;
  return { id: `${place}/pool/${pool}`, kind: "pool", names: [`pool/${pool}`, place], link: "provider" };
}

/** The names of a provider in plans and selections. */
export function providerNames({ projectNumber, pool, provider }: ProviderName): NamedResource {
  const place = `gcp/${projectNumber}`;
  const short = `provider/${pool}/${provider}`;
  return {
    id: `${place}/${short}`,
    kind: "workload-identity-provider",
    names: [short, place],
    link: "provider",
  };
}

/** The names, in plans and selections, of a pool's principals in the policy of a service account. */
export function memberNames({ projectNumber, pool }: PoolName, email: string): NamedResource {
  const place = `gcp/${projectNumber}`;
  const short = `member/${pool}/${email}`;
  return { id: `${place}/${short}`, kind: "member", names: [email, short, place], link: "trust" };
}
