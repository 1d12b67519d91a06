import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listenText, parseListen } from "../index.ts";

describe("the forms of values in a config", () => {
  test("addresses to listen on are read, and read back as the same", () => {
    for (const text of [
      "[::]:443",
      "0.0.0.0:80",
      "127.0.0.1:0",
      "localhost:9890",
      "[fe80::1]:1",
      "systemd:https",
    ]) {
      const address = parseListen(text);
      assert.ok(address, text);
      assert.equal(listenText(address), text);
    }
    for (const bad of [
      "",
      "443",
      ":443",
      "::1:443",
      "[::]",
      "[1.2.3.4]:1",
      "1.2.3.4:65536",
      "example.com:443",
      "systemd:",
      "systemd:a b",
      "999.1.1.1:1",
    ]) {
      assert.equal(parseListen(bad), undefined, bad);
    }
  });
});
