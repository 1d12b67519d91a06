import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { clientKey, Connections } from "./connections.ts";
import { Tallies } from "./tallies.ts";

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

const socket = (address: string): FakeSocket & Socket => new FakeSocket(address) as FakeSocket & Socket;

test("a client is an IPv4 address or an IPv6 /64", () => {
  assert.equal(clientKey("192.0.2.1"), "192.0.2.1");
  assert.equal(clientKey("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(clientKey("2001:db8:1:2:3:4:5:6"), clientKey("2001:db8:1:2::1"));
  assert.notEqual(clientKey("2001:db8:1:2::1"), clientKey("2001:db8:1:3::1"));
  assert.equal(clientKey("2001:0db8::1"), clientKey("2001:db8:0:0:ffff::"));
  assert.equal(clientKey("::1"), "0:0:0:0::/64");
  assert.equal(clientKey("fe80::1%eth0"), clientKey("fe80::2"));
});

test("one client gets so many connections and not one more, until one of them closes", () => {
  const tallies = new Tallies();
  const connections = new Connections({ connections: 10, connectionsPerAddress: 2 }, tallies);
  const [first, second, third] = [socket("2001:db8::1"), socket("2001:db8::2"), socket("2001:db8::3")];
  assert.equal(connections.admit(first), true);
  assert.equal(connections.admit(second), true);
  assert.equal(connections.admit(third), false);
  assert.equal(third.destroyed, true);
  assert.equal(connections.admit(socket("2001:db9::1")), true);
  first.destroy();
  assert.equal(connections.admit(socket("2001:db8::4")), true);
  assert.deepEqual(tallies.refusedConnections, { total: 0, address: 1 });
});

test("beyond the total nobody is admitted, and room is asked for", () => {
  const tallies = new Tallies();
  const connections = new Connections({ connections: 1, connectionsPerAddress: 5 }, tallies);
  let asked = 0;
  connections.onFull = () => (asked += 1);
  const first = socket("192.0.2.1");
  assert.equal(connections.admit(first), true);
  assert.equal(connections.admit(socket("192.0.2.2")), false);
  assert.equal(asked, 1);
  connections.destroyAll();
  assert.equal(connections.size, 0);
  assert.equal(first.destroyed, true);
});

test("a proxy's connections bear many clients and are bounded in total only", () => {
  const connections = new Connections({ connections: 3, connectionsPerAddress: 1 }, new Tallies());
  assert.equal(connections.admit(socket("127.0.0.1"), true), true);
  assert.equal(connections.admit(socket("127.0.0.1"), true), true);
});
