import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { testAuthority } from "../../test/support/certificates.ts";
import { checkLeaf, downloadChain } from "./obtain.ts";

const hour = 3_600_000;
const now = Date.now();
const authority = await testAuthority("Root One");
const issued = await authority.issue(["a.example", "b.example"]);
const leaf = new X509Certificate(issued.certificate);
const publicKey = createPublicKey(issued.key).export({ type: "spki", format: "der" });
const wanted = { names: ["b.example", "a.example"], publicKey, now };

async function dated(notBefore: number, notAfter: number): Promise<X509Certificate> {
  const dates = { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
  return new X509Certificate((await authority.issue(["a.example"], dates)).certificate);
}

const keyOf = (certificate: X509Certificate): Buffer =>
  certificate.publicKey.export({ type: "spki", format: "der" });

test("a certificate is the one that was asked for: our key, all names and no others", () => {
  checkLeaf(leaf, wanted);
  const other = { code: "acme-certificate-invalid" };
  assert.throws(() => checkLeaf(leaf, { ...wanted, publicKey: Buffer.alloc(91) }), {
    ...other,
    message: /another key/u,
  });
  for (const names of [["a.example"], ["a.example", "b.example", "c.example"], ["a.example", "c.example"]]) {
    assert.throws(() => checkLeaf(leaf, { ...wanted, names }), {
      ...other,
      message: /is for a\.example, b\.example, not for/u,
    });
  }
});

test("a certificate is good now; that ours is behind the CA's clock is allowed for", async () => {
  const expired = await dated(now - 3 * hour, now - hour);
  const at = { names: ["a.example"], now };
  assert.throws(
    () => checkLeaf(expired, { ...at, publicKey: keyOf(expired) }),
    /has expired .* clock right/u,
  );
  const ahead = await dated(now + hour, now + 90 * 24 * hour);
  checkLeaf(ahead, { ...at, publicKey: keyOf(ahead) });
  const far = await dated(now + 25 * hour, now + 90 * 24 * hour);
  assert.throws(() => checkLeaf(far, { ...at, publicKey: keyOf(far) }), /begins at .* clock right/u);
});

test("of several chains the one with the preferred root is taken, else the first", async () => {
  const two = await (await testAuthority("Root Two")).issue(["a.example"]);
  const asked: string[] = [];
  const account = {
    certificate(url: string) {
      asked.push(url);
      const chain = url.endsWith("/two") ? two.certificate : issued.certificate;
      return Promise.resolve({
        chain,
        alternates: ["https://ca/alternate", "https://ca/two", "https://ca/three"],
      });
    },
  };
  const rootFor = async (preferred?: string): Promise<string | undefined> => {
    asked.length = 0;
    return (await downloadChain(account, "https://ca/one", preferred)).at(-1)?.subject;
  };
  assert.equal(await rootFor(), "CN=Root One");
  assert.equal(await rootFor("Root One"), "CN=Root One");
  assert.equal(asked.length, 1);
  assert.equal(await rootFor("Root Two"), "CN=Root Two");
  assert.deepEqual(asked, ["https://ca/one", "https://ca/alternate", "https://ca/two"]);
  assert.equal(await rootFor("Root Nine"), "CN=Root One");
  const broken = { certificate: () => Promise.resolve({ chain: "nonsense", alternates: [] }) };
  await assert.rejects(downloadChain(broken, "https://ca/one", undefined), {
    code: "acme-certificate-invalid",
    message: /no certificate in PEM form/u,
  });
});
