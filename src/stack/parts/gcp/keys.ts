import { errorText, PodtrustError } from "../../../core/base/index.ts";
import { readIssuer, servedDocuments } from "../../../issuer/index.ts";
import type { LaterKeys } from "../../../providers/gcp/index.ts";
import { type Jwk, keysOfIssuer, uploadableKeys } from "../../../rules/gcp/index.ts";
import { relyingParties } from "../../../rules/oidc/index.ts";
import { hasCluster, openCluster } from "../cluster.ts";
import type { PartContext } from "../part.ts";

/** The keys that a provider is given, and what of the set stays out. */
export interface KeysToUpload {
  readonly keys: LaterKeys | readonly Jwk[];
  readonly warnings: readonly string[];
}

const { maxUploadedKeys } = relyingParties.gcp;

function unread(issuer: string, error: unknown): PodtrustError {
  const sentence = `the keys of ${issuer} that Google is to be given cannot be read: ${errorText(error)}`;
  return new PodtrustError("gcp-keys-unread", sentence, { cause: error, detail: { issuer } });
}

/** The JWK Set: the cluster's own where the config has a cluster, else the issuer's. */
async function jwksText(context: PartContext, signal: AbortSignal): Promise<string> {
  const { config, route = {} } = context;
  if (hasCluster(config)) {
    const { jwks } = await (await openCluster(context)).oidcDocuments({ signal });
    return Buffer.from(jwks).toString("utf8");
  }
  const served = servedDocuments(await readIssuer(config.issuer, { route, signal }), route);
  const keys = keysOfIssuer(served, config.issuer);
  if (typeof keys === "string") throw new Error(keys);
  return JSON.stringify({ keys });
}

/** Judged before Google is asked for anything. Throws `gcp-keys-unread` and `gcp-keys-refused`. */
function judged(
  issuer: string,
  jwks: string,
): { readonly keys: readonly Jwk[]; readonly warnings: readonly string[] } {
  const read = uploadableKeys(jwks);
  if (typeof read === "string") throw unread(issuer, read);
  const { keys, leftOut } = read;
  const warnings = leftOut.map(({ kid, reason }) => `key ${kid} is not uploaded to Google: ${reason}`);
  if (keys.length === 0) {
    const why = warnings.length === 0 ? "the set is empty" : warnings.join("; ");
    throw new PodtrustError("gcp-keys-refused", `Google would take none of the keys of ${issuer}: ${why}`);
  }
  if (keys.length <= maxUploadedKeys) return { keys, warnings };
  const sentence = `${issuer} has ${keys.length} keys, and Google takes ${maxUploadedKeys} in an upload`;
  throw new PodtrustError("gcp-keys-refused", sentence, {
    next: "Take keys out that sign no more tokens, or let Google fetch them with keys: fetch where the issuer is public.",
    detail: { keys: keys.length, max: maxUploadedKeys },
  });
}

async function readKeys(context: PartContext, signal: AbortSignal): Promise<ReturnType<typeof judged>> {
  const { issuer } = context.config;
  let text: string;
  try {
    text = await jwksText(context, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw unread(issuer, error);
  }
  return judged(issuer, text);
}

/**
 * The keys to upload. Those of a cluster that this very run sets up are known once it answers: a provider that is there
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
