import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { PublicJwk } from "../../rules/keys/index.ts";
import { type KeyRing, observeKeys } from "../source/keys.ts";
import { kidTag, type Marks, parseMarks, renderMarks } from "./marks.ts";
import { mergePublication, type OwnKeys, type PublishedKeys } from "./merge.ts";

const day = 86_400_000;
const jwk = (kid: string, x = kid): PublicJwk => ({
  kty: "EC",
  kid,
  use: "sig",
  alg: "ES256",
  crv: "P-256",
  x,
  y: x,
});
const ringOf = (...kids: string[]): KeyRing =>
  observeKeys(
    [],
    kids.map((kid) => jwk(kid)),
    0,
    day,
  ).ring;
const own = (ring: KeyRing, now = 0, change: Partial<OwnKeys> = {}): OwnKeys => ({
  stack: "prod",
  ring,
  now,
  keyRetention: day,
  confirmed: true,
  ...change,
});
const nothing: PublishedKeys = { keys: [], marks: new Map() };
const kids = ({ keys }: { keys: readonly PublicJwk[] }): string => keys.map(({ kid }) => kid).join();

describe("merging keys in a bucket", () => {
  test("a key that vanished stays for the retention, remembered where it is published alone", () => {
    let at: PublishedKeys = mergePublication(nothing, own(ringOf("a", "b")));
    at = mergePublication(at, own(ringOf("b"), 1000));
    assert.equal(kids(at), "a,b");
    at = mergePublication(at, own(ringOf("b"), 1000 + day - 1));
    assert.equal(kids(at), "a,b");
    at = mergePublication(at, own(ringOf("b"), 1000 + day));
    assert.equal(kids(at), "b");
  });

  test("a key that went is not brought back by a publisher that still remembers it", () => {
    const first = ringOf("a", "b");
    const { ring } = observeKeys(first, [jwk("b")], 1000, day);
    let at: PublishedKeys = mergePublication(nothing, own(first));
    at = mergePublication(at, own(ring, 1000));
    at = mergePublication(at, own(ring, 1000 + day));
    assert.equal(kids(at), "b");
    for (const confirmed of [true, false]) {
      assert.equal(kids(mergePublication(at, own(ring, 2000 + day, { confirmed }))), "b");
    }
  });

  test("a bucket that was emptied gets back what is still kept, with the time that is left", () => {
    const { ring } = observeKeys(ringOf("a", "b"), [jwk("b")], 1000, day);
    const at = mergePublication(nothing, own(ring, day));
    assert.equal(kids(at), "a,b");
    assert.equal(kids(mergePublication(at, own(ring, day + 1000))), "b");
  });

  test("a key that another publisher of the stack still sees does not age", () => {
    let at: PublishedKeys = mergePublication(nothing, own(ringOf("a", "b")));
    for (let now = 0; now < 5 * day; now += day / 4) {
      at = mergePublication(at, own(ringOf("b"), now));
      at = mergePublication(at, own(ringOf("a", "b"), now + 1000));
      assert.equal(kids(at), "a,b");
    }
  });

  test("stacks of one issuer keep each other's keys, however long the other is silent", () => {
    let at: PublishedKeys = mergePublication(nothing, own(ringOf("a")));
    at = mergePublication(at, own(ringOf("x"), 0, { stack: "blue" }));
    for (let now = 0; now < 100 * day; now += day) at = mergePublication(at, own(ringOf("b"), now));
    assert.equal(kids(at), "b,x");
  });

  test("a key that no publisher marked as its own goes at once, whichever marks there are", () => {
    const marked = mergePublication(nothing, own(ringOf("x"), 0, { stack: "blue" }));
    for (const marks of [new Map(), marked.marks]) {
      const at = { keys: [...marked.keys, jwk("z")], marks };
      assert.equal(kids(mergePublication(at, own(ringOf("a"), 10 * day))), marks.size === 0 ? "a" : "a,x");
    }
  });

  test("a key of another stack goes once its mark says that it is gone for longer than keys are kept", () => {
    const gone = observeKeys(ringOf("x", "y"), [jwk("y")], 1000, day).ring;
    const at = mergePublication(nothing, own(gone, 1000, { stack: "blue" }));
    assert.equal(kids(mergePublication(at, own(ringOf("a"), day))), "a,x,y");
    assert.equal(kids(mergePublication(at, own(ringOf("a"), 1000 + day))), "a,y");
  });

  test("a key that one publisher distrusts is out for all, and stays out", () => {
    const distrusting = ringOf("a", "b").map((key) =>
      key.jwk.kid === "a" ? { ...key, distrustedAt: 5000 } : key,
    );
    let at: PublishedKeys = mergePublication(nothing, own(distrusting));
    assert.equal(kids(at), "b");
    const other = mergePublication(at, own(ringOf("a", "b"), 0, { stack: "blue" }));
    assert.equal(kids(other), "b");
    assert.match(other.warnings.join(), /Key a is distrusted and the cluster still shows it/u);
    at = mergePublication(other, own(ringOf("a", "b"), 30 * day));
    assert.equal(kids(at), "b");
  });

  test("a distrusted key is out for all under another kid as well", () => {
    const distrusting = ringOf("a", "b").map((key) =>
      key.jwk.kid === "a" ? { ...key, distrustedAt: 5000 } : key,
    );
    const at = mergePublication(nothing, own(distrusting));
    const { ring } = observeKeys([], [jwk("again", "a"), jwk("c")], 6000, day);
    assert.equal(kids(mergePublication(at, own(ring, 6000, { stack: "blue" }))), "b,c");
    const read = parseMarks(renderMarks(at.marks, "prod"));
    assert.equal(kids(mergePublication({ keys: at.keys, marks: read ?? new Map() }, own(ring, 6000))), "b,c");
  });

  test("a distrust that is taken back ends in the bucket, but not that of another publisher", () => {
    const ring = ringOf("a", "b");
    const distrustedAt = (at: number): KeyRing =>
      ring.map((key) => (key.jwk.kid === "a" ? { ...key, distrustedAt: at } : key));
    const takenBack = ring.map((key) => (key.jwk.kid === "a" ? { ...key, takenBack: 5500 } : key));
    const passed = (standing: PublishedKeys): PublishedKeys => ({
      keys: standing.keys,
      marks: parseMarks(renderMarks(standing.marks, "prod")) ?? new Map(),
    });
    const at = passed(mergePublication(nothing, own(distrustedAt(5500))));
    assert.equal(kids(at), "b");
    assert.equal(kids(mergePublication(at, own(takenBack, 7000))), "a,b");
    const others = passed(mergePublication(nothing, own(distrustedAt(9000))));
    assert.equal(kids(mergePublication(others, own(takenBack, 10_000))), "b");
  });

  test("a distrusted key that only verifies in the cluster is no warning", () => {
    const ring = ringOf("a", "b").map((key) =>
      key.jwk.kid === "a" ? { ...key, distrustedAt: 5000 } : { ...key, signed: { first: 6000, last: 6000 } },
    );
    assert.deepEqual(mergePublication(nothing, own(ring, 7000)).warnings, []);
  });

  test("while the cluster does not answer nothing is taken away", () => {
    const at = mergePublication(nothing, own(ringOf("a", "b")));
    const late = mergePublication(
      mergePublication(at, own(ringOf("b"), 1000)),
      own(ringOf("b"), 9 * day, { confirmed: false }),
    );
    assert.equal(kids(late), "a,b");
  });

  test("beyond a hundred keys those gone longest make room, and no other stack's do", () => {
    const many = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    let at: PublishedKeys = mergePublication(nothing, own(ringOf(...many("x", 30)), 0, { stack: "blue" }));
    at = mergePublication(at, own(ringOf(...many("a", 60)), 0));
    at = mergePublication(at, own(ringOf(...many("b", 40)), 1000));
    const published = at.keys.map(({ kid }) => kid);
    assert.equal(published.length, 100);
    assert.equal(published.filter((kid) => kid.startsWith("x")).length, 30);
    assert.equal(published.filter((kid) => kid.startsWith("b")).length, 40);
  });

  const steps = fc.array(
    fc.record({
      stack: fc.constantFrom("prod", "blue"),
      shown: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }),
      wait: fc.integer({ min: 0, max: 2 * day }),
    }),
    { minLength: 1, maxLength: 30 },
  );

  test("property: what any cluster showed last is published, and nothing goes before its retention", () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (looks, remembers) => {
        let at: PublishedKeys = nothing;
        let now = 100 * day;
        const last = new Map<string, readonly string[]>();
        const lastShown = new Map<string, number>();
        const rings = new Map<string, KeyRing>();
        for (const { stack, shown, wait } of looks) {
          now += wait;
          const before = at;
          const known = remembers ? (rings.get(stack) ?? []) : [];
          const { ring } = observeKeys(
            known,
            shown.map((kid) => jwk(kid)),
            now,
            day,
          );
          rings.set(stack, ring);
          at = mergePublication(at, own(ring, now, { stack }));
          last.set(stack, shown);
          for (const kid of shown) lastShown.set(kid, now);
          for (const kid of [...last.values()].flat()) assert.ok(kids(at).includes(kid));
          for (const { kid } of before.keys)
            if (!kids(at).includes(kid)) assert.ok(now - (lastShown.get(kid) ?? now) >= day);
        }
      }),
    );
  });

  test("property: a key that no cluster shows any more is gone after twice the retention", () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (looks, remembers) => {
        let at: PublishedKeys = nothing;
        let now = 100 * day;
        const rings = new Map<string, KeyRing>();
        const look = (stack: string, shown: readonly string[]): void => {
          const known = remembers ? (rings.get(stack) ?? []) : [];
          const { ring } = observeKeys(
            known,
            shown.map((kid) => jwk(kid)),
            now,
            day,
          );
          rings.set(stack, ring);
          at = mergePublication(at, own(ring, now, { stack }));
        };
        for (const { stack, shown, wait } of looks) {
          now += wait;
          look(stack, shown);
        }
        const stacks = [...rings.keys()];
        for (let passed = 0; passed <= 2 * day; passed += day / 8) {
          now += day / 8;
          for (const stack of stacks) look(stack, ["z"]);
        }
        assert.equal(kids(at), "z");
      }),
    );
  });

  const marks = fc
    .array(
      fc.tuple(
        fc.stringMatching(/^[a-z0-9-]{1,63}$/u),
        fc.array(
          fc.tuple(fc.string(), fc.constantFrom("", "absentSince", "distrustedAt"), fc.nat(4_000_000_000)),
          {
            maxLength: 6,
          },
        ),
      ),
      { maxLength: 3 },
    )
    .map(
      (stacks): Marks =>
        new Map(
          stacks.map(([stack, list]) => [
            stack,
            new Map(list.map(([kid, kind, at]) => [kidTag(kid), kind === "" ? {} : { [kind]: at * 1000 }])),
          ]),
        ),
    );

  test("property: marks survive the header, in printable ASCII", () => {
    fc.assert(
      fc.property(marks, (given) => {
        const text = renderMarks(given, "own") ?? "";
        assert.match(text, /^[!-~ ]*$/u);
        assert.deepEqual(parseMarks(text), new Map(given).set("own", given.get("own") ?? new Map()));
      }),
    );
  });

  test("metadata that is not ours is no marks, and absent metadata is none yet", () => {
    assert.deepEqual(parseMarks(undefined), new Map());
    for (const text of ["", "2 prod=", "1 prod=short", "1 prod", "1 =AAAAAAAAAAA", "1 prod=AAAAAAAAAAA?1"])
      assert.equal(parseMarks(text), undefined, text);
  });

  test("of too many distrusted keys the oldest are forgotten; too many of others' are refused", () => {
    const distrusted = new Map(
      Array.from({ length: 200 }, (_, index) => [kidTag(`k${index}`), { distrustedAt: (index + 1) * 1000 }]),
    );
    const text = renderMarks(new Map([["prod", distrusted]]), "prod") ?? "";
    assert.ok(text.length <= 1900);
    const kept = parseMarks(text)?.get("prod");
    assert.ok(kept?.has(kidTag("k199")));
    assert.ok(kept?.has(kidTag("k0")) === false);
    assert.equal(renderMarks(new Map([["blue", distrusted]]), "prod"), undefined);
  });
});
