import assert from "node:assert/strict";
import { test } from "node:test";
import { followedAs } from "./runner.ts";

test("what follows objects for other keys has the changes of those, is synced with them, and has no keys by default", async () => {
  const told = new Set<(key: string) => void>();
  const source = {
    synced: false,
    untilSynced: () => Promise.resolve(),
    subscribe(changed: (key: string) => void) {
      told.add(changed);
      return () => void told.delete(changed);
    },
  };
  const followed = followedAs(source, (key) => (key === "none" ? [] : [`${key}/a`, `${key}/b`]));
  assert.deepEqual([followed.synced, [...followed.keys()]], [false, []]);
  source.synced = true;
  assert.equal(followed.synced, true);
  await followed.untilSynced(new AbortController().signal);
  const seen: string[] = [];
  const end = followed.subscribe((key) => seen.push(key));
  for (const key of ["x", "none", "y"]) told.forEach((changed) => changed(key));
  assert.deepEqual(seen, ["x/a", "x/b", "y/a", "y/b"]);
  end();
  assert.equal(told.size, 0);
  assert.deepEqual(
    [
      ...followedAs(
        source,
        () => [],
        () => ["one"],
      ).keys(),
    ],
    ["one"],
  );
});
