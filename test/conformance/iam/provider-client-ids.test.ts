import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AddClientIDToOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  type IAMClient,
  RemoveClientIDFromOpenIDConnectProviderCommand,
} from "@aws-sdk/client-iam";
import { createProvider, iamSandbox, providerArn, refused } from "../../support/iam.ts";

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `client-${index}`);
const full = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100";

async function stored(iam: IAMClient): Promise<string[] | undefined> {
  const answer = await iam.send(
    new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn }),
  );
  return answer.ClientIDList;
}

const add = (iam: IAMClient, id: string): Promise<unknown> =>
  iam.send(
    new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn, ClientID: id }),
  );
const remove = (iam: IAMClient, id: string): Promise<unknown> =>
  iam.send(
    new RemoveClientIDFromOpenIDConnectProviderCommand({
      OpenIDConnectProviderArn: providerArn,
      ClientID: id,
    }),
  );

describe("IAM provider-client-ids", () => {
  test("client IDs lose their duplicates and keep their order, and none at all is legal", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam, { ClientIDList: ["b", "a", "b", "B"] });
    assert.deepEqual(await stored(iam), ["b", "a", "B"]);
    await createProvider(iam, { Url: "https://empty.example.test", ClientIDList: [] });
  });

  test("a provider without client IDs gives an empty list", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam, { ClientIDList: undefined });
    assert.deepEqual(await stored(iam), []);
  });

  test("adding a client ID that is there, and removing one that is not, changes nothing", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam, { ClientIDList: ["a"] });
    await add(iam, "b");
    await add(iam, "b");
    assert.deepEqual(await stored(iam), ["a", "b"]);
    await remove(iam, "absent");
    await remove(iam, "a");
    await remove(iam, "a");
    assert.deepEqual(await stored(iam), ["b"]);
  });

  test("a provider takes a hundred client IDs, and not one more", async (t) => {
    const { iam } = await iamSandbox(t);
    await refused(createProvider(iam, { ClientIDList: many(101) }), "LimitExceeded", full, 409);
    await createProvider(iam, { ClientIDList: many(100) });
    await add(iam, "client-0");
    await refused(add(iam, "one-more"), "LimitExceeded", full, 409);
  });

  test("a client ID has 1 to 255 characters", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam);
    await add(iam, "a".repeat(255));
    await refused(add(iam, "a".repeat(256)), "ValidationError", /at 'clientID'.*less than or equal to 255/u);
    await refused(
      createProvider(iam, { Url: "https://other.example.test", ClientIDList: [""] }),
      "ValidationError",
      /at 'clientIDList'/u,
    );
  });
});
