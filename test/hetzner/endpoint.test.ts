import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { testAuthority } from "../support/certificates.ts";
import { hetznerWorld } from "../support/hetzner-world.ts";
import { refused } from "./refused.ts";

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
    const route = ["--connect-to", `hetzner.example.test:443:127.0.0.1:${port}`];
    await refused(world, ["plan", ...route], ["hetzner-unreachable", /certificate/u], env);
    await writeFile(join(world.folder, "root.pem"), authority.root);
    const { code, out, err } = await world.podtrust(["plan", ...route, "--ca", "root.pem"], { env });
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
