import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { networkOf, Networks } from "./networks.ts";

describe("connections counted by network", () => {
  test("a network is an IPv4 address or an IPv6 /48, so that the sixty-five thousand /64s of one customer are one", () => {
    assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
    assert.equal(networkOf("::ffff:192.0.2.1"), "192.0.2.1");
    assert.equal(networkOf("2001:0db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    assert.equal(networkOf("2001:db8:1:2::1"), networkOf("2001:db8:1:ffff::"));
    assert.notEqual(networkOf("2001:db8:1::1"), networkOf("2001:db8:2::1"));
    assert.equal(networkOf("::1"), "0:0:0::/48");
    assert.equal(networkOf("fe80::1%eth0"), networkOf("fe80::2"));
  });

  test("property: the largest networks are those with the most connections, whatever came and went", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (all) => {
        const networks = new Networks<object>();
        const held = new Map<string, object[]>();
        for (const [number, comes] of all) {
          const name = String(number);
          const connections = held.get(name) ?? [];
          held.set(name, connections);
          if (comes) {
            const connection = {};
            connections.push(connection);
            networks.add(networks.of(name), connection);
          } else {
            const connection = connections.pop();
            if (connection !== undefined) networks.delete(networks.of(name), connection);
          }
          const max = Math.max(...[...held.values()].map((one) => one.length));
          const expected = [...held].filter(([, one]) => one.length === max && max > 0).map(([key]) => key);
          assert.deepEqual([...networks.ofMaxSize].map((network) => network.name).sort(), expected.sort());
        }
      }),
    );
  });
});
