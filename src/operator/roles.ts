import { type JsonRecord, recordOf } from "../core/base/index.ts";
import {
  type Agent,
  noRoleMap,
  readRoleMap,
  type RoleMap,
  type Surroundings,
  withRoleMap,
} from "../rules/injection/index.ts";
import type { Mirror } from "../providers/kubernetes/index.ts";

/** Where the map stands: a ConfigMap of the operator's namespace. */
export interface RoleMapPlace {
  readonly namespace: string;
  readonly name: string;
}

/** What is followed of it: what it says. */
export function followedRoleMap({ namespace, name }: RoleMapPlace) {
  return {
    kind: "ConfigMap",
    namespace,
    fields: `metadata.name=${name}`,
    keep: (object: JsonRecord): JsonRecord => recordOf(object["data"]),
  } as const;
}

/** Address and audience of the agent of EKS Pod Identity, which AWS's webhook has as its defaults. */
const agent: Omit<Agent, "spread"> = {
  credentialsUri: "http://169.254.170.23/v1/credentials",
  audience: "pods.eks.amazonaws.com",
};

/** What ServiceAccounts ask for: by their annotations, and by the role map where there is one. */
export class Roles {
  #now: RoleMap = noRoleMap;

  /** `map` follows the ConfigMap, and nothing else; undefined for none. */
  constructor(map: Pick<Mirror<JsonRecord>, "subscribe"> | undefined) {
    map?.subscribe((_key, _before, data) => {
      this.#now = data === undefined ? noRoleMap : readRoleMap(data);
    });
  }

  /** What of the map cannot be used, in sentences. */
  get problems(): readonly string[] {
    return this.#now.problems;
  }

  /** A ServiceAccount, `namespace/name`, as its pods are to see it. */
  account(account: JsonRecord, key: string): JsonRecord {
    return withRoleMap(account, key, this.#now);
  }

  /**
   * What stands around a pod of the ServiceAccount `key`. `spread` from 0 to 1, by chance for a pod that is made: pods
   * that were made at one time do not ask their agent at one time.
   */
  around(
    { serviceAccount, namespace }: Pick<Surroundings, "serviceAccount" | "namespace">,
    key: string,
    spread = 1,
  ): Surroundings {
    if (serviceAccount === undefined) return { serviceAccount, namespace };
    return {
      serviceAccount: this.account(serviceAccount, key),
      namespace,
      ...(this.#now.agents.has(key) ? { agent: { ...agent, spread } } : {}),
    };
  }
}
