import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startStandInAzure } from "../../src/sandbox/azure.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { type FrontReply, throughFront } from "../support/azure-client.ts";
import { azureAudience, type AzureWorld, cartSubject, openAzureWorld } from "../support/azure-world.ts";

const color = "https://shop.vault.azure.net/secrets/color";
const version = "api-version=7.6";

function codeOf({ status, body }: FrontReply): readonly unknown[] {
  return [status, (body["error"] as { code?: string } | undefined)?.code];
}

describe("the sandbox's Key Vault", () => {
  let world: AzureWorld;
  before(async () => {
    world = await openAzureWorld();
    await world.azure.seed({
      applications: [{ name: "site" }],
      secrets: [
        { vault: "shop", name: "color", value: "red", readers: ["cart"] },
        { vault: "shop", name: "till", value: "blue", readers: ["site"] },
      ],
    });
  });
  after(() => world.sandbox.close());

  async function read(url: string, query = version): Promise<FrontReply> {
    const { body } = await world.exchange(await world.token());
    const authorization = `Bearer ${String(body["access_token"])}`;
    return throughFront(world.front, `${url}?${query}`, { headers: { authorization } });
  }

  test("tells who comes without a token where to get one, and for what", async () => {
    const reply = await throughFront(world.front, `${color}?${version}`);
    assert.deepEqual(codeOf(reply), [401, "Unauthorized"]);
    assert.equal(
      reply.headers["www-authenticate"],
      `Bearer authorization="https://login.microsoftonline.com/${world.azure.tenant}", resource="https://vault.azure.net"`,
    );
  });

  test("gives a secret to its reader, by its newest version and by that version's name", async () => {
    const { status, body } = await read(color);
    assert.deepEqual([status, body["value"]], [200, "red"]);
    assert.equal((await read(String(body["id"]))).body["value"], "red");
    assert.equal((await read(`${color}/`)).body["value"], "red");
  });

  test("gives it to nobody else, and says who was refused by what", async () => {
    assert.deepEqual(codeOf(await read("https://shop.vault.azure.net/secrets/till")), [403, "Forbidden"]);
    const [refused] = world.azure.decisions({ action: "vault:GET", decision: "deny", rule: "readers" });
    assert.equal(refused?.who, world.clientId);
  });

  test("says that a secret, a version and another vault's are not there", async () => {
    for (const url of [`${color}s`, `${color}/0123`, color.replace("shop", "other")])
      assert.deepEqual(codeOf(await read(url)), [404, "SecretNotFound"]);
    assert.deepEqual(codeOf(await read(color, "")), [400, "BadParameter"]);
    assert.deepEqual(codeOf(await read("https://shop.vault.azure.net/keys/x")), [404, "NotImplemented"]);
  });

  test("takes a new value from its administrator alone", async () => {
    const url = `https://shop.vault.azure.net/secrets/size?${version}`;
    assert.equal((await world.asAdmin("PUT", url, { value: "large" })).status, 200);
    assert.equal((await read("https://shop.vault.azure.net/secrets/size")).body["value"], "large");
    const { body } = await world.exchange(await world.token());
    const headers = { authorization: `Bearer ${String(body["access_token"])}` };
    const reply = await throughFront(world.front, url, { method: "PUT", headers, body: { value: "x" } });
    assert.deepEqual(codeOf(reply), [403, "Forbidden"]);
  });

  test("keeps a secret from who could not read it before when it gets a new value", async () => {
    const till = "https://shop.vault.azure.net/secrets/till";
    assert.equal((await world.asAdmin("PUT", `${till}?${version}`, { value: "green" })).status, 200);
    assert.deepEqual(codeOf(await read(till)), [403, "Forbidden"]);
    assert.equal((await world.asAdmin("PUT", `${color}?${version}`, { value: "white" })).status, 200);
    assert.equal((await read(color)).body["value"], "white");
  });
});

describe("a seed of Azure", () => {
  const wrong: readonly (readonly [what: string, seed: object, message: RegExp])[] = [
    ["a part that is none", { identitys: [] }, /^a seed of Azure has no identitys$/u],
    ["an identity without a name", { identities: [{}] }, /^identities\[0\] has no name$/u],
    [
      "a tag that is no text",
      { identities: [{ name: "x", tags: { a: 1 } }] },
      /tags is not an object of texts$/u,
    ],
    [
      "a credential without a subject",
      { applications: [{ name: "x", credentials: [{ name: "one", issuer: "https://a.test" }] }] },
      /^applications\[0\]\.credentials\[0\] has no subject$/u,
    ],
    [
      "a credential that Azure refuses",
      { applications: [{ name: "x", credentials: [{ name: "a", issuer: "https://a.test", subject: "s" }] }] },
      /^Azure refuses the federated credential a of x: name$/u,
    ],
    [
      "a resource group that is not there",
      { identities: [{ name: "x", resourceGroup: "y" }] },
      /no resource group y$/u,
    ],
    [
      "a reader who is nobody",
      { secrets: [{ vault: "v", name: "n", value: "x", readers: ["y"] }] },
      /^nothing in the tenant is called y$/u,
    ],
    [
      "a secret's name that is none",
      { secrets: [{ vault: "v", name: "a b", value: "x" }] },
      /^Key Vault refuses/u,
    ],
  ];
  for (const [what, seed, message] of wrong) {
    test(`with ${what} is refused`, async (t) => {
      const azure = await startStandInAzure();
      t.after(() => azure.close());
      await assert.rejects(azure.seed(seed), { code: "sandbox-seed", message });
    });
  }

  for (const [what, options, message] of [
    ["a tenant that is no UUID", { tenant: "prod" }, /tenant "prod" is not a UUID/u],
    ["a time below zero", { propagationMs: -1 }, /propagationMs is -1/u],
    ["a cloud that is none", { cloud: "moon" as "public" }, /cloud "moon" is none of public, usGov, china$/u],
  ] as const) {
    test(`cannot be for a stand-in with ${what}`, async () => {
      await assert.rejects(startStandInAzure(options), { code: "usage", message });
    });
  }
});

describe("the stand-in for Azure alone", () => {
  test("takes tokens of anybody's issuer that it is led to", async (t) => {
    const cluster = await startStandInCluster({ issuer: "https://oidc.example.test", algorithm: "RS256" });
    t.after(() => cluster.close());
    const issuer = await cluster.serveIssuer();
    t.after(() => issuer.close());
    const { connectTo, ca } = issuer;
    const azure = await startStandInAzure({ connectTo, ca, propagationMs: 0, newIssuerMs: 0 });
    t.after(() => azure.close());
    await azure.seed({
      identities: [
        { name: "cart", credentials: [{ name: "cart", issuer: issuer.url, subject: cartSubject }] },
      ],
    });
    const form = new URLSearchParams({
      client_id: azure.clients()[0]?.clientId ?? "",
      scope: "https://vault.azure.net/.default",
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: cluster.createToken({ namespace: "shop", name: "cart", audiences: [azureAudience] }),
    });
    const url = `https://login.microsoftonline.com/${azure.tenant}/oauth2/v2.0/token`;
    const { status } = await throughFront(azure.front, url, { method: "POST", body: form });
    assert.equal(status, 200);
    azure.reset();
    assert.deepEqual(azure.clients(), []);
  });
});
