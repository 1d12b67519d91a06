import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, oneProblem, parse, problemsOf } from "../../../test/support/config-text.ts";

const tenant = "11111111-2222-3333-4444-555555555555";
const subscription = "33333333-4444-5555-6666-777777777777";
const client = "22222222-3333-4444-5555-66666666ABCD";

const group = (more = ""): string =>
  `${minimal}azure:\n  - {tenant: ${tenant}, subscription: ${subscription}, resourceGroup: podtrust${more}}\n`;
const identities = (...list: readonly string[]): string => group(`, identities: [${list.join(", ")}]`);
const accounts = (count: number): string => Array.from({ length: count }, (_, n) => `shop/w${n}`).join(", ");

describe("the azure section of a config", () => {
  test("is in the public cloud, and knows identities by name and applications by client id", async () => {
    const { azure } = await parse(
      identities(
        `{name: web, serviceAccounts: [shop/web]}`,
        `{name: orders, clientId: ${client}, serviceAccounts: [shop/db]}`,
        `{application: ${client}, serviceAccounts: [shop/web]}`,
      ),
    );
    const clientId = client.toLowerCase();
    assert.deepEqual(azure, [
      {
        tenant,
        cloud: "public",
        subscription,
        resourceGroup: "podtrust",
        identities: [
          { kind: "managed", name: "web", serviceAccounts: ["shop/web"] },
          { kind: "managed", name: "orders", serviceAccounts: ["shop/db"], clientId },
          { kind: "application", clientId, serviceAccounts: ["shop/web"] },
        ],
      },
    ]);
    const { azure: groups } = await parse(group(", cloud: usgov, location: usgovvirginia"));
    assert.deepEqual([groups[0]?.cloud, groups[0]?.location], ["usgov", "usgovvirginia"]);
  });

  test("an identity takes twenty ServiceAccounts, and no more", async () => {
    const of = (count: number): string => identities(`{name: web, serviceAccounts: [${accounts(count)}]}`);
    assert.deepEqual(await problemsOf(of(20)), []);
    const { key, accepted } = await oneProblem(of(21));
    assert.equal(key, "azure[0].identities[0].serviceAccounts");
    assert.match(accepted ?? "", /1 to 20: each takes a federated credential/u);
  });

  test("tenant, subscription and client ids are GUIDs", async () => {
    const text = group().replace(tenant, "contoso.onmicrosoft.com").replace(subscription, `${subscription}0`);
    const problems = await problemsOf(text);
    assert.deepEqual(
      problems.map(({ key }) => key),
      ["azure[0].tenant", "azure[0].subscription"],
    );
    const { key } = await oneProblem(identities("{application: my-app, serviceAccounts: [shop/web]}"));
    assert.equal(key, "azure[0].identities[0].application");
  });

  test("a group, an identity, an application and a ServiceAccount of an identity stand once", async () => {
    const text = `${identities(
      `{name: web, serviceAccounts: [shop/web, shop/web]}`,
      `{name: Web, serviceAccounts: [shop/db]}`,
      `{application: ${client}, serviceAccounts: [shop/web]}`,
      `{application: ${client.toLowerCase()}, serviceAccounts: [shop/web]}`,
    )}  - {tenant: ${tenant}, subscription: ${subscription}, resourceGroup: PodTrust}\n`;
    assert.deepEqual(
      (await problemsOf(text)).map(({ key }) => key),
      [
        "azure[0].identities[0].serviceAccounts[1]",
        "azure[0].identities[1].name",
        "azure[0].identities[3].application",
        "azure[1].subscription",
      ],
    );
  });

  test("an issuer of more than 600 characters is refused", async () => {
    const issuer = `https://oidc.example.com/${"a".repeat(600)}`;
    const { key, message } = await oneProblem(group().replace("https://oidc.example.com", issuer));
    assert.equal(key, "issuer");
    assert.match(message, /more than the 255 characters/u);
  });
});
