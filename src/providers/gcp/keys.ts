import { PodtrustError } from "../../core/base/index.ts";
import { type Jwk, type ProviderName, sameUpload, uploadText } from "../../rules/gcp/index.ts";
import type { Work } from "../../rules/plan/index.ts";
import type { GoogleApi } from "./api.ts";
import { operate, readUnlessAbsent } from "./kept.ts";
import { providerPath } from "./places.ts";
import { settle } from "./settle.ts";
import { ownerOf, type ProviderState, readProviderShape } from "./shapes.ts";

export function readProvider(
  api: GoogleApi,
  name: ProviderName,
  signal: AbortSignal,
): Promise<ProviderState | undefined> {
  const what = `reading the provider ${name.provider}`;
  return readUnlessAbsent(api, { path: providerPath(name), what }, readProviderShape, signal);
}

/** Which provider gets keys, and whose it has to be. */
export interface UploadPlace {
  readonly stack: string;
  readonly name: ProviderName;
}

/**
 * Gives a provider of the stack these keys in place of those that it has, in one call; without keys Google fetches the
 * issuer's from now on. Whoever calls it for a new key does so before that key signs: Google takes a token of a key that it
 * does not know for one of an issuer that it cannot reach. Nothing is written where the keys are these already, nor to a
 * provider that is not the stack's, or that was deleted (`gcp-provider-absent`). Throws `gcp-*`.
 */
export async function uploadKeys(
  api: GoogleApi,
  { stack, name }: UploadPlace,
  keys: readonly Jwk[] | undefined,
  work: Pick<Work, "signal" | "waiting">,
): Promise<void> {
  const { provider } = name;
  await settle(api, work, async () => {
    const found = await readProvider(api, name, work.signal);
    if (found === undefined || found.state === "DELETED" || ownerOf(found, stack).kind !== "ours") {
      const sentence = `there is no provider ${provider} of stack ${stack} to upload keys to`;
      throw new PodtrustError("gcp-provider-absent", sentence, { detail: { provider, stack } });
    }
    if (sameUpload(found.jwksJson, keys)) return undefined;
    const path = providerPath(name);
    const what = `uploading the keys of the provider ${provider}`;
    const jwksJson = keys === undefined ? "" : uploadText(keys);
    const query = { updateMask: "oidc.jwksJson" };
    return {
      what,
      make: () =>
        operate(api, { method: "PATCH", path, query, body: { oidc: { jwksJson } }, what }, path, work),
    };
  });
}
