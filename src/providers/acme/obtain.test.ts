import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { type ChainMistakes, testHierarchy } from "../../../test/support/certificates.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { downloadChain } from "./obtain.ts";

const now = Date.now();
const names = ["a.example"];
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = keys.publicKey.export({ type: "spki", format: "der" });
const wanted = { names, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }), now };
const [one, two] = await Promise.all([testHierarchy(now, "One"), testHierarchy(now, "Two")]);

async function chainOf(hierarchy = one, mistakes: ChainMistakes = {}): Promise<string> {
  const give = ["leaf", "intermediate", "root"] as const;
  return (await hierarchy.chain(names, { give, ...mistakes }, spki)).certificate;
}

/** Chains of one key by their URLs, the first of which has the others as alternates; undefined cannot be had. */
function offering(chains: Readonly<Record<string, string | undefined>>) {
  const asked: string[] = [];
  const [first = "", ...alternates] = Object.keys(chains);
  const certificate = (url: string) => {
    asked.push(url);
    const chain = chains[url];
    if (chain === undefined) return Promise.reject(new PodtrustError("http-unreachable", url));
    return Promise.resolve({ chain, alternates });
  };
  return {
    asked,
    choose: async (preferredRoot?: string) => {
      asked.length = 0;
      return (await downloadChain({ certificate }, first, { wanted, preferredRoot })).at(-1)?.subject;
    },
  };
}

describe("obtaining a certificate", () => {
  test("of several chains the one with the preferred root is taken, else the first", async () => {
    const first = await chainOf(one);
    const { asked, choose } = offering({ 1: first, 2: undefined, 3: await chainOf(two), 4: first });
    assert.equal(await choose(), "CN=One Root");
    assert.equal(await choose("One Root"), "CN=One Root");
    assert.equal(asked.length, 1);
    assert.equal(await choose("Two Root"), "CN=Two Root");
    assert.deepEqual(asked, ["1", "2", "3"]);
    assert.equal(await choose("Nine"), "CN=One Root");
  });

  test("of several chains one that can be served is taken, whatever root was preferred", async () => {
    const expired = { intermediate: { notAfter: new Date(now - 1000) } };
    const bad = await chainOf(one, expired);
    const { choose } = offering({ 1: bad, 2: await chainOf(two) });
    assert.equal(await choose(), "CN=Two Root");
    assert.equal(await choose("One Root"), "CN=Two Root");
  });

  test("of several chains one that leads to a root that is known comes before one that does not", async () => {
    const unrooted = await chainOf(one, { give: ["leaf", "intermediate"] });
    assert.equal(await offering({ 1: unrooted, 2: await chainOf(two) }).choose(), "CN=Two Root");
    assert.equal(await offering({ 1: unrooted }).choose(), "CN=One Intermediate");
  });

  test("a chain that cannot be served is refused with the reason of the one that was ordered", async () => {
    const clients = await chainOf(one, { leaf: { usage: "client" } });
    const expired = await chainOf(one, { intermediate: { notAfter: new Date(now - 1000) } });
    await assert.rejects(offering({ "https://ca/1": clients, "https://ca/2": expired }).choose(), {
      code: "acme-certificate-invalid",
      message: /^https:\/\/ca\/1: the certificate is not for servers/u,
    });
    await assert.rejects(offering({ 1: "nonsense" }).choose(), {
      code: "acme-certificate-invalid",
      message: /no certificate in PEM form/u,
    });
  });
});
