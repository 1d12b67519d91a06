/** What the stand-in for the Hetzner Cloud API does that Hetzner's own client (test/cluster/clouds) cannot ask for. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import type { MachineMaker, MachineOrder } from "../../src/sandbox/index.ts";
import { codeOf, hetznerApi, serverOrder } from "../support/hetzner-api.ts";

describe("stand-in Hetzner: time", () => {
  test("an action is running until its time has passed, then has succeeded", async (context) => {
    const { ask, clock } = await hetznerApi(context, { delays: { action: 1000 } });
    const { body } = await ask("POST", "servers", serverOrder);
    const { id } = (body as { action: { id: number } }).action;
    const statusOf = async (): Promise<unknown> =>
      ((await ask("GET", `actions/${id}`)).body as { action: { status: string; progress: number } }).action;
    assert.deepEqual(pick(await statusOf(), "status", "progress"), { status: "running", progress: 0 });
    await clock.advance(500);
    assert.deepEqual(pick(await statusOf(), "status", "progress"), { status: "running", progress: 50 });
    await clock.advance(500);
    assert.deepEqual(pick(await statusOf(), "status", "progress"), { status: "success", progress: 100 });
  });

  test("a server is initializing, starting, running, and its firewall pending, then applied", async (context) => {
    const { ask, clock } = await hetznerApi(context, { delays: { action: 1000, firewall: 2500 } });
    const rules = [{ direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] }];
    const made = (await ask("POST", "firewalls", { name: "prod", rules })).body as {
      firewall: { id: number };
    };
    await ask("POST", "servers", { ...serverOrder, firewalls: [{ firewall: made.firewall.id }] });
    const seen: unknown[] = [];
    for (let step = 0; step < 4; step += 1) {
      const [one] = (
        (await ask("GET", "servers")).body as {
          servers: { status: string; public_net: { firewalls: { status: string }[] } }[];
        }
      ).servers;
      seen.push([one?.status, one?.public_net.firewalls[0]?.status]);
      await clock.advance(1000);
    }
    assert.deepEqual(seen, [
      ["initializing", "pending"],
      ["starting", "pending"],
      ["running", "pending"],
      ["running", "applied"],
    ]);
  });

  test("what a deleted server used is refused deletion for a while", async (context) => {
    const { ask, clock } = await hetznerApi(context, { delays: { action: 1000, release: 3000 } });
    const address = { name: "v4", type: "ipv4", location: "nbg1" };
    const made = (await ask("POST", "primary_ips", address)).body as { primary_ip: { id: number } };
    const { id } = made.primary_ip;
    const net = { enable_ipv4: true, enable_ipv6: false, ipv4: id };
    const created = (await ask("POST", "servers", { ...serverOrder, public_net: net })).body as {
      server: { id: number };
    };
    await clock.advance(5000);
    assert.equal(codeOf(await ask("DELETE", `primary_ips/${id}`)), "must_be_unassigned");
    await ask("DELETE", `servers/${created.server.id}`);
    await clock.advance(1000);
    assert.equal(codeOf(await ask("DELETE", `primary_ips/${id}`)), "must_be_unassigned");
    await clock.advance(3000);
    assert.equal((await ask("DELETE", `primary_ips/${id}`)).status, 204);
  });

  test("addresses that a server was given of itself go with it", async (context) => {
    const { ask, clock, hetzner } = await hetznerApi(context);
    const made = (await ask("POST", "servers", serverOrder)).body as { server: { id: number } };
    assert.equal(hetzner.contents().primaryIps.length, 2);
    await ask("DELETE", `servers/${made.server.id}`);
    await clock.advance(1000);
    assert.deepEqual(hetzner.contents().primaryIps, []);
    assert.deepEqual(hetzner.contents().servers, []);
  });
});

function pick(value: unknown, ...keys: readonly string[]): object {
  const record = value as Record<string, unknown>;
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}

/** Machines that note what they were told; a reset fails. */
function notedMachines(): {
  orders: MachineOrder[];
  commands: string[];
  on: { now: boolean };
  maker: MachineMaker;
} {
  const orders: MachineOrder[] = [];
  const commands: string[] = [];
  const on = { now: false };
  const command = (what: string, turns?: boolean) => (): Promise<void> => {
    commands.push(what);
    on.now = turns ?? on.now;
    return what === "reset" ? Promise.reject(new Error("the emulator has ended")) : Promise.resolve();
  };
  const maker: MachineMaker = (order) => {
    orders.push(order);
    return {
      powerOn: command("powerOn", true),
      powerOff: command("powerOff", false),
      shutdown: command("shutdown"),
      reboot: command("reboot"),
      reset: command("reset"),
      remove: command("remove", false),
      isOn: () => on.now,
    };
  };
  return { orders, commands, on, maker };
}

describe("stand-in Hetzner: machines behind servers", () => {
  type Made = { server: { id: number; status: string }; action: { id: number } };

  test("a machine gets its server's order, is turned on, and is removed with it", async (context) => {
    const { orders, commands, maker } = notedMachines();
    const { ask, clock } = await hetznerApi(context, { machines: maker });
    const made = (await ask("POST", "servers", { ...serverOrder, user_data: "#cloud-config" })).body as Made;
    const [order] = orders;
    assert.deepEqual([order?.name, order?.userData, order?.architecture], ["prod", "#cloud-config", "arm"]);
    assert.match(order?.ipv4 ?? "", /^[0-9.]+$/u);
    assert.match(order?.ipv6 ?? "", /::\/64$/u);
    await clock.advance(5000);
    await ask("POST", `servers/${made.server.id}/actions/reboot`);
    await ask("DELETE", `servers/${made.server.id}`);
    assert.deepEqual(commands, ["powerOn", "reboot", "remove"]);
  });

  test("a server whose machine has ended by itself reads `off`", async (context) => {
    const { on, maker } = notedMachines();
    const { ask, clock } = await hetznerApi(context, { machines: maker });
    const { id } = ((await ask("POST", "servers", serverOrder)).body as Made).server;
    const status = async (): Promise<string> => {
      // What a machine did shows in the answer after the one that waited for it.
      await ask("GET", `servers/${id}`);
      return ((await ask("GET", `servers/${id}`)).body as Made).server.status;
    };
    await clock.advance(5000);
    assert.equal(await status(), "running");
    await ask("POST", `servers/${id}/actions/shutdown`);
    await clock.advance(60_000);
    assert.equal(await status(), "running");
    on.now = false;
    assert.equal(await status(), "off");
  });

  test("an action that its machine fails ends in `error`, with why", async (context) => {
    const { maker } = notedMachines();
    const { ask, clock } = await hetznerApi(context, { machines: maker });
    const { id } = ((await ask("POST", "servers", serverOrder)).body as Made).server;
    await clock.advance(5000);
    const { action } = (await ask("POST", `servers/${id}/actions/reset`)).body as Made;
    await clock.advance(5000);
    await ask("GET", `actions/${action.id}`);
    const { body } = await ask("GET", `actions/${action.id}`);
    assert.deepEqual(pick((body as { action: object }).action, "status", "error"), {
      status: "error",
      error: { code: "action_failed", message: "the emulator has ended" },
    });
  });
});

describe("stand-in Hetzner: refusals", () => {
  for (const [what, path, body, code] of [
    [
      "a network with host bits",
      "firewalls",
      { name: "f", rules: [{ direction: "in", protocol: "tcp", port: "22", source_ips: ["10.0.0.1/8"] }] },
      "invalid_input",
    ],
    [
      "a port for icmp",
      "firewalls",
      { name: "f", rules: [{ direction: "in", protocol: "icmp", port: "1", source_ips: ["::/0"] }] },
      "invalid_input",
    ],
    [
      "a rule without sources",
      "firewalls",
      { name: "f", rules: [{ direction: "in", protocol: "tcp", port: "22" }] },
      "invalid_input",
    ],
    [
      "a datacenter, which is gone",
      "primary_ips",
      { name: "i", type: "ipv4", location: "nbg1", datacenter: "nbg1-dc3" },
      "invalid_input",
    ],
    ["a primary IP without a place", "primary_ips", { name: "i", type: "ipv4" }, "invalid_input"],
    ["a name that no host can have", "servers", { ...serverOrder, name: "no_host" }, "invalid_input"],
    ["a type that is not sold any more", "servers", { ...serverOrder, server_type: "cx11" }, "invalid_input"],
    [
      "a type that this location does not have",
      "servers",
      { ...serverOrder, location: "ash" },
      "invalid_input",
    ],
    ["an image of another architecture", "servers", { ...serverOrder, image: 161_547_269 }, "invalid_input"],
    [
      "a started server without a public address",
      "servers",
      { ...serverOrder, public_net: { enable_ipv4: false, enable_ipv6: false } },
      "invalid_input",
    ],
    ["what is no SSH key", "ssh_keys", { name: "k", public_key: "ssh-ed25519 nonsense" }, "invalid_input"],
    [
      "a label's value with a space",
      "ssh_keys",
      { name: "k", public_key: "x", labels: { a: "b c" } },
      "invalid_input",
    ],
  ] as const) {
    test(`${what} is refused, with the field that is to blame`, async (context) => {
      const { ask } = await hetznerApi(context);
      const answer = await ask("POST", path, body);
      assert.equal(answer.status, 422);
      assert.equal(codeOf(answer), code);
      const { details } = (answer.body as { error: { details: { fields: object[] } } }).error;
      assert.ok(details.fields.length > 0);
    });
  }

  test("a type that is sold out reads as unavailable and is refused with 412", async (context) => {
    const { ask, hetzner } = await hetznerApi(context);
    hetzner.sellOut("cax11@nbg1");
    const { server_types: types } = (await ask("GET", "server_types?name=cax11")).body as {
      server_types: { locations: { name: string; available: boolean }[] }[];
    };
    const offers = types[0]?.locations.map(({ name, available }) => [name, available]);
    assert.deepEqual(offers, [
      ["fsn1", true],
      ["nbg1", false],
      ["hel1", true],
    ]);
    const refusal = await ask("POST", "servers", serverOrder);
    assert.deepEqual([refusal.status, codeOf(refusal)], [412, "resource_unavailable"]);
  });

  test("the requests of an hour are counted, said in headers, and refused beyond", async (context) => {
    const { ask, clock } = await hetznerApi(context, { requestsPerHour: 3 });
    const left: (string | null)[] = [];
    for (let index = 0; index < 3; index += 1) {
      left.push((await ask("GET", "locations")).headers.get("ratelimit-remaining"));
    }
    assert.deepEqual(left, ["2", "1", "0"]);
    assert.deepEqual([(await ask("GET", "locations")).status], [429]);
    await clock.advance(1_200_000);
    assert.equal((await ask("GET", "locations")).status, 200);
  });

  test("a body that is no JSON is 400 and a body without end is cut", async (context) => {
    const { hetzner } = await hetznerApi(context);
    const headers = { authorization: `Bearer ${hetzner.tokens.readWrite}` };
    const bad = await fetch(`${hetzner.url}/ssh_keys`, { method: "POST", headers, body: "{" });
    assert.equal(bad.status, 400);
    const huge = await fetch(`${hetzner.url}/ssh_keys`, {
      method: "POST",
      headers,
      body: "x".repeat(300_000),
    });
    assert.equal(huge.status, 413);
  });
});

describe("stand-in Hetzner: mischief", () => {
  test("an answer can be lost after the work was done", async (context) => {
    const { ask, hetzner } = await hetznerApi(context);
    hetzner.misbehave({ what: "lost-answer", method: "POST", path: "ssh_keys" });
    await assert.rejects(ask("POST", "ssh_keys", { name: "k", public_key: newSshKeyPair("a@b").publicKey }));
    assert.equal(hetzner.contents().sshKeys.length, 1);
  });

  test("a gateway can time out before the work and after it", async (context) => {
    const { ask, hetzner } = await hetznerApi(context);
    for (const [what, count] of [
      ["timeout", 0],
      ["late-timeout", 1],
    ] as const) {
      hetzner.misbehave({ what, method: "POST" });
      assert.equal(
        (await ask("POST", "ssh_keys", { name: "k", public_key: newSshKeyPair("a@b").publicKey })).status,
        504,
      );
      assert.equal(hetzner.contents().sshKeys.length, count, what);
    }
  });

  test("by chance it is the same for the same seed, and never twice in a row", async (context) => {
    const runs: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const { ask } = await hetznerApi(context, { mischief: { rate: 0.5, seed: 7, kinds: ["conflict"] } });
      const statuses: number[] = [];
      for (let index = 0; index < 20; index += 1) statuses.push((await ask("GET", "locations")).status);
      runs.push(statuses.join(" "));
    }
    assert.equal(runs[0], runs[1]);
    assert.match(runs[0] ?? "", /409/u);
    assert.doesNotMatch(runs[0] ?? "", /409 409/u);
  });
});
