import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, oneProblem, parse as parseText } from "../../../test/support/config-text.ts";

const text = (machine: string): string => `${minimal}machine: ${machine}\n`;
const parse = (machine: string) => parseText(text(machine));

const problemOf = (machine: string) => oneProblem(text(machine));

describe("machine.hetzner in a config", () => {
  test("a type and a location are enough: Ubuntu, both families, the address that podtrust runs from", async () => {
    const { machine } = await parse("{hetzner: {type: cax11, location: nbg1}}");
    assert.deepEqual(machine?.hetzner, {
      type: "cax11",
      types: ["cax11"],
      location: "nbg1",
      locations: ["nbg1"],
      image: "ubuntu-24.04",
      ipv4: true,
      ipv6: true,
    });
    assert.deepEqual([machine.user, machine.protect], ["k8s", false]);
  });

  test("types and locations may be lists, in the order in which they are tried", async () => {
    const { machine } = await parse("{hetzner: {type: [cax21, cax11, cax21], location: [hel1, nbg1]}}");
    const { type, types, location, locations } = machine?.hetzner ?? {};
    assert.deepEqual([type, types], ["cax21", ["cax21", "cax11"]]);
    assert.deepEqual([location, locations], ["hel1", ["hel1", "nbg1"]]);
  });

  test("a token file is relative to the config", async () => {
    const { machine } = await parse("{hetzner: {type: cax11, location: nbg1, tokenFile: h.token}}");
    assert.equal(machine?.hetzner?.tokenFile, "/etc/podtrust/h.token");
  });

  const refused: [string, string, string, RegExp][] = [
    ["no provider", "{user: k8s}", "machine", /does not say where/u],
    [
      "a machine that is rented and there already",
      "{hetzner: {type: cax11, location: nbg1}, ssh: {address: 203.0.113.7, user: k8s}}",
      "machine",
      /has both hetzner and ssh/u,
    ],
    [
      "a machine without an address",
      "{hetzner: {type: cax11, location: nbg1, ipv4: false, ipv6: false}}",
      "machine.hetzner",
      /neither ipv4 nor ipv6/u,
    ],
    [
      "an address without a prefix's length as a network",
      "{hetzner: {type: cax11, location: nbg1, sshFrom: [203.0.113.7]}}",
      "machine.hetzner.sshFrom[0]",
      /is not accepted/u,
    ],
    [
      "a list of no types",
      "{hetzner: {type: [], location: nbg1}}",
      "machine.hetzner.type",
      /is not accepted/u,
    ],
    [
      "a datacenter, which Hetzner has no longer",
      "{hetzner: {type: cax11, location: nbg1, datacenter: nbg1-dc3}}",
      "machine.hetzner.datacenter",
      /is not a key here/u,
    ],
    [
      "an address service without TLS",
      '{hetzner: {type: cax11, location: nbg1, addressServices: ["http://ip.example.com"]}}',
      "machine.hetzner.addressServices[0]",
      /is not accepted/u,
    ],
    [
      "a token",
      "{hetzner: {type: cax11, location: nbg1, token: abc}}",
      "machine.hetzner.token",
      /no secret may stand in this file/u,
    ],
  ];
  for (const [what, machine, key, message] of refused) {
    test(`${what} is refused`, async () => {
      const problem = await problemOf(machine);
      assert.deepEqual([problem.key, message.test(problem.message)], [key, true], problem.message);
    });
  }
});
