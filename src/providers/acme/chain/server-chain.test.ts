import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { type ChainMistakes, testAuthority, testHierarchy } from "../../../../test/support/certificates.ts";
import { readCertificates } from "./chain.ts";
import { chainFault, isRooted, rootsOf, type ChainRequirements } from "./server-chain.ts";

const day = 24 * 3_600_000;
const now = Date.parse("2026-11-25T00:00:00Z");
const ago = new Date(now - day);
const hierarchy = await testHierarchy(now);
const names = ["a.example", "b.example"];

async function faultOf(
  mistakes: ChainMistakes,
  more: Partial<ChainRequirements> = {},
): Promise<string | undefined> {
  const { certificate, key } = await hierarchy.chain(names, mistakes);
  return chainFault(readCertificates(certificate), { names, key, now, ...more });
}

describe("a chain that a server may serve", () => {
  test("leaf and intermediate of a CA whose root is not known here, with the root or without", async () => {
    assert.equal(await faultOf({}), undefined);
    assert.equal(await faultOf({ give: ["leaf", "intermediate", "root"] }), undefined);
    assert.equal(await faultOf({ upper: "given", intermediate: { pathLength: 0 } }), undefined);
    assert.equal(await faultOf({ leaf: { usage: "none" }, intermediate: { usage: "server" } }), undefined);
  });

  test("every name is covered, by a wildcard too, and an address by itself alone", async () => {
    const named = ["*.a.example", "192.0.2.1", "b.example"];
    const { certificate, key } = await hierarchy.chain(named);
    const fault = (wanted: readonly string[], noOtherNames = false): string | undefined =>
      chainFault(readCertificates(certificate), { names: wanted, noOtherNames, key, now });
    assert.equal(fault(["x.a.example", "192.0.2.1", "B.example"]), undefined);
    assert.equal(fault(["*.a.example"]), undefined);
    assert.equal(fault(named, true), undefined);
    for (const strange of ["a.example", "x.y.a.example", "192.0.2.2", "*.b.example"])
      assert.match(
        fault([strange]) ?? "",
        /is for \*\.a\.example, 192\.0\.2\.1, b\.example, not for/u,
        strange,
      );
    assert.match(fault(["b.example"], true) ?? "", /not for b\.example$/u);
  });

  test("a self-signed certificate, and a leaf whose root is known", async () => {
    const authority = await testAuthority();
    const { certificate, key } = await authority.issue(["a.example"]);
    const [leaf, root] = readCertificates(certificate);
    const at = { names: ["a.example"], key, now: Date.now() };
    assert.equal(chainFault([leaf], { ...at, roots: rootsOf(["nonsense", authority.root]) }), undefined);
    assert.match(
      chainFault([leaf], at) ?? "",
      /an intermediate is missing: .*CN=Test Root is no root that is known/u,
    );
    assert.ok(root !== undefined && isRooted([root], at));
  });

  test("a leaf alone that follows a leaf alone: a private root that issues by itself", async () => {
    const { certificate } = await hierarchy.chain(names, { give: ["leaf"] });
    assert.equal(await faultOf({ give: ["leaf"] }, { before: readCertificates(certificate) }), undefined);
  });
});

describe("a chain that a server may not serve", () => {
  const cases: Readonly<Record<string, readonly [ChainMistakes, RegExp]>> = {
    "the leaf has expired": [{ leaf: { notAfter: ago } }, /^the certificate has expired at 2026-11-24/u],
    "the leaf begins in two days": [
      { leaf: { notBefore: new Date(now + 2 * day) } },
      /^the certificate begins at 2026-11-27/u,
    ],
    "the intermediate has expired": [
      { intermediate: { notAfter: ago } },
      /^the issuer CN=Test Intermediate has expired at 2026-11-24/u,
    ],
    "the root in it has expired": [
      { root: { notAfter: ago }, give: ["leaf", "intermediate", "root"] },
      /^the issuer CN=Test Root has expired/u,
    ],
    "the intermediate is missing": [
      { give: ["leaf"] },
      /^an intermediate is missing: .* CN=Test Intermediate is no root/u,
    ],
    "the intermediate is missing before the root": [
      { give: ["leaf", "root"] },
      /certificate 1 .* not signed by the one after/u,
    ],
    "the order is wrong": [{ give: ["leaf", "root", "intermediate"] }, /certificate 1 .* not signed/u],
    "the leaf is signed by another key": [{ forged: true }, /certificate 1 .* not signed/u],
    "the leaf is for clients only": [
      { leaf: { usage: "client" } },
      /^the certificate is not for servers .*serverAuth/u,
    ],
    "the intermediate is for clients only": [
      { intermediate: { usage: "client" } },
      /^the issuer CN=Test Intermediate is not for servers/u,
    ],
    "the leaf is a CA itself": [
      { leaf: { isCa: true } },
      /^the certificate is that of a CA \(basicConstraints\)/u,
    ],
    "the leaf's key may not sign": [{ leaf: { mayNotSign: true } }, /lacks digitalSignature/u],
    "the intermediate is no CA": [
      { intermediate: { notCa: true } },
      /^the issuer CN=Test Intermediate is no CA/u,
    ],
  };
  for (const [name, [mistakes, words]] of Object.entries(cases)) {
    test(name, async () => assert.match((await faultOf(mistakes)) ?? "no fault", words));
  }

  test("the key is another's, or none", async () => {
    const other = await hierarchy.chain(names);
    assert.match((await faultOf({}, { key: other.key })) ?? "", /is for another key/u);
    assert.match((await faultOf({}, { key: "nonsense" })) ?? "", /cannot be read/u);
  });

  test("a path is longer than one of its CAs allows", async () => {
    assert.match(
      (await faultOf({ upper: "given", upperPathLength: 0 })) ?? "",
      /^the issuer CN=Test Upper may have 0 CAs below it, not 1/u,
    );
  });

  test("ends earlier than the one that is served: an upper intermediate is missing", async () => {
    const before = readCertificates((await hierarchy.chain(names, { upper: "given" })).certificate);
    assert.match(
      (await faultOf({ upper: "missing" }, { before })) ?? "",
      /an intermediate is missing: the chain ends at CN=Test Intermediate, whose issuer CN=Test Upper/u,
    );
    assert.equal(
      await faultOf({ upper: "missing" }),
      undefined,
      "without the one before, it cannot be known",
    );
  });

  test("the key is too short for TLS", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const spki = publicKey.export({ type: "spki", format: "der" });
    const { certificate } = await hierarchy.chain(names, {}, spki);
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    const fault = chainFault(readCertificates(certificate), { names, key, now });
    assert.match(fault ?? "", /^TLS does not take it: .*key too small/u);
  });
});
