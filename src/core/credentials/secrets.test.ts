import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { credentials } from "./credential-rows.ts";
import { secretKind, secretName, withoutSecretMembers, withoutSecrets } from "./index.ts";

const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});
// 62 characters, so that each kind of them comes.
const letters = "aZ3bY4cX5dW6eV7fU8gT9hS1iR2jQ3kP4lO5mN6nM7oL8pK9qJ1rI2sH3tG4uF5vE6w";

/** One secret of each kind that podtrust reads, as its issuer writes it. None was ever valid. */
const samples: Readonly<Record<string, string>> = {
  "a private key": pem,
  "a private key in base64": Buffer.from(pem).toString("base64"),
  "a JSON Web Token": `eyJ${letters.slice(0, 20)}.eyJ${letters.slice(0, 30)}.${letters.slice(0, 40)}`,
  "a JSON Web Token with a space": `eyAi${letters.slice(0, 20)}.eyAi${letters.slice(0, 30)}.${letters.slice(0, 40)}`,
  "a JSON Web Token in a URL": `eyJ${letters.slice(0, 20)}%2EeyJ${letters.slice(0, 30)}%2E${letters.slice(0, 40)}`,
  "an AWS secret access key": `wJalrXUtnFEMI/K7MDENG/${letters.slice(0, 18)}`,
  "a token for Cloudflare": `${letters.slice(0, 38)}_-`,
  "a token for Hetzner Cloud": letters.slice(0, 64),
  "an age identity": `AGE-SECRET-KEY-1${"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2).slice(0, 58)}`,
  "a token for OpenBao": `hvs.${letters.slice(0, 40)}`,
  "a batch token for OpenBao": `hvb.${letters.slice(0, 40)}`,
  "an old token for OpenBao": `s.${letters.slice(0, 24)}`,
  "a secret at Entra": `abc8Q~${letters.slice(0, 34)}`,
  "a refresh token of Google": `1//0${letters.slice(0, 40)}`,
  "an access token of Google": `ya29.${letters.slice(0, 40)}`,
  "a client secret of Google": `GOCSPX-${letters.slice(0, 28)}`,
  "a GitHub token": `ghp_${letters.slice(0, 36)}`,
  "a bootstrap token": "abcdef.0123456789abcdef",
  "a password in a URL": "https://person:hunter2hunter2@proxy.example:3128",
};

/** Texts that look a little like a secret, and are none. */
const harmless: Readonly<Record<string, string>> = {
  "a digest in hex": createHash("sha256").update("a").digest("hex"),
  "a commit": createHash("sha1").update("a").digest("hex"),
  "a key ID": createHash("sha256").update("b").digest("base64url"),
  "an issuer": "https://issuer.averylongdomain1.com/prod",
  "a name of a bucket": "bucket.oidc4podtrust1234.s3.amazonaws.com",
  "an ARN": "arn:aws:iam::111122223333:role/podtrust/prod-shop-web",
  "a public key": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ\n-----END PUBLIC KEY-----",
  "a certificate in base64": Buffer.from(`-----BEGIN CERTIFICATE-----\n${letters}`).toString("base64"),
  "an address with a port": "https://[2001:db8::1]:6443/apis",
  "an age recipient": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
};

describe("a secret is known by its looks", () => {
  for (const [what, sample] of Object.entries(samples)) {
    test(`${what} is one, alone and in a sentence it is left out`, () => {
      assert.notEqual(secretKind(sample), undefined);
      assert.equal(withoutSecrets(sample).includes(sample), false);
      // What is known by its length alone is known alone.
      if (/AWS secret|Cloudflare|Hetzner/u.test(what)) return;
      const said = withoutSecrets(`the answer was "${sample}", twice: ${sample}\n`);
      assert.equal(said.includes(sample.slice(-12)) && !what.includes("URL"), false, said);
      assert.equal(said.match(/\[left out\]/gu)?.length, 2);
    });
  }
  for (const [what, sample] of Object.entries(harmless)) {
    test(`${what} is none, and stays`, () => {
      assert.equal(secretKind(sample), undefined);
      assert.equal(withoutSecrets(`see ${sample}.`), `see ${sample}.`);
    });
  }

  test("the ID of an access key is one for a config, and stays in a sentence: it says which key is meant", () => {
    const id = "AKIAABCDEFGHIJKLMNOP";
    assert.equal(secretKind(id), "an AWS access key");
    assert.equal(withoutSecrets(`the access key ${id}`), `the access key ${id}`);
  });

  test("property: of random texts around it no secret stays, and a hostile megabyte takes no time of note", () => {
    const whole = Object.entries(samples).filter(
      ([what]) => !/AWS secret|Cloudflare|Hetzner|URL/u.test(what),
    );
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...whole.map(([, one]) => one)), fc.string(), (a, one, b) => {
        assert.equal(withoutSecrets(`${a} ${one} ${b}`).includes(one), false);
      }),
    );
    // Each begins anew what the first has not ended: with a quadratic pattern this would not come to its end.
    for (const piece of [
      "-eyJaaaaaaaaa",
      "GOCSPX-aaaaaaaaaaaaaaaaaaaaa-",
      "a.a+a",
      "LS0tLS1CRUdJTi",
      "a://b:",
      "hvs.",
    ]) {
      const text = piece.repeat(1_000_000 / piece.length);
      assert.equal(typeof withoutSecrets(text), "string");
    }
  });
});

describe("a secret is known by its name", () => {
  // As they stood in logs of podtrust and its peers.
  const names =
    "clientSecret client_secret refresh_token access_token Authorization assertion apiKey hmacKey secret passphrase private_key SecretAccessKey subject_token pin identityToken Set-Cookie AccountKey x-amz-security-token password";
  for (const name of names.split(" ")) {
    test(`${name}: its value is left out at any depth`, () => {
      assert.equal(secretName(name), true);
      assert.doesNotMatch(
        JSON.stringify({ a: [{ [name]: { b: "hunter2" } }] }, withoutSecretMembers),
        /hunter2/u,
      );
    });
  }

  test("every name under which a credential of the table is a value is left out", () => {
    for (const { masked } of Object.values(credentials)) {
      for (const name of masked) assert.equal(withoutSecretMembers(name, "hunter2"), "[left out]", name);
    }
  });

  test("names of files, public keys, identifiers and counts are none", () => {
    for (const name of "tokenFile hmacKeyFile publicKey accessKeyId keyId kid secretName tokens spin issuer".split(
      " ",
    )) {
      assert.equal(secretName(name), false, name);
      assert.equal(withoutSecretMembers(name, "value"), "value");
    }
    assert.equal(
      withoutSecretMembers("token", undefined),
      undefined,
      "what is not there is not shown as there",
    );
    assert.equal(withoutSecretMembers("n", 3), 3);
  });

  test("property: random bytes in hex and in base64url of a digest's length are no secret", () => {
    for (let run = 0; run < 200; run += 1) {
      assert.equal(secretKind(randomBytes(32).toString("hex")), undefined);
      assert.equal(secretKind(randomBytes(32).toString("base64url")), undefined);
    }
  });
});
