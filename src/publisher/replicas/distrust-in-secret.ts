import { PodtrustError } from "../../core/base/index.ts";
import { type Config, publisherOf, type SecretName } from "../../config/index.ts";
import { type KubernetesApi, storeKeyName } from "../../providers/kubernetes/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import { unknownKey } from "../source/distrust.ts";
import { distrustIn, publishedKeys } from "../source/keys.ts";
import { handedKey } from "../source/handed-key.ts";
import { distrustByConfig, handedOver, type SourceState } from "../source/state.ts";
import { keyMissing } from "./proven.ts";
import { storeKeys } from "./store-keys.ts";
import { type DocumentsSpec, SharedStore, type SharedStoreDeps } from "./store.ts";

export interface DistrustInSecretDeps extends Omit<SharedStoreDeps, "cluster"> {
  /** The cluster that the publisher runs in, with rights to change its Secret. */
  readonly cluster: SharedStoreDeps["cluster"] & Pick<KubernetesApi, "oidcDocuments">;
}

/**
 * Makes a publisher in pods, whose control socket is out of reach, distrust a key: through the Secret that its replicas
 * share or that holds its distrusts, which all of them follow. Returns the Secret's name for sentences; undefined for a
 * config that names none. Throws `publisher-key-unknown`, `publisher-last-key` if no published key would be left, neither of
 * the cluster nor handed over, and `cluster-*`.
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
    (state, shown) => {
      const next = keyTakenOut(state, shown, kid, clock.now());
      // One that was handed over may be left alone, as in the answer to a theft: the cluster does not show it yet.
      if (!isShownLeft(next, shown) && publishedKeys(next.ring).length === 0) throw lastKey(kid);
      return next;
    },
    { cluster, clock, logger },
  );
}

/**
 * Has a publisher in pods publish a key that a person hands over by its ID, through the Secret that its replicas share:
 * whoever may read the key of that store proves it. Returns the Secret's name for sentences; undefined for a config without
 * one. Throws `publisher-key-differs`, `publisher-key-distrusted`, `publisher-store-key` without the right to that key, and
 * `cluster-*`.
 */
export async function handOverInSecret(
  config: Config,
  { kid, publicKey }: { readonly kid: string; readonly publicKey: string },
  deps: DistrustInSecretDeps,
): Promise<string | undefined> {
  const { store: name, keyRetention } = publisherOf(config);
  if (name === undefined) return undefined;
  const jwk = handedKey(kid, publicKey);
  return changeThere(
    { config, name, part: "documents", keyRetention, onlyProven: true },
    (state) => handedOver(state, jwk, deps.clock.now()).state,
    deps,
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
  const keys = storeKeys(name, undefined, cluster);
  if (onlyProven === true && (await keys()).length === 0)
    throw keyMissing(`Secret ${name.namespace}/${storeKeyName(name.name)}`);
  const shared = new SharedStore(name, { cluster, clock, logger, keys });
  try {
    const documents = shared.documents({ stack, issuer, keyRetention, part });
    const { state: own, said = [], unproven, unread } = await documents.load();
    if (onlyProven === true && unproven !== undefined)
      throw new PodtrustError("publisher-store-key", unproven.why);
    if (unread !== undefined) throw new PodtrustError("cluster-answer-invalid", unread);
    const state = said.length === 0 ? own : { ...own, ring: said };
    const shown = parseJwkSet((await cluster.oidcDocuments()).jwks).keys;
    await documents.save(change(state, shown));
    return documents.place;
  } finally {
    await shared.close();
  }
}

/** The state in which a key is distrusted too, whatever is left. Throws `publisher-key-unknown`. */
function keyTakenOut(state: SourceState, shown: readonly PublicJwk[], kid: string, now: number): SourceState {
  const next = distrustByConfig(state, shown, [kid], now).state;
  const out = distrustIn(next.ring);
  const known = [...next.ring.map(({ jwk }) => jwk), ...shown];
  if (known.some((jwk) => jwk.kid === kid && out(jwk) !== undefined)) return next;
  const kids = known.map((jwk) => jwk.kid);
  throw unknownKey(kid, [...new Set(kids)]);
}

function isShownLeft({ ring }: SourceState, shown: readonly PublicJwk[]): boolean {
  const out = distrustIn(ring);
  return shown.some((jwk) => out(jwk) === undefined);
}

const lastKey = (kid: string): PodtrustError =>
  new PodtrustError("publisher-last-key", `${kid} is the only key of the cluster that is published`, {
    detail: { kid },
  });

/** The same, where one that the cluster shows is left. Throws `publisher-last-key` too. */
export function withoutKey(
  state: SourceState,
  shown: readonly PublicJwk[],
  kid: string,
  now: number,
): SourceState {
  const next = keyTakenOut(state, shown, kid, now);
  if (isShownLeft(next, shown)) return next;
  throw lastKey(kid);
}
