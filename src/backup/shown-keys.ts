import { asPodtrustError } from "../core/base/index.ts";
import { type IssuerRoute, readIssuer, servedDocuments } from "../issuer/index.ts";
import { parseJwkSet, type PublicJwk } from "../rules/keys/index.ts";

export interface ShownKeysOptions {
  readonly issuer: string;
  /** How the issuer is reached. */
  readonly route: IssuerRoute;
  /** Reads the cluster's JWK Set. */
  readonly cluster: (signal: AbortSignal) => Promise<Uint8Array>;
  readonly signal: AbortSignal;
}

/** Keys that are shown now. */
export interface ShownKeys {
  readonly keys: readonly PublicJwk[];
  /** Why one of the two could not be asked, in sentences. */
  readonly unseen: readonly string[];
}

// A cluster that is lost does not answer; milliseconds.
const asking = 10_000;

/** The keys that a cluster, and the issuer's name over verified TLS, show now. One that cannot be asked is named. */
export async function shownKeys({ issuer, route, cluster, signal }: ShownKeysOptions): Promise<ShownKeys> {
  const keys: PublicJwk[] = [];
  const unseen: string[] = [];
  const ask = async (who: string, read: () => Promise<string | Uint8Array>): Promise<void> => {
    try {
      keys.push(...parseJwkSet(await read()).keys);
    } catch (error) {
      signal.throwIfAborted();
      unseen.push(`${who} shows no keys now: ${asPodtrustError(error).message}.`);
    }
  };
  await ask("The cluster", () => cluster(AbortSignal.timeout(asking)));
  await ask(issuer, async () => {
    const served = servedDocuments(await readIssuer(issuer, { route, signal }));
    if (!served.ok) throw new Error(served.detail);
    return served.jwks;
  });
  return { keys, unseen };
}
