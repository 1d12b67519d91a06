import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apiGroup, partyNames } from "./index.ts";

const parties = Object.values(partyNames);
const kinds = parties.flatMap(({ binding, trust }) => [binding, trust]);

describe("the names of relying parties' objects", () => {
  test("are never those of another party, whose objects and fields podtrust would take for its own", () => {
    const named = [
      kinds.map(({ kind }) => kind),
      // kubectl takes each of them for a kind.
      kinds.flatMap((kind) => [
        kind.plural,
        kind.singular,
        ...("shortNames" in kind ? (kind.shortNames as readonly string[]) : []),
      ]),
      parties.map(({ finalizer }) => finalizer),
      parties.map(({ manager }) => manager),
      parties.map(({ suffix }) => suffix),
    ];
    for (const names of named) assert.deepEqual([...new Set(names)], names);
  });

  test("are forms that the API server takes: lower-case plurals, and finalizers below podtrust's group", () => {
    for (const { kind, plural, singular } of kinds) {
      assert.match(kind, /^[A-Z][A-Za-z]+$/u);
      assert.equal(singular, kind.toLowerCase());
      assert.match(plural, /^[a-z]+s$/u);
    }
    for (const { finalizer } of parties) assert.ok(finalizer.startsWith(`${apiGroup}/`), finalizer);
  });
});
