import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonBody, jsonOf } from "./json.ts";

test("a value is sent as JSON that says so, null too, and no value as no body and no header", () => {
  const headers = { "content-type": "application/json" };
  assert.deepEqual(jsonBody({ name: "ä" }), { headers, body: '{"name":"ä"}' });
  assert.deepEqual(jsonBody(null), { headers, body: "null" });
  assert.deepEqual(Object.keys(jsonBody(undefined)), []);
});

test("what was sent is read, and an answer that is no JSON is undefined", () => {
  const sent = jsonBody([1, { two: "2" }]).body ?? "";
  assert.deepEqual(jsonOf({ body: Buffer.from(sent) }), [1, { two: "2" }]);
  assert.equal(jsonOf({ body: Buffer.from("<html>") }), undefined);
});
