import assert from "node:assert/strict";
import { checkPrimeSync, createHash, generateKeyPairSync, generatePrimeSync, verify } from "node:crypto";
import { describe, test } from "node:test";
import { parseJws } from "../oidc/index.ts";
import { parseJwkSet, publicJwk, publicKeyOf, rsaProblem, verifyJws } from "./index.ts";

const good = publicJwk(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey);
const ec = publicJwk(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);

function number(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex").toString("base64url");
}

function valueOf(text: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(text ?? "", "base64url").toString("hex")}`);
}

const n = valueOf(good.n);
// 1024 bits of which the first two are set, so that its square has 2048.
const prime = valueOf(
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }).p,
);

/** The first prime after one of 1024 bits: what a careless program takes for the second factor. */
function primeAfter(first: bigint): bigint {
  for (let next = first + 2n; ; next += 2n) if (checkPrimeSync(next)) return next;
}

const ofBits = (bits: number): bigint => generatePrimeSync(bits, { bigint: true });

const input = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.e30`;

/** What an RS256 signature is the power of (RFC 8017 §9.2, EMSA-PKCS1-v1_5), for `input`. */
function encodedMessage(length: number): Buffer {
  const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const digest = createHash("sha256").update(input).digest();
  const padding = Buffer.alloc(length - 3 - info.length - digest.length, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info, digest]);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result;
}

/** The inverse of a number by the extended algorithm of Euclid. */
function inverse(of: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [of, modulus, 1n, 0n];
  while (b !== 0n) {
    const times = a / b;
    [a, b, x, y] = [b, a - times * b, y, x - times * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

/** What is wrong with a key, by name. */
const degenerate: readonly [string, { n?: string; e?: string }, RegExp][] = [
  ["the exponent 0", { e: number(0n) }, /exponent is 0/u],
  ["no exponent", { e: "" }, /exponent is 0/u],
  ["the exponent 1", { e: number(1n) }, /exponent is 1/u],
  ["the exponent 2", { e: number(2n) }, /exponent is 2/u],
  ["an even exponent", { e: number(65_536n) }, /exponent is 65536/u],
  ["an exponent that Kubernetes does not know", { e: number(2n ** 31n + 1n) }, /larger than the 2147483647/u],
  ["an even modulus", { n: number(n + 1n) }, /no product of two large primes/u],
  ["the modulus 2^2047", { n: number(2n ** 2047n) }, /no product of two large primes/u],
  ["a modulus of ones", { n: number(2n ** 2048n - 1n) }, /no product of two large primes/u],
  ["a modulus that three divides", { n: number(3n * (n - 2n)) }, /no product of two large primes/u],
  ["the square of a prime", { n: number(prime * prime) }, /no product of two large primes/u],
  ["one prime", { n: number(ofBits(2048)) }, /no product of two large primes/u],
  ["a factor of 1009", { n: number(1009n * ofBits(2040)) }, /no product of two large primes/u],
  ["a factor of 65537", { n: number(65_537n * ofBits(2034)) }, /no product of two large primes/u],
  ["the third power of a prime", { n: number(ofBits(700) ** 3n) }, /no product of two large primes/u],
  [
    "two primes that follow each other",
    { n: number(prime * primeAfter(prime)) },
    /no product of two large primes/u,
  ],
  ["2047 bits", { n: number((n >> 1n) | 1n) }, /2047 bits, fewer than the 2048/u],
  ["16,385 bits", { n: number(2n ** 16_384n + 1n) }, /16385 bits, more than 16384/u],
];

describe("a degenerate RSA key is never published, and verifies nothing", () => {
  for (const [what, members, reason] of degenerate) {
    test(`${what}: left out of the set, the others stay`, () => {
      const { keys, leftOut } = parseJwkSet(JSON.stringify({ keys: [{ ...good, ...members }, ec] }));
      assert.deepEqual(keys, [ec]);
      assert.match(leftOut[0]?.reason ?? "", reason);
    });
  }

  test("a token that was made without a private key is refused by the exponent 1", () => {
    const forged = parseJws(`${input}.${encodedMessage(256).toString("base64url")}`);
    assert.equal(verifyJws(forged, { ...good, e: number(1n) }), false);
  });

  test("a modulus above 4096 bits is not raised to a power, and its small factors are found all the same", () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 4096 }).publicKey;
    const long = n * valueOf(publicJwk(other).n);
    const problem = (modulus: bigint) =>
      rsaProblem(publicKeyOf({ ...good, n: number(modulus) }) ?? assert.fail());
    assert.equal(problem(long), undefined);
    assert.match(problem(long * 65_537n) ?? "", /no product of two large primes/u);
  });

  test("more keys than are remembered are judged as the first ones were", () => {
    const problem = (modulus: bigint) =>
      rsaProblem(publicKeyOf({ ...good, n: number(modulus) }) ?? assert.fail());
    for (let step = 1n; step <= 300n; step += 1n)
      assert.match(problem(n + 2n * step - 1n) ?? "", /no product/u);
    assert.equal(problem(n), undefined);
  });

  test("whoever publishes a prime signs with no private key, and the token is refused", () => {
    const whole = ofBits(2048);
    // Of a prime p the exponents are known to everyone: d is the inverse of e modulo p − 1.
    const d = inverse(65_537n, whole - 1n);
    const signature = power(BigInt(`0x${encodedMessage(256).toString("hex")}`), d, whole);
    const jwk = { ...good, n: number(whole), e: number(65_537n) };
    const bytes = Buffer.from(signature.toString(16).padStart(512, "0"), "hex");
    assert.equal(
      verify("sha256", Buffer.from(input), publicKeyOf(jwk) ?? assert.fail(), bytes),
      true,
      "it is one",
    );
    assert.equal(verifyJws(parseJws(`${input}.${bytes.toString("base64url")}`), jwk), false);
  });

  test("a good key of any length has no problem, and neither has an EC key", () => {
    for (const jwk of [good, ec]) assert.equal(rsaProblem(publicKeyOf(jwk) ?? assert.fail()), undefined);
    const small = { ...good, e: number(3n) };
    assert.equal(rsaProblem(publicKeyOf(small) ?? assert.fail()), undefined, "3 is an exponent");
  });
});
