import assert from "node:assert/strict";

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** What RFC 6902 makes of a document by operations that test, add and remove; shares no code with what makes patches. */
export function applyPatch<T>(document: T, patch: readonly Operation[]): T {
  const changed = structuredClone(document);
  for (const { op, path, value } of patch) {
    assert.ok(["add", "remove", "test"].includes(op), op);
    const tokens = path.split("/").map((one) => one.replaceAll("~1", "/").replaceAll("~0", "~"));
    assert.equal(tokens.shift(), "");
    const last = tokens.pop() ?? "";
    let at: unknown = changed;
    for (const one of tokens) {
      assert.ok(typeof at === "object" && at !== null && Object.hasOwn(at, one), `${path} leads nowhere`);
      at = (at as Record<string, unknown>)[one];
    }
    if (op === "test") {
      assert.deepEqual((at as Record<string, unknown>)[last], value, `test ${path}`);
    } else if (Array.isArray(at) && op === "remove") {
      assert.ok(Object.hasOwn(at, last), path);
      at.splice(Number(last), 1);
    } else if (Array.isArray(at)) {
      const index = last === "-" ? at.length : Number(last);
      assert.ok(Number.isInteger(index) && index >= 0 && index <= at.length, path);
      at.splice(index, 0, structuredClone(value));
    } else {
      assert.ok(typeof at === "object" && at !== null && op === "add", path);
      (at as Record<string, unknown>)[last] = structuredClone(value);
    }
  }
  return changed;
}
