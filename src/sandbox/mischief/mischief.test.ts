import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Mischief } from "./index.ts";

type Kind = "late" | "lost" | "busy";
const kinds = { read: ["late"], write: ["lost", "busy"] } as const;
const requests = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? "GET" : "POST"));

const metBy = (mischief: Mischief<Kind>): readonly (Kind | undefined)[] =>
  requests.map((method) => mischief.next(method, "servers"));

describe("mischief", () => {
  test("on request is for the requests that fit it, and for so many of them", () => {
    const mischief = new Mischief<Kind>(kinds, undefined);
    mischief.add({ what: "busy", method: "POST", path: "servers", times: 2 });
    assert.equal(mischief.next("GET", "servers"), undefined);
    assert.equal(mischief.next("POST", "zones"), undefined);
    const met = [1, 2, 3].map((id) => mischief.next("POST", `servers/${id}`));
    assert.deepEqual(met, ["busy", "busy", undefined]);
  });

  test("by chance is the same for the same seed, and another for another", () => {
    const by = (seed: number): readonly (Kind | undefined)[] =>
      metBy(new Mischief<Kind>(kinds, { rate: 0.3, seed }));
    assert.deepEqual(by(1), by(1));
    assert.notDeepEqual(by(1), by(2));
  });

  test("by chance fits the method, and spares two requests after each", () => {
    const met = metBy(new Mischief<Kind>(kinds, { rate: 1, seed: 7 }));
    const places = met.flatMap((kind, index) => (kind === undefined ? [] : [index]));
    assert.deepEqual(
      places,
      requests.map((_, index) => index).filter((index) => index % 3 === 0),
    );
    for (const index of places) {
      const fitting: readonly string[] = kinds[requests[index] === "GET" ? "read" : "write"];
      assert.ok(fitting.includes(met[index] ?? ""), `request ${index} met with ${met[index]}`);
    }
  });
});
