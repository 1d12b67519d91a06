/** A cache in front of a stack's issuer that has not seen the cluster's new key: the cause is the cache, and is told once. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judgeChain } from "../../src/doctor/chain/index.ts";
import { newStack, type StackWorld } from "./chain/world.ts";

const path = "/openid/v1/jwks";

/** Has the cluster sign with a new key; gives the JWK Set before and after it. */
async function rotated({ chain }: StackWorld): Promise<readonly [old: string, now: string]> {
  const read = async (): Promise<string> => (await chain.api.oidcDocuments()).jwks.toString();
  const old = await read();
  chain.cluster.keys.promote((await chain.cluster.keys.create()).kid);
  return [old, await read()];
}

/** `LINK REASON` of what doctor finds where a cache has one set, and the server behind it another. */
async function found(stack: StackWorld, cached: string, behind: string): Promise<readonly string[]> {
  stack.chain.issuer.pages.set(path, (request, response) => {
    const isPast = request.url?.includes("?") === true;
    response
      .writeHead(200, { "content-type": "application/json", ...(isPast ? {} : { age: "120" }) })
      .end(isPast ? behind : cached);
  });
  const { lateMs: _late, ...facts } = await stack.gather();
  return judgeChain(facts)
    .findings.filter(({ verdict }) => verdict !== "unseen" && verdict !== "warning")
    .map(({ link, reason }) => `${link} ${reason}`);
}

describe("a cache that lacks the cluster's new key", () => {
  test("is the one cause where the server behind it has the key", async () => {
    await using stack = await newStack();
    const [old, now] = await rotated(stack);
    assert.deepEqual(await found(stack, old, now), ["jwks CacheStale"]);
  });

  test("is not the cause where the server behind it lacks the key as well", async () => {
    await using stack = await newStack();
    const [old] = await rotated(stack);
    const other = JSON.parse(old) as { readonly keys: readonly { readonly kid: string }[] };
    const behind = JSON.stringify({ keys: [...other.keys, { ...other.keys[0], kid: "another" }] });
    assert.deepEqual(await found(stack, old, behind), ["jwks JwksKeyMissing", "jwks CacheStale"]);
  });
});
