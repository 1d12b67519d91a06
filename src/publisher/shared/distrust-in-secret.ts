import { PodtrustError } from "../../core/base/index.ts";
import { type Config, publisherOf, type SecretName } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { parseJwkSet } from "../../rules/keys/index.ts";
import { unknownKey } from "../source/distrust.ts";
import { distrustIn } from "../source/keys.ts";
import { distrustByConfig } from "../source/state.ts";
import type { SharedDocumentsOptions } from "./documents.ts";
import { SharedStore, type SharedStoreDeps } from "./store.ts";

export interface DistrustInSecretDeps extends Omit<SharedStoreDeps, "cluster"> {
  /** The cluster in which the publisher runs, as somebody who may change its Secret. */
  readonly cluster: SharedStoreDeps["cluster"] & Pick<KubernetesApi, "oidcDocuments">;
}

/**
 * Has a publisher that runs in pods distrust a key, where its control socket is out of reach: by the Secret that its replicas share
 * or in which it keeps distrusts, which all of them follow. Gives the Secret's name for sentences; undefined for a config that
 * names none. Throws `publisher-key-unknown`, `publisher-last-key` where the cluster would be left without a published key, and
 * `cluster-*`.
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
  return distrustThere({ config, name, part, keyRetention }, kid, { cluster, clock, logger });
}

/** Whose keys a Secret remembers, what of them, and for how long (milliseconds). */
interface Remembered extends Pick<SharedDocumentsOptions, "keyRetention" | "part"> {
  readonly config: Pick<Config, "stack" | "issuer">;
  readonly name: SecretName;
}

/** The same by the Secret's name, which it gives for sentences. Throws what `distrustInSecret` throws. */
export async function distrustThere(
  { config, name, part, keyRetention }: Remembered,
  kid: string,
  { cluster, clock, logger }: DistrustInSecretDeps,
): Promise<string> {
  const { stack, issuer } = config;
  const shared = new SharedStore(name, { cluster, clock, logger });
  try {
    const documents = shared.documents({ stack, issuer, keyRetention, part });
    const { state, unread } = await documents.load();
    if (unread !== undefined) throw new PodtrustError("cluster-answer-invalid", unread);
    const shown = parseJwkSet((await cluster.oidcDocuments()).jwks).keys;
    const next = distrustByConfig(state, shown, [kid], clock.now()).state;
    const out = distrustIn(next.ring);
    const known = [...next.ring.map(({ jwk }) => jwk), ...shown];
    if (!known.some((jwk) => jwk.kid === kid && out(jwk) !== undefined)) {
      const kids = known.map((jwk) => jwk.kid);
      throw unknownKey(kid, [...new Set(kids)]);
    }
    if (shown.every((jwk) => out(jwk) !== undefined)) {
      throw new PodtrustError(
        "publisher-last-key",
        `${kid} is the only key of the cluster that is published`,
        {
          detail: { kid },
        },
      );
    }
    await documents.save(next);
    return documents.place;
  } finally {
    await shared.close();
  }
}
