import { Buffer } from "node:buffer";
import type { AsymmetricKeyDetails, KeyObject } from "node:crypto";
import { minRsaBits, maxRsaBits } from "../oidc/index.ts";
import { isEasilyFactored } from "./rsa-factors.ts";

// What Go's crypto/rsa verifies with, and so what a Kubernetes API server can sign for: 2^31 - 1.
const maxExponent = 2_147_483_647n;

/** What was found of the moduli that were asked about last: a token's key is asked about for each token. */
const judged = new Map<bigint, boolean>();
const maxJudged = 256;

function anyoneCouldSign(n: bigint, bits: number): boolean {
  const known = judged.get(n);
  if (known !== undefined) return known;
  const found = isEasilyFactored(n, bits);
  if (judged.size >= maxJudged) judged.clear();
  judged.set(n, found);
  return found;
}

function modulusProblem(n: bigint, bits: number): string | undefined {
  if (bits < minRsaBits)
    return `its RSA modulus has ${bits} bits, fewer than the ${minRsaBits} that RFC 7518 §3.3 asks for`;
  if (bits > maxRsaBits) return `its RSA modulus has ${bits} bits, more than ${maxRsaBits}`;
  if (anyoneCouldSign(n, bits))
    return "its RSA modulus is no product of two large primes: anyone could sign with it";
  return undefined;
}

/** What node:crypto says about every RSA key. */
type RsaDetails = Required<Pick<AsymmetricKeyDetails, "modulusLength" | "publicExponent">>;

function exponentProblem(e: bigint): string | undefined {
  // With 1 a signature is its own message, and with an even number nothing can be signed.
  if (e < 3n || e % 2n === 0n)
    return `its RSA exponent is ${e}, and only odd numbers from 3 on make a key of it`;
  return e > maxExponent
    ? `its RSA exponent is larger than the ${maxExponent} that Kubernetes verifies with`
    : undefined;
}

/**
 * Why nothing may be verified with a key, or undefined for a good one and for one that is no RSA key: a modulus of
 * less than 2048 bits (RFC 7518 §3.3) or more than 16384, one that is easily factored (`isEasilyFactored`), and an
 * exponent of 0, 1, an even one, or one that Kubernetes does not know. A key that is merely weak is its issuer's
 * responsibility.
 */
export function rsaProblem(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== "rsa") return undefined;
  const { n } = key.export({ format: "jwk" }) as { n: string };
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails as RsaDetails;
  const modulus = BigInt(`0x0${Buffer.from(n, "base64url").toString("hex")}`);
  return exponentProblem(publicExponent) ?? modulusProblem(modulus, modulusLength);
}
