import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type FrontReply, throughFront } from "../support/azure-client.ts";
import {
  azureAudience,
  type AzureWorld,
  cartSubject,
  issuerUrl,
  openAzureWorld,
} from "../support/azure-world.ts";

const credential = { name: "site", issuer: issuerUrl, subject: "s", audiences: [azureAudience] };

function codeOf({ status, body }: FrontReply): readonly unknown[] {
  return [status, (body["error"] as { code?: string } | undefined)?.code];
}

describe("the sandbox's Graph", () => {
  let world: AzureWorld;
  let id = "";
  let appId = "";
  before(async () => {
    world = await openAzureWorld();
    const credentials = [{ name: "cart", issuer: issuerUrl, subject: cartSubject }];
    await world.azure.seed({ applications: [{ name: "shop's site", credentials }] });
    const found = world.azure.clients().find(({ name }) => name === "shop's site");
    [id, appId] = [found?.objectId ?? "", found?.clientId ?? ""];
  });
  after(() => world.sandbox.close());

  const ask = (method: string, path: string, body?: object, headers = {}): Promise<FrontReply> =>
    world.asAdmin(method, `https://graph.microsoft.com/v1.0/applications${path}`, body, headers);
  const credentials = (rest = ""): string => `/${id}/federatedIdentityCredentials${rest}`;

  test("finds an application by its ids and its name, and makes none", async () => {
    assert.equal((await ask("GET", `/${id}`)).body["appId"], appId);
    assert.equal((await ask("GET", `(appId='${appId}')`)).body["id"], id);
    const by = async (filter: string) =>
      ((await ask("GET", `?$filter=${encodeURIComponent(filter)}`)).body["value"] as readonly object[])
        .length;
    assert.equal(await by(`appId eq '${appId}'`), 1);
    assert.equal(await by("displayName eq 'shop''s site'"), 1);
    assert.equal(await by("displayName eq 'nobody'"), 0);
    assert.equal((await ask("GET", "?$filter=x")).status, 400);
    assert.equal((await ask("POST", "", { displayName: "x" })).status, 405);
    assert.deepEqual(codeOf(await ask("GET", `/${appId}`)), [404, "Request_ResourceNotFound"]);
  });

  test("takes a slash too many, as Microsoft's own client for Python sends it", async () => {
    const { body } = await world.asAdmin("GET", `https://graph.microsoft.com/v1.0//applications/${id}`);
    assert.equal(body["appId"], appId);
  });

  test("makes, lists, changes and deletes a federated credential, by its name and its id", async () => {
    const made = await ask("POST", credentials(), { ...credential, description: "ours" });
    assert.equal(made.status, 201);
    assert.equal(made.body["description"], "ours");
    assert.equal(((await ask("GET", credentials())).body["value"] as readonly object[]).length, 2);
    assert.equal((await ask("PATCH", credentials("/site"), { subject: "t" })).status, 204);
    const read = await ask("GET", credentials(`/${String(made.body["id"])}`));
    assert.deepEqual([read.body["subject"], read.body["description"]], ["t", "ours"]);
    assert.equal((await ask("DELETE", credentials("/site"))).status, 204);
    assert.equal((await ask("DELETE", credentials("/site"))).status, 404);
  });

  test("makes by PATCH where that is asked for, and else says that there is none", async () => {
    const named = credentials("(name='upsert')");
    assert.equal((await ask("PATCH", named, { ...credential, subject: "u" })).status, 404);
    const made = await ask("PATCH", named, { ...credential, subject: "u" }, { prefer: "create-if-missing" });
    assert.deepEqual([made.status, made.body["name"]], [201, "upsert"]);
  });

  test("refuses a name and a pair that are there, in Graph's own words", async () => {
    const name = await ask("POST", credentials(), { ...credential, name: "cart" });
    assert.deepEqual(codeOf(name), [409, "Request_MultipleObjectsWithSameKeyValue"]);
    const pair = await ask("POST", credentials(), { ...credential, subject: cartSubject });
    assert.deepEqual(codeOf(pair), [400, "InvalidFederatedIdentityCredentialValue"]);
    const { message, innerError } = pair.body["error"] as { message: string; innerError: object };
    assert.match(message, /^The combination of issuer and subject must be unique for the application\. /u);
    assert.deepEqual(Object.keys(innerError), ["date", "request-id", "client-request-id"]);
  });

  for (const [what, more] of [
    ["two audiences", { audiences: ["a", "b"] }],
    ["a description of 601 characters", { description: "d".repeat(601) }],
    ["a name with a blank", { name: "a b" }],
    ["no issuer", { issuer: undefined }],
  ] as const) {
    test(`refuses ${what}`, async () => {
      assert.equal((await ask("POST", credentials(), { ...credential, ...more })).status, 400);
    });
  }

  test("lets the application's workload have a token for an hour", async () => {
    const { status, body } = await world.exchange(await world.token(), { client_id: appId });
    assert.deepEqual([status, body["expires_in"]], [200, 3599]);
  });

  test("takes no token of a workload, nor none", async () => {
    const url = "https://graph.microsoft.com/v1.0/applications";
    assert.deepEqual(codeOf(await throughFront(world.front, url)), [401, "InvalidAuthenticationToken"]);
    const scope = "https://graph.microsoft.com/.default";
    const { body } = await world.exchange(await world.token(), { scope });
    const authorization = `Bearer ${String(body["access_token"])}`;
    const reply = await throughFront(world.front, url, { headers: { authorization } });
    assert.deepEqual(codeOf(reply), [403, "Authorization_RequestDenied"]);
  });
});
