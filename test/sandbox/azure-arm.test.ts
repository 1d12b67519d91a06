import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type FrontReply, throughFront } from "../support/azure-client.ts";
import {
  azureAudience,
  type AzureWorld,
  azureWorld,
  cartPath,
  issuerUrl,
  openAzureWorld,
} from "../support/azure-world.ts";

const version = "api-version=2024-11-30";

function properties(subject: string, more: object = {}): object {
  return { properties: { issuer: issuerUrl, subject, audiences: [azureAudience], ...more } };
}

/** Status, code and text of an error. */
function errorOf({ status, body }: FrontReply): readonly unknown[] {
  const { code, message } = (body["error"] ?? {}) as { code?: string; message?: string };
  return [status, code, message];
}

describe("the sandbox's ARM", () => {
  let world: AzureWorld;
  let group = "";
  before(async () => {
    world = await openAzureWorld();
    group = cartPath(world.azure).replace(/\/cart$/u, "");
  });
  after(() => world.sandbox.close());

  const ask = (method: string, path: string, body?: object, query = version): Promise<FrontReply> =>
    world.asAdmin(method, `https://management.azure.com${path}?${query}`, body);

  test("makes, changes, lists, reads and deletes an identity, whose name is the same in every case", async () => {
    const made = await ask("PUT", `${group}/till`, { location: "westeurope", tags: { podtrust: "prod" } });
    assert.equal(made.status, 201);
    const { clientId } = made.body["properties"] as { clientId: string };
    const again = await ask("PUT", `${group}/TILL`, { location: "westeurope", tags: { podtrust: "dev" } });
    assert.equal(again.status, 200);
    assert.equal((again.body["properties"] as { clientId: string }).clientId, clientId);
    const patched = await ask("PATCH", `${group}/till`, { tags: { owner: "me" } });
    assert.deepEqual([patched.status, patched.body["tags"]], [200, { owner: "me" }]);
    const listed = await ask("GET", group);
    assert.equal((listed.body["value"] as readonly object[]).length, 2);
    const read = await ask("GET", `${group}/till`.replace("resourceGroups", "RESOURCEGROUPS"));
    assert.deepEqual([read.body["name"], read.body["location"]], ["till", "westeurope"]);
    const one = await ask("GET", group, undefined, `${version}&$top=1`);
    assert.match(String(one.body["nextLink"]), /^https:\/\/management\.azure\.com\/.*skiptoken=1/u);
    assert.equal((await ask("DELETE", `${group}/till`)).status, 200);
    assert.equal((await ask("DELETE", `${group}/till`)).status, 204);
    assert.equal((await ask("GET", `${group}/till`)).status, 404);
  });

  test("says where a resource group is, and makes none", async () => {
    const path = group.replace(/\/providers\/.*$/u, "");
    const { status, body } = await ask("GET", path);
    assert.deepEqual([status, body["name"], body["location"]], [200, "podtrust", "westeurope"]);
    assert.equal((await ask("PUT", path, { location: "westeurope" })).status, 405);
    assert.equal((await ask("GET", path.replace(/podtrust$/u, "nowhere"))).status, 404);
  });

  test("makes, replaces, reads and deletes a federated credential", async () => {
    const path = `${group}/cart/federatedIdentityCredentials/web`;
    const made = await ask("PUT", path, properties("system:serviceaccount:shop:web"));
    assert.equal(made.status, 201);
    assert.equal(made.body["name"], "web");
    assert.equal((await ask("PUT", path, properties("system:serviceaccount:shop:site"))).status, 200);
    const { body } = await ask("GET", path);
    assert.deepEqual(body["properties"], {
      issuer: issuerUrl,
      subject: "system:serviceaccount:shop:site",
      audiences: [azureAudience],
    });
    assert.equal((await ask("DELETE", path)).status, 200);
    assert.equal((await ask("DELETE", path)).status, 204);
    assert.equal((await ask("GET", path)).status, 404);
  });

  const bad = "BadRequest";
  const refusals: readonly (readonly [
    what: string,
    name: string,
    body: object,
    status: number,
    code: string,
    text: RegExp,
  ])[] = [
    [
      "two audiences",
      "x-1",
      properties("s", { audiences: ["a", "b"] }),
      400,
      "InvalidFederatedIdentityCredentialsAudienceLength",
      /must have exactly 1 audience\.$/u,
    ],
    [
      "no audience",
      "x-1",
      properties("s", { audiences: [] }),
      400,
      "InvalidFederatedIdentityCredentialsAudienceLength",
      /must have exactly 1 audience\.$/u,
    ],
    [
      "no list of audiences",
      "x-1",
      properties("s", { audiences: undefined }),
      400,
      "InvalidFederatedIdentityCredentialsAudienceLength",
      /must have exactly 1 audience\.$/u,
    ],
    [
      "no subject",
      "x-1",
      properties("s", { subject: undefined }),
      400,
      bad,
      /must specify 'issuer', 'subject'/u,
    ],
    ["a body without properties", "x-1", {}, 400, bad, /from HTTP body has empty properties$/u],
    ["a name of two letters", "ab", properties("s"), 400, bad, /name 'ab' is invalid/u],
    ["a name that begins with a dash", "-abc", properties("s"), 400, bad, /name '-abc' is invalid/u],
    ["a subject of 601 characters", "x-1", properties("s".repeat(601)), 400, bad, /600 characters/u],
    [
      "the issuer and subject of another name",
      "x-1",
      properties("system:serviceaccount:shop:cart"),
      400,
      bad,
      /^Issuer and subject combination already exists for this Managed Identity\.$/u,
    ],
  ];
  for (const [what, name, body, status, code, text] of refusals) {
    test(`refuses a federated credential with ${what}`, async () => {
      const [is, said, message] = errorOf(
        await ask("PUT", `${group}/cart/federatedIdentityCredentials/${name}`, body),
      );
      assert.deepEqual([is, said], [status, code]);
      assert.match(String(message), text);
    });
  }

  test("refuses the twenty-first federated credential of an identity, and replaces one of the twenty", async () => {
    const path = (number: number): string => `${group}/full/federatedIdentityCredentials/one-${number}`;
    await ask("PUT", `${group}/full`, { location: "westeurope" });
    for (let number = 1; number <= 20; number += 1) await ask("PUT", path(number), properties(`s${number}`));
    assert.deepEqual(errorOf(await ask("PUT", path(21), properties("s21"))).slice(0, 2), [400, bad]);
    assert.equal((await ask("PUT", path(20), properties("s21"))).status, 200);
  });

  test("refuses what is written while another federated credential of the identity is", async (t) => {
    const slow = await azureWorld(t, { writeMs: 60_000 });
    const url = (name: string): string =>
      `https://management.azure.com${cartPath(slow.azure)}/federatedIdentityCredentials/${name}?${version}`;
    const both = [1, 2].map((one) => slow.asAdmin("PUT", url(`one-${one}`), properties(`s${one}`)));
    // Whichever came first lasts until the clock is moved.
    const [status, code] = errorOf(await Promise.race(both));
    assert.deepEqual(
      [status, code],
      [409, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"],
    );
    slow.sandbox.clock.advance(60_000);
    const answers = await Promise.all(both);
    assert.deepEqual(new Set(answers.map((one) => one.status)), new Set([201, 409]));
  });

  const elsewhere: readonly (readonly [what: string, path: () => string, status: number, code: string])[] = [
    ["another subscription", () => group.replace(world.azure.subscription, "x"), 404, "SubscriptionNotFound"],
    [
      "a resource group that is not there",
      () => group.replace("/podtrust/", "/other/"),
      404,
      "ResourceGroupNotFound",
    ],
    ["an identity that is not there", () => `${group}/nobody`, 404, "ResourceNotFound"],
    [
      "the credentials of an identity that is not there",
      () => `${group}/nobody/federatedIdentityCredentials`,
      404,
      "ParentResourceNotFound",
    ],
    [
      "a resource of another provider",
      () => "/subscriptions/x/providers/Microsoft.Compute",
      404,
      "NotImplemented",
    ],
    ["a path that no percent sign makes sense in", () => "/subscriptions/%E0%A4%A", 404, "NotImplemented"],
  ];
  for (const [what, path, status, code] of elsewhere) {
    test(`says that it has not ${what}`, async () => {
      assert.deepEqual(errorOf(await ask("GET", path())).slice(0, 2), [status, code]);
    });
  }

  test("wants an api-version, a location that stays, and tags of texts", async () => {
    assert.deepEqual(errorOf(await ask("GET", group, undefined, "")).slice(0, 2), [
      400,
      "MissingApiVersionParameter",
    ]);
    const put = async (body: object) => errorOf(await ask("PUT", `${group}/cart`, body)).slice(0, 2);
    assert.deepEqual(await put({}), [400, "LocationRequired"]);
    assert.deepEqual(await put({ location: "northeurope" }), [409, "InvalidResourceLocation"]);
    assert.deepEqual(await put({ location: "westeurope", tags: { a: 1 } }), [400, "InvalidTags"]);
  });

  test("asks who comes without a token of its own for one, and by which tenant", async () => {
    const url = `https://management.azure.com${group}?${version}`;
    const bare = await throughFront(world.front, url);
    assert.deepEqual(errorOf(bare).slice(0, 2), [401, "AuthenticationFailed"]);
    assert.match(
      String(bare.headers["www-authenticate"]),
      new RegExp(
        `^Bearer authorization_uri="https://login\\.microsoftonline\\.com/${world.azure.tenant}"`,
        "u",
      ),
    );
    const shown = async (token: string) =>
      errorOf(await throughFront(world.front, url, { headers: { authorization: `Bearer ${token}` } }))[1];
    assert.equal(await shown("x"), "InvalidAuthenticationToken");
    assert.equal(
      await shown(await world.admin("https://graph.microsoft.com")),
      "InvalidAuthenticationTokenAudience",
    );
    const { body } = await world.exchange(await world.token(), {
      scope: "https://management.azure.com/.default",
    });
    assert.equal(await shown(String(body["access_token"])), "AuthorizationFailed");
  });

  test("takes no token that has expired", async (t) => {
    const another = await azureWorld(t);
    const authorization = `Bearer ${await another.admin()}`;
    another.sandbox.clock.advance(3_600_000);
    const url = `https://management.azure.com${cartPath(another.azure)}?${version}`;
    const reply = await throughFront(another.front, url, { headers: { authorization } });
    assert.deepEqual(errorOf(reply).slice(0, 2), [401, "ExpiredAuthenticationToken"]);
  });
});
