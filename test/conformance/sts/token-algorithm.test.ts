import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { ecKey, grantOf, refuses, rsaKey, sign, signer, texts, unsigned } from "../fixture.ts";

const refusal = { rule: "token-algorithm", code: "InvalidIdentityToken", text: texts.notAJwt };

describe("STS rule token-algorithm", () => {
  for (const alg of ["none", "None", "RS1", "rs256", "HS384", "HS512", "PS384", "PS512", "ES256K"]) {
    test(`refuses a token of alg ${alg}`, () =>
      refuses({ token: unsigned({ alg, kid: "rsa" }, Buffer.from("signature")) }, refusal));
  }

  test("refuses a token of alg none with an empty signature", () =>
    refuses({ token: unsigned({ alg: "none" }) }, refusal));

  test("refuses a token of HS256 keyed with the RSA key's public PEM", async () => {
    const pem = createPublicKey(signer.privateKey).export({ type: "spki", format: "pem" });
    const input = unsigned({ alg: "HS256", kid: "rsa" }).replace(/\.$/u, "");
    const mac = createHmac("sha256", pem).update(input).digest("base64url");
    await refuses({ token: `${input}.${mac}` }, refusal);
  });

  test("refuses a token of PS256 by the published RSA key", async () => {
    await refuses({ key: { ...signer, alg: "PS256" }, keys: [signer.jwk] }, refusal);
  });

  test("refuses a token of alg EdDSA", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "ed", use: "sig" };
    await refuses(
      { token: await sign({ key: { privateKey, kid: "ed", alg: "EdDSA", jwk } }), keys: [jwk] },
      refusal,
    );
  });

  for (const alg of ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]) {
    test(`accepts a token of alg ${alg}`, async () => {
      const key = await (alg.startsWith("RS") ? rsaKey("k", alg) : ecKey("k", alg));
      assert.ok(await grantOf({ key }));
    });
  }
});
