import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { verifyJws } from "../../src/rules/keys/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { throughFront } from "../support/azure-client.ts";
import {
  azureAudience,
  type AzureWorld,
  azureWorld,
  cartPath,
  cartSeed,
  cartSubject,
  issuerUrl,
  openAzureWorld,
} from "../support/azure-world.ts";

const minute = 60_000;

describe("the sandbox's Entra", () => {
  let world: AzureWorld;
  before(async () => (world = await openAzureWorld()));
  after(() => world.sandbox.close());

  test("gives an access token for a projected one, and says by which credential", async () => {
    const { status, body } = await world.exchange(await world.token());
    assert.equal(status, 200);
    assert.equal(body["token_type"], "Bearer");
    assert.equal(body["expires_in"], 86_399);
    const [granted] = world.azure.decisions({ action: "entra:token" });
    assert.equal(granted?.who, cartSubject);
    assert.equal(granted.rule, "federated-credential");
    assert.equal(granted.decision, "allow");
  });

  const refusals: readonly {
    readonly what: string;
    readonly number: number;
    readonly error: string;
    readonly status?: number;
    readonly forged?: object;
    readonly parameters?: Readonly<Record<string, string>>;
  }[] = [
    {
      what: "an issuer with a slash more",
      number: 700_211,
      error: "invalid_client",
      forged: { claims: { iss: `${issuerUrl}/` } },
    },
    { what: "another ServiceAccount", number: 700_213, error: "invalid_client", forged: { name: "till" } },
    {
      what: "a subject in other letters",
      number: 7_002_138,
      error: "invalid_client",
      forged: { claims: { sub: cartSubject.toUpperCase() } },
    },
    {
      what: "AWS's audience",
      number: 700_212,
      error: "invalid_client",
      forged: { audiences: ["sts.amazonaws.com"] },
    },
    {
      what: "a key that nobody publishes",
      number: 7_000_272,
      error: "invalid_client",
      forged: { header: { kid: "x" } },
    },
    {
      what: "somebody else's signature",
      number: 700_027,
      error: "invalid_client",
      forged: { signedBy: "foreign-key" },
    },
    {
      what: "an algorithm of elliptic curves",
      number: 5_002_738,
      error: "invalid_client",
      forged: { header: { alg: "ES256" } },
    },
    {
      what: "a header without kid",
      number: 5_002_723,
      error: "invalid_client",
      forged: { header: { kid: undefined } },
    },
    {
      what: "an expired token",
      number: 700_024,
      error: "invalid_client",
      forged: { expirationSeconds: -600 },
    },
    {
      what: "a token without subject",
      number: 90_014,
      error: "invalid_request",
      forged: { claims: { sub: undefined } },
    },
    {
      what: "what is no JWT",
      number: 50_027,
      error: "invalid_request",
      parameters: { client_assertion: "x" },
    },
    {
      what: "an unknown client",
      number: 700_016,
      error: "unauthorized_client",
      parameters: { client_id: "00000000-0000-0000-0000-000000000000" },
    },
    {
      what: "a resource without /.default",
      number: 70_011,
      error: "invalid_scope",
      parameters: { scope: "https://vault.azure.net" },
    },
    {
      what: "two resources, of which it knows both",
      number: 70_011,
      error: "invalid_scope",
      parameters: { scope: "https://vault.azure.net/.default https://graph.microsoft.com/.default" },
    },
    {
      what: "a permission",
      number: 1_002_012,
      error: "invalid_scope",
      parameters: { scope: "https://vault.azure.net/user_impersonation" },
    },
    {
      what: "a call without scope",
      number: 90_014,
      error: "invalid_request",
      parameters: { scope: "" },
    },
    {
      what: "a call without grant",
      number: 900_144,
      error: "invalid_request",
      parameters: { grant_type: "" },
    },
    {
      what: "an assertion of another type",
      number: 90_011,
      error: "invalid_request",
      parameters: { client_assertion_type: "urn:x" },
    },
    {
      what: "a resource that nobody knows",
      number: 500_011,
      error: "invalid_resource",
      parameters: { scope: "https://x.example.com/.default" },
    },
    {
      what: "another grant",
      number: 70_003,
      error: "unsupported_grant_type",
      parameters: { grant_type: "password" },
    },
    {
      what: "a call without assertion",
      number: 7_000_216,
      error: "invalid_client",
      parameters: { client_assertion: "" },
    },
  ];
  for (const { what, number, error, forged, parameters = {} } of refusals) {
    test(`refuses ${what} with AADSTS${number}`, async () => {
      const issuer = await world.sandbox.issuer();
      const assertion = issuer.forgeToken({
        namespace: "shop",
        name: "cart",
        audiences: [azureAudience],
        ...forged,
      });
      const { status, body } = await world.exchange(assertion, parameters);
      assert.deepEqual(body["error_codes"], [number]);
      assert.equal(body["error"], error);
      const uri = `https://login.microsoftonline.com/error?code=${number}`;
      assert.equal(body["error_uri"], [70_003, 70_011, 700_211].includes(number) ? undefined : uri);
      assert.equal(status, error === "invalid_client" ? 401 : 400);
      assert.match(
        String(body["error_description"]),
        new RegExp(
          `^AADSTS${number}: .* Trace ID: \\S{36} Correlation ID: \\S{36} Timestamp: [-\\d]+ [:\\d]+Z$`,
          "u",
        ),
      );
      const [refused] = world.azure.decisions({ code: `AADSTS${number}` });
      assert.equal(refused?.decision, "deny");
      assert.ok((refused.why ?? "").length > 10 && (refused.next ?? "").length > 10);
    });
  }

  test("asks a client secret for all that it asks an assertion for: the resource last", async () => {
    const { azure, front, clientId } = world;
    const { clientId: adminId, clientSecret } = azure.admin;
    const ask = async (parameters: Readonly<Record<string, string>>, tenant = azure.tenant) => {
      const url = `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`;
      const form = new URLSearchParams({
        grant_type: "client_credentials",
        client_id: adminId,
        client_secret: clientSecret,
        scope: "https://management.azure.com/.default",
        ...parameters,
      });
      const { body, status } = await throughFront(front, url, { method: "POST", body: form });
      return [status, ...((body["error_codes"] ?? []) as readonly number[])];
    };
    const nobody = "00000000-0000-0000-0000-000000000000";
    const strange = { scope: "https://x.example.com/.default" };
    assert.deepEqual(await ask({}), [200]);
    assert.deepEqual(await ask({}, nobody), [400, 90_002]);
    assert.deepEqual(await ask({ grant_type: "" }), [400, 900_144]);
    assert.deepEqual(await ask({ grant_type: "password" }), [400, 70_003]);
    assert.deepEqual(await ask({ scope: "" }), [400, 90_014]);
    assert.deepEqual(await ask({ scope: "https://management.azure.com" }), [400, 70_011]);
    assert.deepEqual(await ask({ client_id: nobody }), [400, 700_016]);
    assert.deepEqual(await ask({ client_secret: "wrong" }), [401, 7_000_215]);
    assert.deepEqual(await ask({ client_id: clientId, ...strange }), [401, 7_000_215]);
    assert.deepEqual(await ask({ client_secret: "" }), [401, 7_000_216]);
    assert.deepEqual(await ask(strange), [400, 500_011]);
  });

  test("says that a tenant is in no other cloud, and that a name is none", async () => {
    const { front, azure } = world;
    const at = async (host: string, tenant: string): Promise<unknown> => {
      const url = `https://${host}/${tenant}/v2.0/.well-known/openid-configuration`;
      const { body } = await throughFront(front, url);
      return body["error_codes"] ?? body["token_endpoint"];
    };
    const own = `https://login.microsoftonline.com/${azure.tenant}/oauth2/v2.0/token`;
    assert.equal(await at("login.microsoftonline.com", azure.tenant), own);
    assert.equal(await at("login.windows.net", "podtrust.onmicrosoft.com"), own);
    assert.deepEqual(await at("login.microsoftonline.us", azure.tenant), [90_002]);
    assert.deepEqual(await at("login.microsoftonline.com", "00000000-0000-0000-0000-000000000000"), [90_002]);
    assert.deepEqual(await at("login.microsoftonline.com", "prod"), [900_023]);
  });

  test("tells MSAL's libraries which names are one cloud's, and refuses by name what it has not", async () => {
    const at = async (path: string) => throughFront(world.front, `https://login.microsoftonline.com${path}`);
    const query = `api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/${world.azure.tenant}/oauth2/v2.0/authorize`;
    const { body } = await at(`/common/discovery/instance?${query}`);
    assert.equal(
      body["tenant_discovery_endpoint"],
      `https://login.microsoftonline.com/${world.azure.tenant}/v2.0/.well-known/openid-configuration`,
    );
    const [own] = body["metadata"] as readonly { aliases: readonly string[] }[];
    assert.ok(own?.aliases.includes("login.windows.net"));
    const none = await at(`/${world.azure.tenant}/oauth2/v2.0/authorize`);
    assert.equal(none.status, 404);
    assert.match(String(none.body["error_description"]), /^podtrust sandbox: Entra's stand-in has no GET /u);
  });

  test("signs its access tokens with a key that its tenant publishes", async () => {
    const url = `https://login.microsoftonline.com/${world.azure.tenant}/discovery/v2.0/keys`;
    const { body } = await throughFront(world.front, url);
    const { body: granted } = await world.exchange(await world.token());
    const jws = parseJws(String(granted?.["access_token"]));
    const [key] = body["keys"] as readonly object[];
    assert.ok(verifyJws(jws, key));
    assert.equal(jws.claims["aud"], "https://vault.azure.net");
    assert.equal(jws.claims["appid"], world.clientId);
  });

  test("does not see a credential until it has spread, and goes on seeing one that was deleted", async (t) => {
    const slow = await azureWorld(t, { propagationMs: 2 * minute });
    const { azure, sandbox } = slow;
    const url = `https://management.azure.com${cartPath(azure)}/federatedIdentityCredentials/cart?api-version=2024-11-30`;
    const numbers = async () => (await slow.exchange(await slow.token())).body["error_codes"];
    assert.equal((await slow.asAdmin("DELETE", url)).status, 200);
    assert.equal(await numbers(), undefined);
    sandbox.clock.advance(2 * minute);
    assert.deepEqual(await numbers(), [700_211]);
    const properties = { issuer: issuerUrl, subject: cartSubject, audiences: [azureAudience] };
    assert.equal((await slow.asAdmin("PUT", url, { properties })).status, 201);
    assert.deepEqual(await numbers(), [700_211]);
    sandbox.clock.advance(minute);
    assert.deepEqual(await numbers(), [700_211]);
    await sandbox.spread();
    assert.equal(await numbers(), undefined);
  });

  test("knows no key of a new issuer for a while, and none that is new in the set until it looks again", async (t) => {
    const slow = await azureWorld(t, { newIssuerMs: 20 * minute, issuerCacheMs: 30 * minute });
    const { sandbox } = slow;
    const numbers = async () => (await slow.exchange(await slow.token())).body["error_codes"];
    assert.deepEqual(await numbers(), [7_000_272]);
    sandbox.clock.advance(19 * minute);
    assert.deepEqual(await numbers(), [7_000_272]);
    sandbox.clock.advance(minute);
    assert.equal(await numbers(), undefined);
    const { keys } = (await sandbox.issuer()).cluster;
    keys.promote((await keys.create()).kid);
    assert.deepEqual(await numbers(), [7_000_272]);
    sandbox.clock.advance(10 * minute);
    assert.equal(await numbers(), undefined);
    keys.promote((await keys.create()).kid);
    assert.deepEqual(await numbers(), [7_000_272]);
    slow.azure.spread();
    assert.equal(await numbers(), undefined);
  });

  test("says that the issuer cannot be read where its documents are not there", async (t) => {
    const another = await azureWorld(t);
    (await another.sandbox.issuer()).fail("not-found");
    assert.deepEqual((await another.exchange(await another.token())).body["error_codes"], [50_166]);
  });

  test("forgets all but its administrator at a reset, and writes every decision where the sandbox's go", async () => {
    const said: string[] = [];
    const sandbox = await startSandbox({ azure: {}, onDecision: ({ action }) => said.push(action) });
    try {
      await sandbox.azure?.seed(cartSeed());
      assert.deepEqual(
        sandbox.azure?.clients().map(({ name }) => name),
        ["cart"],
      );
      const { url = "" } = sandbox.front ?? {};
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/u);
      if (sandbox.front !== undefined)
        await throughFront(sandbox.front, "https://login.microsoftonline.com/common/discovery/instance");
      assert.deepEqual(said, ["entra:GET"]);
      await sandbox.reset();
      assert.deepEqual([sandbox.azure?.clients(), sandbox.azure?.decisions()], [[], []]);
    } finally {
      await sandbox.close();
    }
  });
});
