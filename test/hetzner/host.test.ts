/** What is set up on a rented machine, as far as it can be known without one. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { hetznerWorld, machineConfig } from "../support/hetzner-world.ts";

const both = ["--only", "machine", "--only", "host"];

test("a plan shows what will be set up on a machine that is yet to be rented, after it", async (t: TestContext) => {
  const world = await hetznerWorld(t);
  const { code, result, err } = await world.json(["plan", ...both]);
  assert.equal(code, 0, err);
  assert.deepEqual(result.refusals, []);
  const ids = result.changes.map(({ id, kind }) => `${kind} ${id}`);
  const [server, system, k3s] = ["hetzner/server/prod", "host/prod/system", "host/prod/k3s"].map((id) =>
    ids.indexOf(`create ${id}`),
  );
  assert.ok(server !== undefined && system !== undefined && k3s !== undefined, ids.join());
  assert.ok(server !== -1 && server < system && system < k3s, ids.join());
  const fields = result.changes.find(({ id }) => id === "host/prod/system")?.fields ?? [];
  assert.deepEqual(
    fields.map(({ field }) => field),
    ["login", "security upgrades", "host key", "packages"],
  );
});

test("what is set up on a rented machine can be planned alone", async (t: TestContext) => {
  const world = await hetznerWorld(t);
  await world.config(`${machineConfig()}publisher: {https: {acme: {}}}\n`);
  for (const [name, id] of [
    ["host", "host/prod/system"],
    ["publisher", "host/prod/publisher"],
  ] as const) {
    const { result, err } = await world.json(["plan", "--only", name]);
    assert.equal(result.error, undefined, err);
    assert.ok(
      result.changes.some((change) => change.id === id && change.kind === "create"),
      name,
    );
  }
});

test("what is on a rented machine goes with it: down names nothing of it", async (t: TestContext) => {
  const world = await hetznerWorld(t);
  await world.json(["up", "--yes"]);
  const { result } = await world.json(["plan", "--down", "--only", "machine"]);
  assert.deepEqual(
    result.changes.filter(({ id }) => id.startsWith("host/")),
    [],
  );
});

test("commands that need the machine say that it is not there yet", async (t: TestContext) => {
  const world = await hetznerWorld(t);
  for (const command of [["ssh"], ["kubectl", "get", "nodes"], ["logs", "k3s"]]) {
    const { code, err } = await world.podtrust(command);
    assert.equal(code, 1);
    assert.match(err, /the machine of stack prod is not there yet/u, command.join(" "));
  }
});
