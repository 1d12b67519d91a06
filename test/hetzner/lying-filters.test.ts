import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { text } from "node:stream/consumers";
import { defined } from "../../src/core/base/index.ts";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import { type HetznerWorld, hetznerWorld, machineConfig } from "../support/hetzner-world.ts";

const filters = ["label_selector", "name", "fingerprint", "architecture"];

/** An API in front of a project that passes over every filter; `onCreation` may keep an order from getting through. */
async function lyingApi(
  t: TestContext,
  world: HetznerWorld,
  onCreation: (path: string) => Promise<"ordered" | "lost">,
): Promise<Record<string, string>> {
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/", headers } = request;
    const target = new URL(`${world.hetzner.url}${url.replace(/^\/v1/u, "")}`);
    for (const filter of filters) target.searchParams.delete(filter);
    const body = method === "GET" ? undefined : await text(request);
    const path = url.slice("/v1/".length);
    if (method === "POST" && !path.includes("/actions/") && (await onCreation(path)) === "lost") {
      request.socket.destroy();
      return;
    }
    const answer = await fetch(target, {
      method,
      headers: { authorization: headers.authorization ?? "" },
      ...defined({ body }),
    });
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(await answer.text());
  };
  const server = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { ...world.env, HCLOUD_ENDPOINT: `http://127.0.0.1:${port}/v1` };
}

type Foreign = readonly [path: string, body: object];

/** One of each kind of somebody else's, whose names begin with this. */
function foreign(name: string): readonly Foreign[] {
  return [
    ["ssh_keys", { name, public_key: newSshKeyPair("them").publicKey }],
    ["firewalls", { name, labels: { team: "web" } }],
    ["primary_ips", { name: `${name}-ipv4`, type: "ipv4", location: "nbg1", labels: { team: "web" } }],
    ["servers", { name, server_type: "cx23", image: "debian-13", location: "hel1" }],
  ];
}

/** What stands there that carries no mark of a stack. */
function unmarked(world: HetznerWorld): readonly object[] {
  const { sshKeys, firewalls, primaryIps, servers } = world.contents();
  const all = [...sshKeys, ...firewalls, ...primaryIps, ...servers];
  return all.filter(({ labels }) => !("podtrust-stack" in labels));
}

describe("a Hetzner API that passes over the filters of a list", () => {
  test("has the stack's things made beside somebody else's, also when answers get lost, and takes down no other", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(machineConfig("image: debian-13"));
    for (const [path, body] of foreign("web")) await world.ask("POST", path, body);
    await world.clock.sleep(10_000);
    const before = unmarked(world);
    const lost = new Set<string>();
    const env = await lyingApi(t, world, (path) => {
      const isFirst = !lost.has(path);
      lost.add(path);
      return Promise.resolve(isFirst ? "lost" : "ordered");
    });
    const up = await world.podtrust(["up", "--yes"], { env });
    assert.equal(up.code, 0, up.out + up.err);
    assert.deepEqual([...lost].sort(), ["firewalls", "primary_ips", "servers", "ssh_keys"]);
    assert.deepEqual(unmarked(world), before);
    assert.equal(world.contents().servers.length, 2);
    const down = await world.podtrust(["down", "--yes", "--confirm", "prod"], { env });
    assert.equal(down.code, 0, down.out + down.err);
    assert.deepEqual(unmarked(world), before);
    assert.equal(world.contents().servers.length, 1);
  });

  for (const [path, body] of foreign("prod")) {
    test(`has no hand laid on one of the ${path} that took the stack's name while it was being made`, async (t) => {
      const world = await hetznerWorld(t);
      let theirs: readonly object[] = [];
      const env = await lyingApi(t, world, async (asked) => {
        if (asked !== path || theirs.length > 0) return "ordered";
        await world.ask("POST", path, body);
        await world.clock.sleep(10_000);
        theirs = unmarked(world);
        return "ordered";
      });
      const up = await world.podtrust(["up", "--yes"], { env });
      assert.equal(up.code, 1, up.out);
      assert.ok(theirs.length > 0);
      assert.deepEqual(unmarked(world), theirs);
    });
  }
});
