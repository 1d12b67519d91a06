import assert from "node:assert/strict";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import {
  CreateOpenIDConnectProviderCommand,
  GetRoleCommand,
  TagRoleCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { configText, stackWorld, type StackWorld } from "../support/stack-world.ts";

const RoleName = "demo";

async function saved(t: TestContext): Promise<StackWorld & { readonly file: string }> {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  const { code, err } = await world.podtrust(["plan", "-o", "plan.json"]);
  assert.equal(code, 0, err);
  assert.deepEqual(world.changes(), []);
  return { ...world, file: join(world.folder, "plan.json") };
}

/** Runs `up plan.json`, and makes sure that it was refused with this code and changed nothing. */
async function refused(world: StackWorld, code: string, message: RegExp, exit = 1): Promise<void> {
  const { code: ended, out, err } = await world.podtrust(["up", "plan.json"]);
  assert.equal(ended, exit, out + err);
  assert.deepEqual(err.match(/^code: {2}.*$/gmu), [`code:  ${code}`], err);
  assert.match(err, message);
  assert.deepEqual(world.changes(), []);
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, "utf8")));
}

describe("a saved plan", () => {
  test("is applied as it was shown, without a question; and a second time is refused, since the world has moved", async (t) => {
    const world = await saved(t);
    const { code, out, err } = await world.podtrust(["up", "plan.json"]);
    assert.equal(code, 0, out + err);
    assert.match(out, /^\+ aws\/\S+\/role\/demo {2}create$/mu);
    assert.match(out, /^Done: 2 of 2\.$/mu);
    assert.ok(world.changes().includes("iam:CreateRole"));
    await refused(
      world,
      "plan-changed",
      /oidc-provider\/\S+, aws\/\S+\/role\/demo are no longer as the plan showed/u,
    );
  });

  test("is a file of its owner alone, also where another file stood; and holds no secret of the environment", async (t) => {
    const world = await saved(t);
    assert.equal((await stat(world.file)).mode & 0o777, 0o600);
    await writeFile(join(world.folder, "open.json"), "{}", { mode: 0o644 });
    await world.podtrust(["plan", "-o", "open.json"]);
    assert.equal((await stat(join(world.folder, "open.json"))).mode & 0o777, 0o600);
    const text = await readFile(world.file, "utf8");
    assert.ok(!text.includes(world.sandbox.admin.secretAccessKey));
    assert.ok(!text.includes(world.sandbox.admin.accessKeyId));
  });

  test("is refused when somebody changed what it would change, or what it showed as unchanged", async (t) => {
    const world = await saved(t);
    await world.podtrust(["up", "plan.json"]);
    await world.config(configText(world.issuer.issuer, "maxSession: 2h"));
    await world.podtrust(["plan", "-o", "plan.json"]);
    await world.iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 10_800 }));
    world.changes();
    await refused(world, "plan-changed", /role\/demo is no longer as the plan showed; nothing was done/u);
    await world.podtrust(["plan", "-o", "plan.json"]);
    await world.iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "podtrust:stack", Value: "dev" }] }));
    world.changes();
    await refused(world, "plan-changed", /role\/demo is no longer as the plan showed/u);
  });

  test("is refused when the config asks for something else, and not for a comment", async (t) => {
    const world = await saved(t);
    await world.config(configText(world.issuer.issuer, "maxSession: 2h"));
    await refused(world, "plan-changed", /podtrust\.yaml has changed since the plan was saved/u);
    await world.config(`# why this is so\n${configText(world.issuer.issuer)}`);
    assert.equal((await world.podtrust(["up", "plan.json"])).code, 0);
  });

  test("of another stack, another podtrust, another format or another tool is refused by name", async (t) => {
    const world = await saved(t);
    const whole = await readFile(world.file, "utf8");
    await world.config(configText(world.issuer.issuer).replace("stack: prod", "stack: dev"));
    await refused(world, "plan-changed", /saved for stack prod, and \S+podtrust\.yaml is stack dev/u);
    await world.config(configText(world.issuer.issuer));
    const { podtrust } = JSON.parse(whole) as { podtrust: string };
    await edit(world.file, (text) => text.replace(`"podtrust": "${podtrust}"`, '"podtrust": "99.0.0"'));
    await refused(world, "plan-file-invalid", /it was changed after it was written/u);
    await edit(world.file, () => whole.replace('"podtrustPlan": 1', '"podtrustPlan": 2'));
    await refused(world, "plan-file-invalid", /it has format 2, this podtrust knows 1/u);
    await edit(world.file, () => '{"planned_values": {}}');
    await refused(world, "plan-file-invalid", /it is not what podtrust plan -o writes/u);
    await edit(world.file, () => whole.slice(0, -20));
    await refused(world, "plan-file-invalid", /it is no JSON/u);
    await refused(
      { ...world, podtrust: (args) => world.podtrust([...args.slice(0, 1), "absent.json"]) },
      "file-unreadable",
      /absent\.json/u,
    );
  });

  test("says which config to name where there is none in this folder, or that of another stack", async (t) => {
    const world = await saved(t);
    await world.config(configText(world.issuer.issuer).replace("stack: prod", "stack: dev"));
    await refused(world, "plan-changed", /^next: {2}Name the config of stack prod with -f FILE/mu);
    await rename(join(world.folder, "podtrust.yaml"), join(world.folder, "other.yaml"));
    await refused(
      world,
      "config-unreadable",
      /there is no podtrust\.yaml in [^]*name that of stack\s+prod,\s+podtrust up .*plan\.json -f FILE/u,
      2,
    );
    await writeFile(world.file, "{}");
    await refused(world, "plan-file-invalid", /plan\.json: it is not what podtrust plan -o writes/u);
  });

  test("that was tampered with does nothing that was not planned, digest mended or not", async (t) => {
    const world = await saved(t);
    await edit(world.file, (text) => text.replaceAll("aws-test:demo", "evil:demo"));
    await refused(world, "plan-file-invalid", /it was changed after it was written/u);
    const { digestOf } = await import("../../src/rules/plan/index.ts");
    const { digest: _digest, ...content } = JSON.parse(await readFile(world.file, "utf8")) as Record<
      string,
      unknown
    >;
    await writeFile(world.file, JSON.stringify({ ...content, digest: digestOf(content) }));
    await refused(world, "plan-changed", /role\/demo is no longer as the plan showed/u);
    const changes = [{ id: 1 }, "x", null];
    const odd = { ...content, changes, spec: { goal: "everything", policy: 7 }, select: { only: [3] } };
    await writeFile(world.file, JSON.stringify({ ...odd, digest: digestOf(odd) }));
    await refused(world, "plan-changed", /are no longer as the plan showed/u);
  });

  test("keeps what was selected and waived, and takes nothing more on the command line", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    await world.podtrust(["plan", "-o", "plan.json", "--only", "provider"]);
    const more = await world.podtrust(["up", "plan.json", "--skip", "demo"]);
    assert.equal(more.code, 2);
    assert.match(more.err, /podtrust up PLAN does what the plan showed and nothing else/u);
    assert.equal((await world.podtrust(["up", "plan.json"])).code, 0);
    await assert.rejects(world.iam.send(new GetRoleCommand({ RoleName })), /cannot be found/u);
  });

  test("for the way down is applied by down alone", async (t) => {
    const world = await saved(t);
    await world.podtrust(["up", "--yes"]);
    await world.podtrust(["plan", "--down", "-o", "plan.json"]);
    world.changes();
    await refused(world, "usage", /plan\.json is a plan for podtrust down/u, 2);
    const { code, out } = await world.podtrust(["down", "plan.json"]);
    assert.equal(code, 0, out);
    await assert.rejects(world.iam.send(new GetRoleCommand({ RoleName })), /cannot be found/u);
  });

  test("is not written where up would refuse it", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    await world.iam.send(new CreateOpenIDConnectProviderCommand({ Url: world.issuer.issuer }));
    assert.equal((await world.podtrust(["plan", "-o", "plan.json"])).code, 1);
    await assert.rejects(stat(join(world.folder, "plan.json")), /ENOENT/u);
  });
});
