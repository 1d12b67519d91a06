/** After the theft of a key the roles of bindings are closed too, and the operator's passes leave that until a person opens them. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { parseConfig } from "../../../src/config/index.ts";
import { namedStack } from "../../../src/rules/plan/index.ts";
import { openAws } from "../../../src/providers/aws/index.ts";
import { type AwsPart, awsPart, type RoleChange } from "../../../src/stack/index.ts";
import { account, roles, ssm, webRole } from "../../support/bindings/objects.ts";
import { type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const hour = 3_600_000;
const name = "prod.shop.web";
const bound = { role: name, serviceAccounts: ["shop/web"] };
const [mark, revocation] = ["PodtrustClosedAfterTheft", "PodtrustRevokedAfterTheft"];
const closed: RoleChange = { lockdown: { closed: true } };
const { signal } = new AbortController();

async function boundWorld(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  world.grants({ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] });
  world.bind(roles(webRole));
  await world.pass();
  assert.ok(await world.role(name));
  return world;
}

/** One account of a config that names no role of its own. */
async function partOf({ sandbox, clock }: PassWorld, stack: string): Promise<AwsPart> {
  const text = `stack: ${stack}
issuer: ${sandbox.issuer.issuer}
aws: [{account: "${account}", region: eu-central-1, roles: []}]
`;
  const config = await parseConfig(text, "podtrust.yaml", { HOME: "/nowhere" });
  const { url: endpoint, admin: credentials } = sandbox.sandbox;
  const open = (access: Parameters<typeof openAws>[0]) => openAws({ ...access, endpoint, credentials });
  const part = awsPart({ config, env: {}, clock, open }, config.aws[0] ?? assert.fail());
  await part.open(signal);
  return part;
}

describe("the roles of a stack's bindings after the theft of a key", () => {
  test("are closed with those of the config, stay so through passes of the operator and changes of the grant, whatever time it is", async (t) => {
    const world = await boundWorld(t);
    const part = await partOf(world, "prod");
    t.after(() => part.close());
    assert.deepEqual(await part.rolesBeside(signal), [{ ...bound, mark: namedStack("prod/shop/web") }]);
    const locked = await part.lockRoles(closed, signal);
    assert.deepEqual(locked, { roles: [{ ...bound, outcome: "done" }], isWhole: true });
    const isLocked = async (): Promise<readonly boolean[]> => {
      const { trust = "", inline = {} } = (await world.role(name)) ?? {};
      return [trust.includes(mark), mark in inline];
    };
    assert.deepEqual(await isLocked(), [true, true]);
    world.restart();
    const { conditions } = await world.pass();
    await world.trustPass();
    assert.deepEqual(await isLocked(), [true, true]);
    for (const type of ["RolesInSync", "Ready"]) {
      const { status, reason, message } = conditions.find((one) => one.type === type) ?? {};
      assert.deepEqual([status, reason], ["False", "ClosedAfterTheft"]);
      assert.match(message ?? "", /prod\.shop\.web is closed after a theft: it lets no token in/u);
    }
    world.clock.move(30 * hour);
    world.forget();
    await world.pass();
    assert.deepEqual(await isLocked(), [true, true]);
    world.grants();
    await world.trustPass();
    await world.pass();
    world.grants({ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] });
    await world.trustPass();
    await world.pass();
    assert.deepEqual(await isLocked(), [true, true], "a grant that went and came back opens nothing");
  });

  test("are opened by the command that closed them, but for sessions from before; another stack's name closes them too", async (t) => {
    const world = await boundWorld(t);
    const before = await world.role(name);
    const [part, others] = [await partOf(world, "prod"), await partOf(world, "dev")];
    t.after(() => [part, others].forEach((one) => one.close()));
    const theirs = await others.lockRoles(closed, signal);
    assert.deepEqual(theirs.roles, [{ role: name, serviceAccounts: [], outcome: "done" }]);
    assert.notEqual((await world.role(name))?.trust, before?.trust);
    const reopen = { begunBefore: world.clock.now(), until: world.clock.now() + 12 * hour };
    const opened = await part.lockRoles({ reopen }, signal);
    assert.deepEqual(opened.roles, [{ ...bound, outcome: "done" }]);
    const { trust = "", inline = {} } = (await world.role(name)) ?? {};
    assert.deepEqual(JSON.parse(trust), JSON.parse(before?.trust ?? ""));
    assert.deepEqual([mark in inline, revocation in inline], [false, true]);
  });
});
