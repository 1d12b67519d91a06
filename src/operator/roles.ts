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

/** Where the map is: a ConfigMap in the operator's namespace. */
export interface RoleMapRef {
  readonly namespace: string;
  readonly name: string;
}

/** What is remembered of it: its content. */
export function followedRoleMap({ namespace, name }: RoleMapRef) {
  return {
    kind: "ConfigMap",
    namespace,
    fields: `metadata.name=${name}`,
    keep: (object: JsonRecord): JsonRecord => recordOf(object["data"]),
  } as const;
}

/** So many problems of a map are told, each of so many characters: a ConfigMap has a mebibyte of entries, and names are its writer's. */
const maxTold = 20;
const maxSentence = 300;

/** Address and audience of the EKS Pod Identity agent: the defaults of AWS's webhook. */
const agent: Omit<Agent, "spread"> = {
  credentialsUri: "http://169.254.170.23/v1/credentials",
  audience: "pods.eks.amazonaws.com",
};

/** What ServiceAccounts ask for: by their annotations, and by the role map if there is one. */
export class Roles {
  #now: RoleMap = noRoleMap;

  /** `map` follows the ConfigMap and nothing else; undefined for none. */
  constructor(map: Pick<Mirror<JsonRecord>, "subscribe"> | undefined) {
    map?.subscribe((_key, _before, data) => {
      this.#now = data === undefined ? noRoleMap : readRoleMap(data);
    });
  }

  /** Entries of the map that cannot be used, in sentences. */
  get problems(): readonly string[] {
    const { problems } = this.#now;
    const told = problems
      .slice(0, maxTold)
      .map((one) => (one.length > maxSentence ? `${one.slice(0, maxSentence)}…` : one));
    const left = problems.length - told.length;
    return left > 0 ? [...told, `the role map has ${left} more entries that cannot be used`] : told;
  }

  /** A ServiceAccount, `namespace/name`, as its pods see it. */
  account(account: JsonRecord, key: string): JsonRecord {
    return withRoleMap(account, key, this.#now);
  }

  /**
   * The surroundings of a pod of the ServiceAccount `key`. `spread`: 0 to 1, random for a new pod, so that pods created
   * together do not ask their agent together.
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
