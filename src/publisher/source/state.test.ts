import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PodtrustError } from "../../base/index.ts";
import type { PublicJwk } from "../../oidc/index.ts";
import type { Observation } from "./judge.ts";
import { publishedKeys } from "./keys.ts";
import { distrust, emptyState, observe, type SourceState } from "./state.ts";

const day = 86_400_000;
const jwk = (kid: string): PublicJwk => ({ kty: "EC", kid, use: "sig", alg: "ES256", x: kid });
const good = (...kids: string[]): Observation => ({ ok: true, keys: kids.map(jwk), warnings: [] });
const bad = (reason: "unreachable" | "jwks-empty" = "unreachable"): Observation => ({
  ok: false,
  refusal: { reason, message: "m", next: "n" },
});
const kids = (state: SourceState): string[] => publishedKeys(state.ring).map((key) => key.kid);

test("a refused answer changes nothing that is published, and is counted", () => {
  const first = observe(emptyState, good("a"), 0, day).state;
  const second = observe(first, bad(), 10, day);
  assert.equal(second.state.ring, first.ring);
  assert.deepEqual(second.state.failing, {
    reason: "unreachable",
    message: "m",
    next: "n",
    since: 10,
    count: 1,
  });
  const third = observe(second.state, bad(), 20, day);
  assert.equal(third.state.failing?.count, 2);
  assert.equal(third.state.failing?.since, 10);
});

test("a row of refusals is said at its start, when the reason changes, every five minutes, and at its end", () => {
  let state = observe(emptyState, good("a"), 0, day).state;
  const said: string[] = [];
  const poll = (observation: Observation, now: number): void => {
    const step = observe(state, observation, now, day);
    state = step.state;
    said.push(...step.events.map((event) => `${now / 1000}:${event.type}`));
  };
  for (let now = 10_000; now <= 320_000; now += 10_000) poll(bad(), now);
  poll(bad("jwks-empty"), 330_000);
  poll(good("a"), 340_000);
  poll(good("a"), 350_000);
  assert.deepEqual(said, ["10:refused", "310:refused", "330:refused", "340:recovered"]);
});

test("a distrusted key is out at once and does not come back while the cluster shows it", () => {
  let state = observe(emptyState, good("a", "b"), 0, day).state;
  state = distrust(state, "a", 5).state;
  assert.deepEqual(kids(state), ["b"]);
  const step = observe(state, good("a", "b"), 10, day);
  assert.deepEqual(kids(step.state), ["b"]);
  assert.match(step.state.warnings.join(), /a is distrusted and the cluster still shows it/u);
  assert.deepEqual(distrust(step.state, "a", 20).events, []);
});

test("distrusting an unknown key or the last one is refused by name", () => {
  const state = observe(emptyState, good("a"), 0, day).state;
  const codeOf = (kid: string): string => {
    try {
      distrust(state, kid, 1);
    } catch (error) {
      return (error as PodtrustError).code;
    }
    return "none";
  };
  assert.equal(codeOf("zz"), "publisher-key-unknown");
  assert.equal(codeOf("a"), "publisher-last-key");
});

test("an answer of distrusted keys alone is refused: nothing would be left", () => {
  let state = observe(emptyState, good("a", "b"), 0, day).state;
  state = distrust(state, "a", 1).state;
  const step = observe(state, good("a"), 2, day);
  assert.equal(step.state.failing?.reason, "jwks-empty");
  assert.deepEqual(kids(step.state), ["b"]);
});

const action = fc.oneof(
  fc.record({
    type: fc.constant("show"),
    kids: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }),
  }),
  fc.record({ type: fc.constant("fail"), kids: fc.constant([]) }),
  fc.record({ type: fc.constant("distrust"), kids: fc.tuple(fc.constantFrom("a", "b", "c")) }),
);

function act(
  state: SourceState,
  { type, kids: names }: { type: string; kids: readonly string[] },
  now: number,
): SourceState {
  if (type === "show") return observe(state, good(...names), now, day).state;
  if (type === "fail") return observe(state, bad(), now, day).state;
  try {
    return distrust(state, names[0] ?? "", now).state;
  } catch (error) {
    assert.ok(error instanceof PodtrustError);
    return state;
  }
}

test("property: once something is published something always is, and never a distrusted key", () => {
  const runs = fc.array(fc.tuple(action, fc.integer({ min: 0, max: 2 * day })), { maxLength: 60 });
  fc.assert(
    fc.property(runs, (steps) => {
      let state = emptyState;
      let now = 0;
      const out = new Set<string>();
      for (const [step, wait] of steps) {
        now += wait;
        const before = kids(state);
        state = act(state, step, now);
        if (before.length > 0) assert.ok(kids(state).length > 0);
        for (const key of state.ring) if (key.distrustedAt !== undefined) out.add(key.jwk.kid);
        for (const kid of kids(state)) assert.ok(!out.has(kid));
        if (state.changedAt === undefined) assert.deepEqual(kids(state), []);
      }
    }),
  );
});
