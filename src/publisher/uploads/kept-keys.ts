import { defined, PodtrustError } from "../../core/base/index.ts";
import { type Config, type SecretName, uploadingParties } from "../../config/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import { uploadedFor } from "../../rules/oidc/index.ts";
import { defaultKeyRetention } from "../settings.ts";
import {
  changeThere,
  type DistrustInSecretDeps,
  type Remembered,
  withoutKey,
} from "../replicas/distrust-in-secret.ts";
import { SharedStore } from "../replicas/store.ts";
import { storeKeys } from "../replicas/store-keys.ts";
import { distrustKey, restoreKey } from "../source/distrust.ts";
import { keyStatuses } from "../source/key-status.ts";
import { type KeyRing, observeKeys } from "../source/keys.ts";
import type { KeyStatus } from "../status.ts";

/** The keys of a config that an operator keeps, and the Secret that stores them. */
export interface KeeperOf {
  readonly config: Config;
  readonly secret: SecretName;
}

/** Throws `publisher-key-signs` if the cluster signs with a key, or may, and `publisher-last-key` if it has no other. */
function refuseSigner(known: KeyRing, shown: readonly PublicJwk[], kid: string, now: number): void {
  const { ring } = observeKeys(known, shown, now, defaultKeyRetention);
  // A key may also be named by the kid that Kubernetes gives it, which this does not know.
  if (ring.some(({ jwk }) => jwk.kid === kid)) distrustKey(ring, kid, { now, force: false });
}

/** The same for what a cluster shows, if no Secret knows more. Throws `cluster-*` too. */
export async function refuseSignerOf({ cluster, clock }: DistrustInSecretDeps, kid: string): Promise<void> {
  const { keys } = parseJwkSet((await cluster.oidcDocuments()).jwks);
  refuseSigner([], keys, kid, clock.now());
}

/** What an operator knows of the keys that it uploads. */
export interface KeysOfKeeper {
  /** Its Secret, for sentences. */
  readonly place: string;
  /** When the cluster last confirmed them; absent before the first time. */
  readonly confirmedAt?: number;
  readonly keys: readonly KeyStatus[];
}

const pollInterval = 10_000;

function rememberedBy({ config, secret }: KeeperOf): Remembered {
  return { config, name: secret, part: "documents", keyRetention: defaultKeyRetention };
}

const isKept = async ({ secret }: KeeperOf, { cluster }: DistrustInSecretDeps): Promise<boolean> =>
  (await cluster.read({ kind: "Secret", ...secret })) !== undefined;

/**
 * What the operator that keeps a cluster's keys knows of them; undefined if its Secret does not exist, since then no
 * operator keeps them. Throws `cluster-*`.
 */
export async function keptByOperator(
  kept: KeeperOf,
  deps: DistrustInSecretDeps,
): Promise<KeysOfKeeper | undefined> {
  if (!(await isKept(kept, deps))) return undefined;
  const { stack, issuer } = kept.config;
  const { name, part, keyRetention } = rememberedBy(kept);
  const shared = new SharedStore(name, { ...deps, keys: storeKeys(name, undefined, deps.cluster) });
  try {
    const documents = shared.documents({ stack, issuer, keyRetention, part });
    const { state, unproven, unread = unproven?.why } = await documents.load();
    if (unread !== undefined) throw new PodtrustError("cluster-answer-invalid", unread);
    // The keys are not fetched: one counts once it was uploaded.
    const caches = { publisher: 0, relyingParty: uploadedFor(uploadingParties(kept.config)) };
    const keys = keyStatuses(state.ring, { keyRetention, poll: pollInterval, caches });
    const { confirmedAt } = state;
    return { place: documents.place, keys, ...defined({ confirmedAt }) };
  } finally {
    await shared.close();
  }
}

/**
 * Makes the operator that keeps a cluster's keys distrust one, through the Secret that it follows. Returns the Secret's
 * name for sentences; undefined if there is none, since then no operator keeps them. Throws what `distrustInSecret`
 * throws, and unless `force` `publisher-key-signs` if the cluster signs with it, or may.
 */
export async function distrustInKeeper(
  kept: KeeperOf,
  kid: string,
  deps: DistrustInSecretDeps,
  force = true,
): Promise<string | undefined> {
  if (!(await isKept(kept, deps))) return undefined;
  const remembered = rememberedBy(kept);
  return changeThere(
    remembered,
    (state, shown) => {
      const now = deps.clock.now();
      const next = withoutKey(state, shown, kid, now);
      if (!force) refuseSigner(state.ring, shown, kid, now);
      return next;
    },
    deps,
  );
}

/** Takes that back. Throws `publisher-key-unknown`, `cluster-*`, and `publisher-store-key` where nothing proves it. */
export async function restoreInKeeper(
  kept: KeeperOf,
  kid: string,
  deps: DistrustInSecretDeps,
): Promise<string | undefined> {
  if (!(await isKept(kept, deps))) return undefined;
  const remembered: Remembered = { ...rememberedBy(kept), onlyProven: true };
  const how = { now: deps.clock.now(), keyRetention: remembered.keyRetention };
  return changeThere(remembered, (state) => ({ ...state, ring: restoreKey(state.ring, kid, how) }), deps);
}
