import { randomBytes } from "node:crypto";
import { PodtrustError, recordOf } from "../../core/base/index.ts";
import { ownershipComment } from "../../rules/plan/index.ts";
import type { OpenBaoApi } from "./api.ts";
import { type Fields, written } from "./fields.ts";
import { tryLogin } from "./login.ts";
import { mountFields, type MountSpec, readMount } from "./mount.ts";

/** Whether a mount verifies by the keys that its issuer publishes now. */
export type Refetch =
  /** It said so of tokens with unknown key IDs, for which it fetches. `by`: what made it forget the keys before. */
  | { readonly outcome: "fetched"; readonly by: "config" | "login" }
  /** As the end of a sentence. */
  | { readonly outcome: "unproved"; readonly why: string };

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of a key that nobody has: its kid is in no set, and its signature is none. */
function unknownToken(issuer: string): string {
  const kid = `podtrust-asks-for-the-keys-${randomBytes(16).toString("hex")}`;
  const header = base64url({ alg: "RS256", typ: "JWT", kid });
  return `${header}.${base64url({ iss: issuer })}.${randomBytes(256).toString("base64url")}`;
}

/**
 * The answer to a token whose kid no key of the fetched set has; where the set could not be fetched it is another
 * (go-oidc, RemoteKeySet.verify; seen of OpenBao 2.7.2).
 */
const verifiedByFetched = /failed to verify id token signature/u;

// What a config has that was never set (seen of OpenBao 2.7.2), and its own remark.
const unset: Fields = { namespace_in_state: true, oidc_response_mode: "", status: "valid" };

/**
 * A config as it has to be written so that it stays as it is: what is not given goes back to its default. Undefined for
 * one with a secret, which is never read.
 */
function rewritten(config: Fields, spec: MountSpec): Fields | undefined {
  if (config["oidc_client_id"] !== "" || Object.keys(recordOf(config["provider_config"])).length > 0)
    return undefined;
  const ours = Object.keys(mountFields(spec));
  const kept = Object.entries(config).filter(
    ([name, value]) =>
      value !== null &&
      (ours.includes(name) || (value !== unset[name] && !(Array.isArray(value) && value.length === 0))),
  );
  return written(Object.fromEntries(kept));
}

/** Writes the config of our mount as it stands, on which the server forgets every key. Throws `openbao-*`. */
async function rewrite(api: OpenBaoApi, spec: MountSpec, signal: AbortSignal): Promise<boolean> {
  const { mount } = spec;
  const found = await readMount(api, spec, signal);
  if (found?.config === undefined || ownershipComment.ownerOf(found.description, spec).kind !== "ours")
    return false;
  const body = rewritten(found.config, spec);
  if (body === undefined) return false;
  const what = `writing the config of auth/${mount}`;
  await api.call({ method: "POST", path: ["auth", mount, "config"], body, what }, signal);
  return true;
}

const hasCode = (error: unknown, ...codes: readonly string[]): error is PodtrustError =>
  error instanceof PodtrustError && codes.includes(error.code);

/**
 * Makes a mount forget the keys that it has fetched, and fetch what its issuer publishes now: a key that was withdrawn stays good
 * there else for as long as no token with an unknown kid comes. Its config is written as it stands where the token of
 * the access may do that, which holds for every node of a cluster; else the node that answers is shown tokens with unknown
 * key IDs, which takes no right. Proved by that node's answer. Throws nothing but the signal's reason, and what is a fault of ours.
 */
export async function refetchKeys(
  api: OpenBaoApi,
  spec: MountSpec,
  role: string,
  signal: AbortSignal,
): Promise<Refetch> {
  let isWritten = false;
  try {
    isWritten = await rewrite(api, spec, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, "openbao-unreachable")) return { outcome: "unproved", why: error.message };
    // Without the right to, and for what it refuses, the other way is left.
    if (!hasCode(error, "openbao-denied", "openbao-refused", "openbao-unavailable", "openbao-answer-invalid"))
      throw error;
  }
  // A fetch that was under way before the first serves that as well: the second begins one of its own.
  for (let asked = 0; asked < 2; asked += 1) {
    const why = await unverifiedBy(api, spec, role, signal);
    if (why !== undefined) return { outcome: "unproved", why };
  }
  return { outcome: "fetched", by: isWritten ? "config" : "login" };
}

/** Why the answer to a token with an unknown kid does not prove that the set was fetched; undefined if it does. */
async function unverifiedBy(
  api: OpenBaoApi,
  { mount, issuer }: MountSpec,
  role: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const login = await tryLogin(api, { mount, role, jwt: unknownToken(issuer) }, signal);
    if (login.outcome === "accepted") return "it let in a token that no key has signed";
    return verifiedByFetched.test(login.message) ? undefined : `it answered: ${login.message}`;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    return error.message;
  }
}
