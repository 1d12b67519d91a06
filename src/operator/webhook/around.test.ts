import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRecord, recordOf } from "../../core/base/index.ts";
import type { KubernetesObject, ObjectRef } from "../../providers/kubernetes/index.ts";
import { settle, TestClock } from "../../../test/support/clock.ts";
import { Roles } from "../roles.ts";
import { Around } from "./around.ts";
import { ReviewClient } from "./review-client.ts";

const key = "eks.amazonaws.com/role-arn";
const view = (role: string): JsonRecord => ({ metadata: { annotations: { [key]: role } } });
const outage = { code: "cluster-unreachable", message: "away", since: 0 };

/** What is followed, and an API that answers on demand. */
function bench({ synced = true, failing = false, timeoutMs = 3000, namespaces = ["shop"] } = {}) {
  const followed = (objects: Readonly<Record<string, JsonRecord>>) => ({
    synced,
    status: {
      resource: "",
      synced,
      objects: 0,
      lists: 0,
      events: 0,
      ...(failing ? { failing: outage } : {}),
    },
    get: (name: string) => objects[name],
  });
  const asked: string[] = [];
  const answers: ((object: JsonRecord | undefined) => void)[] = [];
  const clock = new TestClock();
  const connection = (address: string): ReviewClient => new ReviewClient(address, clock);
  const apiServer = connection("10.0.0.1");
  const followedAround = new Around({
    api: {
      read({ kind, name }: ObjectRef, { signal } = {}) {
        asked.push(`${kind} ${name}`);
        return new Promise<KubernetesObject | undefined>((resolve, reject) => {
          answers.push((object) => resolve(object as KubernetesObject | undefined));
          signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
      },
    },
    accounts: followed({ "shop/web": view("followed") }),
    namespaces: followed(Object.fromEntries(namespaces.map((name) => [name, view("namespace")]))),
    roles: new Roles(undefined),
    timeoutMs,
  });
  const around = {
    of: async (namespace: string, account: string, client = apiServer) =>
      followedAround.of(namespace, account, client),
  };
  return { around, asked, answers, clock, connection };
}

const roleOf = (object: JsonRecord | undefined): unknown =>
  recordOf(recordOf(object?.["metadata"])["annotations"])[key];

describe("what stands around a pod", () => {
  test("is what is followed, without a question to the API server", async () => {
    const { around, asked } = bench();
    const { serviceAccount, namespace } = await around.of("shop", "web");
    assert.deepEqual([roleOf(serviceAccount), roleOf(namespace)], ["followed", "namespace"]);
    assert.deepEqual(asked, []);
  });

  test("is asked for where it is not followed yet: what is new, and that there is none", async () => {
    const { around, asked, answers } = bench();
    const found = around.of("shop", "new");
    answers[0]?.(view("read"));
    assert.equal(roleOf((await found).serviceAccount), "read");
    const none = around.of("shop", "none");
    answers[1]?.(undefined);
    assert.equal((await none).serviceAccount, undefined);
    assert.deepEqual(asked, ["ServiceAccount new", "ServiceAccount none"]);
  });

  test("is asked for where what is followed was not seen whole yet, or may be old", async () => {
    for (const state of [{ synced: false }, { failing: true }]) {
      const { around, asked, answers } = bench(state);
      const found = around.of("shop", "web");
      for (const answer of answers) answer(view("read"));
      assert.equal(roleOf((await found).serviceAccount), "read");
      assert.deepEqual(asked, ["ServiceAccount web", "Namespace shop"]);
    }
  });

  test("is asked for once for concurrent callers, and anew for later ones", async () => {
    const { around, asked, answers } = bench();
    const all = Promise.all(Array.from({ length: 50 }, async () => around.of("shop", "new")));
    answers[0]?.(view("read"));
    assert.equal((await all).length, 50);
    assert.equal(asked.length, 1);
    const later = around.of("shop", "new");
    answers[1]?.(view("later"));
    assert.equal(roleOf((await later).serviceAccount), "later");
  });

  test("is not asked for by more than thirty-two questions at a time, nor for longer than its timeout", async () => {
    const namespaces = Array.from({ length: 8 }, (_, index) => `of-${index}`);
    const { around, asked } = bench({ timeoutMs: 20, namespaces });
    const waiting = namespaces.flatMap((of) =>
      Array.from({ length: 10 }, async (_, index) => around.of(of, `new-${index}`)),
    );
    assert.equal(asked.length, 32);
    for (const one of await Promise.allSettled(waiting)) assert.equal(one.status, "rejected");
  });

  test("is asked for in a namespace though five hundred others ask for what is in none, or in another", async () => {
    const { around, asked, answers } = bench({ namespaces: ["shop", "loud"] });
    const others = ["loud", "invented"].flatMap((of) =>
      Array.from({ length: 250 }, async (_, index) =>
        around.of(of === "loud" ? of : `${of}-${index}`, `none-${index}`),
      ),
    );
    for (const one of others) one.catch(() => {});
    const good = around.of("shop", "new");
    const at = asked.indexOf("ServiceAccount new");
    assert.ok(at !== -1 && at < 32, String(at));
    answers[at]?.(view("read"));
    assert.equal(roleOf((await good).serviceAccount), "read");
  });

  test("is not asked for where a thousand questions of one connection wait", async () => {
    const { around } = bench();
    const all = Array.from({ length: 8 + 1024 }, async (_, index) => around.of("shop", `new-${index}`));
    for (const one of all) one.catch(() => {});
    await assert.rejects(async () => around.of("shop", "one-more"), { code: "cluster-not-ready" });
  });

  for (const [who, address, count] of [
    ["two thousand connections from an address of their own", "10.0.0.66", 2000],
    ["sixty-four connections from the API server's address that ask all the time", "10.0.0.1", 64],
  ] as const)
    test(`is asked for before what is invented in its own namespace by ${who}`, async () => {
      const { around, asked, answers, connection } = bench();
      const invent = (client: ReviewClient, name: string): void =>
        void around.of("shop", name, client).catch(() => {});
      const strangers = Array.from({ length: count }, () => connection(address));
      strangers.forEach((client, index) => invent(client, `none-${index}`));
      // Each asks again as soon as it is answered.
      for (let index = 0; index < 100; index += 1) {
        answers[index]?.(undefined);
        await settle(1);
        invent(strangers[index % count] as ReviewClient, `again-${index}`);
      }
      const begun = asked.length;
      const good = around.of("shop", "new");
      answers[begun - 1]?.(undefined);
      await settle(1);
      const at = asked.indexOf("ServiceAccount new");
      assert.ok(at !== -1 && at <= begun, `asked as number ${at} of ${begun}`);
      answers[at]?.(view("read"));
      assert.equal(roleOf((await good).serviceAccount), "read");
    });

  test("is asked for by a connection that lasts, though others are made all the time from its address", async () => {
    const { around, asked, answers, connection } = bench();
    const lasting = connection("10.0.0.1");
    const first = around.of("shop", "first", lasting);
    answers[0]?.(view("read"));
    await first;
    const churn = (count: number): void => {
      for (let index = 0; index < count; index += 1)
        void around.of("shop", `none-${asked.length}-${index}`, connection("10.0.0.1")).catch(() => {});
    };
    churn(100);
    for (let index = 1; index < 600; index += 1) {
      answers[index]?.(undefined);
      await settle(1);
      churn(1);
    }
    const begun = asked.length;
    void around.of("shop", "new", lasting).catch(() => {});
    answers[begun - 1]?.(undefined);
    await settle(1);
    assert.equal(asked.indexOf("ServiceAccount new"), begun);
  });

  test("was not there for a connection: it is told so for a second without a question, and nobody else is", async () => {
    const { around, asked, answers, clock, connection } = bench();
    const stranger = connection("10.0.0.66");
    const none = around.of("shop", "new", stranger);
    answers[0]?.(undefined);
    assert.equal((await none).serviceAccount, undefined);
    assert.equal((await around.of("shop", "new", stranger)).serviceAccount, undefined);
    assert.equal(asked.length, 1);
    const good = around.of("shop", "new");
    answers[1]?.(view("read"));
    assert.equal(roleOf((await good).serviceAccount), "read");
    await clock.advance(1000);
    const later = around.of("shop", "new", stranger);
    answers[2]?.(view("read"));
    assert.equal(roleOf((await later).serviceAccount), "read");
  });

  test("is asked for anew where the question under way began before it was made", async () => {
    const { around, asked, answers, connection } = bench();
    const stranger = around.of("shop", "new", connection("10.0.0.66"));
    const good = around.of("shop", "new");
    answers[0]?.(undefined);
    assert.equal((await stranger).serviceAccount, undefined);
    await settle(1);
    assert.equal(asked.length, 2);
    answers[1]?.(view("read"));
    assert.equal(roleOf((await good).serviceAccount), "read");
  });
});
