/** A key without alg: what its verifiers go by where the set does not say it. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { discoveryWith, newWorld, page } from "./world.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
const keys = [{ ...rsa, use: "sig", kid: "web" }];

/** What doctor finds of a key of RSA without alg, where the discovery document names these algorithms. */
async function foundWith(...algorithms: readonly string[]): Promise<readonly string[]> {
  await using world = await newWorld();
  const server = await world.start();
  const body = discoveryWith({ id_token_signing_alg_values_supported: algorithms });
  page(server, "discovery", { body });
  page(server, "jwks", { body: JSON.stringify({ keys }) });
  const { findings } = await world.examine();
  return findings
    .map(({ reason }) => reason)
    .filter((reason) => reason !== "NotSeenFromOutside" && reason !== "LookDelayed");
}

describe("a key of RSA without alg", () => {
  test("is whole where the discovery document names one algorithm of RSA", async () => {
    assert.deepEqual(await foundWith("RS256"), []);
    assert.deepEqual(await foundWith("RS256", "ES256"), []);
  });

  test("lacks it where the document names none or two", async () => {
    assert.deepEqual(await foundWith("RS256", "RS512"), ["KeyMembersMissing"]);
    assert.deepEqual(await foundWith("ES256"), ["KeyMembersMissing"]);
  });
});
