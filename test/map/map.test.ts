import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gatherMap, trustMap, type TrustMap } from "../../src/map/index.ts";
import { type ChainWorld, startChainWorld } from "../support/chain-world.ts";
import { podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { account } from "../support/sandbox.ts";
import { until } from "../support/until.ts";

const issuerOf = ({ config }: ChainWorld): string => config.issuer;

describe("podtrust map", () => {
  let world: ChainWorld;
  let clock: TestClock;
  const { signal } = new AbortController();

  const look = async (): Promise<TrustMap> => {
    const { config, route, open } = world;
    return trustMap(await gatherMap({ config, route, open, clock, signal, env: {} }));
  };

  before(async () => {
    // The SDK signs by the machine's clock, so the world starts there.
    clock = new TestClock(Date.now());
    world = await startChainWorld(clock);
    await world.up();
  });

  after(() => world.close());

  test("reads cluster, issuer and account, and has STS prove the way of a ServiceAccount to its role", async () => {
    const map = await look();
    const [way, ...others] = map.access;
    assert.deepEqual(others, []);
    assert.equal(way?.serviceAccount, "service-account aws-test/demo-service-account");
    assert.equal(way.role, `role arn:aws:iam::${account}:role/k3s-demo-app`);
    assert.deepEqual([way.proof?.outcome, way.proof?.by, way.askedBy], ["accepted", "this run", ["config"]]);
    const kinds = map.nodes.map(({ kind }) => kind);
    for (const kind of ["cluster", "key", "issuer", "provider", "policy"])
      assert.ok(kinds.includes(kind as "key"), kind);
    assert.equal(map.nodes.find(({ kind }) => kind === "key")?.state, "current");
    assert.deepEqual(
      map.findings.map(({ rule }) => rule),
      ["role-without-pods"],
    );
    assert.deepEqual(map.unseen, []);
    assert.doesNotMatch(JSON.stringify(map), /eyJ[\w-]{20}/u, "no token is in it");
  });

  test("says what it could not see, and draws the rest", async () => {
    world.cluster.misbehave("forbidden");
    const map = await look();
    world.cluster.misbehave(undefined);
    assert.equal(map.access.length, 1);
    assert.match(map.unseen.map(({ what, why }) => `${what}: ${why}`).join("\n"), /^the cluster https:\/\//u);
  });

  test("without cluster and account a page is written all the same, for its owner alone", async () => {
    const file = join(world.folder, "none.yaml");
    await writeFile(file, `stack: none\nissuer: ${issuerOf(world)}\n`);
    const run = (...args: readonly string[]) =>
      podtrustHere(["map", "-f", "none.yaml", "--ca", "root.pem", ...routeOf(world), ...args], {
        cwd: world.folder,
        clock,
      });
    const { code, out, err } = await run();
    assert.equal(code, 0, err);
    assert.match(out, /The map is in podtrust-map\.html, for its owner alone/u);
    assert.match(out, /not seen: the cluster: the config names none/u);
    const path = join(world.folder, "podtrust-map.html");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.match(await readFile(path, "utf8"), /This page holds no key, token or password\./u);
    // A second time it takes the place of the first.
    assert.equal((await run()).code, 0);
    const json = await run("--json");
    const result = JSON.parse(json.out) as TrustMap & {
      readonly breaks: readonly { node: string; text: string }[];
    };
    assert.equal(result.format, 1);
    assert.ok(result.breaks.some(({ node }) => node === `issuer ${issuerOf(world)}`));
  });

  test("--watch prints the address of a page, looks again when its time has come, and ends with the signal", async () => {
    const ending = new AbortController();
    const own = new TestClock(Date.now());
    let out = "";
    const args = ["map", "-f", "none.yaml", "--ca", "root.pem", ...routeOf(world), "--watch", "5s"];
    const stdout = { write: (text: string) => (out += text) };
    const run = podtrustHere(args, { cwd: world.folder, clock: own, stdout, signal: ending.signal });
    await until("the address", () => /until Ctrl-C/u.test(out));
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/u.exec(out) ?? [];
    const first = await (await fetch(url)).text();
    assert.match(first, /Trust map of none/u);
    await own.advance(5000);
    await until("a later look", async () => (await (await fetch(url)).text()) !== first);
    ending.abort();
    assert.equal((await run).code, 0);
    await assert.rejects(fetch(url));
  });

  test("never overwrites a file that is no map", async () => {
    const kept = await readFile(join(world.folder, "none.yaml"), "utf8");
    const { code, err } = await podtrustHere(["map", "-f", "none.yaml", "-o", "none.yaml"], {
      cwd: world.folder,
      clock,
    });
    assert.equal(code, 2);
    assert.match(err, /none\.yaml exists, and is not a page of podtrust map/u);
    assert.equal(await readFile(join(world.folder, "none.yaml"), "utf8"), kept);
  });

  test("refuses options that exclude each other before it reads anything", async () => {
    for (const [args, said] of [
      [["--watch", "-o", "x.html"], /writes no file/u],
      [["--port", "80"], /--port is for --watch/u],
      [["--watch", "1"], /every 5 s at the most/u],
    ] as const) {
      const { code, err } = await podtrustHere(["map", "-f", "none.yaml", ...args], {
        cwd: world.folder,
        clock,
      });
      assert.equal(code, 2, err);
      assert.match(err, said);
    }
  });
});

function routeOf({ issuer }: ChainWorld): readonly string[] {
  const [rule] = issuer.connectTo;
  return ["--connect-to", `${rule?.host}:443:${rule?.address}:${rule?.toPort}`];
}
