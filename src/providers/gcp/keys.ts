import { PodtrustError } from "../../core/base/index.ts";
import {
  type Jwk,
  keysInPlaceOf,
  type ProviderName,
  sameUpload,
  uploadableKeys,
  uploadText,
} from "../../rules/gcp/index.ts";
import type { Work, StackOwner } from "../../rules/plan/index.ts";
import type { GoogleApi } from "./api.ts";
import { operate, readUnlessAbsent } from "./kept.ts";
import { providerPath } from "./resource-paths.ts";
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

/** The provider that gets keys, and its required owner. */
export interface ProviderTarget extends StackOwner {
  readonly name: ProviderName;
  /** Whether an uploaded key that is not among the new ones stays. Absent: none does. */
  readonly stays?: (key: Jwk) => boolean;
}

/** The provider, where it is the stack's. Throws `gcp-provider-absent` and what else `readProvider` throws. */
async function ownProvider(
  api: GoogleApi,
  target: ProviderTarget,
  signal: AbortSignal,
): Promise<ProviderState> {
  const { stack, name } = target;
  const found = await readProvider(api, name, signal);
  if (found !== undefined && found.state === "ACTIVE" && ownerOf(found, target).kind === "ours") return found;
  const { provider } = name;
  const sentence = `there is no provider ${provider} of stack ${stack} to upload keys to`;
  throw new PodtrustError("gcp-provider-absent", sentence, { detail: { provider, stack } });
}

/** The uploaded keys of a provider of the stack; none where Google fetches them. Throws `gcp-*`. */
export async function uploadedKeys(
  api: GoogleApi,
  target: ProviderTarget,
  signal: AbortSignal,
): Promise<readonly Jwk[]> {
  const read = uploadableKeys((await ownProvider(api, target, signal)).jwksJson);
  return typeof read === "string" ? [] : read.keys;
}

/** The keys of a provider after an upload. */
export interface Uploaded {
  /** Undefined: Google fetches the issuer's. */
  readonly keys: readonly Jwk[] | undefined;
  /** Whether it had others before. */
  readonly isWritten: boolean;
}

/**
 * Gives a provider of the stack these keys in place of those that it has, in one call; without keys Google fetches the
 * issuer's from now on. Call it for a new key before that key signs: Google treats a token of an unknown key like one
 * of an issuer that it cannot reach. Nothing is written where the keys are these already, nor to a provider that is not
 * the stack's, or that was deleted (`gcp-provider-absent`). Throws `gcp-*`.
 */
export async function uploadKeys(
  api: GoogleApi,
  target: ProviderTarget,
  keys: readonly Jwk[] | undefined,
  work: Pick<Work, "signal" | "waiting">,
): Promise<Uploaded> {
  const { name, stays = () => false } = target;
  const { provider } = name;
  let isWritten = false;
  let desired = keys;
  await settle(api, work, async () => {
    const found = await ownProvider(api, target, work.signal);
    if (keys !== undefined)
      desired = keysInPlaceOf(found.jwksJson, keys, { place: `the provider ${provider}`, stays });
    if (sameUpload(found.jwksJson, desired)) return undefined;
    isWritten = true;
    const path = providerPath(name);
    const what = `uploading the keys of the provider ${provider}`;
    const jwksJson = desired === undefined ? "" : uploadText(desired);
    const query = { updateMask: "oidc.jwksJson" };
    return {
      what,
      make: () =>
        operate(api, { method: "PATCH", path, query, body: { oidc: { jwksJson } }, what }, path, work),
    };
  });
  return { keys: desired, isWritten };
}
