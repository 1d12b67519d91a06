import { errorText, PodtrustError } from "../../../core/base/index.ts";
import { readIssuer, servedDocuments } from "../../../issuer/index.ts";
import type { LaterKeys } from "../../../providers/gcp/index.ts";
import {
  type Jwk,
  jwkEntries,
  keysForUpload,
  keysOfIssuer,
  type UploadedKeys,
} from "../../../rules/gcp/index.ts";
import { withRemembered } from "./remembered.ts";
import { hasCluster, openCluster } from "../open-cluster.ts";
import type { PartContext } from "../part.ts";

/** The keys that a provider gets, and what of the set is left out. */
export interface KeysToUpload {
  readonly keys: LaterKeys | readonly Jwk[];
  readonly warnings: readonly string[];
}

function unread(issuer: string, error: unknown): PodtrustError {
  const sentence = `the keys of ${issuer} for Google cannot be read: ${errorText(error)}`;
  return new PodtrustError("gcp-keys-unread", sentence, { cause: error, detail: { issuer } });
}

/** A JWK Set, and remarks about its source. */
interface JwksReading {
  readonly text: string;
  readonly warnings: readonly string[];
}

async function servedKeys({ config, route = {} }: PartContext, signal: AbortSignal): Promise<JwksReading> {
  const served = servedDocuments(await readIssuer(config.issuer, { route, signal }), route);
  const keys = keysOfIssuer(served, config.issuer);
  if (typeof keys === "string") throw new Error(keys);
  return { text: JSON.stringify({ keys }), warnings: [] };
}

async function clusterKeys(context: PartContext, signal: AbortSignal): Promise<JwksReading> {
  const cluster = await openCluster(context);
  const { jwks } = await cluster.oidcDocuments({ signal });
  const text = Buffer.from(jwks).toString("utf8");
  // An operator that uploads the keys has no publisher beside it.
  const shown = context.config.publisher === undefined ? jwkEntries(text) : "published";
  if (typeof shown === "string") return { text, warnings: [] };
  try {
    const keys = await withRemembered(cluster, shown, context.config, signal);
    return { text: JSON.stringify({ keys }), warnings: [] };
  } catch (error) {
    signal.throwIfAborted();
    const warning = `what an operator remembers of the cluster's keys cannot be read, and Google is given those that it shows now: ${errorText(error)}`;
    return { text, warnings: [warning] };
  }
}

/**
 * The keys of the issuer. Its publisher knows most: which key is gone from the cluster and may have signed valid
 * tokens, and which was distrusted. If there is none, or it cannot be read from here, the cluster's own.
 */
async function keysFound(context: PartContext, signal: AbortSignal): Promise<JwksReading> {
  const { config } = context;
  if (!hasCluster(config)) return servedKeys(context, signal);
  if (config.publisher === undefined) return clusterKeys(context, signal);
  try {
    return await servedKeys(context, signal);
  } catch (error) {
    signal.throwIfAborted();
    const found = await clusterKeys(context, signal);
    const warning = `${config.issuer} cannot be read from here, and Google is given the keys that the cluster shows now: ${errorText(error)}`;
    return { ...found, warnings: [warning] };
  }
}

async function readKeys(context: PartContext, signal: AbortSignal): Promise<UploadedKeys> {
  const { issuer } = context.config;
  let found: JwksReading;
  try {
    found = await keysFound(context, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw unread(issuer, error);
  }
  const { keys, warnings } = keysForUpload(issuer, found.text);
  return { keys, warnings: [...found.warnings, ...warnings] };
}

/**
 * The keys to upload. Those of a cluster that this very run sets up are known once it answers: an existing provider
 * keeps its own until the next run. Throws `gcp-keys-unread` and `gcp-keys-refused`.
 */
export async function keysToUpload(context: PartContext, signal: AbortSignal): Promise<KeysToUpload> {
  const { cluster, machine } = context.config;
  try {
    return await readKeys(context, signal);
  } catch (error) {
    const isMade = cluster === undefined && machine !== undefined;
    if (!isMade || !(error instanceof PodtrustError) || error.code !== "gcp-keys-unread") throw error;
    const find = async (ending: AbortSignal): Promise<readonly Jwk[]> =>
      (await readKeys(context, ending)).keys;
    return { keys: { knownAfter: "the cluster answers", find }, warnings: [] };
  }
}
