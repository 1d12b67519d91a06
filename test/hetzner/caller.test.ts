import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { testAuthority } from "../support/certificates.ts";
import { type HetznerWorld, hetznerWorld, machineConfig } from "../support/hetzner-world.ts";

const authority = await testAuthority();
const names = { ipv4: "v4.example.test", ipv6: "v6.example.test" };

interface CallerWorld {
  readonly world: HetznerWorld;
  /** What the services answer; a number is a status. */
  readonly says: { ipv4: string | number; ipv6: string | number };
  /** Runs `podtrust ARGS` with the way to the services. */
  readonly run: (...args: string[]) => ReturnType<HetznerWorld["podtrust"]>;
  /** Networks that may reach port 22. */
  readonly letIn: () => readonly string[];
}

/** A machine whose config names nobody: two services tell who calls. */
async function callerWorld(t: TestContext): Promise<CallerWorld> {
  const world = await hetznerWorld(t);
  const says: CallerWorld["says"] = { ipv4: "198.51.100.7\n", ipv6: "2001:db8:5:6:aaaa:bbbb:cccc:dddd\n" };
  const tls = await authority.issue(Object.values(names));
  const server = createServer({ cert: tls.certificate, key: tls.key }, (incoming, outgoing) => {
    const said = incoming.headers.host === names.ipv4 ? says.ipv4 : says.ipv6;
    outgoing.writeHead(typeof said === "number" ? said : 200).end(typeof said === "number" ? "" : said);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await writeFile(join(world.folder, "root.pem"), authority.root);
  const services = Object.values(names).map((name) => `https://${name}`);
  const text = machineConfig(`addressServices: ${JSON.stringify(services)}`).replace(/^.*sshFrom.*$/mu, "");
  await world.config(text);
  const route = Object.values(names).flatMap((name) => ["--connect-to", `${name}:443:127.0.0.1:${port}`]);
  return {
    world,
    says,
    run: (...args) => world.podtrust([...args, ...route, "--ca", "root.pem", "--only", "firewall"]),
    letIn: () => world.contents().firewalls[0]?.rules.find((rule) => rule.port === "22")?.source_ips ?? [],
  };
}

const both = ["198.51.100.7/32", "2001:db8:5:6::/64"];

describe("who may reach port 22 where the config names nobody", () => {
  test("is whoever runs podtrust: an IPv4 address alone, and the /64 around an IPv6 one", async (t) => {
    const { run, letIn } = await callerWorld(t);
    const up = await run("up", "--yes");
    assert.equal(up.code, 0, up.err);
    assert.deepEqual(letIn(), both);
  });

  test("follows whoever runs podtrust, whose address changes", async (t) => {
    const { run, letIn, says } = await callerWorld(t);
    await run("up", "--yes");
    says.ipv6 = "2001:db8:5:6:1:2:3:4";
    assert.match((await run("plan")).out, /Nothing to do/u, "another address of the same /64");
    says.ipv4 = "203.0.113.9";
    assert.match((await run("plan")).out, /1 to change/u);
    assert.equal((await run("up", "--yes")).code, 0);
    assert.deepEqual(letIn(), ["2001:db8:5:6::/64", "203.0.113.9/32"]);
  });

  test("keeps the family whose service does not answer", async (t) => {
    const { run, letIn, says } = await callerWorld(t);
    await run("up", "--yes");
    says.ipv6 = 503;
    assert.match((await run("plan")).out, /Nothing to do/u);
    says.ipv4 = "203.0.113.9";
    assert.equal((await run("up", "--yes")).code, 0);
    assert.deepEqual(letIn(), ["203.0.113.9/32", "2001:db8:5:6::/64"]);
  });

  for (const said of ["<html>hello</html>", "198.51.100.7 198.51.100.8", "999.1.1.1", 404] as const) {
    test(`is not made of ${JSON.stringify(said)}: nothing is opened to nobody knows whom`, async (t) => {
      const { run, world, says } = await callerWorld(t);
      says.ipv4 = said;
      says.ipv6 = said;
      const up = await run("up", "--yes");
      assert.equal(up.code, 1);
      assert.match(up.err, /^code: {2}machine-address-unknown$/mu);
      assert.match(up.err, /sshFrom/u);
      assert.deepEqual(world.contents().firewalls, []);
    });
  }

  test("stays as it is, with a warning, once there is a firewall and nobody answers", async (t) => {
    const { run, letIn, says } = await callerWorld(t);
    await run("up", "--yes");
    says.ipv4 = 500;
    says.ipv6 = 500;
    const up = await run("up", "--yes");
    assert.deepEqual([up.code, letIn()], [0, both], up.err);
    assert.match(up.err, /address on the Internet is not known/u);
  });
});
