import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import { keyChecks } from "../../rules/keys/index.ts";
import { invalid } from "./refusal.ts";

/** The most keys of an upload. */
const maxKeys = 8;
/** Accepted members of a key (IAM API, `Oidc.jwksJson`). */
const members = ["kty", "alg", "use", "kid", "n", "e", "x", "y", "crv"];

const notJson = "Input JWK is not in a valid json format";
const otherType = "Invalid JWKs. Only RSA, EC key types are supported.";

function keysOf(text: string): readonly unknown[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return invalid(notJson, { why: "jwksJson is not JSON" });
  }
  const keys = isRecord(read) ? read["keys"] : undefined;
  return Array.isArray(keys) ? keys : invalid(notJson, { why: "jwksJson has no list of keys" });
}

function checkKey(key: JsonRecord): void {
  const foreign = Object.keys(key).find((member) => !members.includes(member));
  if (foreign !== undefined)
    invalid(notJson, {
      why: `a key has the member ${JSON.stringify(foreign.slice(0, 100))}`,
      next: `Keep ${members.join(", ")} of each key, and leave the rest out: x5c and x5t too.`,
    });
  const { kty, crv, use } = key;
  if (kty === "EC" && (crv === "P-384" || crv === "P-521"))
    invalid(otherType, { why: `a key is of ${crv}, and Google verifies P-256` });
  if (kty !== "RSA" && kty !== "EC")
    invalid("Input jwks contains corrupted key material.", {
      why: `a key is of type ${JSON.stringify(kty)}`,
    });
  if (use !== undefined && use !== "sig")
    invalid(notJson, { why: `a key is for ${JSON.stringify(use)}, and not for signatures` });
  if (!keyChecks.isPublicKey(key))
    invalid("Input jwks contains corrupted key material.", { why: "a key's members make no public key" });
}

/** Checks uploaded keys; an empty text removes earlier ones. Throws INVALID_ARGUMENT in Google's words. */
export function checkJwks(text: string): void {
  if (text === "") return;
  const keys = keysOf(text);
  if (keys.length > maxKeys)
    invalid(`The number of keys in the JWKS exceeds the limit of ${maxKeys}.`, {
      why: `jwksJson has ${keys.length} keys`,
      next: "Upload those alone that sign tokens which are still in use.",
    });
  for (const key of keys) checkKey(isRecord(key) ? key : invalid(notJson, { why: "a key is no object" }));
}
