import { isDeepStrictEqual } from "node:util";
import { type JsonRecord, PodtrustError, recordOf, textOf } from "../core/base/index.ts";
import {
  type Controller,
  type KeySource,
  followedAs,
  namespaceOf,
  type Reconcile,
} from "./controller/index.ts";
import {
  injectionConfigMap,
  type InjectionMap,
  injectionMaps,
  leftOutAccounts,
} from "../rules/injection/index.ts";
import type { KubernetesApi, KubernetesObject, Mirror } from "../providers/kubernetes/index.ts";
import type { InjectionView } from "./finder/finder.ts";
import type { Roles } from "./roles.ts";

/** What is remembered of an injection ConfigMap. */
export interface KeptConfigMap {
  readonly uid: string;
  /** Whether the operator owns it. */
  readonly ours: boolean;
  readonly data: JsonRecord;
}

const mark = { key: "app.kubernetes.io/managed-by", value: "podtrust-operator" } as const;
const manager = "podtrust-operator";

function keep(object: JsonRecord): KeptConfigMap {
  const { uid, labels } = recordOf(object["metadata"]);
  return {
    uid: textOf(uid) ?? "",
    ours: recordOf(labels)[mark.key] === mark.value,
    data: recordOf(object["data"]),
  };
}

/** Follows these ConfigMaps in all namespaces: one watch per name, since the API server selects by one name. */
export const followedConfigMaps = injectionMaps.map(
  ({ configMap }) => ({ kind: "ConfigMap", fields: `metadata.name=${configMap}`, keep }) as const,
);

export interface ConfigMapsOptions {
  readonly api: Pick<KubernetesApi, "apply" | "remove">;
  readonly accounts: Mirror<InjectionView, "namespace">;
  readonly namespaces: Pick<Mirror<InjectionView>, keyof KeySource | "get">;
  /** See `followedConfigMaps`. */
  readonly configMaps: readonly Pick<Mirror<KeptConfigMap>, keyof KeySource | "get">[];
  readonly roles: Roles;
  /** Notifies of changes of the role map; absent without one. */
  readonly roleMap?: Pick<KeySource, "synced" | "untilSynced" | "subscribe"> | undefined;
}

const maxNamed = 5;

/** Those that were left out, of which the first are named. */
function leftOutText(all: readonly string[]): string {
  const more = all.length - maxNamed;
  return all.slice(0, maxNamed).join(", ") + (more > 0 ? `, and ${more} more` : "");
}

function byNamespace(followed: Pick<KeySource, keyof KeySource>): KeySource {
  return followedAs(
    followed,
    (key) => [namespaceOf(key)],
    () => new Set([...followed.keys()].map(namespaceOf)),
  );
}

/**
 * Keeps in each namespace the ConfigMaps by which the policies of the mode `configmap` inject: what its ServiceAccounts
 * ask of each relying party, by their annotations or the role map, and whether labelled pods do. Where none asks, none
 * is kept. A ConfigMap with such a name that the operator does not own is left alone and reported.
 */
export class ConfigMaps implements Controller {
  readonly name = "config-maps";
  readonly follows: readonly KeySource[];
  readonly #options: ConfigMapsOptions;

  constructor(options: ConfigMapsOptions) {
    this.#options = options;
    const { accounts, namespaces, configMaps, roleMap } = options;
    const all = byNamespace(accounts);
    this.follows = [
      all,
      namespaces,
      ...configMaps.map(byNamespace),
      ...(roleMap === undefined ? [] : [followedAs(roleMap, () => all.keys())]),
    ];
  }

  async reconcile(namespace: string, run: Reconcile): Promise<void> {
    const { accounts, namespaces, roles } = this.#options;
    const asking = accounts
      .by("namespace", namespace)
      .map((key) => roles.account(accounts.get(key) ?? {}, key));
    const [foreign, full]: [string[], string[]] = [[], []];
    for (const [index, map] of injectionMaps.entries()) {
      const object = injectionConfigMap(namespace, asking, map, namespaces.get(namespace));
      full.push(...leftOutAccounts(asking, map).map((name) => `${name} in ${map.configMap}`));
      if (!(await this.#keep(namespace, object, { index, map, run })))
        foreign.push(`ConfigMap ${namespace}/${map.configMap} has no label ${mark.key}=${mark.value}`);
    }
    if (foreign.length > 0)
      throw new PodtrustError(
        "operator-foreign-config-map",
        `${foreign.join(", and ")}: it is left as it is`,
      );
    if (full.length > 0)
      throw new PodtrustError(
        "operator-config-map-full",
        `namespace ${namespace}: there is no room for ${leftOutText(full)}`,
      );
  }

  /** Brings a ConfigMap to its desired state; false if one is wanted but another owner holds the name. */
  async #keep(
    namespace: string,
    object: JsonRecord,
    { index, map, run }: { readonly index: number; readonly map: InjectionMap; readonly run: Reconcile },
  ): Promise<boolean> {
    const { api, configMaps } = this.#options;
    const data = recordOf(object["data"]);
    const isWanted = Object.keys(data).length > 0;
    const there = configMaps[index]?.get(`${namespace}/${map.configMap}`);
    if (there === undefined ? !isWanted : isWanted && there.ours && isDeepStrictEqual(there.data, data))
      return true;
    if (there !== undefined && !there.ours) return !isWanted;
    run.assertHeld();
    if (isWanted) {
      const metadata = { ...recordOf(object["metadata"]), labels: { [mark.key]: mark.value } };
      const wanted = { ...object, metadata } as unknown as KubernetesObject;
      await api.apply(wanted, { fieldManager: manager, force: true, signal: run.signal });
    } else if (there !== undefined) {
      const ref = { kind: "ConfigMap", namespace, name: map.configMap } as const;
      await api.remove(ref, { uid: there.uid, signal: run.signal });
    }
    return true;
  }
}
