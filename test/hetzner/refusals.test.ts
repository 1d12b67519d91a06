import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { newSshKeyPair } from "../../src/host/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { type HetznerWorld, hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";

/** Runs a command, and makes sure that it ended with this code and these words, and that no token was said. */
async function refused(
  world: HetznerWorld,
  args: readonly string[],
  [code, words]: readonly [string, RegExp],
  env: Record<string, string> = world.env,
): Promise<void> {
  const { code: ended, out, err } = await world.podtrust(args, { env });
  assert.equal(ended, 1, out + err);
  assert.ok(err.split("\n").includes(`code:  ${code}`), err);
  assert.match(err, words);
  assert.match(err, /^next: {2}\S/mu);
  const { HCLOUD_TOKEN: token = "" } = env;
  if (token !== "") assert.ok(!`${out}${err}`.includes(token), "a token is a secret");
}

/** How many requests the project saw while something was done. */
async function requestsOf(world: HetznerWorld, work: () => Promise<void>): Promise<number> {
  const before = Number((await world.headers())["ratelimit-remaining"]);
  await work();
  return before - Number((await world.headers())["ratelimit-remaining"]) - 1;
}

describe("a token for Hetzner", () => {
  const wrong: [string, Record<string, string>, string, RegExp][] = [
    ["that is not there", { HCLOUD_TOKEN: "" }, "hetzner-token-missing", /HCLOUD_TOKEN is not set/u],
    ["of 63 characters", { HCLOUD_TOKEN: "a".repeat(63) }, "hetzner-token-malformed", /has 63 characters/u],
    ["of 65 characters", { HCLOUD_TOKEN: "a".repeat(65) }, "hetzner-token-malformed", /has 65 characters/u],
    [
      "of other characters",
      { HCLOUD_TOKEN: `${"a".repeat(63)}-` },
      "hetzner-token-malformed",
      /other characters/u,
    ],
  ];
  for (const [what, env, code, words] of wrong) {
    test(`${what} is refused before anything is asked`, async (t) => {
      const world = await hetznerWorld(t);
      const asked = await requestsOf(world, () =>
        refused(world, ["plan"], [code, words], { ...world.env, ...env }),
      );
      assert.equal(asked, 0);
    });
  }

  test("that Hetzner does not know is refused with its correlation id", async (t) => {
    const world = await hetznerWorld(t);
    const env = { ...world.env, HCLOUD_TOKEN: "b".repeat(64) };
    await refused(
      world,
      ["plan"],
      ["hetzner-token-refused", /unauthorized, correlation id [0-9a-f]+\)/u],
      env,
    );
  });

  test("is read from a file where the config names one, and the file's name is said, not its content", async (t) => {
    const world = await hetznerWorld(t);
    await writeFile(join(world.folder, "h.token"), `${world.hetzner.tokens.readWrite}\n`);
    await world.config(machineConfig("tokenFile: h.token"));
    const env = { ...world.env, HCLOUD_TOKEN: "" };
    const { code, out } = await world.podtrust(["plan"], { env });
    assert.deepEqual([code, /as the token of \S+h\.token$/mu.test(out)], [0, true], out);
    await writeFile(join(world.folder, "h.token"), "x".repeat(70));
    await refused(world, ["plan"], ["hetzner-token-malformed", /h\.token holds is no Hetzner token/u], env);
    await world.config(machineConfig("tokenFile: absent.token"));
    await refused(world, ["plan"], ["file-unreadable", /absent\.token/u], env);
  });

  for (const readOnlyRefusal of ["forbidden", "token_readonly"] as const) {
    test(`that may only read lets plan work, and up says why not (${readOnlyRefusal})`, async (t) => {
      const world = await hetznerWorld(t, { variants: { readOnlyRefusal } });
      const env = { ...world.env, HCLOUD_TOKEN: world.hetzner.tokens.readOnly };
      const plan = await world.podtrust(["plan"], { env });
      assert.deepEqual([plan.code, /5 to create/u.test(plan.out)], [0, true]);
      await refused(
        world,
        ["up", "--yes"],
        ["hetzner-token-readonly", /creating firewall prod: the token may only read/u],
        env,
      );
      assert.deepEqual(world.contents(), nothing);
    });
  }
});

describe("what cannot be bought", () => {
  const cases: [string, (world: HetznerWorld) => Promise<void> | void, string, RegExp][] = [
    [
      "a type that is sold out in the location",
      (world) => world.hetzner.sellOut("cax11@nbg1"),
      "hetzner-sold-out",
      /sold out there for now[^]*fsn1, hel1/u,
    ],
    [
      "a type that is sold out everywhere",
      (world) => world.hetzner.sellOut("cax11"),
      "hetzner-sold-out",
      /can be had nowhere now/u,
    ],
    [
      "a type that is not offered in the location",
      (world) => world.config(machineConfig().replace("nbg1", "ash")),
      "hetzner-sold-out",
      /not offered there/u,
    ],
    [
      "a type that was retired",
      (world) => world.config(machineConfig().replace("cax11", "cx11")),
      "hetzner-sold-out",
      /no longer sold there/u,
    ],
    [
      "a type that is none",
      (world) => world.config(machineConfig().replace("cax11", "cax12")),
      "hetzner-unknown",
      /Did you mean cax11/u,
    ],
    [
      "a location that is none",
      (world) => world.config(machineConfig().replace("nbg1", "nbg2")),
      "hetzner-unknown",
      /Did you mean nbg1/u,
    ],
    [
      "an image that is none",
      (world) => world.config(machineConfig("image: ubuntu-24.10")),
      "hetzner-unknown",
      /Did you mean ubuntu-24\.04/u,
    ],
  ];
  for (const [what, prepare, code, words] of cases) {
    test(`${what} is refused by plan and up alike, before anything is made`, async (t) => {
      const world = await hetznerWorld(t);
      await prepare(world);
      await refused(world, ["plan"], [code, words]);
      await refused(world, ["up", "--yes"], [code, words]);
      assert.deepEqual(world.contents(), nothing);
    });
  }

  test("capacity that vanishes between plan and creation leaves the rest standing for the next run", async (t) => {
    const world = await hetznerWorld(t);
    world.hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    await refused(world, ["up", "--yes"], ["hetzner-sold-out", /creating server prod/u]);
    assert.equal(world.contents().primaryIps.length, 2);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
  });

  test("a deprecated image is a warning", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(machineConfig("image: ubuntu-22.04"));
    const { code, err } = await world.podtrust(["plan"]);
    assert.deepEqual([code, /ubuntu-22\.04 is deprecated since 2026-09-01/u.test(err)], [0, true], err);
  });
});

describe("what belongs to somebody else at Hetzner", () => {
  const theirs: [string, object, string][] = [
    ["servers", { name: "prod", server_type: "cx23", image: "debian-13", location: "hel1" }, "server/prod"],
    ["firewalls", { name: "prod", labels: { managed_by: "ansible" } }, "firewall/prod"],
    ["primary_ips", { name: "prod-ipv4", type: "ipv4", location: "nbg1" }, "primary-ip/prod-ipv4"],
    ["ssh_keys", { name: "prod", public_key: newSshKeyPair("them").publicKey }, "ssh-key/prod"],
  ];
  for (const [path, body, id] of theirs) {
    test(`the name of one of the ${path} blocks the whole plan, and nothing is touched`, async (t) => {
      const world = await hetznerWorld(t);
      await world.ask("POST", path, body);
      await world.clock.sleep(10_000);
      const before = world.contents();
      await refused(
        world,
        ["up", "--yes"],
        ["plan-name-taken", new RegExp(`hetzner/${id} exists already`, "u")],
      );
      const down = await world.podtrust(["down", "--yes", "--confirm", "prod"]);
      assert.equal(down.code, 0);
      assert.deepEqual(world.contents(), before);
    });
  }

  test("a server that one of our addresses was put on is not switched off for it", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const { servers, primaryIps } = world.contents();
    const address = primaryIps.find(({ type }) => type === "ipv4")?.id;
    const settle = (): Promise<void> => world.clock.sleep(10_000);
    await world.ask("POST", `servers/${servers[0]?.id}/actions/poweroff`);
    await settle();
    await world.ask("POST", `primary_ips/${address}/actions/unassign`);
    const public_net = { enable_ipv4: false, enable_ipv6: true };
    const body = { name: "web", server_type: "cx23", image: "debian-13", location: "nbg1", public_net };
    await world.ask("POST", "servers", { ...body, start_after_create: false });
    await settle();
    const id = world.contents().servers.find(({ name }) => name === "web")?.id;
    await world.ask("POST", `primary_ips/${address}/actions/assign`, {
      assignee_type: "server",
      assignee_id: id,
    });
    await world.ask("POST", `servers/${id}/actions/poweron`);
    await settle();
    await refused(
      world,
      ["down", "--confirm", "prod"],
      ["hetzner-busy", /is on server web, which is not of this stack/u],
    );
    const left = world.contents();
    assert.deepEqual(
      left.servers.map(({ name, status }) => [name, status]),
      [["web", "running"]],
    );
  });

  test("what another stack has is said to be that stack's", async (t) => {
    const world = await hetznerWorld(t);
    const labels = { "podtrust-stack": "staging", "podtrust-format": "1" };
    await world.ask("POST", "firewalls", { name: "prod", labels });
    await refused(world, ["up", "--yes"], ["plan-name-taken", /belongs to podtrust stack "staging"/u]);
  });

  test("a person's own key that is in the project already is used, and stays", async (t) => {
    const world = await hetznerWorld(t);
    const { publicKey } = newSshKeyPair("me@here");
    await writeFile(join(world.folder, "me.pub"), publicKey);
    await world.ask("POST", "ssh_keys", { name: "me", public_key: publicKey });
    await world.config(machineConfig("", "sshKey: me.pub"));
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.err);
    assert.ok((world.hetzner.userData("prod") ?? "").includes(publicKey.split(" ")[1] ?? "-"));
    assert.deepEqual(await world.planned(), []);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.deepEqual(
      world.contents().sshKeys.map(({ name }) => name),
      ["me"],
    );
  });

  test("import takes over what was made by hand, repaired, and says that its host key is not known", async (t) => {
    const world = await hetznerWorld(t);
    const { publicKey } = newSshKeyPair("me");
    await writeFile(join(world.folder, "me.pub"), publicKey);
    await world.config(machineConfig("", "sshKey: me.pub"));
    await world.ask("POST", "ssh_keys", { name: "me", public_key: publicKey });
    const rules = [{ direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] }];
    await world.ask("POST", "firewalls", { name: "prod", rules });
    for (const type of ["ipv4", "ipv6"]) {
      await world.ask("POST", "primary_ips", { name: `prod-${type}`, type, location: "nbg1" });
    }
    const [ipv4, ipv6] = world.contents().primaryIps.map(({ id }) => id);
    const server = { name: "prod", server_type: "cax11", image: "ubuntu-24.04", location: "nbg1" };
    await world.ask("POST", "servers", { ...server, public_net: { ipv4, ipv6 } });
    await world.clock.sleep(10_000);
    const { id } = world.contents().servers[0] ?? {};
    const taken = await world.podtrust(["import", "--yes", "firewall", "primary-ip", "server"]);
    assert.equal(taken.code, 0, taken.out + taken.err);
    assert.match(taken.err, /has lost the label podtrust-host-key/u);
    assert.deepEqual(await world.planned(), []);
    const { servers, firewalls } = world.contents();
    assert.deepEqual([servers.length, servers[0]?.id, firewalls[0]?.rules.length], [1, id, 3]);
  });
});

describe("a key to log in with", () => {
  const wrong: [string, string, RegExp][] = [
    ["that is a private one", newSshKeyPair("me").privateKey, /holds no public SSH key/u],
    ["that is something else", "hello\n", /holds no public SSH key/u],
  ];
  for (const [what, text, words] of wrong) {
    test(`${what} is refused without being repeated`, async (t) => {
      const world = await hetznerWorld(t);
      await writeFile(join(world.folder, "k.pub"), text);
      await world.config(machineConfig("", "sshKey: k.pub"));
      await refused(world, ["plan"], ["machine-key-invalid", words]);
      const { err } = await world.podtrust(["plan"]);
      assert.ok(!err.includes(text.slice(0, 20)), err);
    });
  }

  test("that is not there is refused by its name", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(machineConfig("", "sshKey: ~/.ssh/absent.pub"));
    await refused(world, ["plan"], ["machine-key-invalid", /absent\.pub/u]);
  });

  test("may be named by its private half, beside which the public one lies", async (t) => {
    const world = await hetznerWorld(t);
    const { privateKey, publicKey } = newSshKeyPair("me");
    await mkdir(join(world.folder, ".ssh"));
    await writeFile(join(world.folder, ".ssh/id_ed25519"), privateKey);
    await writeFile(join(world.folder, ".ssh/id_ed25519.pub"), publicKey);
    await world.config(machineConfig("", "sshKey: ~/.ssh/id_ed25519"));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.equal(world.contents().sshKeys[0]?.public_key, publicKey);
  });
});

/** An API that gives one answer to everything. */
async function answering(
  t: TestContext,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const server = createServer((_incoming, outgoing) => {
    outgoing.writeHead(status, { "content-type": "application/json", ...headers });
    outgoing.end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe("an endpoint for Hetzner", () => {
  for (const endpoint of [
    "http://api.example.com/v1",
    "ftp://127.0.0.1/",
    "http://169.254.169.254/v1",
    "nonsense",
    "https://a:b@api.example.com/v1",
  ]) {
    test(`${endpoint.replace("a:b@", "user@")} gets no token`, async (t) => {
      const world = await hetznerWorld(t);
      await refused(world, ["plan"], ["hetzner-endpoint", /HCLOUD_ENDPOINT/u], {
        ...world.env,
        HCLOUD_ENDPOINT: endpoint,
      });
    });
  }

  const broken: [string, number, string, string][] = [
    ["no JSON", 200, "<html>", "hetzner-answer-invalid"],
    ["a list", 200, "[]", "hetzner-answer-invalid"],
    ["no list where one has to be", 200, "{}", "hetzner-answer-invalid"],
    [
      "an id that is none",
      200,
      '{"ssh_keys":[{"id":"a","name":"x","public_key":"y"}],"firewalls":[{"id":1.5}],"servers":[{}],"primary_ips":[{}]}',
      "hetzner-answer-invalid",
    ],
    [
      "pages without an end",
      200,
      '{"ssh_keys":[],"firewalls":[],"servers":[],"primary_ips":[],"meta":{"pagination":{"next_page":1}}}',
      "hetzner-answer-invalid",
    ],
    ["an error without details", 422, '{"error":{"code":"invalid_input","message":"no"}}', "hetzner-refused"],
    [
      "an error whose details are null",
      422,
      '{"error":{"code":"invalid_input","message":"no","details":null}}',
      "hetzner-refused",
    ],
    [
      "an error whose details are empty",
      422,
      '{"error":{"code":"invalid_input","message":"no","details":{}}}',
      "hetzner-refused",
    ],
    [
      "trouble that does not pass",
      500,
      '{"error":{"code":"server_error","message":"oh"}}',
      "hetzner-unavailable",
    ],
    ["an unknown code", 418, '{"error":{"code":"teapot","message":"short and stout"}}', "hetzner-refused"],
  ];
  for (const [what, status, body, code] of broken) {
    test(`that answers ${what} is told so`, async (t) => {
      const world = await hetznerWorld(t);
      const HCLOUD_ENDPOINT = await answering(t, status, body);
      await refused(world, ["plan"], [code, /./u], { ...world.env, HCLOUD_ENDPOINT });
    });
  }

  test("may be vouched for by an authority of one's own, and by no other", async (t) => {
    const world = await hetznerWorld(t);
    const authority = await testAuthority();
    const tls = await authority.issue(["hetzner.example.test"]);
    const front = createTlsServer({ cert: tls.certificate, key: tls.key }, (incoming, outgoing) => {
      const { method, url = "", headers } = incoming;
      void fetch(`${new URL(world.hetzner.url).origin}${url}`, {
        method: method ?? "GET",
        headers: { authorization: headers.authorization ?? "" },
      }).then(async (answer) => {
        outgoing.writeHead(answer.status, { "content-type": "application/json" });
        outgoing.end(await answer.text());
      });
    }).listen(0, "127.0.0.1");
    await once(front, "listening");
    t.after(() => front.close());
    const { port } = front.address() as AddressInfo;
    const env = { ...world.env, HCLOUD_ENDPOINT: "https://hetzner.example.test/v1" };
    const way = ["--connect-to", `hetzner.example.test:443:127.0.0.1:${port}`];
    await refused(world, ["plan", ...way], ["hetzner-unreachable", /certificate/u], env);
    await writeFile(join(world.folder, "root.pem"), authority.root);
    const { code, out, err } = await world.podtrust(["plan", ...way, "--ca", "root.pem"], { env });
    assert.deepEqual([code, /5 to create/u.test(out)], [0, true], err);
  });

  test("that nobody listens at is told at once", async (t) => {
    const world = await hetznerWorld(t);
    await refused(world, ["plan"], ["hetzner-unreachable", /ECONNREFUSED/u], {
      ...world.env,
      HCLOUD_ENDPOINT: "http://127.0.0.1:9/v1",
    });
    assert.deepEqual(world.clock.waits, []);
  });
});
