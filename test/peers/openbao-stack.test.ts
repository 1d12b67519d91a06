/** `plan`, `up`, `down` and drift against OpenBao's own server: what every relying party is promised, and what is OpenBao's alone. */
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, beforeEach, describe, test } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import { openbaoProgram } from "../support/openbao-server.ts";
import { drifts, openbaoWorld, type OpenBaoWorld, webRole } from "../support/openbao-world.ts";
import { type PartyWorld, testParty } from "../support/party-suite.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const missing = await openbaoProgram.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const isWrite = (call: string): boolean => !call.startsWith("GET ");

// One server for all of this file.
let opened: Promise<OpenBaoWorld> | undefined;
const open = (): Promise<OpenBaoWorld> => (opened ??= openbaoWorld());
after(async () => (await opened)?.close());

/** OpenBao's world as the suite of all relying parties takes it. */
async function partyWorld(): Promise<PartyWorld> {
  const world = await open();
  const { bao, folder } = world;
  return {
    podtrust: (args, host) => world.podtrust(args, host),
    must: (args) => world.must(args),
    json: (args) => world.json(args),
    planned: (...args) => world.planned(...args),
    async standing() {
      const names = await world.standing();
      const paths = names.filter((one) => one.startsWith("podtrust/"));
      const found = paths.map(async (path) => {
        const role = path.slice("podtrust/".length);
        const { data } = await bao.admin("GET", `auth/podtrust/${role === "" ? "config" : `role/${role}`}`);
        return [path, data];
      });
      return [names, await Promise.all(found)];
    },
    reset: () => world.reset(),
    calls: bao.calls,
    isWrite,
    watch: (fate) => (bao.onCall = fate),
    child: (args) => ({ args: world.route(args), cwd: folder, env: world.env() }),
    drifts: drifts.map(([what, path, body, allowing]) => ({
      what,
      change: () => world.change(path, body),
      ...defined({ allowing }),
    })),
    async unmark() {
      const description = "podtrust stack=prod format=1";
      await bao.admin("POST", "sys/auth/podtrust/tune", { description });
    },
    close: () => Promise.resolve(),
  };
}

testParty({
  name: "what a config's OpenBao holds",
  skip: missing,
  calls: { up: 11, down: 9 },
  open: partyWorld,
});

describe("a config's OpenBao", { skip: missing ?? false }, () => {
  let world: OpenBaoWorld;

  before(async () => {
    world = await open();
  });
  beforeEach(() => world.reset());

  test("is made by one write for each thing, bound to the issuer, the audience and the subjects", async () => {
    const up = await world.json(["up", "--yes"]);
    assert.deepEqual([up.code, up.result.failed, up.result.warnings], [0, [], []]);
    assert.deepEqual(world.bao.calls.filter(isWrite).toSorted(), [
      "POST auth/podtrust/config",
      "POST auth/podtrust/role/jobs",
      "POST auth/podtrust/role/web",
      "POST sys/auth/podtrust",
    ]);
    const [mount, role] = [
      await world.bao.admin("GET", "auth/podtrust/config"),
      await world.bao.admin("GET", "auth/podtrust/role/web"),
    ];
    assert.equal(mount.data["bound_issuer"], world.issuer.issuer);
    assert.deepEqual(
      [role.data["bound_subject"], role.data["bound_audiences"], role.data["token_policies"]],
      ["system:serviceaccount:shop:web", [world.bao.address], ["web"]],
    );
    assert.match(
      await world.must(["down", "--yes"]),
      /warning: every token that workloads hold by auth\/podtrust ends/u,
    );
  });

  test("is shown field by field, with the server's own words for them", async () => {
    const out = await world.must(["plan"]);
    assert.match(out, /^auth\/podtrust of OpenBao at https:\/\/127\.0\.0\.1:\d+, as token with root$/mu);
    assert.match(out, /^ {6}bound_issuer +"?https:\/\/oidc\.example\.test"?$/mu);
    assert.match(out, /^3 to create\.$/mu);
  });

  test("loses the roles of its mount that the config does not name, and gets back those that were deleted", async () => {
    await world.must(["up", "--yes"]);
    await world.bao.admin("POST", "auth/podtrust/role/theirs", {
      role_type: "jwt",
      user_claim: "sub",
      bound_audiences: ["x"],
      token_policies: ["root-like"],
    });
    await world.bao.admin("DELETE", "auth/podtrust/role/web");
    assert.deepEqual((await world.planned()).toSorted(), [
      `create ${world.mountId}/role/web`,
      `delete ${world.mountId}/role/theirs`,
    ]);
    await world.must(["up", "--yes"]);
    assert.deepEqual(await world.standing(), ["podtrust/", "podtrust/jobs", "podtrust/web"]);
  });

  test("loses a role that the config does not name though another role cannot be written", async () => {
    await world.must(["up", "--yes"]);
    const capabilities = ["create", "read", "update", "delete", "list", "sudo"];
    const rule = (path: string, allowed: readonly string[]): string =>
      `path "${path}" { capabilities = ${JSON.stringify(allowed)} }`;
    const policy = [rule("*", capabilities), rule("auth/podtrust/role/web", ["read"])].join("\n");
    await world.bao.admin("PUT", "sys/policies/acl/all-but-web", { policy });
    const token = await world.bao.token({ policies: ["all-but-web"] });
    await world.config(webRole.replace("shop/web", "shop/other"));
    const failed = await world.podtrust(["up", "--yes"], { env: world.env(token) });
    assert.equal(failed.code, 1, failed.out + failed.err);
    assert.match(failed.out, /^1 done, 1 failed, 0 skipped\.$/mu);
    assert.deepEqual(await world.standing(), ["podtrust/", "podtrust/web"]);
  });

  for (const [what, type, description] of [
    ["nobody's mark", "jwt", "made by hand"],
    ["another stack's mark", "jwt", "podtrust stack=dev format=1 id=3f2a91bc"],
    ["our mark and another type", "userpass", "podtrust stack=prod format=1 id=3f2a91bc"],
  ] as const)
    test(`of a path with ${what} is refused by name, and nothing there is changed`, async () => {
      await world.bao.admin("POST", "sys/auth/podtrust", { type, description });
      const found = await world.bao.admin("GET", "sys/auth");
      for (const args of [
        ["up", "--yes"],
        ["up", "--yes", "--skip", world.mountId],
        ["import", world.mountId, "--yes"],
      ]) {
        const { code, err } = await world.podtrust(args);
        assert.equal(code, 1, `${args.join(" ")}: ${err}`);
        assert.match(err, /auth\/podtrust/u);
      }
      await world.podtrust(["down", "--yes"]);
      assert.deepEqual(await world.bao.admin("GET", "sys/auth"), found);
      assert.deepEqual(await world.standing(), ["podtrust/"]);
    });

  test("without a token, with a wrong one, and at a server that is away is told with its next step", async () => {
    for (const [host, code] of [
      [{ env: {} }, "openbao-token-missing"],
      [{ env: world.env("s.nothing") }, "openbao-token-refused"],
      [{ env: world.env("two words") }, "openbao-token-refused"],
    ] as const) {
      const { code: exit, err } = await world.podtrust(["plan"], host);
      assert.equal(exit, 1);
      assert.match(err, new RegExp(`^code: {2}${code}$`, "mu"));
      assert.doesNotMatch(err, /s\.nothing|two words/u, "no token is shown");
    }
    await world.must(["plan"], { env: { VAULT_ADDR: world.bao.address, VAULT_TOKEN: world.bao.rootToken } });
    await world.config(webRole, "https://127.0.0.1:1");
    const env = { ...world.env(), BAO_ADDR: "https://127.0.0.1:1" };
    const { code, err } = await world.podtrust(["plan"], { clock: new SwiftClock(), env });
    assert.equal(code, 1);
    assert.match(err, /asking OpenBao who we are: https:\/\/127\.0\.0\.1:1\/\S+ no connection came about/u);
    assert.match(err, /^code: {2}openbao-unreachable$/mu);
  });

  test("whose policies are not there is made with a warning for each", async () => {
    await world.config("      - {name: web, serviceAccounts: [shop/web], policies: [web, nowhere]}\n");
    assert.match(
      await world.must(["plan"]),
      /warning: role web of auth\/podtrust is to have policy nowhere, which does not exist/u,
    );
  });
});
