import { Buffer } from "node:buffer";
import type { AsymmetricKeyDetails, KeyObject } from "node:crypto";
import { minRsaBits, maxRsaBits } from "../oidc/index.ts";

// What Go's crypto/rsa verifies with, and so what a Kubernetes API server can sign for: 2^31 - 1.
const maxExponent = 2_147_483_647n;

/** The primes below a thousand, multiplied. */
function smallPrimes(): bigint {
  const primes: number[] = [];
  for (let number = 2; number < 1000; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes.reduce((product, prime) => product * BigInt(prime), 1n);
}

const smallFactors = smallPrimes();

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** The whole part of a square root, by Newton's method from above. */
function root(number: bigint, bits: number): bigint {
  let guess = 1n << BigInt(Math.ceil(bits / 2));
  for (;;) {
    const next = (guess + number / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

function modulusProblem(n: bigint, bits: number): string | undefined {
  if (bits < minRsaBits)
    return `its RSA modulus has ${bits} bits, fewer than the ${minRsaBits} that RFC 7518 §3.3 asks for`;
  if (bits > maxRsaBits) return `its RSA modulus has ${bits} bits, more than ${maxRsaBits}`;
  const square = root(n, bits) ** 2n === n;
  // The product of two large primes is neither.
  if (square || gcd(smallFactors, n % smallFactors) !== 1n)
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
 * less than 2048 bits (RFC 7518 §3.3) or more than 16384, one that is even, a square or has a small factor, and an
 * exponent of 0, 1, an even one, or one that Kubernetes does not know. Whether the modulus is prime is not asked, which
 * would take longer than all else; a key that is merely weak is its issuer's responsibility.
 */
export function rsaProblem(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== "rsa") return undefined;
  const { n } = key.export({ format: "jwk" }) as { n: string };
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails as RsaDetails;
  const modulus = BigInt(`0x0${Buffer.from(n, "base64url").toString("hex")}`);
  return exponentProblem(publicExponent) ?? modulusProblem(modulus, modulusLength);
}
