import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import { openTofuText } from "../../src/stack/index.ts";

const client = "22222222-3333-4444-5555-666666666666";
const yaml = (more = ""): string => `stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
azure:
  - tenant: 11111111-2222-3333-4444-555555555555
    subscription: 33333333-4444-5555-6666-777777777777
    resourceGroup: podtrust
    identities:
      - {name: web, serviceAccounts: [shop/web]}
${more}`;

async function exported(more?: string): Promise<string> {
  return openTofuText(await parseConfig(yaml(more), "/podtrust.yaml", {}), { imports: true });
}

describe("a resource group of Azure in OpenTofu", () => {
  test("has podtrust's tags and names, so that both see the same things", async () => {
    const text = await exported();
    assert.match(text, /podtrust-stack += "prod"/u);
    assert.match(text, /name += "podtrust-prod_[0-9a-f]{8}-[0-9a-f]{16}"/u);
    assert.match(text, /audience += \["api:\/\/AzureADTokenExchange"\]/u);
    assert.match(text, /subject += "system:serviceaccount:shop:web"/u);
  });

  test("takes over identities and their credentials by the ids that Azure has for them", async () => {
    const id =
      "/subscriptions/33333333-4444-5555-6666-777777777777/resourceGroups/podtrust/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web";
    const text = await exported();
    assert.ok(text.includes(`"${id}"`), text);
    assert.match(
      text,
      new RegExp(`"${id}/federatedIdentityCredentials/podtrust-prod_[0-9a-f]{8}-[0-9a-f]{16}"`, "u"),
    );
  });

  test("gives an application's credentials the stack's mark, and asks Entra's provider only for those", async () => {
    const text = await exported(`      - {application: ${client}, serviceAccounts: [shop/site]}\n`);
    assert.match(text, /source += "hashicorp\/azuread"/u);
    assert.match(text, new RegExp(`client_id += "${client}"`, "u"));
    assert.match(text, /description += "podtrust stack=prod format=1 id=3f2a91bc"/u);
    assert.doesNotMatch(await exported(), /azuread/u);
  });

  test("is where the config says, else where the resource group is", async () => {
    assert.match(await exported(), /location += data\.azurerm_resource_group\.podtrust\.location/u);
    const text = await openTofuText(
      await parseConfig(
        yaml().replace("resourceGroup: podtrust", "resourceGroup: podtrust\n    location: northeurope"),
        "/podtrust.yaml",
        {},
      ),
    );
    assert.match(text, /location += "northeurope"/u);
  });
});
