import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expectedPod, injectionCases } from "../../../test/support/injection-cases.ts";
import { applyPatch } from "../../../test/support/json-patch.ts";
import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import { inject, injectionPatch } from "./index.ts";

const strange = { "future/field~": { deep: [[1, { two: "~/" }]] } };

/** The pod with unknown fields, wherever an object may have one. */
function withUnknown(pod: JsonRecord): JsonRecord {
  const spec = recordOf(pod["spec"]);
  const lists = ["initContainers", "containers", "volumes"].filter((key) => Array.isArray(spec[key]));
  return {
    ...pod,
    ...strange,
    metadata: { ...recordOf(pod["metadata"]), ...strange },
    spec: {
      ...spec,
      ...strange,
      ...Object.fromEntries(
        lists.map((key) => [key, recordsOf(spec[key]).map((one) => ({ ...one, ...strange }))]),
      ),
    },
  };
}

describe("the patch of an injection", () => {
  test("makes of every case's pod what injection does, only adds, and keeps unknown fields", () => {
    let operations = 0;
    for (const one of injectionCases) {
      const around = {
        serviceAccount: { metadata: { annotations: one.serviceAccount } },
        namespace: { metadata: { annotations: one.namespace ?? {} } },
      };
      for (const pod of [one.pod, withUnknown(one.pod)]) {
        const { pod: injected } = inject(pod, around);
        const patch = injectionPatch(pod, injected);
        assert.deepEqual(applyPatch(pod, patch), injected, one.name);
        assert.ok(patch.every(({ op, path }) => op === "add" && path !== ""));
        assert.deepEqual(injectionPatch(injected, inject(injected, around).pod), [], one.name);
        operations += patch.length;
      }
      assert.deepEqual(
        applyPatch(one.pod, injectionPatch(one.pod, inject(one.pod, around).pod)),
        expectedPod(one),
      );
    }
    assert.ok(operations > 500);
  });

  test("names members by pointers in which a slash and a tilde are escaped", () => {
    assert.deepEqual(
      injectionPatch({ metadata: { annotations: {} } }, { metadata: { annotations: { "a/b~c": "" } } }),
      [{ op: "add", path: "/metadata/annotations/a~1b~0c", value: "" }],
    );
  });

  test("puts several members before a list in their order, and several behind it", () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => ({ name }));
    const paths = (before: unknown, after: unknown) => injectionPatch({ l: before }, { l: after });
    assert.deepEqual(applyPatch({ l: [c] }, paths([c], [a, b, c])), { l: [a, b, c] });
    assert.deepEqual(applyPatch({ l: [a] }, paths([a], [a, b, c])), { l: [a, b, c] });
  });

  test("is refused where something would be taken away or replaced", () => {
    const [a, b] = [{ name: "a" }, { name: "b" }];
    for (const [before, after] of [
      [{ x: 1 }, { x: 2 }],
      [{ x: [a] }, { x: {} }],
      [{ x: [a, b] }, { x: [a] }],
      [{ x: [a] }, { x: [b, b] }],
    ] as const)
      assert.throws(
        () => injectionPatch(before, after),
        /^TypeError: \/x has another value|^TypeError: \/x is another list/u,
      );
  });
});
