import { createHash, createPublicKey, KeyObject, type webcrypto } from "node:crypto";
import { type JsonRecord, isRecord } from "../../core/base/index.ts";
import { base64urlBytes, maxRsaBits, defaultAlgorithm } from "../oidc/index.ts";

/** A public key as podtrust publishes it: these members and no others (RFC 7517 §4, RFC 7518 §6). */
export interface PublicJwk {
  readonly kty: "RSA" | "EC";
  readonly kid: string;
  readonly use: "sig";
  readonly alg: string;
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

// RFC 7638 §3.2 and RFC 8037 §2, each in lexicographic order.
const thumbprintMembers: Readonly<Record<string, readonly string[]>> = {
  RSA: ["e", "kty", "n"],
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
};

const numbersOf = ({ kty }: JsonRecord): readonly string[] => (kty === "RSA" ? ["n", "e"] : ["x", "y"]);

/**
 * The first number of a key that is a text, and none in base64url without padding (RFC 7518 §6.2.1 and §6.3.1, RFC 7515 §2).
 * Node reads plain base64 too, and strict readers refuse it: coreos/go-oidc#193, OpenIDC/mod_auth_openidc#368.
 */
export function misencodedNumber(jwk: JsonRecord): string | undefined {
  return numbersOf(jwk).find((name) => {
    const value = jwk[name];
    return typeof value === "string" && base64urlBytes(value) === undefined;
  });
}

/** The members that make the key, and nothing else of what came with it. */
function keyMaterial(jwk: JsonRecord): webcrypto.JsonWebKey {
  const members = [...(jwk["kty"] === "RSA" ? [] : ["crv"]), ...numbersOf(jwk)];
  return Object.fromEntries(["kty", ...members].map((name) => [name, jwk[name]])) as webcrypto.JsonWebKey;
}

function keyObjectOf(jwk: JsonRecord): KeyObject | undefined {
  if (jwk["kty"] !== "RSA" && jwk["kty"] !== "EC") return undefined;
  const { n } = jwk;
  if (typeof n === "string" && n.length * 6 > maxRsaBits + 32) return undefined;
  if (misencodedNumber(jwk) !== undefined) return undefined;
  try {
    return createPublicKey({ key: keyMaterial(jwk), format: "jwk" });
  } catch {
    return undefined;
  }
}

/** For frozen JWKs: making a key object takes as long as verifying a signature. */
const made = new WeakMap<object, KeyObject>();

/**
 * The key object of a public RSA or EC JWK; undefined when the members are no key (a point off the curve, an empty
 * modulus, a number in plain base64) or an RSA modulus is longer than 16384 bits. Private members are never looked at.
 */
export function publicKeyOf(jwk: unknown): KeyObject | undefined {
  if (!isRecord(jwk)) return undefined;
  const known = made.get(jwk);
  if (known !== undefined) return known;
  const key = keyObjectOf(jwk);
  if (key !== undefined && Object.isFrozen(jwk)) made.set(jwk, key);
  return key;
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("base64url");
}

/** The kid that Kubernetes gives a key: base64url(SHA-256(DER SubjectPublicKeyInfo)). TypeError when it is no key. */
export function kubernetesKid(key: KeyObject | object): string {
  const object = key instanceof KeyObject ? key : publicKeyOf(key);
  if (object === undefined) throw new TypeError("neither a public RSA or EC JWK nor a KeyObject");
  const publicKey = object.type === "private" ? createPublicKey(object) : object;
  return sha256(publicKey.export({ type: "spki", format: "der" }));
}

/** The key's thumbprint by RFC 7638, SHA-256, base64url. TypeError for a JWK that lacks a required member. */
export function jwkThumbprint(jwk: object): string {
  const members: JsonRecord = { ...jwk };
  const names = thumbprintMembers[String(members["kty"])];
  if (names === undefined) throw new TypeError("a thumbprint needs a JWK of type RSA, EC or OKP");
  const missing = names.find((name) => typeof members[name] !== "string");
  if (missing !== undefined) throw new TypeError(`a thumbprint needs the JWK's ${missing}`);
  return sha256(JSON.stringify(Object.fromEntries(names.map((name) => [name, members[name]]))));
}

/**
 * The JWK to publish for a public or private RSA or EC key; the kid is Kubernetes' unless given. Of a private key
 * only the public half is in it.
 */
export function publicJwk(key: KeyObject, kid?: string): PublicJwk {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const material = publicKey.export({ format: "jwk" });
  const alg =
    material.kty === "RSA" || material.kty === "EC"
      ? defaultAlgorithm(material.kty, material.crv)
      : undefined;
  if (alg === undefined)
    throw new TypeError(`a key of type ${publicKey.asymmetricKeyType} cannot sign tokens`);
  return withMembers(material as JsonRecord, kid ?? kubernetesKid(publicKey), alg);
}

/** Exactly the members that are published, in the order in which Kubernetes writes them. */
export function withMembers(material: JsonRecord, kid: string, alg: string): PublicJwk {
  const { kty, crv, x, y, n, e } = material as { [name: string]: string };
  if (kty === "RSA") return { use: "sig", kty, kid, alg, n, e } as PublicJwk;
  return { use: "sig", kty, kid, crv, alg, x, y } as PublicJwk;
}
