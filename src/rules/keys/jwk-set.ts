import { isRecord, PodtrustError } from "../../core/base/index.ts";
import { maxKeysOfType, readDocument, renderDocument, shown } from "../oidc/index.ts";
import { jwkThumbprint, type PublicJwk, withMembers } from "./jwk.ts";
import { readJwk } from "./jwk-read.ts";

export interface JwkSet {
  /** At least one; sorted by kid, each kid once. */
  readonly keys: readonly PublicJwk[];
  /** Keys that AWS cannot use, and why. */
  readonly leftOut: readonly { readonly kid: string | undefined; readonly reason: string }[];
  readonly warnings: readonly string[];
}

/** Bytes: a hundred RSA keys of 16,384 bits and a hundred EC keys stay under this, and readers take no more. */
export const maxJwkSet = 524_288;
const kind = { name: "the JWK Set", code: "jwks-invalid", maxBytes: maxJwkSet } as const;
const comfortableBytes = 65_536;

function byKid(a: PublicJwk, b: PublicJwk): number {
  return a.kid < b.kid ? -1 : 1;
}

function sameKey(a: PublicJwk, b: PublicJwk): boolean {
  return jwkThumbprint(a) === jwkThumbprint(b);
}

/** Puts keys under their kids; two different keys under one kid are an error, since AWS would see the last only. */
function unique(keys: readonly PublicJwk[]): Map<string, PublicJwk> {
  const found = new Map<string, PublicJwk>();
  for (const key of keys) {
    const earlier = found.get(key.kid);
    if (earlier !== undefined && !sameKey(earlier, key)) {
      throw new PodtrustError("jwks-invalid", `two different keys have the kid ${shown(key.kid)}`, {
        next: "Give each key its own kid; AWS takes the last of those that share one and refuses tokens of the others.",
        detail: { kid: key.kid },
      });
    }
    found.set(key.kid, key);
  }
  return found;
}

function checkCounts(keys: readonly PublicJwk[]): void {
  for (const kty of ["RSA", "EC"]) {
    const count = keys.filter((key) => key.kty === kty).length;
    if (count > maxKeysOfType) {
      throw new PodtrustError(
        "jwks-invalid",
        `the JWK Set has ${count} ${kty} keys; AWS refuses every ${kty} token above ${maxKeysOfType}`,
        { next: "Take keys out that sign no more tokens.", detail: { kty, count } },
      );
    }
  }
}

function rawKeys(text: string | Uint8Array): readonly unknown[] {
  const document = readDocument(text, kind);
  const keys: unknown = document["keys"];
  if (!Array.isArray(keys))
    throw new PodtrustError("jwks-invalid", 'the JWK Set has no array "keys" (RFC 7517 §5.1)');
  if (keys.length === 0)
    throw new PodtrustError("jwks-invalid", "the JWK Set is empty", { detail: { count: 0 } });
  return keys as unknown[];
}

function sizeWarnings(text: string | Uint8Array): readonly string[] {
  return text.length > comfortableBytes
    ? [`The JWK Set is larger than ${comfortableBytes} bytes; AWS does not say how much it reads.`]
    : [];
}

/**
 * Reads a JWK Set (RFC 7517 §5) as what may be published to AWS; throws `jwks-invalid` for one that is unreadable,
 * carries a private key, uses a kid twice, has over 100 keys of a type, or has no key left that AWS can use.
 */
export function parseJwkSet(text: string | Uint8Array): JwkSet {
  const keys: PublicJwk[] = [];
  const leftOut: JwkSet["leftOut"][number][] = [];
  const warnings: string[] = [...sizeWarnings(text)];
  for (const [index, raw] of rawKeys(text).entries()) {
    const read = isRecord(raw)
      ? readJwk(raw, index)
      : { leftOut: { kid: undefined, reason: `keys[${index}] is no JSON object` } };
    if ("leftOut" in read) leftOut.push(read.leftOut);
    else {
      keys.push(read.key);
      warnings.push(...read.warnings);
    }
  }
  const found = [...unique(keys).values()].sort(byKid);
  if (found.length === 0) {
    throw new PodtrustError("jwks-invalid", "the JWK Set has no key that AWS can use", {
      detail: { leftOut },
    });
  }
  if (found.length < keys.length)
    warnings.push("The JWK Set names a key more than once; it is published once.");
  checkCounts(found);
  return { keys: found, leftOut, warnings };
}

/** The JWK Set as it is published: sorted by kid, the members in Kubernetes' order, always the same bytes. */
export function renderJwkSet(keys: readonly PublicJwk[]): string {
  const sorted = [...unique(keys).values()].sort(byKid);
  return renderDocument({ keys: sorted.map((key) => withMembers({ ...key }, key.kid, key.alg)) });
}
