import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { inBlock } from "./address.ts";
import { runs } from "../../../../test/support/runs.ts";

describe("IpAddress", () => {
  test("takes blocks of both families, written in every way", () => {
    for (const [block, address] of [
      ["10.0.0.0/8", "10.255.0.1"],
      ["10.1.2.3/8", "10.9.9.9"],
      ["::1", "0:0:0:0:0:0:0:1"],
      ["::ffff:192.0.2.0/120", "::ffff:192.0.2.9"],
      ["2001:db8::/0", "fe80::1"],
      ["fe80::/10", "fe80::"],
      ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ] as const) {
      assert.ok(inBlock(block, address), `${block} ${address}`);
    }
  });

  test("has a text that is no address in no block", () => {
    for (const bad of [
      "",
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/8/8",
      "10.0.0",
      "fe80::1%eth0",
      "::/129",
      "10.0.0.0/-1",
    ]) {
      assert.ok(!inBlock(bad, "10.0.0.1"), bad);
      assert.ok(!inBlock("10.0.0.0/8", bad));
    }
    assert.ok(!inBlock("10.0.0.0/8", "10.0.0.0/9"), "who asks has one address");
  });

  test("knows an address where Node knows one, and no other text", () => {
    const group = fc.oneof(fc.constantFrom("", "0", "ffff", "12345", "g", "A", "1.2.3.4", "01"), fc.ipV4());
    const nearly = fc.array(group, { maxLength: 9 }).map((groups) => groups.join(":"));
    const dotted = fc.array(fc.constantFrom("0", "7", "99", "255", "256", "01", "", "a"), { maxLength: 5 });
    const texts = fc.oneof(
      nearly,
      dotted.map((parts) => parts.join(".")),
      fc.ipV4(),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(inBlock(text, text), isIP(text) !== 0, text);
      }),
      { numRuns: runs(2000) },
    );
  });

  test("agrees with Node's own BlockList", () => {
    const cases: [fc.Arbitrary<string>, "ipv4" | "ipv6", number][] = [
      [fc.ipV4(), "ipv4", 32],
      [fc.ipV6(), "ipv6", 128],
    ];
    for (const [addresses, family, bits] of cases) {
      fc.assert(
        fc.property(addresses, addresses, fc.integer({ min: 1, max: bits }), (net, address, prefix) => {
          const list = new BlockList();
          list.addSubnet(net, prefix, family);
          assert.equal(
            inBlock(`${net}/${prefix}`, address),
            list.check(address, family),
            `${net}/${prefix} ${address}`,
          );
        }),
        { numRuns: runs(500) },
      );
    }
  });
});
