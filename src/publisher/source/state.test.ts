import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { PodtrustError } from "../../core/base/index.ts";
import type { SentCredential } from "../../providers/kubernetes/index.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import type { RefusalReason } from "../status.ts";
import type { Observation } from "./judge.ts";
import { publishedKeys } from "./keys.ts";
import { distrust, emptyState, observe, type SourceState, type SourceStep, restore } from "./state.ts";

const day = 86_400_000;
const times = { keyRetention: day, poll: 10_000, caches: { publisher: 60_000, relyingParty: 3_600_000 } };
const jwk = (kid: string, x = kid): PublicJwk => ({
  kty: "EC",
  kid,
  use: "sig",
  alg: "ES256",
  crv: "P-256",
  x,
  y: x,
});
const good = (...kids: string[]): Observation => ({
  ok: true,
  keys: kids.map((kid) => jwk(kid)),
  warnings: [],
});
const bad = (reason: "unreachable" | "jwks-empty" = "unreachable"): Observation => ({
  ok: false,
  refusal: { reason, message: "m", next: "n" },
});
const kids = (state: SourceState): string[] => publishedKeys(state.ring).map((key) => key.kid);

test("a refused answer changes nothing that is published, and is counted", () => {
  const first = observe(emptyState, good("a"), 0, times).state;
  const second = observe(first, bad(), 10, times);
  assert.equal(second.state.ring, first.ring);
  assert.deepEqual(second.state.failing, {
    reason: "unreachable",
    message: "m",
    next: "n",
    since: 10,
    count: 1,
  });
  const third = observe(second.state, bad(), 20, times);
  assert.equal(third.state.failing?.count, 2);
  assert.equal(third.state.failing?.since, 10);
});

test("a row of refusals is said at its start, when the reason changes, every five minutes, and at its end", () => {
  let state = observe(emptyState, good("a"), 0, times).state;
  const said: string[] = [];
  const poll = (observation: Observation, now: number): void => {
    const step = observe(state, observation, now, times);
    state = step.state;
    said.push(...step.events.map((event) => `${now / 1000}:${event.type}`));
  };
  for (let now = 10_000; now <= 320_000; now += 10_000) poll(bad(), now);
  poll(bad("jwks-empty"), 330_000);
  poll(good("a"), 340_000);
  poll(good("a"), 350_000);
  assert.deepEqual(said, ["10:blind", "310:blind", "330:refused", "340:recovered"]);
});

test("a distrusted key is out at once and does not come back while the cluster shows it", () => {
  let state = observe(emptyState, good("a", "b"), 0, times).state;
  state = distrust(state, "a", { now: 5, force: true }).state;
  assert.deepEqual(kids(state), ["b"]);
  const step = observe(state, good("a", "b"), 10, times);
  assert.deepEqual(kids(step.state), ["b"]);
  assert.match(step.state.warnings.join(), /a is distrusted and the cluster still shows it/u);
  assert.deepEqual(distrust(step.state, "a", { now: 20, force: true }).events, []);
});

test("distrusting an unknown key or the last one is refused by name", () => {
  const state = observe(emptyState, good("a"), 0, times).state;
  const codeOf = (kid: string): string => {
    try {
      distrust(state, kid, { now: 1, force: true });
    } catch (error) {
      return (error as PodtrustError).code;
    }
    return "none";
  };
  assert.equal(codeOf("zz"), "publisher-key-unknown");
  assert.equal(codeOf("a"), "publisher-last-key");
});

test("an answer of distrusted keys alone is refused: nothing would be left", () => {
  let state = observe(emptyState, good("a", "b"), 0, times).state;
  state = distrust(state, "a", { now: 1, force: true }).state;
  const step = observe(state, good("a"), 2, times);
  assert.equal(step.state.failing?.reason, "jwks-empty");
  assert.deepEqual(kids(step.state), ["b"]);
});

describe("a distrusted key", () => {
  const rsa: PublicJwk = { kty: "RSA", kid: "r", use: "sig", alg: "RS256", n: "AQ", e: "AQAB" };
  const shows = (...keys: PublicJwk[]): Observation => ({ ok: true, keys, warnings: [] });
  const eventsOf = (step: SourceStep): readonly string[] =>
    step.events.map((event) => ("kid" in event ? `${event.type} ${event.kid}` : event.type));
  const distrusted = (): SourceState => {
    const first = observe(emptyState, shows(jwk("a"), jwk("b"), rsa), 0, times).state;
    return distrust(first, "a", { now: 5, force: true }).state;
  };

  test("stays out under another kid", () => {
    const step = observe(distrusted(), shows(jwk("again", "a"), jwk("b")), 10, times);
    assert.deepEqual(kids(step.state), ["b", "r"]);
    assert.ok(eventsOf(step).includes("distrusted-key-shown again"));
  });

  test("keeps its kid out, whatever key the cluster shows under it, and is itself remembered", () => {
    const step = observe(distrusted(), shows(jwk("a", "another"), jwk("b")), 10, times);
    assert.deepEqual(kids(step.state), ["b", "r"]);
    const again = observe(step.state, shows(jwk("again", "a"), jwk("b")), 20, times);
    assert.deepEqual(kids(again.state), ["b", "r"]);
    const free = observe(again.state, shows(jwk("fresh", "another"), jwk("b")), 30, times);
    assert.deepEqual(kids(free.state), ["b", "fresh", "r"]);
  });

  test("that vanishes from the cluster is not said to stay published", () => {
    const step = observe(distrusted(), shows(jwk("b"), rsa), 10, times);
    assert.deepEqual(eventsOf(step), ["distrusted-key-vanished a"]);
  });

  test("is published again when the distrust is taken back, under each of its kids", () => {
    const both = observe(distrusted(), shows(jwk("again", "a"), jwk("a"), jwk("b")), 10, times).state;
    const back = restore(both, "again", { now: 20, keyRetention: day });
    assert.deepEqual(kids(back.state), ["a", "again", "b", "r"]);
    assert.deepEqual([back.changed, eventsOf(back)], [true, ["key-restored again"]]);
    assert.equal(restore(back.state, "a", { now: 30, keyRetention: day }).changed, false);
    assert.throws(() => restore(back.state, "zz", { now: 30, keyRetention: day }), {
      code: "publisher-key-unknown",
    });
  });

  test("that the cluster dropped is kept for what is left of its retention, and forgotten after that", () => {
    const gone = observe(distrusted(), shows(jwk("b"), rsa), 10, times).state;
    assert.deepEqual(kids(restore(gone, "a", { now: 20, keyRetention: day }).state), ["a", "b", "r"]);
    const late = restore(gone, "a", { now: 10 + day, keyRetention: day }).state;
    assert.deepEqual(kids(late), ["b", "r"]);
    assert.equal(
      late.ring.some((key) => key.jwk.kid === "a"),
      false,
    );
  });
});

describe("distrusting without force", () => {
  const token = (kid: string, issuedAt: number): SentCredential => ({
    kind: "token",
    from: "token file t",
    kid,
    issuedAt,
  });
  const refusalOf = (state: SourceState, kid: string): string => {
    try {
      distrust(state, kid, { now: day, force: false });
    } catch (error) {
      const { code, message, detail } = error as PodtrustError;
      return `${code} ${String(detail["signs"])} ${message}`;
    }
    return "done";
  };

  test("is refused for the cluster's only key, also while retained keys are published beside it", () => {
    let state = observe(emptyState, good("dead", "live"), 0, times).state;
    state = observe(state, good("live"), 10, times).state;
    assert.deepEqual(kids(state), ["dead", "live"]);
    assert.match(refusalOf(state, "live"), /^publisher-key-signs yes live is the only key of the cluster's/u);
    assert.equal(refusalOf(state, "dead"), "done");
  });

  test("is refused for the last key of the cluster's that is trusted", () => {
    let state = observe(emptyState, good("a", "b", "dead"), 0, times).state;
    state = observe(state, good("a", "b"), 10, times).state;
    state = distrust(state, "a", { now: 20, force: true }).state;
    assert.match(refusalOf(state, "b"), /^publisher-key-signs yes/u);
  });

  test("is refused for the key that signed the newest token, and done for the one it replaced", () => {
    let state = observe(emptyState, { ...good("old", "new"), credential: token("old", 0) }, 0, times).state;
    assert.match(refusalOf(state, "old"), /^publisher-key-signs yes The cluster signs with old/u);
    assert.equal(refusalOf(state, "new"), "done");
    state = observe(state, { ...good("old", "new"), credential: token("new", 50) }, 60, times).state;
    assert.equal(refusalOf(state, "old"), "done");
    assert.match(refusalOf(state, "new"), /^publisher-key-signs yes/u);
  });

  test("is refused where it is unknown which of the cluster's keys signs", () => {
    const state = observe(emptyState, good("a", "b"), 0, times).state;
    assert.match(refusalOf(state, "a"), /^publisher-key-signs perhaps .*beside b/u);
  });

  test("names what takes it back", () => {
    const state = observe(emptyState, good("a", "b"), 0, times).state;
    assert.throws(() => distrust(state, "a", { now: 1, force: false }), {
      code: "publisher-key-signs",
      next: /podtrust rotate distrust a --force; podtrust rotate restore a takes that back/u,
    });
  });
});

test("a distrusted key that only verifies in the cluster is no warning, one that signs is, with its cure", () => {
  const asked = (kid: string): Observation => ({
    ...good("a", "b"),
    credential: { kind: "token", from: "t", kid, issuedAt: 1 },
  });
  let state = observe(emptyState, asked("b"), 0, times).state;
  state = distrust(state, "a", { now: 5, force: false }).state;
  assert.deepEqual(observe(state, asked("b"), 10, times).state.warnings, []);
  state = distrust(observe(emptyState, asked("a"), 0, times).state, "a", { now: 5, force: true }).state;
  assert.match(
    observe(state, asked("a"), 10, times).state.warnings.join(),
    /the cluster signs with it.*rotate restore a/u,
  );
});

test("a key that signs before every cache has it is warned of until they have", () => {
  const asked = (kid: string, issuedAt: number, ...names: string[]): Observation => ({
    ...good(...names),
    credential: { kind: "token", from: "t", kid, issuedAt },
  });
  let state = observe(emptyState, asked("old", 0, "old"), 0, times).state;
  assert.deepEqual(state.warnings, []);
  state = observe(state, asked("new", 20_000, "old", "new"), 20_000, times).state;
  assert.match(state.warnings.join(), /Key new signs already, before every cache has it/u);
  const late = 20_000 + 10_000 + 60_000 + 3_600_000;
  assert.deepEqual(observe(state, asked("new", 20_000, "old", "new"), late, times).state.warnings, []);
});

test("a publisher is blind from the first look without an answer to judge, whatever the reasons, until one comes", () => {
  const seen = (state: SourceState, reason: RefusalReason, now: number): SourceState =>
    observe(state, { ok: false, refusal: { reason, message: "m", next: "n" } }, now, times).state;
  let state = observe(emptyState, good("a"), 0, times).state;
  assert.equal(state.blind, undefined);
  state = seen(seen(state, "unreachable", 10), "unauthenticated", 20);
  assert.deepEqual(state.blind, { reason: "unauthenticated", message: "m", next: "n", since: 10 });
  // An answer that must not be published is an answer.
  state = seen(state, "issuer-mismatch", 30);
  assert.equal(state.blind, undefined);
  assert.equal(state.failing?.since, 10);
  assert.equal(seen(state, "forbidden", 40).blind?.since, 40);
  assert.equal(observe(seen(state, "forbidden", 40), good("a"), 50, times).state.blind, undefined);
});

// "a2" is the key "a" under another kid.
const names = fc.constantFrom("a", "b", "c", "a2");
const named = (kid: string): PublicJwk => jwk(kid, kid.slice(0, 1));

const action = fc.oneof(
  fc.record({ type: fc.constant("show"), kids: fc.uniqueArray(names, { minLength: 1 }) }),
  fc.record({ type: fc.constant("fail"), kids: fc.constant([]) }),
  fc.record({ type: fc.constant("distrust"), kids: fc.tuple(names) }),
  fc.record({ type: fc.constant("restore"), kids: fc.tuple(names) }),
);

function act(
  state: SourceState,
  { type, kids: [first = "", ...rest] }: { type: string; kids: readonly string[] },
  now: number,
): SourceState {
  if (type === "show") {
    const keys = [first, ...rest].map(named);
    return observe(state, { ok: true, keys, warnings: [] }, now, times).state;
  }
  if (type === "fail") return observe(state, bad(), now, times).state;
  try {
    if (type === "restore") return restore(state, first, { now, keyRetention: day }).state;
    return distrust(state, first, { now, force: true }).state;
  } catch (error) {
    assert.ok(error instanceof PodtrustError);
    return state;
  }
}

test("property: once something is published something always is, and never a distrusted key under any kid", () => {
  const runs = fc.array(fc.tuple(action, fc.integer({ min: 0, max: 2 * day })), { maxLength: 60 });
  fc.assert(
    fc.property(runs, (steps) => {
      let state = emptyState;
      let now = 0;
      // Letters of keys; a second kid shares its key's.
      let out = new Set<string>();
      for (const [step, wait] of steps) {
        now += wait;
        const before = kids(state);
        state = act(state, step, now);
        if (before.length > 0 && step.type !== "restore") assert.ok(kids(state).length > 0);
        if (step.type === "restore") out = new Set();
        for (const key of state.ring) if (key.distrustedAt !== undefined) out.add(key.jwk.x ?? "");
        for (const kid of kids(state)) assert.ok(!out.has(kid.slice(0, 1)));
        if (state.changedAt === undefined) assert.deepEqual(kids(state), []);
      }
    }),
  );
});
