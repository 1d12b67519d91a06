import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hostAllowed } from "./host-check.ts";

describe("the check of the Host header", () => {
  test("loopback names may visit, with and without a port", () => {
    for (const host of [
      "localhost",
      "LOCALHOST:4566",
      "a.localhost:1",
      "127.0.0.1:4566",
      "127.9.9.9",
      "[::1]:4566",
      "[::1]",
    ]) {
      assert.ok(hostAllowed(host, "127.0.0.1"), host);
    }
  });

  test("a name that was pointed here by its owner may not", () => {
    const names = [
      "evil.example",
      "127.0.0.1.evil.example:4566",
      "localhost.evil.example",
      "",
      "10.0.0.5",
      "[::2]:1",
      "a b",
      "x@127.0.0.1",
    ];
    for (const host of names) assert.ok(!hostAllowed(host, "127.0.0.1"), host);
  });

  test("the address that is listened on may visit; with all addresses, any literal one", () => {
    assert.ok(hostAllowed("10.0.0.5:4566", "10.0.0.5"));
    assert.ok(!hostAllowed("10.0.0.6:4566", "10.0.0.5"));
    assert.ok(hostAllowed("sandbox.internal:4566", "sandbox.internal"));
    assert.ok(hostAllowed("10.0.0.6:4566", "0.0.0.0"));
    assert.ok(hostAllowed("[fd00::1]:4566", "::"));
    assert.ok(!hostAllowed("evil.example", "0.0.0.0"));
  });
});
