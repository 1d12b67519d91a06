import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, test } from "node:test";
import { publicJwk } from "../../rules/keys/index.ts";
import { handedKey } from "./handed-key.ts";
import { distrust, emptyState, handedOver, observe } from "./state.ts";
import { publishedKeys } from "./keys.ts";

const day = 86_400_000;
const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" });
const times = { poll: 10_000, caches: { publisher: 0, relyingParty: 0 }, keyRetention: day };

describe("a key that a person hands over by its ID", () => {
  const { publicKey, privateKey } = pair();
  const jwk = publicJwk(publicKey);

  test("is taken where the ID is that of the key, and nothing else is", () => {
    assert.deepEqual(handedKey(jwk.kid, pem(publicKey)).kid, jwk.kid);
    const other = pem(pair().publicKey);
    const secret = privateKey.export({ type: "pkcs8", format: "pem" });
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
    for (const [kid, text] of [
      [jwk.kid, other],
      [jwk.kid, secret],
      [jwk.kid, "no key"],
      [jwk.kid, `${pem(publicKey)}${"#".repeat(4096)}`],
      [publicJwk(weak.publicKey).kid, "x"],
    ] as const)
      assert.throws(() => handedKey(kid, text), { code: "publisher-key-differs" });
  });

  test("is published before the cluster shows it, for as long as a key that is gone, and for good once it is shown", () => {
    const first = publicJwk(pair().publicKey);
    const shown = (keys: readonly (typeof jwk)[]) => ({ ok: true, keys, warnings: [] }) as const;
    const kids = (state: { readonly ring: Parameters<typeof publishedKeys>[0] }): readonly string[] =>
      publishedKeys(state.ring).map(({ kid }) => kid);
    const begun = observe(emptyState, shown([first]), 0, times).state;
    const handed = handedOver(begun, jwk, 1000);
    assert.deepEqual(
      [handed.changed, kids(handed.state).toSorted()],
      [true, [first.kid, jwk.kid].toSorted()],
    );
    assert.equal(handedOver(handed.state, jwk, 2000).changed, false);
    const late = observe(handed.state, shown([first]), 1000 + day, times).state;
    assert.deepEqual(kids(late), [first.kid]);
    const alone = distrust(handed.state, first.kid, { now: 2000, force: true }).state;
    assert.deepEqual(kids(alone), [jwk.kid]);
    const replaced = observe(alone, shown([jwk]), 3000, times).state;
    assert.deepEqual(kids(observe(replaced, shown([jwk]), 3000 + 2 * day, times).state), [jwk.kid]);
  });

  test("is refused where it is distrusted", () => {
    const both = handedOver(
      observe(emptyState, { ok: true, keys: [publicJwk(pair().publicKey)], warnings: [] }, 0, times).state,
      jwk,
      1000,
    );
    const out = distrust(both.state, jwk.kid, { now: 2000, force: true }).state;
    assert.throws(() => handedOver(out, jwk, 3000), { code: "publisher-key-distrusted" });
  });
});
