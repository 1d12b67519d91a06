/** What `plan --bindings` and `bind` print with `--json`, for each relying party. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { JsonRecord } from "../../src/core/base/index.ts";
import { azureStackWorld } from "../azure/stack-world.ts";
import {
  environmentOf,
  googleBindingsWorld,
  shop,
  trustSpec as googleSpec,
  web,
} from "../gcp/bindings-world.ts";
import { azureBindingOf, azureTrustOf } from "../support/bindings/azure-cases.ts";
import { googleBinding, googleTrust } from "../support/bindings/google.ts";
import { bindingOf, trustOf, trustSpec, webRole } from "../support/bindings/objects.ts";
import { podtrustHere } from "../support/cli.ts";
import { account } from "../support/sandbox.ts";
import { readOnly, stackWorld } from "../support/stack-world.ts";
import { ShownRuns } from "./shown.ts";

const binds = [
  "shop/web --policy AmazonSSMReadOnlyAccess --account 111122223333 --max-session 2h --tag team=shop",
  "shop/web --existing arn:aws:iam::111122223333:role/shop/web",
  "shop/web --adopt arn:aws:iam::111122223333:role/legacy-shop --policy AmazonSSMReadOnlyAccess",
  "shop/web --for azure",
  "shop/web --for azure --existing web --group shared --trust second",
  "shop/web --for gcp",
  `shop/web --for gcp --existing ${web}`,
  "shop/web --for gcp --tag team=shop",
];

describe("the golden output of bindings as files", () => {
  test("of podtrust bind, for each relying party", async () => {
    const runs = new ShownRuns();
    for (const words of binds) {
      const line = `bind ${words}`;
      runs.add(line, await podtrustHere([...line.split(" "), "--json"]));
    }
    runs.hold("bind");
  });

  test("of podtrust plan --bindings, with plans and with refusals of each relying party", async (t) => {
    const aws = await stackWorld(t);
    const google = await googleBindingsWorld(t);
    const azure = await azureStackWorld();
    t.after(() => azure.close());
    await azure.reset({ identities: [{ name: "web" }] });
    const env = {
      ...(await environmentOf(aws.folder, google.google, google.google.adminFile)),
      ...azure.env,
    };
    const { tenant, subscription } = azure.azure;
    const accounts = [{ id: account, region: "eu-central-1" }];
    const awsGrant = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [readOnly] };
    const groups = [{ name: "shared", subscription, resourceGroup: "podtrust" }];
    const azureGrant = { name: "shop", namespaces: ["shop"], groups: ["shared"], identities: ["web"] };
    const issuer = "https://oidc.example.com";
    const trusts = [
      trustOf({ ...trustSpec, accounts, grants: [awsGrant] }),
      googleTrust({ ...googleSpec, grants: [shop] }),
      azureTrustOf({ stack: "prod", issuer, tenant, groups, grants: [azureGrant] }),
    ];
    const folders: Readonly<Record<string, readonly JsonRecord[]>> = {
      granted: [
        bindingOf({ roles: [webRole] }),
        googleBinding({ trust: "default", email: web }),
        azureBindingOf({ trust: "default", existing: { name: "web" } }),
      ],
      refused: [
        bindingOf({
          roles: [{ ...webRole, managed: { policies: ["arn:aws:iam::aws:policy/AdministratorAccess"] } }],
        }),
        googleBinding({ trust: "default", email: "bank@other.iam.gserviceaccount.com" }),
        azureBindingOf({ trust: "default", existing: { name: "root" } }),
      ],
      mistaken: [
        bindingOf({ roles: [] }),
        googleBinding({ trust: "default" }),
        azureBindingOf({ existing: {} }),
      ],
    };
    const runs = new ShownRuns();
    for (const [name, bindings] of Object.entries(folders)) {
      await mkdir(join(aws.folder, name));
      const list = { apiVersion: "v1", kind: "List", items: [...trusts, ...bindings] };
      await writeFile(join(aws.folder, name, "all.json"), JSON.stringify(list));
      const line = `plan --bindings ${name}`;
      runs.add(line, await aws.podtrust([...line.split(" "), "--json"], { env, clock: azure.clock }));
    }
    runs.hold("binding-files");
  });
});
