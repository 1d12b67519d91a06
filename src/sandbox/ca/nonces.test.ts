import assert from "node:assert/strict";
import { test } from "node:test";
import { Nonces } from "./nonces.ts";

test("a nonce is good once, and an invented one never", () => {
  const nonces = new Nonces(0);
  const nonce = nonces.issue();
  assert.match(nonce, /^[\w-]{22}$/u);
  assert.deepEqual(
    [nonces.spend(nonce), nonces.spend(nonce), nonces.spend("x"), nonces.spend(5)],
    [true, false, false, false],
  );
});

test("a CA remembers only so many nonces, the newest of them", () => {
  const nonces = new Nonces(0);
  const first = nonces.issue();
  let last = "";
  for (let n = 0; n < 10_000; n += 1) last = nonces.issue();
  assert.deepEqual([nonces.spend(first), nonces.spend(last)], [false, true]);
});
