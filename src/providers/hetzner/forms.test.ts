import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { canonicalCidr, hostAddress } from "./cidr.ts";
import { hostKeysOf, withHostKeys } from "./host-key-label.ts";

describe("networks as Hetzner keeps them", () => {
  test("have one form each, however they are written", () => {
    const forms: [string, string][] = [
      ["203.0.113.7", "203.0.113.7/32"],
      ["203.0.113.0/24", "203.0.113.0/24"],
      ["0.0.0.0/0", "0.0.0.0/0"],
      ["2001:DB8::1", "2001:db8::1/128"],
      ["2001:0db8:0:0:0:0:0:0/32", "2001:db8::/32"],
      // RFC 5952 §4.2.3: the longest run, and of equals the first.
      ["2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128"],
      ["::/0", "::/0"],
    ];
    for (const [written, kept] of forms) assert.equal(canonicalCidr(written), kept, written);
  });

  test("are none with bits beside the prefix, with a zone, or out of range", () => {
    for (const bad of [
      "203.0.113.7/24",
      "2001:db8::1/64",
      "fe80::1%eth0/128",
      "203.0.113.0/33",
      "::/129",
      "1.2.3/8",
      "",
      "/8",
      "::/01",
      "1.2.3.4/8/8",
    ]) {
      assert.equal(canonicalCidr(bad), undefined, bad);
    }
  });

  test("hold the same addresses in their one form", () => {
    const address = fc.ipV6();
    fc.assert(
      fc.property(address, address, (network, other) => {
        const form = canonicalCidr(`${network}/128`);
        assert.ok(form !== undefined);
        const [first = ""] = form.split("/");
        const list = new BlockList();
        list.addAddress(first, "ipv6");
        assert.ok(list.check(network, "ipv6"));
        assert.equal(canonicalCidr(form), form);
        assert.equal(canonicalCidr(other) === form, list.check(other, "ipv6"));
      }),
    );
  });

  test("of a machine begin with the machine's own address", () => {
    assert.equal(hostAddress("2001:db8:3ed::/64"), "2001:db8:3ed::1");
    assert.equal(hostAddress("2001:db8:1:2::/64"), "2001:db8:1:2::1");
    assert.equal(hostAddress("203.0.113.7"), "203.0.113.7");
  });
});

describe("the label of a host key", () => {
  test("gives back the fingerprint that was put there, and fits a label", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const current = `SHA256:${Buffer.from(bytes).toString("base64").replace("=", "")}`;
        const labels = withHostKeys({ team: "a" }, { current });
        for (const value of Object.values(labels)) {
          assert.match(value, /^[a-z0-9A-Z](?:[a-z0-9A-Z_.-]{0,61}[a-z0-9A-Z])?$/u);
        }
        assert.deepEqual([hostKeysOf(labels), labels["team"]], [{ current }, "a"]);
        assert.deepEqual(withHostKeys(labels, {}), { team: "a" });
      }),
    );
  });

  test("that was changed counts as none", () => {
    for (const value of ["", "abc", "a".repeat(51), "1".repeat(52), "podtrust"]) {
      assert.deepEqual(hostKeysOf({ "podtrust-host-key": value }), {});
    }
  });
});
