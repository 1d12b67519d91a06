import assert from "node:assert/strict";
import { test } from "node:test";
import { linted } from "./linted.ts";

/** A function that says what an expression is for optional members of several kinds. */
const sourceOf = (expression: string): string =>
  `interface Part { readonly x?: string; readonly inner?: Part }
export class Holder {
  readonly #x: string | undefined = "x";
  both(x: string | undefined, part: Part, key: string, parts: Readonly<Record<string, Part>>): unknown {
    return [this.#x, x, part, key, parts, ${expression}];
  }
}
`;

const refused = [
  "x === undefined ? {} : { x }",
  "x !== undefined ? { x } : {}",
  "{ key, ...(x === undefined ? {} : { x }) }",
  "x === undefined ? {} : { renamed: x }",
  'x === undefined ? {} : { "a-text": x }',
  "x === undefined ? {} : { [key]: x }",
  "part.x === undefined ? {} : { x: part.x }",
  "part.inner?.x === undefined ? {} : { x: part.inner.x }",
  'parts["a"] === undefined ? {} : { a: parts["a"] }',
  "this.#x === undefined ? {} : { x: this.#x }",
  "x === undefined ? {} : { x: x.trim() }",
  "x !== undefined ? { x: String(x) } : {}",
  "{ key, ...(x === undefined ? {} : { length: [key, `${x}.`] }) }",
  "part.inner?.x === undefined ? {} : { x: { of: part.inner.x.length } }",
  "x === undefined ? {} : { x: [key].map((one) => one + key).concat(x) }",
];

const others = [
  "x === undefined ? {} : { x: x.trim(), key }",
  "x === undefined ? {} : { x, key }",
  "x === undefined ? { x } : {}",
  "x === undefined ? {} : { key }",
  "x === undefined ? {} : { key: key.trim() }",
  "x === undefined ? {} : { key: part.x }",
  "x === undefined ? {} : { key: { x: key } }",
  "x === undefined ? {} : { later: () => x.trim() }",
  "x === undefined ? {} : { [x.trim()]: x.length }",
  "x === undefined ? {} : { [x.trim()]: x }",
  "x === undefined ? { key } : { x }",
  'x === "" ? {} : { x }',
  "part.x === undefined ? {} : { x }",
  'parts["a"] === undefined ? {} : { a: parts["b"] }',
];

test("npm run lint fails on an optional member that is a choice between two objects, and on no other choice", () => {
  const files = (folder: string, list: readonly string[]): [string, string][] =>
    list.map((expression, index) => [`${folder}/at-${index}.ts`, sourceOf(expression)]);
  const said = linted(Object.fromEntries([...files("src/refused", refused), ...files("src/others", others)]));
  const found = said
    .split("\n")
    .filter((line) => line.includes("podtrust(no-conditional-member)"))
    .map((line) => /src\/(\w+\/at-\d+)\.ts:/u.exec(line)?.[1] ?? line);
  assert.deepEqual(found.toSorted(), refused.map((_, index) => `refused/at-${index}`).toSorted(), said);
});
