import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../base/index.ts";
import { connectTarget, parseConnectTo } from "./connect-to.ts";

describe("--connect-to", () => {
  test("reads curl's form, IPv6 and empty parts included", () => {
    assert.deepEqual(parseConnectTo("A.example:443:127.0.0.1:8443"), {
      host: "a.example",
      port: 443,
      address: "127.0.0.1",
      toPort: 8443,
    });
    assert.deepEqual(parseConnectTo("::[::1]:"), {
      host: "",
      port: undefined,
      address: "::1",
      toPort: undefined,
    });
  });

  test("refuses another form with an example", () => {
    for (const text of ["", "a:b:c:d", "a:1:b", "a:0:b:1", "a:70000:b:1", "::1:443:b:1"]) {
      assert.throws(
        () => parseConnectTo(text),
        (error) => error instanceof PodtrustError && error.code === "usage" && error.message.includes(text),
      );
    }
  });

  test("the first rule that fits decides, and none leaves things as asked", () => {
    const rules = [parseConnectTo("a.example:443:127.0.0.1:1"), parseConnectTo(":80::2")];
    assert.deepEqual(connectTarget(rules, "A.example", 443), { host: "127.0.0.1", port: 1 });
    assert.deepEqual(connectTarget(rules, "b.example", 80), { host: "b.example", port: 2 });
    assert.deepEqual(connectTarget(rules, "b.example", 443), { host: "b.example", port: 443 });
  });
});
