import { PodtrustError } from "../../core/base/index.ts";
import { type Config, publisherOf, type SecretName } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import { unknownKey } from "../source/distrust.ts";
import { distrustIn } from "../source/keys.ts";
import { distrustByConfig, type SourceState } from "../source/state.ts";
import { storeKeys } from "./store-keys.ts";
import { type DocumentsSpec, SharedStore, type SharedStoreDeps } from "./store.ts";

export interface DistrustInSecretDeps extends Omit<SharedStoreDeps, "cluster"> {
  /** The cluster that the publisher runs in, with rights to change its Secret. */
  readonly cluster: SharedStoreDeps["cluster"] & Pick<KubernetesApi, "oidcDocuments">;
}

/**
 * Makes a publisher in pods, whose control socket is out of reach, distrust a key: through the Secret that its replicas
 * share or that holds its distrusts, which all of them follow. Returns the Secret's name for sentences; undefined for a
 * config that names none. Throws `publisher-key-unknown`, `publisher-last-key` if the cluster would be left without a
 * published key, and `cluster-*`.
 */
export async function distrustInSecret(
  config: Config,
  kid: string,
  { cluster, clock, logger }: DistrustInSecretDeps,
): Promise<string | undefined> {
  const { store, distrustSecret, keyRetention } = publisherOf(config);
  const name = store ?? distrustSecret;
  if (name === undefined) return undefined;
  const part = store === undefined ? "distrusted" : "documents";
  return changeThere(
    { config, name, part, keyRetention },
    (state, shown) => withoutKey(state, shown, kid, clock.now()),
    { cluster, clock, logger },
  );
}

/** Whose keys a Secret holds, which part of them, and for how long (milliseconds). */
export interface Remembered extends Pick<DocumentsSpec, "keyRetention" | "part"> {
  readonly config: Pick<Config, "stack" | "issuer">;
  readonly name: SecretName;
  /** Change only what a replica is proven to have written: what nothing proves lifts no distrust. */
  readonly onlyProven?: true;
}

/** Replaces the state in a Secret. Returns the Secret's name for sentences. Throws `cluster-*`. */
export async function changeThere(
  { config, name, part, keyRetention, onlyProven }: Remembered,
  change: (state: SourceState, shown: readonly PublicJwk[]) => SourceState,
  { cluster, clock, logger }: DistrustInSecretDeps,
): Promise<string> {
  const { stack, issuer } = config;
  const shared = new SharedStore(name, { cluster, clock, logger, keys: storeKeys(name, undefined, cluster) });
  try {
    const documents = shared.documents({ stack, issuer, keyRetention, part });
    const { state: own, said = [], unproven, unread } = await documents.load();
    if (onlyProven === true && unproven !== undefined)
      throw new PodtrustError("publisher-store-key", unproven.why);
    if (unread !== undefined) throw new PodtrustError("cluster-answer-invalid", unread);
    const state = said.length === 0 ? own : { ...own, ring: said };
    const { keys } = parseJwkSet((await cluster.oidcDocuments()).jwks);
    await documents.save(change(state, keys));
    return documents.place;
  } finally {
    await shared.close();
  }
}

/** The state in which a key is distrusted too. Throws what `distrustInSecret` throws. */
export function withoutKey(
  state: SourceState,
  shown: readonly PublicJwk[],
  kid: string,
  now: number,
): SourceState {
  const next = distrustByConfig(state, shown, [kid], now).state;
  const out = distrustIn(next.ring);
  const known = [...next.ring.map(({ jwk }) => jwk), ...shown];
  if (!known.some((jwk) => jwk.kid === kid && out(jwk) !== undefined)) {
    const kids = known.map((jwk) => jwk.kid);
    throw unknownKey(kid, [...new Set(kids)]);
  }
  if (shown.some((jwk) => out(jwk) === undefined)) return next;
  throw new PodtrustError("publisher-last-key", `${kid} is the only key of the cluster that is published`, {
    detail: { kid },
  });
}
