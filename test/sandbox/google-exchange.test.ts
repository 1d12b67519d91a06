import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { startStandInGoogle } from "../../src/sandbox/gcp.ts";
import {
  type ForgedToken,
  SandboxError,
  type SandboxGoogleOptions,
  startStandInCluster,
} from "../../src/sandbox/index.ts";
import { celBombs, deepExpressions } from "../support/cel-bombs.ts";
import {
  audience,
  cart,
  cartEmail,
  cartMember,
  cloud,
  exchangeParameters,
  type GoogleWorld,
  googleWorld,
  impersonation,
  providerName,
  shop,
  target,
} from "../support/google-world.ts";

async function started(t: TestContext, options: SandboxGoogleOptions = {}): Promise<GoogleWorld> {
  const world = await googleWorld(t, options);
  world.google.seed(shop);
  return world;
}

const cartToken = ({ issuer }: GoogleWorld): string => issuer.token({ ...cart, audiences: [audience] });
const hour = 3_600_000;

describe("the token exchange of the sandbox's Google", () => {
  test("gives for a ServiceAccount's token what becomes a service account, which reads the secret", async (t) => {
    const world = await started(t);
    const { status, body } = await world.exchange(cartToken(world));
    assert.equal(status, 200);
    const { access_token: federated, ...rest } = body;
    assert.match(federated ?? "", /^ya29\.d\./u);
    assert.deepEqual(rest, {
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 3600,
    });
    const account = await world.ask("POST", impersonation, { token: federated ?? "", body: cloud });
    assert.deepEqual([account.status, account.body.expireTime], [200, "2026-11-29T01:00:00Z"]);
    const read = await world.ask(
      "GET",
      "/v1/projects/podtrust-sandbox/secrets/color/versions/latest:access",
      {
        token: account.body.accessToken ?? "",
      },
    );
    assert.deepEqual(read.body, {
      name: "projects/123456789012/secrets/color/versions/1",
      payload: { data: Buffer.from("red").toString("base64"), dataCrc32c: "39858144" },
    });
    const [exchanged, impersonated, accessed] = world.google.decisions();
    assert.deepEqual(
      [
        exchanged?.action,
        exchanged?.who,
        exchanged?.decision,
        impersonated?.who,
        accessed?.who,
        accessed?.rule,
      ],
      ["sts:token", cartMember, "allow", cartMember, cartEmail, "roles/secretmanager.secretAccessor"],
    );
  });

  test("outlives each condition that would take all memory, time or stack, and answers the next caller", async (t) => {
    const world = await started(t);
    const patched = (attributeCondition: string) =>
      world.ask("PATCH", `/v1/${providerName}?updateMask=attributeCondition`, {
        body: { attributeCondition },
      });
    for (const condition of Object.values(deepExpressions))
      assert.equal((await patched(condition)).status, 400, condition.slice(0, 80));
    for (const condition of Object.values(celBombs)) {
      assert.equal((await patched(condition)).status, 200);
      const { status, body } = await world.exchange(cartToken(world));
      assert.deepEqual([status, body.error], [400, "unauthorized_client"], condition.slice(0, 80));
    }
    assert.equal((await patched("")).status, 200);
    assert.equal((await world.exchange(cartToken(world))).status, 200);
  });

  test("takes JSON with either names of its parameters", async (t) => {
    const world = await started(t);
    const form = exchangeParameters(cartToken(world));
    const { grant_type: grantType, subject_token: subjectToken, ...rest } = form;
    for (const body of [form, { ...rest, grantType, subjectToken }])
      assert.equal((await world.ask("POST", "/v1/token", { body, token: "" })).status, 200);
    const refused = await world.ask("POST", "/v1/token", { body: "[]", token: "" });
    assert.deepEqual([refused.status, refused.body.error], [400, "invalid_request"]);
  });

  const forged: readonly (readonly [what: string, rule: string, ForgedToken, error: string, text: RegExp])[] =
    [
      [
        "of another issuer",
        "subject-token-issuer",
        { claims: { iss: "https://x.test" } },
        "invalid_grant",
        /^The issuer in ID Token https:\/\/x\.test does not match/u,
      ],
      [
        "for another audience",
        "subject-token-audience",
        { audiences: ["sts.amazonaws.com"] },
        "invalid_grant",
        /^The audience in ID Token \[sts\.amazonaws\.com\] does not match the expected audience\.$/u,
      ],
      [
        "that has expired",
        "subject-token-time",
        { expirationSeconds: -61 },
        "invalid_grant",
        /^ID Token issued at \d+ is stale to sign-in\.$/u,
      ],
      [
        "that a foreign key has signed",
        "subject-token-signature",
        { signedBy: "foreign-key" },
        "invalid_grant",
        /^Unable to verify the ID Token signature\.$/u,
      ],
      [
        "of an unknown kid",
        "key-selection",
        { header: { kid: "other" } },
        "invalid_grant",
        /^Error connecting to the given credential's issuer\.$/u,
      ],
      [
        "whose subject has more than 127 bytes",
        "mapped-sizes",
        { claims: { sub: "x".repeat(128) } },
        "invalid_request",
        /^The size of mapped attribute google\.subject exceeds the 127 bytes limit\./u,
      ],
      [
        "without a subject",
        "attribute-mapping",
        { claims: { sub: undefined } },
        "unauthorized_client",
        /^Could not obtain a value for google\.subject from the given credential\.$/u,
      ],
    ];
  test("refuses each token that is not as it should be in Google's words, and records the rule", async (t) => {
    const world = await started(t);
    for (const [what, rule, spec, error, text] of forged) {
      const token = world.issuer.forgeToken({ ...cart, audiences: [audience], ...spec });
      const { status, body } = await world.exchange(token);
      assert.deepEqual([status, body.error], [400, error], what);
      assert.match(body.error_description ?? "", text, what);
      const decision = world.google.decisions().at(-1);
      assert.deepEqual([decision?.rule, decision?.decision, decision?.code], [rule, "deny", error], what);
      assert.ok((decision?.why ?? "").length > 0 && (decision?.next ?? "").length > 0, what);
    }
  });

  test("refuses what is no JWT, a call without a provider's name, and one with the project's id", async (t) => {
    const world = await started(t);
    const refusals: readonly (readonly [token: string, parameters: Record<string, string>, rule: string])[] =
      [
        ["no JWT", {}, "subject-token-structure"],
        [cartToken(world), { audience: "sts.amazonaws.com" }, "exchange-audience"],
        [cartToken(world), { audience: target.replace("123456789012", "podtrust-sandbox") }, "target-active"],
        [cartToken(world), { grant_type: "client_credentials" }, "exchange-parameters"],
      ];
    for (const [token, parameters, rule] of refusals) {
      assert.equal((await world.exchange(token, parameters)).status, 400);
      assert.equal(world.google.decisions().at(-1)?.rule, rule);
    }
  });

  test("by its condition lets in whom that names, and rejects others", async (t) => {
    const world = await googleWorld(t);
    const provider = {
      id: "cluster",
      oidc: { issuerUri: "https://oidc.podtrust.test" },
      attributeCondition: "assertion['kubernetes.io']['namespace'] == 'shop'",
    };
    world.google.seed({ pools: [{ id: "prod", providers: [provider] }] });
    assert.equal((await world.exchange(cartToken(world))).status, 200);
    const other = world.issuer.token({ namespace: "till", name: "cart", audiences: [audience] });
    const { body } = await world.exchange(other);
    assert.deepEqual(body, {
      error: "unauthorized_client",
      error_description: "The given credential is rejected by the attribute condition.",
    });
  });

  test("says for how long a token is good: an hour at most, not at all in its last two seconds, and 500 in the last", async (t) => {
    const world = await started(t);
    const lasting = (expirationSeconds: number) =>
      world.exchange(world.issuer.forgeToken({ ...cart, audiences: [audience], expirationSeconds }));
    const said: unknown[] = [];
    for (const seconds of [7200, 600, 2]) said.push((await lasting(seconds)).body.expires_in);
    assert.deepEqual(said, [3600, 600, undefined]);
    assert.equal((await lasting(1)).status, 500);
  });
});

describe("a stand-in for Google without a sandbox around it", () => {
  test("reaches issuers as its options say, and exchanges their tokens", async (t) => {
    const cluster = await startStandInCluster({ issuer: "https://oidc.example.test", algorithm: "ES256" });
    t.after(() => cluster.close());
    const issuer = await cluster.serveIssuer();
    t.after(() => issuer.close());
    const { ca, connectTo, url: issuerUri } = issuer;
    const google = await startStandInGoogle({ ca, connectTo, projectNumber: "7" });
    t.after(() => google.close());
    google.seed({ pools: [{ id: "prod", providers: [{ id: "cluster", oidc: { issuerUri } }] }] });
    const own = target.replace("123456789012", "7");
    const token = cluster.createToken({ ...cart, audiences: [`https:${own}`] });
    const body = new URLSearchParams({ ...exchangeParameters(token), audience: own });
    assert.equal((await fetch(`${google.url}/v1/token`, { method: "POST", body })).status, 200);
  });

  test("does not start with options that cannot be", async () => {
    for (const options of [
      { project: "X" },
      { projectNumber: "my-project" },
      { unknowns: { issuerCache: -1 } },
      { listen: "256.0.0.1" },
    ])
      await assert.rejects(startStandInGoogle(options), (error: Error) => error instanceof SandboxError);
  });
});

describe("the keys that the sandbox's Google verifies with", () => {
  test("are kept for a day once they were fetched: a key that was taken out is still accepted", async (t) => {
    const world = await started(t);
    const { keys } = world.issuer.cluster;
    const before = cartToken(world);
    assert.equal((await world.exchange(before)).status, 200);
    const [old] = keys.list();
    keys.promote((await keys.create("ES256")).kid);
    keys.drop(old?.kid ?? "");
    const after = world.issuer.forgeToken({ ...cart, audiences: [audience], signedBy: "cluster" });
    assert.equal((await world.exchange(after)).status, 400, "the new kid was looked up at once");
    world.sandbox.clock.advance(300_000);
    assert.equal((await world.exchange(cartToken(world))).status, 200);
  });

  test("are those of the issuer after a day", async (t) => {
    const world = await started(t);
    const { keys } = world.issuer.cluster;
    const [old] = keys.list();
    const stolen = world.issuer.forgeToken({ ...cart, audiences: [audience], expirationSeconds: 7 * 86_400 });
    assert.equal((await world.exchange(stolen)).status, 200);
    keys.promote((await keys.create("ES256")).kid);
    keys.drop(old?.kid ?? "");
    world.sandbox.clock.advance(22 * hour);
    assert.equal((await world.exchange(stolen)).status, 200);
    world.sandbox.clock.advance(2 * hour - 1000);
    const again = await world.exchange(stolen);
    assert.deepEqual([again.status, world.google.decisions().at(-1)?.rule], [200, "token-exchange"]);
    world.sandbox.clock.advance(1000);
    await world.exchange(stolen);
    assert.equal(world.google.decisions().at(-1)?.rule, "key-selection");
  });

  test("are known at once where the options say so", async (t) => {
    const world = await started(t, { unknowns: { newKey: 0 } });
    const { keys } = world.issuer.cluster;
    assert.equal((await world.exchange(cartToken(world))).status, 200);
    keys.promote((await keys.create("ES256")).kid);
    assert.equal((await world.exchange(cartToken(world))).status, 200);
  });

  test("need no reachable issuer where they were uploaded, and count five seconds after they were changed", async (t) => {
    const world = await googleWorld(t);
    const jwksJson = await world.jwks();
    const oidc = { issuerUri: "https://oidc.podtrust.test", jwksJson };
    world.google.seed({ pools: [{ id: "prod", providers: [{ id: "cluster", oidc }] }] });
    world.issuer.fail("not-found");
    const before = cartToken(world);
    assert.equal((await world.exchange(before)).status, 200);
    const { keys } = world.issuer.cluster;
    const [old] = keys.list();
    keys.promote((await keys.create("ES256")).kid);
    keys.drop(old?.kid ?? "");
    world.issuer.fail(undefined);
    const patch = await world.ask("PATCH", `/v1/${providerName}?updateMask=oidc.jwksJson`, {
      body: { oidc: { jwksJson: await world.jwks() } },
    });
    assert.equal(patch.status, 200);
    assert.equal((await world.exchange(before)).status, 200);
    world.sandbox.clock.advance(5000);
    assert.equal((await world.exchange(before)).status, 400);
    assert.equal((await world.exchange(cartToken(world))).status, 200);
  });

  test("are asked for again once the issuer is no longer what it was", async (t) => {
    const world = await started(t);
    assert.equal((await world.exchange(cartToken(world))).status, 200);
    world.issuer.fail("wrong-issuer");
    const { body } = await world.exchange(cartToken(world));
    assert.equal(body.error_description, "Error connecting to the given credential's issuer.");
    world.issuer.fail(undefined);
    assert.equal((await world.exchange(cartToken(world))).status, 200);
  });
});

describe("the order in which the sandbox's Google checks a token", () => {
  for (const [checkOrder, rule] of [
    ["ours", "subject-token-audience"],
    ["keys-first", "subject-token-signature"],
  ] as const)
    test(`is ${checkOrder}: ${rule} speaks first of two faults`, async (t) => {
      const world = await started(t, { unknowns: { checkOrder } });
      await world.exchange(
        world.issuer.forgeToken({ ...cart, audiences: ["other"], signedBy: "foreign-key" }),
      );
      assert.equal(world.google.decisions().at(-1)?.rule, rule);
    });
});
