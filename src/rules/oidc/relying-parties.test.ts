import assert from "node:assert/strict";
import { test } from "node:test";
import {
  boundsOf,
  federatedParties,
  fetchedFor,
  keyMemoryText,
  partyProblems,
  relyingParties,
  takesUploads,
  uploadedFor,
} from "./index.ts";

const issuer = "https://oidc.example.com";
const keysOf = (count: number, alg: string) =>
  Array.from({ length: count }, (_, n) => ({
    kid: `key-${n}`,
    alg,
    kty: alg.startsWith("R") ? "RSA" : "EC",
  }));

test("one RS256 key is taken by every relying party", () => {
  for (const name of ["aws", "gcp", "azure"] as const)
    assert.deepEqual(partyProblems(name, { issuer, keys: keysOf(1, "RS256") }), []);
});

test("Azure verifies no EC keys, and is distinguished from a set in which some keys serve", () => {
  const [every] = partyProblems("azure", { issuer, keys: keysOf(2, "ES256") });
  assert.equal(every, "Azure verifies RS256, RS384, RS512, and every key is for ES256.");
  const mixed = [...keysOf(1, "RS256"), ...keysOf(1, "ES256")];
  assert.match(partyProblems("azure", { issuer, keys: mixed })[0] ?? "", /and a key is for ES256/u);
  assert.deepEqual(partyProblems("gcp", { issuer, keys: mixed }), []);
});

test("no key at all is not reported as an algorithm that a relying party refuses", () => {
  assert.deepEqual(partyProblems("gcp", { issuer, keys: [] }), []);
});

test("counts and lengths of Azure are its own", () => {
  assert.match(partyProblems("azure", { issuer, keys: keysOf(101, "RS256") })[0] ?? "", /first 100 keys/u);
  const long = `https://${"a".repeat(600)}.example.com`;
  assert.match(partyProblems("azure", { issuer: long, keys: [] })[0] ?? "", /600 characters/u);
  assert.deepEqual(partyProblems("gcp", { issuer: long, keys: [] }), []);
  assert.equal(relyingParties.aws.maxIssuer, 255);
});

test("every relying party says what is known of its caches, and from where its numbers are", () => {
  const names = ["aws", ...federatedParties] as const;
  assert.deepEqual(Object.keys(relyingParties), names);
  for (const { keys, access, sources, title } of names.map(boundsOf)) {
    assert.ok(keys.known.endsWith("."), title);
    assert.ok(
      Object.values<string>({ ...access }).every((cell) => cell !== "" && !cell.includes("|")),
      title,
    );
    assert.ok(sources.length > 0, title);
  }
});

test("each of Azure's clouds has an audience and an authority of its own", () => {
  const clouds = Object.values(relyingParties.azure.clouds);
  assert.equal(new Set(clouds.map(({ audience }) => audience)).size, 3);
  for (const { authority } of clouds) assert.match(authority, /^https:\/\/login\.[a-z.]+\/$/u);
});

test("the slowest of those that fetch is waited for, and an hour where none does", () => {
  const hour = 3_600_000;
  assert.equal(fetchedFor([]), hour);
  assert.equal(fetchedFor(["aws", "openbao"]), hour);
  assert.equal(fetchedFor(["aws", "azure"]), 24 * hour);
});

test("what keeps a thief out before caches expire is said for each relying party that has it", () => {
  assert.match(keyMemoryText(boundsOf("gcp")), /21\.7 hours later \(measured\)\. Disable the provider/u);
  assert.match(
    keyMemoryText(boundsOf("azure")),
    /it has not been measured.*Delete the federated credentials/u,
  );
  assert.equal(keyMemoryText(boundsOf("aws")), relyingParties.aws.keys.known);
});

test("a relying party takes uploads where its row says how many keys and how soon, and else neither", () => {
  assert.deepEqual(federatedParties.filter(takesUploads), ["gcp"]);
  for (const name of federatedParties)
    assert.equal(boundsOf(name).keys.uploadedMs !== undefined, takesUploads(name), name);
});

test("an upload counts when the slowest of those that are given keys counts it, and at once where none is", () => {
  assert.equal(uploadedFor(["aws", "gcp", "azure"]), 5000);
  assert.equal(uploadedFor(["aws", "azure", "openbao"]), 0);
});
