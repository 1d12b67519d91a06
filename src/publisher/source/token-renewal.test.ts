import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { FakeCluster, MemoryLog } from "../../../test/support/publisher.ts";
import { PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi, SentCredential } from "../../providers/kubernetes/index.ts";
import { TokenRenewal } from "./token-renewal.ts";

const hour = 3_600_000;

interface World {
  readonly clock: TestClock;
  readonly log: MemoryLog;
  readonly file: string;
  readonly sent: SentCredential;
  readonly asked: unknown[][];
  answer: () => Promise<{ token: string; expirationTimestamp: string }>;
  renew(change?: Partial<SentCredential>): Promise<void>;
}

async function world(t: TestContext): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-renewal-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "token");
  await writeFile(file, "old", { mode: 0o600 });
  const clock = new TestClock();
  const log = new MemoryLog();
  const sent: SentCredential = {
    kind: "token",
    from: `token file ${file}`,
    file,
    subject: "system:serviceaccount:podtrust:podtrust-publisher",
    audiences: ["https://oidc.example.test"],
    issuedAt: clock.now(),
    expiresAt: clock.now() + 24 * hour,
  };
  const asked: unknown[][] = [];
  const at: World = {
    clock,
    log,
    file,
    sent,
    asked,
    answer: () => Promise.resolve({ token: "new", expirationTimestamp: "2027-01-01T00:00:00Z" }),
    renew: (change = {}) => renewal.renew({ ...sent, ...change }, new AbortController().signal),
  };
  const requestToken: KubernetesApi["requestToken"] = (namespace, name, spec) => {
    asked.push([namespace, name, spec]);
    return at.answer();
  };
  const cluster = Object.assign(new FakeCluster("https://oidc.example.test"), { requestToken });
  const renewal = new TokenRenewal({ cluster, clock, logger: log });
  return at;
}

test("a token is renewed for itself, for its own audiences and life, an hour after it was issued", async (t) => {
  const at = await world(t);
  at.clock.jump(hour - 1);
  await at.renew();
  assert.deepEqual(at.asked, []);
  at.clock.jump(1);
  await at.renew();
  assert.deepEqual(at.asked, [
    [
      "podtrust",
      "podtrust-publisher",
      { audiences: ["https://oidc.example.test"], expirationSeconds: 24 * 3600 },
    ],
  ]);
  assert.equal(await readFile(at.file, "utf8"), "new\n");
  assert.equal((await stat(at.file)).mode & 0o777, 0o600);
});

test("a token for the API server, as its audience by default says, is renewed for whatever audiences that has by then", async (t) => {
  const at = await world(t);
  at.clock.jump(hour);
  await at.renew({ issuer: "https://oidc.example.test", audiences: ["vault", "https://oidc.example.test"] });
  assert.deepEqual(
    at.asked.map(([, , spec]) => spec),
    [{ audiences: "cluster", expirationSeconds: 24 * 3600 }],
  );
  await at.renew({ issuer: "https://oidc.example.test", audiences: ["vault"] });
  assert.deepEqual(at.asked[1]?.[2], { audiences: ["vault"], expirationSeconds: 24 * 3600 });
});

test("a token that lives for less than two hours is renewed when half of its life is over", async (t) => {
  const at = await world(t);
  const expiresAt = at.clock.now() + hour;
  at.clock.jump(hour / 2);
  await at.renew({ expiresAt });
  assert.equal(at.asked.length, 1);
});

test("a publisher that may not renew its token leaves the file alone, and asks again an hour later", async (t) => {
  const at = await world(t);
  at.answer = () => Promise.reject(new PodtrustError("cluster-forbidden", "403"));
  at.clock.jump(hour);
  for (let times = 0; times < 3; times += 1) await at.renew();
  assert.equal(at.asked.length, 1);
  assert.equal(await readFile(at.file, "utf8"), "old");
  assert.deepEqual(at.log.of("warn"), []);
  await at.clock.advance(hour);
  await at.renew();
  assert.equal(at.asked.length, 2);
});

test("a renewal that fails is reported once and tried again, and one that cannot be written leaves the old token", async (t) => {
  const at = await world(t);
  at.answer = () => Promise.reject(new PodtrustError("cluster-unreachable", "no answer"));
  at.clock.jump(hour);
  await at.renew();
  await at.clock.advance(600_000);
  await at.renew();
  assert.equal(at.asked.length, 2);
  assert.deepEqual(at.log.of("warn"), ["the publisher's own token was not renewed: no answer"]);
  assert.equal(await readFile(at.file, "utf8"), "old");
});

for (const [words, jump] of [
  ["back", -hour],
  ["forth", hour],
] as const) {
  test(`a renewal that failed is tried again ten minutes later, also when the time of day jumps an hour ${words} meanwhile`, async (t) => {
    const at = await world(t);
    at.answer = () => Promise.reject(new PodtrustError("cluster-unreachable", "no answer"));
    // Due before and after the jump.
    await at.clock.advance(3 * hour);
    await at.renew();
    at.clock.jump(jump);
    await at.clock.advance(599_999);
    await at.renew();
    assert.equal(at.asked.length, 1);
    await at.clock.advance(1);
    await at.renew();
    assert.equal(at.asked.length, 2);
  });
}

test("a token that another program renews, or that is none of a ServiceAccount in a file, is left alone", async (t) => {
  const at = await world(t);
  at.clock.jump(2 * hour);
  await symlink(at.file, `${at.file}.link`);
  await at.renew({ file: `${at.file}.link` });
  await at.renew({ file: join(at.file, "absent") });
  await at.renew({ subject: "somebody" });
  const { file: _none, ...inKubeconfig } = at.sent;
  await at.renew({ ...inKubeconfig, file: undefined } as unknown as SentCredential);
  assert.deepEqual(at.asked, []);
});
