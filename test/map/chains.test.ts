import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { breakageOf, mapPage, trustMap, type TrustMap } from "../../src/map/index.ts";
import type { RoleState } from "../../src/stack/parts/index.ts";
import { account, accountWith, factsOf, inCluster, onlyFor, role, trust, wanted } from "./facts.ts";

const other = "444455556666";
const arnOf = (name: string, of = account): string => `arn:aws:iam::${of}:role/${name}`;

const policy = (Statement: object): string => JSON.stringify({ Version: "2012-10-17", Statement });
const mayAssume = (Resource: string, Effect = "Allow"): Record<string, string> => ({
  assume: policy({ Effect, Action: "sts:AssumeRole", Resource }),
});
const lets = (AWS: string, more: object = {}): string =>
  policy({ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole", ...more });

const web = (more: Partial<RoleState> = {}): RoleState =>
  role("web", trust(onlyFor("shop/web")), { policies: [], ...more });
const target = (name: string, trustPolicy: string, of = account): RoleState => ({
  ...role(name, trustPolicy),
  arn: arnOf(name, of),
  account: of,
});

function mapOf(...roles: readonly RoleState[]): TrustMap {
  const accounts = [account, other].map((id) =>
    accountWith(
      roles.filter((one) => one.account === id),
      { account: id, ...(id === account ? { wanted: [wanted("web", "shop/web")] } : { providers: [] }) },
    ),
  );
  return trustMap(factsOf({ ...inCluster("shop/web"), accounts }));
}

const chainsOf = ({ links }: TrustMap): readonly string[] =>
  links
    .filter(({ kind }) => kind === "assumes")
    .map(({ from, to }) => `${from.split("/")[1]} → ${to.split("/")[1]}`);
const textOf = ({ findings }: TrustMap): string =>
  findings
    .filter(({ rule }) => rule === "role-chain")
    .map(({ text }) => text)
    .join("\n");

describe("roles that lead on to roles", () => {
  test("a role whose trust policy names another of its account is one that the other's sessions become", () => {
    const map = mapOf(web(), target("admin", lets(arnOf("web"))));
    assert.deepEqual(chainsOf(map), ["web → admin"]);
    assert.equal(textOf(map), `its sessions can become admin in account ${account} too, by sts:AssumeRole`);
    assert.match(breakageOf(map)(`role ${arnOf("web")}`).text, /can no longer become 1 other role/u);
    const page = mapPage(map);
    assert.match(page, /By sts:AssumeRole sessions of/u);
    assert.match(page, /Become, by sts:AssumeRole,/u);
  });

  test("the account as a principal, and a role of another account, take a policy of the role as well", () => {
    for (const [to, id] of [
      [target("admin", lets(`arn:aws:iam::${account}:root`)), account],
      [target("admin", lets(arnOf("web")), other), other],
    ] as const) {
      assert.deepEqual(chainsOf(mapOf(web(), to)), []);
      assert.deepEqual(chainsOf(mapOf(web({ inline: mayAssume(arnOf("else", id)) }), to)), []);
      assert.deepEqual(chainsOf(mapOf(web({ inline: mayAssume(arnOf("admin", id)) }), to)), ["web → admin"]);
      const admin = web({ policies: ["arn:aws:iam::aws:policy/AdministratorAccess"] });
      assert.deepEqual(chainsOf(mapOf(admin, to)), ["web → admin"]);
    }
  });

  test("a Deny of the role's own policy ends it, and what was not read or hangs on the call is said to be open", () => {
    const named = target("admin", lets(arnOf("web")));
    const denied = web({ inline: mayAssume("*", "Deny") });
    assert.deepEqual(chainsOf(mapOf(denied, named)), []);
    const open = /admin in account \d+ \(as far as its policies were read\)/u;
    assert.match(textOf(mapOf(web({ policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }), named)), open);
    const condition = { Condition: { StringEquals: { "sts:ExternalId": "secret" } } };
    assert.match(textOf(mapOf(web(), target("admin", lets(arnOf("web"), condition)))), open);
  });

  test("goes on over several roles, once around a ring, and from no role that no token leads to", () => {
    const ring = [
      target("a", lets(arnOf("web"))),
      target("b", lets(arnOf("a"))),
      target(
        "c",
        policy([
          { Effect: "Allow", Principal: { AWS: [arnOf("b"), arnOf("alone")] }, Action: "sts:AssumeRole" },
        ]),
      ),
      role("alone", lets(`arn:aws:iam::${other}:root`)),
    ];
    const back = web({
      trustPolicy: trust(onlyFor("shop/web"), [
        (JSON.parse(lets(arnOf("c"))) as { Statement: object }).Statement,
      ]),
    });
    const map = mapOf(back, ...ring);
    assert.deepEqual(chainsOf(map).toSorted(), ["a → b", "b → c", "c → web", "web → a"]);
    assert.ok(!map.nodes.some(({ name }) => name === "alone"));
  });

  test("a trust policy that cannot be read, and an inline policy that IAM would not take, lead nowhere", () => {
    const broken = target("admin", '{"Principal": {"AWS": "*"}}');
    assert.deepEqual(chainsOf(mapOf(web({ inline: { mine: "{}" } }), broken)), []);
  });
});
