/** The attacks that did the most harm once, and liars, for two seconds each; `npm run test:tools` has all of them. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { assertHarmless } from "./bound.ts";
import { scenarios } from "./scenarios.ts";

const skip = process.platform === "linux" ? false : "Linux has sixteen loopback addresses and /proc";

for (const name of [
  "TCP connections without a byte",
  "HTTP/1.1 pipelining, unread",
  "HTTP/2 windows shut",
  "API servers that lie",
  "CAs that lie",
]) {
  test(`a hundred good clients are answered, in bounded memory, under: ${name}`, { skip }, async () => {
    const scenario = scenarios[name];
    assert.ok(scenario !== undefined);
    assertHarmless(await scenario({ seconds: 2, patience: 60, rest: 0 }));
  });
}
