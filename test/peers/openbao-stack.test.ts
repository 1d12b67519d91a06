/** `plan`, `up`, `down` and drift against OpenBao's own server: what AWS's part promises, for another relying party. */
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, beforeEach, describe, test } from "node:test";
import { podtrustChild } from "../support/cli.ts";
import { openbaoProgram } from "../support/openbao-server.ts";
import { drifts, openbaoWorld, type OpenBaoWorld, webRole } from "../support/openbao-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const missing = await openbaoProgram.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const isWrite = (call: string): boolean => !call.startsWith("GET ");

describe("a config's OpenBao", { skip: missing ?? false }, () => {
  let world: OpenBaoWorld;

  /** Runs a command whose host ends it at its n-th call that `counts`; gives how many it got to do. */
  async function endedAt(n: number, args: readonly string[], counts = isWrite): Promise<number> {
    const ending = new AbortController();
    let calls = 0;
    world.bao.onCall = (call) => {
      if (counts(call)) calls += 1;
      if (calls === n) ending.abort();
      return "answered";
    };
    await world.podtrust(args, { signal: ending.signal });
    world.bao.onCall = () => "answered";
    return calls;
  }

  before(async () => {
    world = await openbaoWorld();
  });
  beforeEach(() => world.reset());
  after(() => world?.close());

  test("is made as planned, once; and down leaves nothing of it", async () => {
    const roles = [`${world.mountId}/role/web`, `${world.mountId}/role/jobs`];
    const all = [world.mountId, ...roles].map((id) => `create ${id}`);
    assert.deepEqual(await world.planned(), all);
    assert.deepEqual(world.bao.calls.filter(isWrite), [], "plan writes nothing");
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
    world.bao.calls.splice(0);
    assert.match(await world.must(["up"]), /Nothing to do, 3 unchanged\./u);
    assert.deepEqual(world.bao.calls.filter(isWrite), [], "the second run writes nothing");
    await world.must(["plan", "--check"]);
    assert.match(
      await world.must(["down", "--yes"]),
      /warning: every token that workloads hold by auth\/podtrust ends/u,
    );
    assert.deepEqual(await world.standing(), []);
    await world.must(["down"]);
  });

  test("is shown field by field, with the server's own words for them", async () => {
    const out = await world.must(["plan"]);
    assert.match(out, /^auth\/podtrust of OpenBao at https:\/\/127\.0\.0\.1:\d+, as token with root$/mu);
    assert.match(out, /^ {6}bound_issuer +"?https:\/\/oidc\.example\.test"?$/mu);
    assert.match(out, /^3 to create\.$/mu);
  });

  test("is mended where somebody has changed it", async () => {
    await world.must(["up", "--yes"]);
    for (const [what, path, body] of drifts) {
      const found = await world.bao.admin("GET", `auth/podtrust/${path}`);
      await world.change(path, body);
      assert.equal((await world.podtrust(["plan", "--check"])).code, 3, what);
      await world.must(["up", "--yes"]);
      await world.must(["plan", "--check"]);
      assert.deepEqual(await world.bao.admin("GET", `auth/podtrust/${path}`), found, what);
    }
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

  for (const [what, type, description] of [
    ["nobody's mark", "jwt", "made by hand"],
    ["another stack's mark", "jwt", "podtrust stack=dev format=1"],
    ["our mark and another type", "userpass", "podtrust stack=prod format=1"],
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

  test("ended at any of its calls is finished by the next run, up and down", async () => {
    const every = (): boolean => true;
    const up = await endedAt(Infinity, ["up", "--yes"], every);
    const whole = await world.standing();
    const down = await endedAt(Infinity, ["down", "--yes"], every);
    assert.ok(up > 10 && down > 8, `${up} calls up, ${down} down`);
    for (let n = 1; n <= Math.max(up, down); n += 1) {
      await endedAt(n, ["up", "--yes"], every);
      await world.must(["up", "--yes"]);
      assert.deepEqual(await world.standing(), whole, `up, ended at call ${n}`);
      await endedAt(n, ["down", "--yes"], every);
      await world.must(["down", "--yes"]);
      assert.deepEqual(await world.standing(), [], `down, ended at call ${n}`);
    }
  });

  test("killed at any of its writes is finished by the next run, up and down", async () => {
    const killedAt = async (n: number, args: readonly string[]): Promise<void> => {
      let writes = 0;
      const { code } = await podtrustChild(world.route(args), {
        cwd: world.folder,
        env: world.env(),
        onStart(kill) {
          world.bao.onCall = (call) => {
            writes += Number(isWrite(call));
            if (writes === n) kill("SIGKILL");
            return "answered";
          };
        },
      });
      world.bao.onCall = () => "answered";
      assert.equal(code, null, "it was killed");
    };
    for (const n of [1, 3]) {
      await killedAt(n, ["up", "--yes"]);
      await world.must(["up", "--yes"]);
      assert.deepEqual(await world.planned(), []);
      await killedAt(n, ["down", "--yes"]);
      await world.must(["down", "--yes"]);
      assert.deepEqual(await world.standing(), []);
    }
  });

  test("makes each thing once where the answer to every first call was lost", async () => {
    const seen = new Set<string>();
    world.bao.onCall = (call) => {
      const fate = seen.has(call) ? "answered" : "lost";
      seen.add(call);
      return fate;
    };
    await world.must(["up", "--yes"]);
    world.bao.onCall = () => "answered";
    assert.deepEqual(await world.planned(), []);
    seen.clear();
    world.bao.onCall = (call) => {
      const fate = seen.has(call) ? "answered" : "lost";
      seen.add(call);
      return fate;
    };
    await world.must(["down", "--yes"]);
    world.bao.onCall = () => "answered";
    assert.deepEqual(await world.standing(), []);
  });

  test("is whole after two runs at once, and gone after two more", async () => {
    const both = await Promise.all([world.json(["up", "--yes"]), world.json(["up", "--yes"])]);
    const failures = both.flatMap(({ result }) => result.failed.map(({ error }) => error.code));
    assert.deepEqual(
      failures.filter((one) => one !== "plan-changed"),
      [],
    );
    await world.must(["up", "--yes"]);
    assert.deepEqual(await world.planned(), []);
    await Promise.all([world.podtrust(["down", "--yes"]), world.podtrust(["down", "--yes"])]);
    assert.deepEqual(await world.planned("--down"), []);
    assert.deepEqual(await world.standing(), []);
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
    await world.must(["plan"], { env: { VAULT_TOKEN: world.bao.rootToken } });
    await world.config(webRole, "https://127.0.0.1:1");
    const { code, err } = await world.podtrust(["plan"], { clock: new SwiftClock() });
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
