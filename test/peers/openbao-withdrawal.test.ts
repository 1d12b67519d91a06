/** A key that was withdrawn, at OpenBao's own server: what test/stack/withdrawn.test.ts asks of its stand-in. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { loadConfig } from "../../src/config/index.ts";
import { type AccessEnding, endWithdrawn } from "../../src/stack/index.ts";
import { ecKey, sign, type SigningKey } from "../conformance/fixture.ts";
import { openbaoProgram } from "../support/openbao-server.ts";
import { openbaoWorld, type OpenBaoWorld } from "../support/openbao-world.ts";

const missing = await openbaoProgram.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const [stolen, next] = [await ecKey("stolen"), await ecKey("next")];

describe("a key that was withdrawn, at OpenBao's own server", { skip: missing ?? false }, () => {
  let world: OpenBaoWorld;

  const publish = (...keys: readonly SigningKey[]): void => world.issuer.publish(keys.map(({ jwk }) => jwk));

  const login = async (key: SigningKey): Promise<boolean> => {
    const now = Math.floor(systemClock.now() / 1000);
    const claims = {
      iss: world.issuer.issuer,
      sub: "system:serviceaccount:shop:web",
      aud: [world.bao.address],
    };
    const times = { iat: now - 60, nbf: now - 60, exp: now + 600 };
    const jwt = await sign({ key, claims: { ...claims, ...times } });
    const { status } = await world.bao.admin("POST", "auth/podtrust/login", { role: "web", jwt });
    return status === 200;
  };

  const ended = async (token: string | undefined): Promise<AccessEnding> => {
    const config = await loadConfig(join(world.folder, "podtrust.yaml"), { HOME: world.folder });
    const route = { connectTo: world.issuer.connectTo, ca: world.issuerCa };
    const env = token === undefined ? {} : world.env(token);
    const signal = new AbortController().signal;
    const [ending, ...more] = await endWithdrawn(
      { config, env, clock: systemClock, route },
      "stolen",
      signal,
    );
    assert.ok(ending !== undefined);
    assert.deepEqual(more, []);
    return ending;
  };

  const config = async (): Promise<object> => (await world.bao.admin("GET", "auth/podtrust/config")).data;

  before(async () => {
    world = await openbaoWorld();
  });

  beforeEach(async () => {
    await world.reset();
    publish(stolen, next);
    await world.must(["up", "--yes"]);
    assert.ok(await login(stolen));
    publish(next);
    assert.ok(await login(stolen), "a withdrawn key is good for as long as nobody makes the server fetch");
  });

  after(() => world?.close());

  /** A token that has exactly the policy that podtrust prints for the config. */
  async function leastToken(): Promise<string> {
    const policy = await world.must(["manifests", "openbao-policy", "--ca", "root.pem"]);
    await world.bao.admin("PUT", "sys/policies/acl/podtrust", { policy });
    return world.bao.token({ policies: ["podtrust"], no_default_policy: true });
  }

  test("is refused once the config was written again as it stands, under the least rights", async () => {
    const earlier = await config();
    const { outcome, text } = await ended(await leastToken());
    assert.equal(outcome, "done", text);
    assert.match(text, /its config was written again as it stands/u);
    assert.deepEqual([await login(stolen), await login(next)], [false, true]);
    assert.deepEqual(await config(), earlier);
    assert.deepEqual(await world.planned(), []);
  });

  test("is refused without any right too, once the server was shown tokens with unknown key IDs", async () => {
    const { outcome, text } = await ended(undefined);
    assert.equal(outcome, "done", text);
    assert.match(text, /shown tokens with unknown key IDs/u);
    assert.deepEqual([await login(stolen), await login(next)], [false, true]);
  });

  test("is said to be open where the server reaches no issuer", async () => {
    const jwks = "/openid/v1/jwks";
    const page = world.issuer.pages.get(jwks);
    assert.ok(page !== undefined && typeof page !== "function");
    let reads = 0;
    // What looks from outside is answered, and the server is not.
    world.issuer.pages.set(jwks, (request, response) => {
      reads += 1;
      const isServer = request.headers["user-agent"]?.startsWith("Go-http-client") === true;
      if (isServer) response.writeHead(503).end();
      else response.writeHead(200, { "content-type": "application/json" }).end(String(page.body));
    });
    const { outcome, text } = await ended(undefined);
    assert.equal(outcome, "open", text);
    assert.match(text, /may let in whoever has stolen, without an end/u);
    assert.ok(reads > 1);
    assert.ok(await login(stolen));
  });
});
