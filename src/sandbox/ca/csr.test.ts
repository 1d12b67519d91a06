import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { jwkThumbprint } from "../../rules/keys/index.ts";
import { type KeyPair, newSigningRequest, subjectAltName, writeRequest } from "../../core/x509/index.ts";
import { checkCsr } from "./csr.ts";
import { Problem } from "./problem.ts";

const names = ["a.example.com"];
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A request for the names by a key, in base64url. */
function requestOf(of: KeyPair, asked: readonly string[] = names, commonName = "a.example.com"): string {
  const content = { subject: { commonName }, extensions: [subjectAltName(asked)] };
  return writeRequest(of, content).toString("base64url");
}

function refuses(csr: string, why: RegExp, account = "none"): void {
  assert.throws(
    () => checkCsr(csr, names, account),
    (error) => error instanceof Problem && error.type === "badCSR" && why.test(error.message),
  );
}

describe("the stand-in CA's check of a CSR", () => {
  for (const [what, of] of [
    ["RSA of 2048 bits", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["P-256", keys],
    ["P-384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ] as const) {
    test(`takes a key of ${what}`, () => {
      const { publicKey, thumbprint } = checkCsr(requestOf(of), names, "none");
      assert.ok(publicKey.equals(createPublicKey(of.privateKey)));
      assert.equal(thumbprint, jwkThumbprint(of.publicKey.export({ format: "jwk" })));
    });
  }

  test("refuses a short RSA key and a curve that no CA takes, before it looks at a signature", async () => {
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
    refuses(requestOf(short), /neither RSA of 2048/u);
    // A request by P-256 with another curve's key in it: its signature cannot be good.
    const odd = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey;
    refuses(requestOf({ publicKey: odd, privateKey: keys.privateKey }), /neither RSA of 2048/u);
    const { csr } = await newSigningRequest(names);
    assert.ok(checkCsr(Buffer.from(csr).toString("base64url"), names, "none"));
  });

  test("refuses a request that another key has signed, or that is by the account's key", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    refuses(requestOf({ ...keys, privateKey: other.privateKey }), /signature is not by its own key/u);
    refuses(
      requestOf(keys),
      /key is the account's/u,
      jwkThumbprint(keys.publicKey.export({ format: "jwk" })),
    );
  });

  test("refuses names that the order lacks, as alternative names, as the common name, and of other kinds", () => {
    refuses(
      requestOf(keys, ["a.example.com", "b.example.com"]),
      /it asks for a\.example\.com, b\.example\.com/u,
    );
    refuses(requestOf(keys, names, "b.example.com"), /it asks for a\.example\.com, b\.example\.com/u);
    refuses(requestOf(keys, ["192.0.2.1"]), /it asks for a ip name/u);
    assert.ok(checkCsr(requestOf(keys, ["A.Example.com"]), names, "none"));
  });

  test("says what of the bytes is no request, and takes base64url without padding alone", () => {
    refuses(Buffer.from("3003020100", "hex").toString("base64url"), /no content of a request/u);
    refuses("AAAA=", /base64url without padding/u);
    refuses("", /base64url without padding/u);
  });
});
