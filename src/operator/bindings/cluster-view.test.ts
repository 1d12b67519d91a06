import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { runs } from "../../../test/support/runs.ts";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { type Trust, withoutRoom } from "../../rules/bindings/index.ts";
import { ClusterView, maxKeptText, maxTrustAge, maxTrusts, type NextAttempt } from "./cluster-view.ts";

const { signal } = new AbortController();
const key = "shop/web";

interface Form {
  readonly name?: string;
  readonly revision?: string;
  readonly uid?: string;
  readonly deletionTimestamp?: string;
  readonly created?: string;
  readonly spec?: object;
  readonly status?: object;
}

function bindingOf({
  name = "web",
  revision = "7",
  uid = "a",
  created,
  deletionTimestamp,
  ...more
}: Form = {}) {
  const metadata = {
    namespace: "shop",
    name,
    uid,
    resourceVersion: revision,
    ...defined({ creationTimestamp: created, deletionTimestamp }),
  };
  return {
    apiVersion: "podtrust.dev/v1alpha1",
    kind: "AWSRoleBinding",
    metadata,
    ...more,
  } as KubernetesObject;
}

const accountOf = (annotations: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { namespace: "shop", name: "web", uid: "u", annotations },
});

/** A view of a process that leads, of a cluster whose trusts are read, and its time. */
function viewed() {
  const state = { now: 0, fails: false, generation: 1 };
  const reads: string[] = [];
  const read = ({ name }: { readonly name: string }): Promise<KubernetesObject> => {
    reads.push(name);
    if (state.fails) return Promise.reject(new PodtrustError("cluster-not-ready", "it starts"));
    const metadata = { name, uid: name, generation: state.generation };
    return Promise.resolve({ apiVersion: "podtrust.dev/v1alpha1", kind: "AWSTrust", metadata });
  };
  const view = new ClusterView({ read }, { elapsed: () => state.now });
  view.take("shop/other");
  return { view, state, reads };
}

describe("a binding that is kept for its next attempt", () => {
  test("is given once, as it was seen last, without managedFields", () => {
    const { view } = viewed();
    const binding = bindingOf({ spec: { trust: "default" } });
    const { metadata } = binding;
    view.keep({
      ...binding,
      metadata: { ...metadata, managedFields: [{ manager: "kubectl" }] },
    });
    assert.deepEqual(view.take(key), binding);
    assert.equal(view.take(key), undefined);
  });

  test("is the newest by its version as a number, whichever was shown last", () => {
    const { view } = viewed();
    for (const revision of ["10", "9"]) view.keep(bindingOf({ revision }));
    view.sees(bindingOf({ revision: "8" }), "none");
    assert.equal(view.take(key)?.metadata.resourceVersion, "10");
  });

  test("is the changed one, where something changed that is no reason for an attempt", () => {
    const { view } = viewed();
    view.sees(bindingOf({ revision: "6" }), "none");
    assert.equal(view.take(key), undefined);
    view.sees(bindingOf({ revision: "7" }), "soon");
    view.sees(bindingOf({ revision: "8" }), "none");
    assert.equal(view.take(key)?.metadata.resourceVersion, "8");
  });

  test("is read where a server has versions that are no numbers, also after one that was", () => {
    const { view } = viewed();
    for (const revision of ["7", "eight"]) view.keep(bindingOf({ revision }));
    assert.equal(view.take(key), undefined);
  });

  test("is read again once it is gone, or has become another", () => {
    const { view } = viewed();
    view.keep(bindingOf());
    view.gone(key);
    assert.equal(view.take(key), undefined);
    view.keep(bindingOf());
    view.sees(bindingOf({ revision: "8" }), "later");
    assert.equal(view.take(key), undefined);
  });

  test("is not kept where no controller takes them, as in a replica that does not lead", () => {
    const view = new ClusterView({ read: () => Promise.resolve(undefined) }, { elapsed: () => 0 });
    view.sees(bindingOf(), "soon");
    assert.equal(view.take(key), undefined);
  });

  test("makes room, where four million characters are kept, for those that come later", () => {
    const { view } = viewed();
    const large = (name: string, length = 1_500_000) =>
      bindingOf({ name, spec: { text: "x".repeat(length) } });
    for (const name of ["a", "b", "c"]) view.keep(large(name));
    assert.equal(view.take("shop/a"), undefined);
    assert.equal(view.take("shop/c")?.metadata.name, "c");
    view.keep(large("d"));
    view.keep(large("huge", maxKeptText));
    assert.equal(view.take("shop/huge"), undefined);
    assert.equal(view.take("shop/d")?.metadata.name, "d");
  });
});

describe("for how long a binding is known to be deleted", () => {
  const deleted = (uid: string, deletionTimestamp = "2026-11-26T05:00:00Z") =>
    bindingOf({ uid, deletionTimestamp });

  test("is counted from when it was first seen, whatever time of day stands in it", () => {
    for (const time of ["1970-01-01T00:00:00Z", "2126-01-01T00:00:00Z", "nonsense"]) {
      const { view, state } = viewed();
      const at = (now: number, binding: KubernetesObject) => {
        state.now = now;
        return view.deletedFor(key, binding);
      };
      assert.equal(at(1000, bindingOf()), 0);
      assert.equal(at(5000, deleted("a", time)), 0);
      assert.equal(at(65_000, deleted("a", time)), 60_000);
    }
  });

  test("begins anew for another of its name, and for one that was gone in between; each has its own", () => {
    const { view, state } = viewed();
    view.deletedFor(key, deleted("a"));
    state.now = 9000;
    assert.equal(view.deletedFor("shop/api", deleted("c")), 0);
    assert.equal(view.deletedFor(key, deleted("b")), 0);
    state.now = 10_000;
    assert.equal(view.deletedFor(key, deleted("b")), 1000);
    view.deletedFor(key, undefined);
    state.now = 12_000;
    assert.equal(view.deletedFor(key, deleted("b")), 0);
    assert.equal(view.deletedFor("shop/api", deleted("c")), 3000);
  });
});

test("a ServiceAccount's change is our own once, and where it is just what was written", () => {
  const { view } = viewed();
  const [one, other] = [accountOf({ a: "1", b: "2" }), accountOf({ a: "1" })];
  assert.equal(view.isOwnWrite(key, one), false, "nothing was written");
  view.writes(one);
  assert.equal(view.isOwnWrite("shop/cart", one), false, "another's");
  assert.equal(view.isOwnWrite(key, accountOf({ b: "2", a: "1" })), true);
  assert.equal(view.isOwnWrite(key, one), false, "changed back by another writer");
  view.writes(one);
  assert.equal(view.isOwnWrite(key, other), false, "changed by another writer at the same time");
  view.writes(one);
  assert.equal(view.isOwnWrite(key, undefined), false, "it is gone");
});

describe("a trust that many bindings name", () => {
  test("is read once for all attempts of a second, and again in the next", async () => {
    const { reads, state, view } = viewed();
    const [one, two] = await Promise.all([view.trust("a", signal), view.trust("a", signal)]);
    assert.equal(one, two);
    await view.trust("b", signal);
    state.now = maxTrustAge - 1;
    await view.trust("a", signal);
    assert.deepEqual(reads, ["a", "b"]);
    state.now = maxTrustAge;
    await view.trust("a", signal);
    assert.deepEqual(reads, ["a", "b", "a"]);
  });

  test("is read again for each attempt that its change caused", async () => {
    const { reads, state, view } = viewed();
    await view.trust("a", signal);
    state.generation = 2;
    view.trustChanged("b");
    assert.equal((await view.trust("a", signal))?.metadata.generation, 1);
    view.trustChanged("a");
    assert.equal((await view.trust("a", signal))?.metadata.generation, 2);
    assert.deepEqual(reads, ["a", "a"]);
  });

  test("that could not be read is asked for anew", async () => {
    const { state, view } = viewed();
    state.fails = true;
    await assert.rejects(view.trust("a", signal), { code: "cluster-not-ready" });
    state.fails = false;
    assert.notEqual(await view.trust("a", signal), undefined);
  });
});

interface Named {
  readonly name: string;
}

/** What happens in a cluster, or is asked by its controller. */
interface Happenings {
  readonly sees: Named & { readonly next: NextAttempt; readonly wanted: number };
  /** An event of the watch that comes after the answer to a later write. */
  readonly late: Named;
  readonly left: Named;
  readonly gone: Named;
  readonly take: Named;
  readonly deleted: Named;
  readonly asksRoom: Named;
  readonly asksDeleted: Named;
  readonly writes: Named & { readonly value: string };
  readonly changes: Named & { readonly value: string };
  readonly passes: { readonly ms: number };
}

type Happening = { [K in keyof Happenings]: { readonly kind: K } & Happenings[K] }[keyof Happenings];

const names = ["a", "b", "c"];
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constant("sees" as const),
    name: fc.constantFrom(...names),
    next: fc.constantFrom<NextAttempt[]>("none", "soon", "later"),
    wanted: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      "left",
      "gone",
      "gone",
      "take",
      "deleted",
      "asksRoom",
      "asksRoom",
      "asksRoom",
      "asksDeleted",
    ),
    name: fc.constantFrom(...names),
  }),
  fc.record({
    kind: fc.constantFrom("writes", "changes"),
    name: fc.constantFrom(...names),
    value: fc.constantFrom("x", "y"),
  }),
  fc.record({ kind: fc.constant("passes" as const), ms: fc.nat(700_000) }),
) as fc.Arbitrary<Happening>;

const grant = { name: "shop", namespaces: ["shop"], maxRoles: 3 } as unknown as Trust["grants"][number];
const trust = { name: "default", grants: [grant] } as unknown as Trust;

/** What a binding is in the cluster, and what of it was shown. */
interface Model {
  binding: KubernetesObject;
  /** As a watch showed it last; undefined where it is gone. */
  shown?: KubernetesObject | undefined;
  /** Whether its next attempt may begin with what was shown. */
  isKept: boolean;
  newest: number;
  written?: string | undefined;
  departed?: { readonly uid: string; readonly at: number } | undefined;
}

test("a view's answers equal those of a fresh reading of all that it was shown, in any order of events", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60, size: "max" }), (history) => {
      const { view, state } = viewed();
      let revision = 1;
      let uid = 1;
      const models = new Map<string, Model>();
      const model = (name: string): Model => {
        const known = models.get(name);
        if (known !== undefined) return known;
        const made = { binding: bindingOf({ name, uid: `u${uid++}` }), isKept: false, newest: 0 };
        models.set(name, made);
        return made;
      };
      const next = (name: string, more: object): KubernetesObject => {
        const one = model(name);
        const { metadata } = one.binding;
        const created = `2026-11-28T00:00:0${names.indexOf(name)}Z`;
        one.binding = {
          ...one.binding,
          ...more,
          metadata: { ...metadata, creationTimestamp: created, resourceVersion: String(++revision) },
        };
        return one.binding;
      };
      const apply: { readonly [K in keyof Happenings]: (one: Happenings[K]) => void } = {
        sees({ name, next: attempt, wanted }) {
          const roles = Array.from({ length: wanted }, () => ({ managed: {} }));
          const binding = next(name, { spec: { trust: "default", roles } });
          view.sees(binding, attempt);
          const one = model(name);
          one.shown = binding;
          one.isKept = attempt === "soon" || (attempt === "none" && one.isKept);
          one.newest = revision;
        },
        late({ name }) {
          const { shown } = model(name);
          if (shown !== undefined) view.sees(shown, "none");
        },
        left({ name }) {
          view.keep(next(name, {}));
          Object.assign(model(name), { isKept: true, newest: revision });
        },
        gone({ name }) {
          view.gone(`shop/${name}`);
          models.delete(name);
        },
        take({ name }) {
          const taken = view.take(`shop/${name}`);
          const one = model(name);
          assert.equal(taken?.metadata.resourceVersion, one.isKept ? String(one.newest) : undefined);
          one.isKept = false;
        },
        asksRoom({ name }) {
          const shown = [...models].flatMap(([of, { shown: binding }]) => {
            if (binding === undefined) return [];
            const { roles } = binding["spec"] as { roles: readonly object[] };
            const created = binding.metadata.creationTimestamp ?? "";
            return [
              { namespace: "shop", name: of, trust: "default", created, wanted: roles.length, held: 0 },
            ];
          });
          const { wanted } = withoutRoom(grant, shown);
          const room = view.roomOf(trust, `shop/${name}`);
          assert.deepEqual([...room.wantedBeyond], wanted.has(`shop/${name}`) ? ["shop"] : []);
          assert.deepEqual([...room.heldBeyond], []);
        },
        deleted({ name }) {
          const one = model(name);
          one.binding = {
            ...one.binding,
            metadata: { ...one.binding.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" },
          };
        },
        asksDeleted({ name }) {
          const one = model(name);
          const { metadata } = one.binding;
          if (metadata.deletionTimestamp !== undefined && one.departed === undefined)
            one.departed = { uid: metadata.uid ?? "", at: state.now };
          // Entries older than the longest wait may have been dropped by another binding's deletion.
          const since = one.departed === undefined ? 0 : state.now - one.departed.at;
          const known = view.deletedFor(`shop/${name}`, one.binding);
          assert.ok(known === since || (since > 600_000 && known === 0), `${known} of ${since}`);
          if (known !== since) one.departed = { uid: metadata.uid ?? "", at: state.now };
        },
        writes({ name, value }) {
          const account = accountOf({ value });
          view.writes({ ...account, metadata: { ...account.metadata, name } });
          model(name).written = value;
        },
        changes({ name, value }) {
          const one = model(name);
          assert.equal(view.isOwnWrite(`shop/${name}`, accountOf({ value })), one.written === value);
          one.written = undefined;
        },
        passes({ ms }) {
          state.now += ms;
        },
      };
      for (const one of history) {
        (apply[one.kind] as (happened: Happening) => void)(one);
        const { bindings, keptText } = view.size;
        assert.ok(bindings <= names.length && keptText <= maxKeptText);
      }
    }),
    { numRuns: runs(100) },
  );
});

test("of trusts it remembers a thousand at most, whatever names bindings have for them", async () => {
  const { view, state } = viewed();
  for (let index = 0; index < 2 * maxTrusts + 5; index += 1) {
    await view.trust(`trust-${index}`, signal);
    assert.ok(view.size.trusts <= maxTrusts);
  }
  state.now = maxTrustAge;
  await view.trust("trust-0", signal);
  assert.equal(view.size.trusts, 6);
});
