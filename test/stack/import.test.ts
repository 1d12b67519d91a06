import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  GetRoleCommand,
  TagRoleCommand,
} from "@aws-sdk/client-iam";
import { account } from "../support/sandbox.ts";
import { configText, stackWorld, typed } from "../support/stack-world.ts";

const RoleName = "demo";
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
});

describe("podtrust import", () => {
  test("takes over what exists after showing what would change, and it is the stack's from then on", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    await world.iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: world.issuer.issuer, ClientIDList: ["theirs"] }),
    );
    const made = await world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    world.changes();
    const no = typed("n\n");
    assert.equal((await world.podtrust(["import", "demo"], no)).code, 1);
    assert.match(no.said.out, /^[^\n]*~ aws\/\S+\/role\/demo/mu);
    assert.match(no.said.out, /tags\.podtrust:stack[\s\S]*prod/u);
    assert.match(no.said.out, /^1 to change\.$/mu);
    assert.match(no.said.err, /Take over and change as shown\? \[y\/N\] $/u);
    assert.deepEqual(world.changes(), []);
    const { code, result } = await world.json(["import", "demo", "provider", "--yes"]);
    assert.deepEqual([code, result.refusals, result.done.length], [0, [], 2]);
    assert.equal(world.changes()[0], "iam:AddClientIDToOpenIDConnectProvider");
    const { Role } = await world.iam.send(new GetRoleCommand({ RoleName }));
    assert.equal(Role?.RoleId, made.Role?.RoleId);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
    const again = await world.podtrust(["import", "demo"]);
    assert.equal(again.code, 0);
    assert.match(again.out, /Nothing to do, 1 unchanged/u);
  });

  test("does not make what does not exist", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const { code, err } = await world.podtrust(["import", "demo", "--yes"]);
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(`aws/${account}/role/demo does not exist: there is nothing to take over`, "u"),
    );
    assert.match(err, /code: {2}plan-nothing-there/u);
    assert.deepEqual(world.changes(), []);
  });

  test("takes over what another stack has by name only, and never what a newer podtrust wrote", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const tag = (format: string): { Key: string; Value: string }[] => [
      { Key: "podtrust:stack", Value: "prod" },
      { Key: "podtrust:format", Value: format },
    ];
    await world.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, Tags: tag("99") }),
    );
    world.changes();
    const { code, err } = await world.podtrust(["import", "demo", "--yes"]);
    assert.equal(code, 1);
    assert.match(err, /belongs to a newer podtrust \(its tags have format 99/u);
    assert.deepEqual(world.changes(), []);
    await world.iam.send(
      new TagRoleCommand({ RoleName, Tags: [{ Key: "podtrust:stack", Value: "dev" }, ...tag("1").slice(1)] }),
    );
    assert.equal((await world.podtrust(["import", "demo", "--yes"])).code, 0);
  });
});
