import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StatusReport } from "../../src/stack/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { ecKey } from "../support/sandbox.ts";
import { until } from "../support/until.ts";

// No cluster and no account: what the words and switches do is the same, and nothing leaves this machine.
let clock: TestClock;
let folder = "";
let issuer: IssuerServer;
let route: string[] = [];

const podtrust = (args: readonly string[], host = {}) =>
  podtrustHere(args, { cwd: folder, env: {}, clock, ...host });

describe("podtrust status and podtrust test", () => {
  before(async () => {
    clock = new TestClock(Date.now());
    const authority = await testAuthority();
    issuer = await startIssuer(authority);
    issuer.publish([ecKey("first").jwk]);
    folder = await mkdtemp(join(tmpdir(), "podtrust-status-"));
    await writeFile(join(folder, "podtrust.yaml"), `stack: prod\nissuer: ${issuer.issuer}\n`);
    await writeFile(join(folder, "root.pem"), authority.root);
    route = [
      "--connect-to",
      `${issuer.host}:443:127.0.0.1:${issuer.connectTo[0]?.toPort}`,
      "--ca",
      "root.pem",
    ];
  });

  after(async () => {
    await issuer.close();
    await rm(folder, { recursive: true });
  });

  test("a line for each link, who said so below it, and what it comes to at the end", async () => {
    const { code, out } = await podtrust(["status", ...route]);
    assert.equal(code, 0, out);
    assert.match(
      out,
      /^prod {2}https:\/\/oidc\.example\.test\n\n\? cluster {9}the config names no cluster\n/u,
    );
    assert.match(out, /\n✔ jwks {12}holds 1 key \(ES256 first\), /u);
    assert.match(
      out,
      /\nNo link is broken; to look at: jwks; not seen: cluster, provider, trust, serviceaccount, injection, token, sts, permission\.\n$/u,
    );
  });

  test("a broken link is exit 3, with the next step last; --json says the same as data", async () => {
    const pages = new Map(issuer.pages);
    issuer.pages.clear();
    const { code, out } = await podtrust(["status", ...route]);
    const json = await podtrust(["status", "--json", ...route]);
    for (const [path, page] of pages) issuer.pages.set(path, page);
    assert.equal(code, 3);
    assert.match(
      out,
      /\nThe chain breaks at discovery; broken: discovery, jwks, reachability; .*\nnext: Serve the document at exactly this URL/u,
    );
    const report = JSON.parse(json.out) as StatusReport;
    assert.deepEqual([json.code, report.broken?.name, report.links.length], [3, "discovery", 13]);
  });

  test("--watch looks again until it is ended, and repeats only what changed", async () => {
    const ending = new AbortController();
    let out = "";
    const stdout = { write: (text: string) => (out += text) };
    const args = ["status", "--watch", "30s", "--only", "discovery", ...route];
    const running = podtrust(args, { signal: ending.signal, stdout });
    const rounds = (): number => out.split("Every link holds").length - 1;
    const looked = async (): Promise<boolean> => {
      if (clock.sleeping > 0) await clock.advance(30_000);
      return rounds() >= 3;
    };
    await until("three looks", looked, { everyMs: 1 });
    ending.abort();
    assert.equal((await running).code, 0);
    assert.equal(out.split("✔ discovery").length - 1, 1);
    assert.match(out, /\dZ {2}Every link holds\.\n/u);
  });

  test("--watch takes a time of a second at least", async () => {
    assert.match((await podtrust(["status", "--watch", "0"])).err, /once a second/u);
    assert.equal((await podtrust(["status", "--watch", "soon"])).code, 2);
  });

  test("test without a cluster says what to add", async () => {
    const { code, err } = await podtrust(["test"]);
    assert.deepEqual([code, /has no cluster/u.test(err)], [2, true]);
    assert.match(err, /next: {2}Add a cluster/u);
  });
});
