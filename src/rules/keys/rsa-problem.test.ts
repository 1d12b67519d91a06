import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
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
    const input = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.e30`;
    const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
    const digest = createHash("sha256").update(input).digest();
    const padding = Buffer.alloc(256 - 3 - info.length - digest.length, 0xff);
    const block = Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info, digest]);
    const forged = parseJws(`${input}.${block.toString("base64url")}`);
    assert.equal(verifyJws(forged, { ...good, e: number(1n) }), false);
  });

  test("a good key of any length has no problem, and neither has an EC key", () => {
    for (const jwk of [good, ec]) assert.equal(rsaProblem(publicKeyOf(jwk) ?? assert.fail()), undefined);
    const small = { ...good, e: number(3n) };
    assert.equal(rsaProblem(publicKeyOf(small) ?? assert.fail()), undefined, "3 is an exponent");
  });
});
