import assert from "node:assert/strict";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import { defined, mapped } from "../../src/core/base/index.ts";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import {
  distrustInSecret,
  type DistrustOutcome,
  type PublisherOptions,
  startPublisher,
} from "../../src/publisher/index.ts";
import { SharedStore } from "../../src/publisher/replicas/store.ts";
import { TestClock } from "../support/clock.ts";
import { OneSecret } from "../support/one-secret.ts";
import { MemoryLog, newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { get, jwksPath, kidsOf } from "./support.ts";
import { until } from "../support/until.ts";

interface StoreSetup {
  readonly secret: OneSecret;
  readonly clock: TestClock;
  readonly store: SharedStore;
}

function openSetup(): StoreSetup {
  const secret = new OneSecret();
  const clock = new TestClock();
  const names = { namespace: "podtrust", name: "podtrust-distrusted" };
  return {
    secret,
    clock,
    store: new SharedStore(names, { cluster: secret, clock, logger: new MemoryLog() }),
  };
}

const spec = { stack: "test", issuer: "https://oidc.example.test", keyRetention: 86_400_000 };

/** A publisher whose distrusts are kept in a Secret beside its state folder. */
function startWith({ store, clock }: StoreSetup, keys = [newKey(), newKey()]): Promise<TestPublisher> {
  const distrusts = store.documents({ ...spec, part: "distrusted" });
  return startTestPublisher({ keys, clock, issuerOptions: { distrusts } });
}

/** Another life of it, after its machine was lost. */
async function anew(to: TestPublisher, change: Partial<PublisherOptions> = {}): Promise<TestPublisher> {
  await rm(join(to.stateDir, "publisher"), { recursive: true, force: true });
  const log = new MemoryLog();
  const options = { ...to.options, logger: log, ...change };
  const publisher = await startPublisher(options);
  return {
    ...to,
    publisher,
    log,
    options,
    port: publisher.addresses.https[0]?.port ?? 0,
    [Symbol.asyncDispose]: () => publisher.close(0),
  };
}

/** A publisher that distrusted the first of its cluster's two keys, and then ended. */
async function endedWithDistrust(
  place: StoreSetup,
): Promise<{ to: TestPublisher; first: string; second: string }> {
  const to = await startWith(place);
  await to.publisher.ready();
  const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
  await to.publisher.distrust(first, { force: true });
  await to.publisher.close(0);
  return { to, first, second };
}

const statesOf = ({ publisher }: TestPublisher): Readonly<Record<string, string>> =>
  Object.fromEntries(publisher.status().issuers[0]?.keys.map(({ kid, state }) => [kid, state]) ?? []);

describe("a key that was distrusted", () => {
  test("stays out when the state folder is lost, by the Secret in which it is kept too", async () => {
    const place = openSetup();
    await using to = await startWith(place);
    await to.publisher.ready();
    const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
    const outcome = await to.publisher.distrust(first, { force: true });
    assert.equal(outcome.persisted, true);
    assert.equal(outcome.outlivesIn, "Secret podtrust/podtrust-distrusted");
    await to.publisher.close(0);
    await using again = await anew(to);
    await again.publisher.ready();
    assert.deepEqual(await kidsOf(again), [second]);
    const [issuer] = again.publisher.status().issuers;
    assert.match(
      issuer?.warnings.join() ?? "",
      /knows of an earlier publisher of this stack: one distrusted/u,
    );
    assert.match(again.log.of("warn").join(), /earlier publisher/u);
    await place.store.close();
  });

  test("is out under another kid too, by the key itself", async () => {
    const place = openSetup();
    await using to = await startWith(place);
    await to.publisher.ready();
    const [first, second] = to.cluster.keys;
    assert.ok(first !== undefined && second !== undefined);
    await to.publisher.distrust(first.kid, { force: true });
    await to.publisher.close(0);
    to.cluster.keys = [{ ...first, kid: "renamed" }, second];
    await using again = await anew(to);
    await again.publisher.ready();
    assert.deepEqual(await kidsOf(again), [second.kid]);
    await place.store.close();
  });

  test("comes back by trust alone, and that is kept in the Secret too", async () => {
    const place = openSetup();
    await using to = await startWith(place);
    await to.publisher.ready();
    const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
    await to.publisher.distrust(first, { force: true });
    assert.equal((await to.publisher.restore(first)).persisted, true);
    await to.publisher.close(0);
    await using again = await anew(to);
    await again.publisher.ready();
    assert.deepEqual(new Set(await kidsOf(again)), new Set([first, second]));
    await place.store.close();
  });

  test("is said not to be kept where the Secret cannot be written, and is kept once it can", async () => {
    const place = openSetup();
    await using to = await startWith(place);
    await to.publisher.ready();
    const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
    place.secret.away = true;
    assert.equal((await to.publisher.distrust(first, { force: true })).persisted, false);
    place.secret.away = false;
    await to.publisher.refresh();
    await to.publisher.close(0);
    await using again = await anew(to);
    await again.publisher.ready();
    assert.deepEqual(await kidsOf(again), [second]);
    await place.store.close();
  });

  test("is not published by a start whose state is gone while the Secret cannot be read, until it can", async () => {
    const place = openSetup();
    const { to, second } = await endedWithDistrust(place);
    await using _ended = to;
    place.secret.away = true;
    await using again = await anew(to);
    await again.publisher.refresh();
    assert.equal(again.publisher.status().ready, false);
    assert.match(
      again.publisher.status().unready.join(),
      /a key that was distrusted before might be: .*--accept-keys/u,
    );
    assert.deepEqual(statesOf(again), {});
    place.secret.away = false;
    await again.publisher.refresh();
    assert.equal(again.publisher.status().ready, true);
    assert.deepEqual(await kidsOf(again), [second]);
    await place.store.close();
  });

  test("is published by such a start only where a person accepts what the cluster shows", async () => {
    const place = openSetup();
    const { to, first, second } = await endedWithDistrust(place);
    await using _ended = to;
    place.secret.away = true;
    await using again = await anew(to, { acceptKeys: true });
    await again.publisher.ready();
    assert.deepEqual(new Set(await kidsOf(again)), new Set([first, second]));
    await place.store.close();
  });

  test("stays out of what the disk still holds while the Secret cannot be read", async () => {
    const place = openSetup();
    const { to, second } = await endedWithDistrust(place);
    await using _ended = to;
    place.secret.away = true;
    await using again = await startTestPublisher({ ...startInput(to) });
    again.cluster.keys = to.cluster.keys;
    await again.publisher.refresh();
    assert.deepEqual(await kidsOf(again), [second]);
    await place.store.close();
  });

  test("of an earlier life is not forgotten by a Secret that is damaged: nothing is published", async () => {
    const place = openSetup();
    place.secret.object = {
      ...place.secret.object,
      data: { "distrusted.test": Buffer.from("{").toString("base64") },
    };
    await using to = await startWith(place);
    await to.publisher.refresh();
    assert.equal(to.publisher.status().ready, false);
    assert.match(to.publisher.status().unready.join(), /distrusted\.test.* is damaged/u);
    await place.store.close();
  });

  test("that no other place knows of is told with the line for the config that keeps it out", async () => {
    await using to = await startTestPublisher({ keys: [newKey(), newKey()] });
    await to.publisher.ready();
    const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
    const outcome: DistrustOutcome = await to.publisher.distrust(first, { force: true });
    assert.equal(outcome.outlivesIn, undefined);
    assert.deepEqual(outcome.distrusted, [first]);
    await to.publisher.close(0);
    const issuers = to.options.issuers.map((issuer) => ({ ...issuer, distrusted: outcome.distrusted }));
    await using again = await anew(to, { issuers });
    await again.publisher.ready();
    assert.deepEqual(await kidsOf(again), [second]);
    assert.equal(statesOf(again)[first], "distrusted");
    assert.match(again.log.of("warn").join(), /the config lists distrusted keys/u);
    await assert.rejects(again.publisher.restore(first), { code: "publisher-key-listed" });
  });

  test("is out at once when the config that lists it is read again, and stays out when the line goes", async () => {
    await using to = await startTestPublisher({ keys: [newKey(), newKey()] });
    await to.publisher.ready();
    const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
    const listing = to.options.issuers.map((issuer) => ({ ...issuer, distrusted: [first] }));
    await to.publisher.reload({ ...to.options, issuers: listing });
    assert.deepEqual(await kidsOf(to), [second]);
    await to.publisher.reload(to.options);
    await to.publisher.refresh();
    assert.deepEqual(await kidsOf(to), [second]);
    await to.publisher.restore(first);
    assert.deepEqual(new Set(await kidsOf(to)), new Set([first, second]));
  });
});

/** A publisher without a second place that distrusted the first of two keys, and whose state was then changed by `harm`. */
async function harmed(
  harm: (file: string) => Promise<void>,
): Promise<{ to: TestPublisher; first: string; second: string; file: string }> {
  const to = await startTestPublisher({ keys: [newKey(), newKey()] });
  await to.publisher.ready();
  const [first = "", second = ""] = to.cluster.keys.map(({ kid }) => kid);
  await to.publisher.distrust(first, { force: true });
  await to.publisher.close(0);
  const file = join(to.stateDir, "publisher", "test.json");
  await harm(file);
  return { to, first, second, file };
}

/** The same publisher begins again with what is there. */
async function begunAgain(to: TestPublisher, change: Partial<PublisherOptions> = {}): Promise<TestPublisher> {
  const publisher = await startPublisher({ ...to.options, ...change });
  const port = publisher.addresses.https[0]?.port ?? 0;
  return { ...to, publisher, port, [Symbol.asyncDispose]: () => publisher.close(0) };
}

describe("a state that no second place knows", () => {
  const harms: Readonly<Record<string, (file: string) => Promise<void>>> = {
    "is damaged": async (file) => writeFile(file, (await readFile(file, "utf8")).slice(0, 50)),
    "is nobody's own, since others may write it": (file) => chmod(file, 0o666),
    "is no file": async (file) => {
      await rm(file);
      await mkdir(file);
    },
  };
  for (const [what, harm] of Object.entries(harms)) {
    test(`keeps a start from publishing while it ${what}, however often it looks, until it can be read`, async () => {
      const whole = { text: "" };
      const { to, second, file } = await harmed(async (path) => {
        whole.text = await readFile(path, "utf8");
        await harm(path);
      });
      await using _ended = to;
      await using again = await begunAgain(to);
      for (let looks = 0; looks < 3; looks += 1) {
        await again.publisher.refresh();
        assert.equal(again.publisher.status().ready, false);
        assert.match(again.publisher.status().unready.join(), /test\.json.*--accept-keys/u);
        assert.equal((await get(again, jwksPath)).status, 503);
      }
      await rm(file, { recursive: true });
      await writeFile(file, whole.text, { mode: 0o600 });
      await again.publisher.refresh();
      assert.equal(again.publisher.status().ready, true);
      assert.deepEqual(await kidsOf(again), [second]);
    });
  }

  test("is set aside where a person accepts what the cluster shows, and what it held is to be distrusted again", async () => {
    const { to, first, second, file } = await harmed((path) => writeFile(path, "{"));
    await using _ended = to;
    await using again = await begunAgain(to, { acceptKeys: true });
    await again.publisher.ready();
    await again.publisher.refresh();
    assert.deepEqual(new Set(await kidsOf(again)), new Set([first, second]));
    assert.match(again.log.of("error").join(), /test\.json is damaged .*distrust again what it held/u);
    assert.equal(await readFile(`${file}.damaged`, "utf8"), "{");
    assert.match(await readFile(file, "utf8"), /"format": 1/u);
  });

  test("is a first start where there is none: all keys are published", async () => {
    const { to, first, second } = await harmed((path) => rm(path));
    await using _ended = to;
    await using again = await begunAgain(to);
    await again.publisher.ready();
    assert.deepEqual(new Set(await kidsOf(again)), new Set([first, second]));
  });

  test("is no matter where a second place knows what was distrusted", async () => {
    const place = openSetup();
    const { to, second } = await endedWithDistrust(place);
    await using _ended = to;
    await writeFile(join(to.stateDir, "publisher", "test.json"), "{");
    await using again = await begunAgain(to);
    await again.publisher.ready();
    assert.deepEqual(await kidsOf(again), [second]);
    await place.store.close();
  });
});

function startInput(to: TestPublisher): Parameters<typeof startTestPublisher>[0] {
  const [issuer] = to.options.issuers;
  const { distrusts } = issuer ?? {};
  return {
    stateDir: to.stateDir,
    clock: to.clock,
    keys: to.cluster.keys,
    ...defined({ issuerOptions: mapped(distrusts, (list) => ({ distrusts: list })) }),
  };
}

describe("a publisher in pods, whose control socket is out of reach", () => {
  const configWith = (publisher: string) =>
    parseConfig(
      `stack: test
issuer: https://oidc.example.test
cluster: {server: "https://127.0.0.1:1", caFile: ca.pem, tokenFile: token}
publisher: {${publisher}https: {certificateFile: tls.crt, keyFile: tls.key}}
`,
      "podtrust.yaml",
      {},
    );
  const named = "distrustSecret: {namespace: podtrust, name: podtrust-distrusted}, ";

  test("leaves a key out that somebody distrusts in its Secret, and knows it after its next start", async () => {
    const keys = [newKey(), newKey()];
    const [first = "", second = ""] = keys.map(({ kid }) => kid);
    const place = openSetup();
    await using to = await startWith(place, keys);
    await to.publisher.ready();
    const { secret, clock } = place;
    const cluster = {
      read: () => secret.read(),
      replace: (next: KubernetesObject) => secret.replace(next),
      create: () => secret.create(),
      oidcDocuments: () => to.cluster.oidcDocuments(),
    };
    const deps = { cluster, clock, logger: new MemoryLog() };
    const config = await configWith(named);
    assert.match((await distrustInSecret(config, first, deps)) ?? "", /podtrust-distrusted/u);
    await until("the key is out", async () => {
      await clock.advance(60_000);
      return (await kidsOf(to)).length === 1;
    });
    assert.deepEqual(await kidsOf(to), [second]);
    await assert.rejects(distrustInSecret(config, second, deps), { code: "publisher-last-key" });
    await assert.rejects(distrustInSecret(config, "other", deps), { code: "publisher-key-unknown" });
    assert.equal(await distrustInSecret(await configWith(""), second, deps), undefined);
    secret.away = true;
    await assert.rejects(distrustInSecret(config, first, deps), { code: "cluster-answer-invalid" });
  });
});
