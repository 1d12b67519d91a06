import { Buffer } from "node:buffer";
import { createDiffieHellman } from "node:crypto";

/** The bounds of what is looked for: small factors below 2^16 + 2, and this many steps of Fermat's method. */
const factorLimit = 65_538;
const fermatSteps = 100;
/** Longer moduli are not raised to a power: the time grows with the cube of the length (4096 bits: some 40 ms). */
const maxPowerBits = 4096;

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** The primes below the limit, multiplied: by the sieve of Eratosthenes. */
function smallPrimes(): bigint {
  const composite = new Uint8Array(factorLimit);
  const primes: bigint[] = [];
  for (let number = 2; number < factorLimit; number += 1) {
    if (composite[number] === 1) continue;
    primes.push(BigInt(number));
    for (let multiple = number * number; multiple < factorLimit; multiple += number) composite[multiple] = 1;
  }
  return primes.reduce((product, prime) => product * prime, 1n);
}

let smallFactors: bigint | undefined;

function hasSmallFactor(n: bigint): boolean {
  smallFactors ??= smallPrimes();
  return gcd(n, smallFactors % n) !== 1n;
}

/** The whole part of the square root of a number from 1 on, by Newton's method from above. */
function root(number: bigint): bigint {
  let guess = 1n << BigInt((number.toString(16).length + 1) * 2);
  for (;;) {
    const next = (guess + number / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

function isSquare(number: bigint): boolean {
  // Squares end on one of twelve of 64 values: most roots need not be taken.
  const end = BigInt.asUintN(6, number);
  const canBe = [0n, 1n, 4n, 9n, 16n, 17n, 25n, 33n, 36n, 41n, 49n, 57n].includes(end);
  return number === 0n || (canBe && root(number) ** 2n === number);
}

/** Whether two factors lie so close together that Fermat's method finds them, the square of one number included. */
function hasCloseFactors(n: bigint): boolean {
  let half = root(n);
  if (half * half < n) half += 1n;
  for (let step = 0; step < fermatSteps; step += 1, half += 1n) if (isSquare(half * half - n)) return true;
  return false;
}

/** 2^n modulo n, by OpenSSL: a modulus of strangers costs a fifth of what it would in JavaScript. */
function twoToItself(n: bigint): bigint {
  const hex = n.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  const powers = createDiffieHellman(bytes, 2);
  powers.setPrivateKey(bytes);
  return BigInt(`0x${powers.computeSecret(Buffer.from([2])).toString("hex")}`);
}

/**
 * Whether a modulus is one prime, or a power of one. By Fermat's little theorem a prime p divides 2^n − 2 where n is a
 * power of p; two large primes that were drawn at random divide it never.
 */
function isPrimePower(n: bigint): boolean {
  return gcd(n, twoToItself(n) - 2n + n) !== 1n;
}

/**
 * Whether anyone can find the private key of an RSA modulus of `bits` bits: it has a factor below 2^16 + 2, two
 * factors that are almost equal, or, up to 4096 bits, is a prime or a power of one. What takes real work to factor is
 * not found.
 */
export function isEasilyFactored(n: bigint, bits: number): boolean {
  return hasSmallFactor(n) || hasCloseFactors(n) || (bits <= maxPowerBits && isPrimePower(n));
}
