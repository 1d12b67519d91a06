import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";

const issuer = "https://oidc.example.test";
const hour = 3_600_000;

describe("the token of a publisher on a machine", () => {
  let folder: string;
  let cluster: StandInCluster;
  let clock: TestClock;
  const file = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-own-token-"));
    clock = new TestClock();
    cluster = await startStandInCluster({ issuer, clock });
    await writeFile(file("admin.conf"), cluster.kubeconfig("admin"), { mode: 0o600 });
    const source = { server: cluster.url, tokenFile: "token", caFile: "ca.crt" };
    const publisher = { source, https: { acme: {} } };
    await writeFile(file("publisher.yaml"), JSON.stringify({ stack: "prod", issuer, publisher }));
  });
  afterEach(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  const renew = () =>
    podtrustHere(
      ["renew-token", "-f", file("publisher.yaml"), "--kubeconfig", file("admin.conf"), "--json"],
      { clock },
    );
  async function outcome(): Promise<unknown> {
    const { code, out, err } = await renew();
    assert.equal(code, 0, err);
    return (JSON.parse(out) as { outcome: unknown }).outcome;
  }
  const token = async () => parseJws((await readFile(file("token"), "utf8")).trim());

  test("is made with its ServiceAccount, for the cluster's own API and a week, and read by its group alone", async () => {
    assert.equal(await outcome(), "absent");
    const { claims } = await token();
    assert.equal(claims["sub"], "system:serviceaccount:podtrust:podtrust-publisher");
    assert.deepEqual(claims["aud"], [issuer]);
    assert.equal(Number(claims["exp"]) - Number(claims["iat"]), 7 * 24 * 3600);
    assert.equal((await stat(file("token"))).mode & 0o777, 0o640);
    assert.equal(await readFile(file("ca.crt"), "utf8"), cluster.ca);
  });

  test("stays as it is for an hour, and says nothing then", async () => {
    await outcome();
    const first = await readFile(file("token"), "utf8");
    await clock.advance(hour - 2000);
    assert.equal(await outcome(), "kept");
    assert.equal(await readFile(file("token"), "utf8"), first);
    await clock.advance(2000);
    assert.equal(await outcome(), "due");
    assert.notEqual(await readFile(file("token"), "utf8"), first);
    const { out, err } = await podtrustHere(
      ["renew-token", "-f", file("publisher.yaml"), "--kubeconfig", file("admin.conf")],
      { clock },
    );
    assert.deepEqual([out, err], ["", ""]);
  });

  test("is made anew at once when its signing key was replaced and taken away", async () => {
    await outcome();
    const [old] = cluster.keys.list();
    const next = await cluster.keys.create();
    cluster.keys.promote(next.kid);
    cluster.keys.drop(old?.kid ?? "");
    assert.equal(await outcome(), "refused");
    assert.equal((await token()).kid, next.kid);
    assert.equal(await outcome(), "kept");
  });

  test("is made anew after an outage longer than its life, and where the file holds none", async () => {
    await outcome();
    await clock.advance(8 * 24 * hour);
    assert.equal(await outcome(), "refused");
    await writeFile(file("token"), "not a token, but two lines\nof text\n");
    assert.equal(await outcome(), "refused");
    assert.equal(await outcome(), "kept");
  });

  test("stays when the cluster cannot be asked, and that is an error with its cause", async () => {
    await outcome();
    const first = await readFile(file("token"), "utf8");
    for (const fault of ["gone", "error", "starting"] as const) {
      cluster.misbehave(fault);
      const { code, out } = await renew();
      assert.equal(code, 1, fault);
      assert.match(out, /cluster-(?:unreachable|not-ready)/u, fault);
      assert.doesNotMatch(out, new RegExp(first.trim().split(".")[2] ?? "", "u"));
    }
    assert.equal(await readFile(file("token"), "utf8"), first);
  });

  test("a config whose publisher reads by no token file is refused by name", async () => {
    const publisher = { source: { kubeconfig: "admin.conf" }, https: { acme: {} } };
    await writeFile(file("publisher.yaml"), JSON.stringify({ stack: "prod", issuer, publisher }));
    const { code, out } = await renew();
    assert.equal(code, 2);
    assert.match(out, /publisher\.source names no tokenFile/u);
  });
});
