import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { recordOf } from "../../core/base/index.ts";
import { inject, readRoleMap, type RoleMap, withRoleMap } from "./index.ts";

const role = "arn:aws:iam::111122223333:role/";
const key = "eks.amazonaws.com/role-arn";

const roles = (config: unknown): RoleMap => readRoleMap({ config: JSON.stringify(config) });

/** The annotations of a ServiceAccount by a map. */
function annotations(map: RoleMap, name: string, own?: object): unknown {
  const account = own === undefined ? { metadata: { name } } : { metadata: { annotations: own } };
  return recordOf(withRoleMap(account, name, map)["metadata"])["annotations"];
}

describe("a role map", () => {
  test("is read as AWS's webhook reads it, whatever the case of its members", () => {
    const map = roles({
      "shop/web": { RoleARN: `${role}web`, Audience: "aud", UseRegionalSTS: true, TokenExpiration: 3600 },
      "shop/api": { rolearn: `${role}api`, UseRegionalSTS: false, TokenExpiration: 0 },
    });
    assert.deepEqual(map.problems, []);
    assert.deepEqual(annotations(map, "shop/web"), {
      [key]: `${role}web`,
      "eks.amazonaws.com/audience": "aud",
      "eks.amazonaws.com/sts-regional-endpoints": "true",
      "eks.amazonaws.com/token-expiration": "3600",
    });
    assert.deepEqual(annotations(map, "shop/api"), { [key]: `${role}api` });
  });

  test("takes a role alone, and our annotations too", () => {
    const profile = {
      "profile.podtrust.dev/billing": `${role}billing`,
      "chain.podtrust.dev/audit": `${role}audit`,
    };
    const map = roles({
      "shop/web": `${role}web`,
      "shop/api": { [key]: `${role}api`, "podtrust.dev/region": "eu-west-1", ...profile },
    });
    assert.deepEqual(annotations(map, "shop/web"), { [key]: `${role}web` });
    assert.deepEqual(annotations(map, "shop/api"), {
      [key]: `${role}api`,
      "podtrust.dev/region": "eu-west-1",
      ...profile,
    });
  });

  test("gives way to a role of the ServiceAccount's own, and leaves its other annotations where it does not", () => {
    const map = roles({ "shop/web": { RoleARN: `${role}map`, "podtrust.dev/region": "eu-west-1" } });
    assert.deepEqual(annotations(map, "shop/web", { [key]: `${role}own` }), { [key]: `${role}own` });
    const own = { [key]: "", "podtrust.dev/region": "us-east-1", "podtrust.dev/fs-group": "1000" };
    assert.deepEqual(annotations(map, "shop/web", own), {
      [key]: `${role}map`,
      "podtrust.dev/region": "eu-west-1",
      "podtrust.dev/fs-group": "1000",
    });
    assert.equal(annotations(map, "shop/other"), undefined);
  });

  test("has for each the entry of its own, else of its name in all namespaces, else of its namespace", () => {
    const map = roles({ "shop/*": `${role}shop`, "*/web": `${role}web`, "shop/web": `${role}own` });
    const found = ["shop/web", "other/web", "shop/api", "other/api"].map(
      (name) => recordOf(annotations(map, name))[key],
    );
    assert.deepEqual(found, [`${role}own`, `${role}web`, `${role}shop`, undefined]);
  });

  test("takes patterns of namespaces and names, of which the one that says most of the name counts, then of the namespace", () => {
    const map = roles({
      "test-*/web": `${role}preview`,
      "*/web": `${role}web`,
      "shop/*": `${role}shop`,
      "test-7/*": `${role}seven`,
      "test-*/api-*": `${role}api`,
      "test-*/api-blue-*": `${role}blue`,
      "test-7/web": `${role}own`,
    });
    assert.deepEqual(map.problems, []);
    const found = (name: string): unknown => recordOf(annotations(map, name))[key];
    for (const [name, wanted] of [
      ["test-7/web", "own"],
      ["test-8/web", "preview"],
      ["test-/web", "preview"],
      ["test/web", "web"],
      ["shop/web", "web"],
      ["shop/x", "shop"],
      ["test-7/api-blue", "api"],
      ["test-7/api-blue-2", "blue"],
      ["test-7/x", "seven"],
    ] as const)
      assert.equal(found(name), `${role}${wanted}`, name);
    assert.equal(found("test-8/x"), undefined);
  });

  test("takes a * at the end of namespace and name only", () => {
    const map = roles({
      "*x/web": `${role}x`,
      "shop/a*b": `${role}x`,
      "shop/**": `${role}x`,
      "s*/w*": `${role}x`,
    });
    assert.deepEqual(
      map.patterns.map(({ namespace, name }) => `${namespace}/${name}`),
      ["s*/w*"],
    );
    assert.equal(map.problems.length, 3);
  });

  test("leaves out what cannot be used, entry by entry, and says so", () => {
    const map = roles({
      good: `${role}x`,
      "*/*": `${role}x`,
      "a/b/c": `${role}x`,
      "shop/none": {},
      "shop/empty": "",
      "shop/list": [],
      "shop/typo": { RoleArn: `${role}x`, Reqion: "eu-west-1" },
      "shop/proto": { RoleArn: `${role}x`, constructor: "x" },
      "shop/object": { RoleArn: { a: 1 } },
      "shop/web": `${role}web`,
    });
    assert.deepEqual([...map.roles.keys()], ["shop/web"]);
    assert.deepEqual(
      map.problems.map((text) =>
        text.replace(/^the role map's entry (?<name>".*") is left out: /u, "$<name> "),
      ),
      [
        '"good" it is not named NAMESPACE/NAME',
        '"*/*" it is not named NAMESPACE/NAME',
        '"a/b/c" it is not named NAMESPACE/NAME',
        '"shop/none" it names no role',
        '"shop/empty" it names no role',
        '"shop/list" it is neither the ARN of a role nor an object',
        '"shop/typo" Reqion is no annotation of a ServiceAccount, nor a member of AWS\'s role map',
        '"shop/proto" constructor is no annotation of a ServiceAccount, nor a member of AWS\'s role map',
        '"shop/object" RoleArn is no text, number or boolean',
      ],
    );
  });

  test("that is no JSON, or is empty, has no entry, and the other half of the ConfigMap still counts", () => {
    const broken = readRoleMap({
      config: "{",
      "container-credentials": '{"identities":[{"namespace":"a","serviceAccount":"b"},{}]}',
    });
    assert.equal(broken.roles.size, 0);
    assert.deepEqual([...broken.agents], ["a/b"]);
    assert.match(broken.problems[0] ?? "", /^config is left out: it is not JSON: /u);
    assert.equal(
      broken.problems[1],
      "identity 1 of container-credentials is left out: it needs namespace and serviceAccount",
    );
    assert.deepEqual(readRoleMap({}), { roles: new Map(), patterns: [], agents: new Set(), problems: [] });
    assert.deepEqual(readRoleMap({ config: " \n" }).problems, []);
  });

  test("gives a pod its role as an annotation does", () => {
    const pod = { spec: { serviceAccountName: "web", containers: [{ name: "app" }] } };
    const plain = { metadata: { name: "web" } };
    const mapped = withRoleMap(plain, "shop/web", roles({ "shop/web": `${role}web` }));
    const annotated = { metadata: { annotations: { [key]: `${role}web` } } };
    assert.deepEqual(
      inject(pod, { serviceAccount: mapped }).pod,
      inject(pod, { serviceAccount: annotated }).pod,
    );
  });
});
