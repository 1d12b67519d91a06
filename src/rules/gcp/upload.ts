import { PodtrustError } from "../../core/base/index.ts";
import { type Jwk, jwkEntries, shown } from "../judge/index.ts";
import { relyingParties } from "../oidc/index.ts";

/** The keys of a set that Google takes, and those that it would take for a broken upload. */
export interface UploadableKeys {
  readonly keys: readonly Jwk[];
  /** Each with why, as part of a sentence. */
  readonly leftOut: readonly { readonly kid: string; readonly reason: string }[];
}

// The only members that an upload may have (IAM API, `oidc.jwksJson`); x5c and x5t make Google refuse the whole set.
const members: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["RSA", ["kty", "alg", "use", "kid", "n", "e"]],
  ["EC", ["kty", "alg", "use", "kid", "crv", "x", "y"]],
]);

function fault(key: Jwk, names: readonly string[]): string | undefined {
  const { kty, kid, use, alg, crv } = key;
  if (typeof kid !== "string" || kid === "") return "it has no kid";
  if (use !== undefined && use !== "sig") return `its use is ${shown(use)}`;
  if (kty === "EC" && crv !== "P-256") return `its curve is ${shown(crv)}`;
  if (alg !== undefined && alg !== (kty === "EC" ? "ES256" : "RS256"))
    return `its alg is ${shown(alg)}, and Google verifies ${relyingParties.gcp.algorithms.join(" and ")}`;
  const optional = ["alg", "use"];
  const missing = names.find((name) => !optional.includes(name) && typeof key[name] !== "string");
  return missing === undefined ? undefined : `it has no ${missing}`;
}

/** A key as it can be uploaded, or why it cannot. */
function judged(key: Jwk): { readonly key: Jwk } | { readonly kid: string; readonly reason: string } {
  const kid = shown(key["kid"]);
  const names = members.get(key["kty"]);
  if (names === undefined) return { kid, reason: `it is of type ${shown(key["kty"])}` };
  const reason = fault(key, names);
  if (reason !== undefined) return { kid, reason };
  const entries = names.flatMap((name) => (key[name] === undefined ? [] : [[name, key[name]] as const]));
  return { key: Object.fromEntries(entries) };
}

const byKid = (a: Jwk, b: Jwk): number => (String(a["kid"]) < String(b["kid"]) ? -1 : 1);

/** The keys of a JWK Set that can be uploaded, in one order and with no other members; a text where it cannot be read. */
export function uploadableKeys(jwks: string): UploadableKeys | string {
  const entries = jwkEntries(jwks);
  if (typeof entries === "string") return entries;
  const all = entries.map(judged);
  return {
    keys: all.flatMap((one) => ("key" in one ? [one.key] : [])).sort(byKid),
    leftOut: all.flatMap((one) => ("key" in one ? [] : [one])),
  };
}

const kidOf = (key: Jwk): string => (typeof key["kid"] === "string" ? key["kid"] : shown(key["kid"]));
const { maxUploadedKeys } = relyingParties.gcp;

/** The keys that a provider is to be given, and what of the set stays out, in sentences. */
export interface UploadedKeys {
  readonly keys: readonly Jwk[];
  readonly warnings: readonly string[];
}

/** Keys as they may be uploaded, of `place`. Throws `gcp-keys-refused` for more than Google takes. */
function countedKeys(place: string, keys: readonly Jwk[]): readonly Jwk[] {
  if (keys.length <= maxUploadedKeys) return keys;
  const kids = keys.map(kidOf).join(", ");
  const sentence = `${place} has ${keys.length} keys, and Google takes ${maxUploadedKeys} in an upload: ${kids}`;
  throw new PodtrustError("gcp-keys-refused", sentence, {
    next: "Take keys out that sign no more tokens: of the API servers, and with podtrust rotate distrust KID of what a publisher keeps for a while. Or let Google fetch them with keys: fetch where the issuer is public.",
    detail: { keys: keys.length, max: maxUploadedKeys },
  });
}

/**
 * The keys of an issuer's JWK Set as Google is to have them, judged before it is asked. Throws `gcp-keys-unread` for what is no
 * set, and `gcp-keys-refused` where Google would take none of them, or not so many.
 */
export function keysForUpload(issuer: string, jwks: string): UploadedKeys {
  const read = uploadableKeys(jwks);
  if (typeof read === "string") {
    const sentence = `the keys of ${issuer} for Google cannot be read: ${read}`;
    throw new PodtrustError("gcp-keys-unread", sentence, { detail: { issuer } });
  }
  const { keys, leftOut } = read;
  const warnings = leftOut.map(({ kid, reason }) => `key ${kid} is not uploaded to Google: ${reason}`);
  if (keys.length === 0) {
    const why = warnings.length === 0 ? "the set is empty" : warnings.join("; ");
    throw new PodtrustError("gcp-keys-refused", `Google would take none of the keys of ${issuer}: ${why}`);
  }
  return { keys: countedKeys(issuer, keys), warnings };
}

/** An upload's text: the same bytes for the same keys. */
export function uploadText(keys: readonly Jwk[]): string {
  return JSON.stringify({ keys });
}

/** Whether an uploaded text holds just these keys; without keys, whether nothing is uploaded. */
export function sameUpload(uploaded: string, keys: readonly Jwk[] | undefined): boolean {
  if (keys === undefined) return uploaded === "";
  const read = uploadableKeys(uploaded);
  if (typeof read === "string" || read.leftOut.length > 0) return false;
  return uploadText(read.keys) === uploadText(keys);
}

/** The kids of an uploaded text, sorted; undefined where nothing is uploaded. */
export function uploadedKids(uploaded: string): readonly string[] | undefined {
  if (uploaded === "") return undefined;
  const entries = jwkEntries(uploaded);
  return typeof entries === "string" ? [] : entries.map(kidOf).sort();
}

// All of the key's material: an attacker who plants another key under its kid can choose much of it.
const materialOf = ({ n, x, y }: Jwk): string => [n, x, y].filter((one) => typeof one === "string").join(" ");

/** An upload and its replacement, as a plan shows them: by kid, and by more where the kids are the same. */
export function describedKeys(
  uploaded: string | undefined,
  keys: readonly Jwk[] | undefined,
): { readonly before: readonly string[] | undefined; readonly after: readonly string[] | undefined } {
  const entries = uploaded === undefined ? undefined : jwkEntries(uploaded);
  const was = typeof entries === "string" ? [] : entries;
  const before = was?.map(kidOf).sort();
  const after = keys?.map(kidOf);
  if (before?.join("\n") !== after?.join("\n")) return { before, after };
  const described = (key: Jwk): string => `${kidOf(key)} (${String(key["kty"])} ${materialOf(key)})`;
  return { before: was?.map(described).sort(), after: keys?.map(described) };
}

/**
 * The keys to upload in place of what stands: these, and what of that stays though it is none of them. A kid that is one of
 * these is that key's, whatever stands under it. Throws `gcp-keys-refused` where they are too many.
 */
export function keysInPlaceOf(
  uploaded: string,
  keys: readonly Jwk[],
  { place, stays }: { readonly place: string; readonly stays: (key: Jwk) => boolean },
): readonly Jwk[] {
  const read = uploadableKeys(uploaded);
  const kids = new Set(keys.map(kidOf));
  const others =
    typeof read === "string" ? [] : read.keys.filter((key) => !kids.has(kidOf(key)) && stays(key));
  return countedKeys(place, [...keys, ...others].sort(byKid));
}
