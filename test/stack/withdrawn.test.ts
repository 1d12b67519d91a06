/** A key that was withdrawn ends at an OpenBao too, which keeps the keys that it has fetched for as long as it is asked for no other. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { loadConfig } from "../../src/config/index.ts";
import { ownershipComment } from "../../src/rules/plan/index.ts";
import { type AccessEnding, endWithdrawn, lookOutside } from "../../src/stack/index.ts";
import { type SigningKey, ecKey, sign } from "../conformance/fixture.ts";
import { served } from "../conformance/gcp-fixture.ts";
import { testAuthority } from "../support/certificates.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { type OpenBaoStandIn, standInToken, startOpenBaoStandIn } from "../support/openbao-stand-in.ts";
import { TestClock } from "../support/clock.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { stackOwner } from "../support/stack-owner.ts";

const authority = await testAuthority();
const [stolen, next] = [await ecKey("stolen"), await ecKey("next")];
const subject = "system:serviceaccount:shop:web";
const boundAudiences = ["openbao"];
const clock = new TestClock(Date.UTC(2026, 11, 1));

describe("a key that was withdrawn", () => {
  let folder: string;
  let issuer: IssuerServer;
  let bao: OpenBaoStandIn;
  let shown: readonly object[] = [];
  let isAway = false;

  const publish = (...keys: readonly SigningKey[]): void => {
    shown = keys.map(({ jwk }) => jwk);
    issuer.publish(shown);
  };

  const login = async (key: SigningKey): Promise<boolean> => {
    const seconds = clock.now() / 1000;
    const claims = {
      iss: issuer.issuer,
      sub: subject,
      aud: boundAudiences,
      iat: seconds,
      nbf: seconds,
      exp: seconds + 600,
    };
    const body = JSON.stringify({ role: "web", jwt: await sign({ key, claims }) });
    const { status } = await fetch(`${bao.address}/v1/auth/podtrust/login`, { method: "POST", body });
    return status === 200;
  };

  const ended = async (
    env: Record<string, string> = { BAO_TOKEN: standInToken, BAO_ADDR: bao.address },
  ): Promise<readonly AccessEnding[]> => {
    const config = await loadConfig(join(folder, "podtrust.yaml"), { HOME: folder });
    const route = { connectTo: issuer.connectTo, ca: authority.root };
    return endWithdrawn({ config, env, clock, route }, "stolen", new AbortController().signal);
  };

  const one = async (env?: Record<string, string>): Promise<AccessEnding> => {
    const [ending, ...more] = await ended(env);
    assert.ok(ending !== undefined);
    assert.deepEqual(more, []);
    return ending;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-withdrawn-"));
    issuer = await startIssuer(authority);
  });

  beforeEach(async () => {
    isAway = false;
    await bao?.close();
    bao = await startOpenBaoStandIn({
      mount: "podtrust",
      description: ownershipComment.of(stackOwner()),
      issuer: issuer.issuer,
      roles: { web: { boundAudiences, boundSubject: subject } },
      fetch: () => (isAway ? Promise.reject(new Error("no route to host")) : Promise.resolve(served(shown))),
      now: () => clock.now() / 1000,
    });
    const section = `openbao: [{address: "${bao.address}", mount: podtrust, audience: openbao, roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]}]`;
    await writeFile(
      join(folder, "podtrust.yaml"),
      `stack: prod\nidentity: 3f2a91bc\nissuer: ${issuer.issuer}\n${section}\n`,
    );
    // The spare was published beforehand: no token has an unknown kid any more, and nothing is fetched again.
    publish(stolen, next);
    assert.ok(await login(stolen));
    publish(next);
    assert.ok(await login(stolen), "a withdrawn key is good for as long as nobody makes the server fetch");
    assert.ok(await login(next));
  });

  after(async () => {
    await bao.close();
    await issuer.close();
    await rm(folder, { recursive: true });
  });

  test("is refused once the config was written again, which stays as it was", async () => {
    const { namespace_in_state: _default, ...config } = bao.config;
    const { outcome, text } = await one();
    assert.equal(outcome, "done");
    assert.match(
      text,
      /^auth\/podtrust of OpenBao at http:\S+ has fetched the keys without stolen: its config was written/u,
    );
    assert.deepEqual([await login(stolen), await login(next)], [false, true]);
    assert.deepEqual(bao.config, config);
  });

  test("is refused without any right at the server too, by tokens with unknown key IDs", async () => {
    const { outcome, text } = await one({});
    assert.equal(outcome, "done");
    assert.match(text, /shown tokens with unknown key IDs, which holds for the node/u);
    assert.ok(!bao.calls.includes("POST auth/podtrust/config"));
    assert.deepEqual([await login(stolen), await login(next)], [false, true]);
  });

  test("is said to be open where the server reaches no issuer, and keeps the set that it has", async () => {
    isAway = true;
    const { outcome, text } = await one({});
    assert.equal(outcome, "open");
    assert.match(text, /may let in whoever has stolen, without an end: it answered: .*no route to host/u);
    assert.ok(await login(stolen));
  });

  test("is said to be open for as long as it is seen from outside, and nothing is asked of the server", async () => {
    publish(stolen, next);
    const asked = bao.calls.length;
    const over = new AbortController();
    const waiting = one().finally(() => over.abort());
    while (!over.signal.aborted) await clock.advance(1000);
    const { outcome, text } = await waiting;
    assert.equal(outcome, "open");
    assert.match(text, /stolen is still published as seen from outside over IPv4/u);
    assert.equal(bao.calls.length, asked);
  });

  test("of a config with a secret in it is not lost: it is not written", async () => {
    bao.config["oidc_client_id"] = "app";
    assert.match((await one()).text, /shown tokens with unknown key IDs/u);
    assert.equal(bao.config["oidc_client_id"], "app");
    assert.ok(!(await login(stolen)));
  });

  describe("looked at once more before anything is opened", () => {
    const looked = async (route: object = {}, kid = "stolen"): Promise<readonly string[]> => {
      const config = await loadConfig(join(folder, "podtrust.yaml"), { HOME: folder });
      const whole = { connectTo: issuer.connectTo, ca: authority.root, ...route };
      return lookOutside(
        { config, env: {}, clock: new SwiftClock(), route: whole },
        kid,
        new AbortController().signal,
      );
    };
    const unproven = (message: RegExp) => ({ code: "theft-unproven", message });

    test("is said to be published no more, as seen over each family of addresses that there is", async () => {
      assert.deepEqual(await looked(), ["stolen is not published, as seen over IPv4"]);
    });

    test("keeps everything closed while it is published, if only by the last replica that answers", async () => {
      await assert.rejects(looked({}, "next"), unproven(/^next is still published, as seen over IPv4$/u));
      const path = "/openid/v1/jwks";
      const page = issuer.pages.get(path);
      let times = 0;
      issuer.pages.set(path, (_request, response) => {
        times += 1;
        const keys = times > 2 ? [stolen.jwk, next.jwk] : [next.jwk];
        response.end(JSON.stringify({ keys }));
      });
      await assert.rejects(looked(), unproven(/stolen is still published/u));
      assert.ok(page !== undefined && times === 3);
      issuer.pages.set(path, page);
    });

    test("keeps everything closed where it cannot be read, or has no address", async () => {
      const [rule = assert.fail()] = issuer.connectTo;
      const over6 = looked({ connectTo: [{ ...rule, address: "::1" }] });
      await assert.rejects(over6, unproven(/cannot be read over IPv6: /u));
      await assert.rejects(
        looked({ connectTo: [] }),
        unproven(/has no address that can be reached from here/u),
      );
    });
  });
});
