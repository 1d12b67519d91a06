import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as check, property, string } from "fast-check";
import { AwsError } from "./error.ts";
import { formPairs, formParams } from "./form.ts";

const read = (text: string): unknown => formParams(formPairs(text));

describe("the parameters of the query protocol", () => {
  test("lists and structures are read from the query protocol's names", () => {
    assert.deepEqual(read("Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.1.Value=x+y&Role=R%2F1"), {
      Tags: [{ Key: "a", Value: "x y" }, { Key: "b" }],
      Role: "R/1",
    });
    assert.deepEqual(read("A.entry.1.key=k&A.entry.1.value=v"), { A: [{ key: "k", value: "v" }] });
    assert.deepEqual(read("List=&Flag"), { List: "", Flag: "" });
    assert.deepEqual(read("L.member.10=b&L.member.9=a"), { L: ["a", "b"] });
  });

  test("names that are no list make a structure, and of two values the last counts", () => {
    assert.deepEqual(read("A.member.x=1"), { A: { member: { x: "1" } } });
    assert.deepEqual(read("A=1&A=2"), { A: "2" });
  });

  test("names that mean something to JavaScript are names like any other", () => {
    const params = read("__proto__.polluted=1&constructor=2") as Record<string, unknown>;
    assert.deepEqual(Object.keys(params), ["__proto__", "constructor"]);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  test("bad escapes, too many parameters and too deep ones are refused", () => {
    const malformed = (error: unknown): boolean =>
      error instanceof AwsError && error.code === "MalformedInput";
    assert.throws(() => read("A=%zz"), malformed);
    assert.throws(() => read("a=1&".repeat(2001)), malformed);
    assert.throws(() => read("a.b.c.d.e.f.g.h.i=1"), malformed);
  });

  test("no text makes the reading throw anything but its own error", () => {
    check(
      property(string({ maxLength: 200 }), (text) => {
        try {
          read(text);
        } catch (error) {
          assert.ok(error instanceof AwsError);
        }
      }),
    );
  });
});
