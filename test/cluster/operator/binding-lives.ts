import assert from "node:assert/strict";
import { CreateRoleCommand, GetAccountAuthorizationDetailsCommand } from "@aws-sdk/client-iam";
import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../../src/core/base/index.ts";
import { account, bindingOf, webRole } from "../../support/bindings/objects.ts";
import type { BindingsWorld } from "../bindings/world.ts";

const ssm = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
const readPolicy = `arn:aws:iam::${account}:policy/shop/read`;
const bindings = "/apis/podtrust.dev/v1alpha1/namespaces/shop/awsrolebindings";
const accounts = "/api/v1/namespaces/shop/serviceaccounts";

/** The one account of the sandbox, and what namespace shop may have there. */
export async function grantShop({ plane }: BindingsWorld): Promise<void> {
  const grants = [{ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm, readPolicy] }];
  const spec = { accounts: [{ id: account, region: "eu-central-1" }], grants };
  await plane.kubectl(["patch", "awstrust", "default", "--type=merge", "-p", JSON.stringify({ spec })]);
}

/** Bindings of the namespace shop, as people make, change and delete them at one of the API servers. */
export class BindingLives {
  readonly #world: BindingsWorld;
  readonly #server: number;

  constructor(world: BindingsWorld, server = 0) {
    this.#world = world;
    this.#server = server;
  }

  async ask(method: string, path: string, body?: unknown): Promise<JsonRecord> {
    const options = { method, server: this.#server, ...defined({ body }) };
    const { status, text } = await this.#world.plane.ask(path, options);
    assert.ok(status < 300, `${method} ${path}: ${text}`);
    return JSON.parse(text) as JsonRecord;
  }

  /** With its ServiceAccount. */
  async make(name: string): Promise<void> {
    const metadata = { namespace: "shop", name };
    await this.ask("POST", accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata });
    await this.ask("POST", bindings, bindingOf({ roles: [webRole] }, { name }));
  }

  /** From one policy to two, or back. */
  async change(name: string): Promise<void> {
    for (;;) {
      const object = await this.ask("GET", `${bindings}/${name}`);
      const [role] = recordsOf(recordOf(object["spec"])["roles"]);
      const { length } = recordOf(role?.["managed"])["policies"] as readonly string[];
      const managed = { policies: length === 1 ? [ssm, readPolicy] : [ssm] };
      const body = { ...object, spec: { ...recordOf(object["spec"]), roles: [{ ...role, managed }] } };
      const options = { method: "PUT", server: this.#server, body };
      const { status, text } = await this.#world.plane.ask(`${bindings}/${name}`, options);
      if (status === 200) return;
      // The operator wrote its status in between.
      assert.equal(status, 409, text);
    }
  }

  async drop(name: string): Promise<void> {
    await this.ask("DELETE", `${bindings}/${name}`);
    await this.ask("DELETE", `${accounts}/${name}`);
  }

  async list(): Promise<ReadonlyMap<string, JsonRecord>> {
    const { items } = await this.ask("GET", bindings);
    return new Map(recordsOf(items).map((item) => [textOf(recordOf(item["metadata"])["name"]) ?? "", item]));
  }

  /** Whether these bindings, and no others, are Ready as they are now. */
  async areReady(...names: readonly string[]): Promise<boolean> {
    const all = await this.list();
    return (
      all.size === names.length &&
      names.every((name) => {
        const object = all.get(name) ?? {};
        const { conditions, observedGeneration } = recordOf(object["status"]);
        const ready = recordsOf(conditions).find(({ type }) => type === "Ready");
        return (
          ready?.["status"] === "True" && observedGeneration === recordOf(object["metadata"])["generation"]
        );
      })
    );
  }

  /** When STS let a binding's ServiceAccount in last, milliseconds since the epoch. */
  async provedAt(name: string): Promise<number> {
    const { lastProof } = recordOf((await this.ask("GET", `${bindings}/${name}`))["status"]);
    return Date.parse(textOf(lastProof) ?? "");
  }

  /** The policies of a binding's role, without their ARNs' beginnings; undefined where there is no such role. */
  async policies(name: string): Promise<readonly string[] | undefined> {
    const role = await this.#world.role(`prod.shop.${name}`);
    return role?.policies.map((arn) => arn.slice(arn.lastIndexOf("/") + 1)).toSorted();
  }
}

/** All roles of the account that are not of these bindings, with all that is on them, as one text. */
export async function rolesOfOthers({ iam }: BindingsWorld): Promise<string> {
  const command = new GetAccountAuthorizationDetailsCommand({ Filter: ["Role"], MaxItems: 1000 });
  const { RoleDetailList = [] } = await iam.send(command);
  const isOthers = (
    tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
  ): boolean =>
    !tags.some(({ Key, Value }) => Key === "podtrust:stack" && Value?.startsWith("prod/shop/") === true);
  const others = RoleDetailList.filter(({ Tags }) => isOthers(Tags));
  assert.ok(others.length > 0, "there are roles of others");
  return JSON.stringify(others.toSorted((a, b) => (a.RoleName ?? "").localeCompare(b.RoleName ?? "")));
}

/** Roles that look like a binding's and are none: by their name, by their marks, by whom they trust. */
export async function makeRolesOfOthers({ iam, issuer }: BindingsWorld): Promise<void> {
  const provider = `arn:aws:iam::${account}:oidc-provider/${issuer.issuer.replace("https://", "")}`;
  const statement = {
    Effect: "Allow",
    Principal: { Federated: provider },
    Action: "sts:AssumeRoleWithWebIdentity",
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  const tags = (stack: string) => [
    { Key: "podtrust:stack", Value: stack },
    { Key: "podtrust:format", Value: "1" },
  ];
  for (const [RoleName, Tags] of [
    ["prod.shop.nobodys", []],
    ["test.shop.another", tags("test/shop/another")],
    ["prod", tags("prod")],
  ] as const)
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, Tags: [...Tags] }));
}
