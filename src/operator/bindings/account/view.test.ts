/** The contract of AccountView, by an account in memory whose every state is known with its time. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { PodtrustError } from "../../../core/base/index.ts";
import type { AccountSurvey, RoleState } from "../../../providers/aws/index.ts";
import { AccountView, KnownRoles, maxAge, maxEntries } from "./view.ts";
import { runs } from "../../../../test/support/runs.ts";

const { signal } = new AbortController();
/** A role as this account has it: its states differ only in the description. */
const roleOf = (name: string, state: number): RoleState => ({
  arn: `arn:aws:iam::111122223333:role/${name}`,
  account: "111122223333",
  name,
  id: `AROA${name}`,
  path: "/",
  description: String(state),
  trustPolicy: "{}",
  maxSession: 3600,
  boundary: undefined,
  created: 0,
  tags: { "podtrust:stack": `prod/shop/${name}` },
  policies: [],
  inline: {},
});

/** The same, with more. */
const roleWith = (name: string, more: Partial<RoleState> = {}): RoleState => ({
  ...roleOf(name, 0),
  policies: ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"],
  ...more,
});

interface Past {
  readonly from: number;
  /** Undefined: there was no role. */
  readonly state: number | undefined;
}

/** An account that knows its past. */
class Account {
  now = 0;
  calls = 0;
  fails = false;
  /** Held while it lasts, after what is answered was looked up. */
  gate: Promise<void> = Promise.resolve();
  readonly drifted: string[] = [];
  readonly #past = new Map<string, Past[]>();
  readonly #unlistedUntil = new Map<string, number>();
  #states = 0;
  readonly view = new AccountView(
    {
      survey: () => this.#answer(this.#survey()),
      role: (name) => this.#answer(this.#role(name)),
      quotas: () =>
        this.#answer({
          roles: { used: 1, quota: 1000 },
          policiesPerRole: 10,
          trustPolicySize: 1,
          inlinePolicySize: 1,
        }),
      hasPolicy: (arn) => this.#answer(arn === "there"),
    },
    { elapsed: () => this.now },
    (marks) => this.drifted.push(...marks),
  );

  async #answer<T>(found: T): Promise<T> {
    this.calls += 1;
    const { fails } = this;
    await this.gate;
    if (fails) throw new PodtrustError("aws-unavailable", "trouble");
    return found;
  }

  #role(name: string): RoleState | undefined {
    const state = this.past(name).at(-1)?.state;
    return state === undefined ? undefined : roleOf(name, state);
  }

  #survey(): AccountSurvey {
    const listed = [...this.#past.keys()].filter((name) => this.now >= (this.#unlistedUntil.get(name) ?? 0));
    const roles = listed.flatMap((name) => this.#role(name) ?? []);
    const role = (name: string): RoleState | undefined => roles.find((one) => one.name === name);
    return {
      roles,
      role,
      isWhole: true,
      providers: [],
      foreignRolesTrusting: () => [],
    } as unknown as AccountSurvey;
  }

  past(name: string): readonly Past[] {
    return this.#past.get(name) ?? [];
  }

  /** It becomes another, or is no more. */
  put(name: string, isThere = true): void {
    const state = isThere ? (this.#states += 1) : undefined;
    this.#past.set(name, [...this.past(name), { from: this.now, state }]);
  }

  /** Changed from here. */
  change(name: string): void {
    this.view.changing([name]);
    if (this.past(name).at(-1)?.state !== undefined) this.put(name);
    this.view.changed([name]);
  }

  /** Made from here; IAM's lists have it some time later. */
  make(name: string, lag: number): void {
    this.view.changing([name]);
    if (this.past(name).at(-1)?.state === undefined) {
      this.put(name);
      this.#unlistedUntil.set(name, this.now + lag);
      const made = this.#role(name);
      if (made !== undefined) this.view.made(made);
    }
    this.view.changed([name]);
  }

  /** Every state that a role had at some time since then. */
  since(name: string, time: number): ReadonlySet<string | undefined> {
    const past = this.past(name);
    const ended = past.map((_, index) => past[index + 1]?.from ?? Infinity);
    const states = past.filter((_, index) => (ended[index] ?? 0) > time);
    const first = past[0]?.from ?? Infinity;
    const before = first > time ? [undefined] : [];
    return new Set([
      ...before,
      ...states.map(({ state }) => (state === undefined ? undefined : String(state))),
    ]);
  }
}

const names = ["web", "api", "jobs"] as const;
const name = fc.constantFrom(...names);
const step = fc.oneof(
  fc.record({
    kind: fc.constant("elapse" as const),
    ms: fc.constantFrom(0, 1, 1000, 2000, 20_000, 44_999, 45_000, 60_000),
  }),
  fc.record({ kind: fc.constantFrom("put" as const, "end" as const, "change" as const), name }),
  fc.record({ kind: fc.constant("make" as const), name, lag: fc.constantFrom(0, 1000, 20_000, 35_000) }),
  fc.record({ kind: fc.constantFrom("role" as const, "slow" as const), name }),
  fc.record({ kind: fc.constant("survey" as const), oldest: fc.constantFrom(0, 2000, maxAge) }),
  fc.record({ kind: fc.constant("fail" as const), name }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One life of an account, in which each reading is judged by its past. */
class Life {
  readonly #account = new Account();
  /** When a role was changed from here last. */
  readonly #own = new Map<string, number>();

  async #judged(one: string): Promise<void> {
    const account = this.#account;
    const oldest = Math.max(account.now - maxAge, this.#own.get(one) ?? -Infinity);
    const role = await account.view.role(one, signal);
    const possible = account.since(one, oldest);
    assert.ok(
      possible.has(role?.description),
      `${one} is reported as ${role?.description}, of ${[...possible].join(", ")}`,
    );
    const { calls } = account;
    assert.equal((await account.view.role(one, signal))?.description, role?.description);
    assert.equal(account.calls, calls, "what was just reported is asked for again");
  }

  /** A reading, or a look, that is on its way while the role is changed from here. */
  async #slow(one: string): Promise<void> {
    const account = this.#account;
    const { promise, resolve } = Promise.withResolvers<void>();
    account.gate = promise;
    const early = [
      account.view.role(one, signal),
      account.view.survey(signal, 0),
      account.view.role(one, signal),
    ];
    // Until both are on their way.
    await setImmediate();
    account.now += 1;
    account.change(one);
    this.#own.set(one, account.now);
    account.now += 1;
    resolve();
    account.gate = Promise.resolve();
    await Promise.all(early);
  }

  async live(one: Step): Promise<void> {
    const account = this.#account;
    if (one.kind === "elapse") account.now += one.ms;
    if (one.kind === "put") account.put(one.name);
    if (one.kind === "end") account.put(one.name, false);
    if (one.kind === "change") account.change(one.name);
    if (one.kind === "make") account.make(one.name, one.lag);
    if (one.kind === "change" || one.kind === "make") this.#own.set(one.name, account.now);
    if (one.kind === "slow") await this.#slow(one.name);
    if (one.kind === "survey") await account.view.survey(signal, one.oldest);
    if (one.kind === "fail") {
      account.fails = true;
      await account.view.role(one.name, signal).catch(() => undefined);
      account.fails = false;
    }
    if (one.kind === "role" || one.kind === "slow" || one.kind === "fail") await this.#judged(one.name);
    // Two things never happen at one moment.
    account.now += 1;
  }
}

describe("what an account shows", () => {
  test("property: is no older than 45 seconds, nor than what was changed from here, and is asked for once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
        const life = new Life();
        for (const one of steps) await life.live(one);
      }),
      { numRuns: runs(2000) },
    );
  });

  test("reports no role that was made from here and deleted by someone else more than 45 seconds ago", async () => {
    const life = new Life();
    const far = { kind: "elapse", ms: 20_000 } as const;
    for (const one of [
      { kind: "make", name: "web", lag: 0 },
      { kind: "end", name: "web" },
      far,
      { kind: "survey", oldest: 0 },
      far,
      far,
      { kind: "role", name: "web" },
    ] as const)
      await life.live(one);
  });

  test("finds a role that was made from here by the mark that it was made with last, before a list has it", async () => {
    const { view } = new Account();
    view.made(roleOf("web", 1));
    view.made(roleWith("web", { tags: { "podtrust:stack": "prod/other/web" } }));
    const found = async (mark: string): Promise<readonly string[]> =>
      (await view.marked(mark, signal)).map((one) => one.name);
    assert.deepEqual([await found("prod/shop/web"), await found("prod/other/web")], [[], ["web"]]);
  });

  test("shares one look among concurrent callers, and a failed one with no later caller", async () => {
    const account = new Account();
    account.put("web");
    await Promise.all(names.map((one) => account.view.role(one, signal)));
    assert.equal(account.calls, 1);
    account.now += maxAge;
    account.fails = true;
    await assert.rejects(account.view.survey(signal), { code: "aws-unavailable" });
    account.fails = false;
    assert.equal((await account.view.role("web", signal))?.description, "1");
    assert.equal(account.calls, 3);
  });

  test("reports each role that someone else changed by its mark, once, and none that was changed from here", async () => {
    const account = new Account();
    for (const one of names) account.put(one);
    await account.view.survey(signal, 0);
    account.put("web");
    account.change("api");
    await account.view.role("api", signal);
    account.now += 1;
    await account.view.survey(signal, 0);
    await account.view.survey(signal, 0);
    assert.deepEqual(account.drifted, ["prod/shop/web"]);
  });

  test("has quotas and policies asked for once in 45 seconds, and after a failure at once", async () => {
    const account = new Account();
    const ask = (): Promise<unknown> =>
      Promise.all([
        account.view.quotas(signal),
        account.view.quotas(signal),
        account.view.hasPolicy("there", signal),
        account.view.hasPolicy("late", signal),
        account.view.hasPolicy("late", signal),
      ]);
    await ask();
    await ask();
    assert.equal(account.calls, 3);
    account.now += maxAge;
    account.fails = true;
    await assert.rejects(ask(), { code: "aws-unavailable" });
    account.fails = false;
    await ask();
    assert.equal(account.calls, 9);
    assert.equal(await account.view.hasPolicy("late", signal), false);
  });

  test("keeps no more beside its look than the bound, however many roles are changed, and forgets none of them", async () => {
    const account = new Account();
    account.put("web");
    await account.view.survey(signal);
    account.now += 1;
    account.change("web");
    for (let index = 0; index < maxEntries; index += 1) account.change(`role-${index}`);
    account.now += 1;
    assert.equal((await account.view.role("web", signal))?.description, "2");
    assert.ok(account.view.entries <= 1, `${account.view.entries} entries`);
    assert.equal(account.calls, 2, "one look reports all of them");
  });
});

describe("whose roles were changed by someone else", () => {
  test("is not known at the first look, and no owner's where all are as they were", () => {
    const known = new KnownRoles();
    assert.deepEqual([...known.look([roleWith("web"), roleWith("api")])], []);
    const otherOrder = { policies: roleWith("web").policies.toReversed() };
    assert.deepEqual([...known.look([roleWith("api"), roleWith("web", otherOrder)])], []);
  });

  for (const [what, more] of [
    ["a policy taken off", { policies: [] }],
    ["another trust policy", { trustPolicy: '{"Version":"2012-10-17"}' }],
    ["another role of its name", { id: "AROAother" }],
    ["a longer session", { maxSession: 7200 }],
    ["a boundary taken away", { boundary: "arn:aws:iam::111122223333:policy/x" }],
  ] as const)
    test(`is reported by its mark at the next look: ${what}`, () => {
      const known = new KnownRoles();
      known.look([roleWith("web"), roleWith("api")]);
      assert.deepEqual([...known.look([roleWith("web", more), roleWith("api")])], ["prod/shop/web"]);
      assert.deepEqual([...known.look([roleWith("web", more), roleWith("api")])], [], "and once");
    });

  test("is reported for a role that is gone, for a new one, and for one whose mark was changed", () => {
    const known = new KnownRoles();
    known.look([roleWith("web"), roleWith("api")]);
    assert.deepEqual([...known.look([roleWith("api"), roleWith("new")])], ["prod/shop/new", "prod/shop/web"]);
    const stolen = roleWith("api", { tags: { "podtrust:stack": "test" } });
    assert.deepEqual([...known.look([stolen, roleWith("new")])], ["test", "prod/shop/api"]);
  });

  test("is no owner's where it was changed from here and read since", () => {
    const known = new KnownRoles();
    known.look([roleWith("web"), roleWith("api")]);
    const ours = roleWith("web", { policies: [] });
    known.read("web", ours);
    known.read("api", undefined);
    assert.deepEqual([...known.look([ours])], []);
    assert.deepEqual([...known.look([roleWith("web")])], ["prod/shop/web"]);
  });
});
