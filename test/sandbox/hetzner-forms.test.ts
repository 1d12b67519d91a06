/** What the stand-in for the Hetzner Cloud API takes from clients in several forms, and how it lists it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import { codeOf, hetznerApi, serverOrder } from "../support/hetzner-api.ts";

describe("stand-in Hetzner: what clients send in several forms", () => {
  for (const [what, fields] of [
    ["names", { server_type: "cax11", image: "ubuntu-24.04", location: "nbg1" }],
    ["numbers", { server_type: 45, image: 161_547_270, location: 2 }],
    ["numbers as text", { server_type: "45", image: "161547270", location: "2" }],
  ] as const) {
    test(`a server's type, image and location are taken as ${what}`, async (context) => {
      const { ask, hetzner } = await hetznerApi(context);
      assert.equal((await ask("POST", "servers", { name: "prod", ...fields })).status, 201);
      const [made] = hetzner.contents().servers as {
        location: { name: string };
        image: { architecture: string };
      }[];
      assert.deepEqual([made?.location.name, made?.image.architecture], ["nbg1", "arm"]);
    });
  }

  test("a firewall's rule may be for any port, and inbound rules are listed before outbound ones", async (context) => {
    const { ask } = await hetznerApi(context);
    const rules = [
      { direction: "out", protocol: "tcp", port: "any", destination_ips: ["0.0.0.0/0"] },
      { direction: "in", protocol: "udp", port: "any", source_ips: ["0.0.0.0/0"] },
      { direction: "out", protocol: "tcp", port: "443", destination_ips: ["0.0.0.0/0"] },
      { direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] },
    ];
    const { firewall } = (await ask("POST", "firewalls", { name: "f", rules })).body as {
      firewall: { id: number };
    };
    const listed = async (): Promise<readonly string[]> =>
      (
        (await ask("GET", `firewalls/${firewall.id}`)).body as {
          firewall: { rules: { direction: string; port: string }[] };
        }
      ).firewall.rules.map(({ direction, port }) => `${direction} ${port}`);

    assert.deepEqual(await listed(), ["in any", "in 22", "out any", "out 443"]);
    await ask("POST", `firewalls/${firewall.id}/actions/set_rules`, { rules: rules.toReversed() });
    assert.deepEqual(await listed(), ["in 22", "in any", "out 443", "out any"]);
  });

  for (const type of ["cpx12", "cpx22"]) {
    test(`a server of type ${type} can be bought, which Hetzner's own clients order in their tests`, async (context) => {
      const { ask } = await hetznerApi(context);
      assert.equal((await ask("POST", "servers", { ...serverOrder, server_type: type })).status, 201);
    });
  }

  test("user data is kept for the machine, is bounded, and never comes back", async (context) => {
    const { ask, hetzner } = await hetznerApi(context);
    const text = "#cloud-config\nhostname: prod\n";
    const made = await ask("POST", "servers", { ...serverOrder, user_data: text });
    assert.equal(JSON.stringify(made.body).includes("cloud-config"), false);
    assert.equal(hetzner.userData("prod"), text);
    const large = { ...serverOrder, name: "other", user_data: "x".repeat(32 * 1024 + 1) };
    assert.equal(codeOf(await ask("POST", "servers", large)), "invalid_input");
  });

  test("unknown parameters of a list are passed over, and its order is as asked", async (context) => {
    const { ask } = await hetznerApi(context);
    for (const name of ["b", "a", "c"])
      await ask("POST", "ssh_keys", { name, public_key: newSshKeyPair("a@b").publicKey });
    const names = async (query: string): Promise<readonly string[]> =>
      ((await ask("GET", `ssh_keys?${query}`)).body as { ssh_keys: { name: string }[] }).ssh_keys.map(
        ({ name }) => name,
      );
    assert.deepEqual(await names("sort=name&nobody=knows"), ["a", "b", "c"]);
    assert.deepEqual(await names("sort=name:desc&per_page=2&page=2"), ["a"]);
    assert.equal(codeOf(await ask("GET", "primary_ips?sort=name")), "invalid_input");
  });

  test("actions by several ids have no meta, and one that is unknown is left out", async (context) => {
    const { ask } = await hetznerApi(context);
    const { body } = await ask("POST", "servers", serverOrder);
    const { id } = (body as { action: { id: number } }).action;
    const answer = (await ask("GET", `actions?id=${id}&id=1`)).body as {
      actions: object[];
      meta?: object;
    };
    assert.equal(answer.actions.length, 1);
    assert.equal(answer.meta, undefined);
  });

  for (const [method, path] of [
    ["POST", "zones"],
    ["PUT", "zones/example.com"],
    ["DELETE", "zones/example.com"],
    ["POST", "zones/example.com/actions/change_ttl"],
    ["GET", "zones/example.com/zonefile"],
  ] as const) {
    test(`${method} /${path}, which the stand-in does not do, is answered so by its name`, async (context) => {
      const { ask } = await hetznerApi(context, { zones: [{ name: "example.com" }] });
      const answer = await ask(method, path, method === "GET" ? undefined : { name: "example.net" });
      assert.deepEqual([answer.status, codeOf(answer)], [501, "not_implemented"]);
      assert.match(JSON.stringify(answer.body), new RegExp(`does not implement ${method} /${path}"`, "u"));
    });
  }
});
