import assert from "node:assert/strict";
import { test } from "node:test";
import { base64urlJson, textOfBase64 } from "./index.ts";

test("JSON is written in base64url, without padding", () => {
  assert.equal(base64urlJson({ alg: "RS256", kid: "é?>" }), "eyJhbGciOiJSUzI1NiIsImtpZCI6IsOpPz4ifQ");
});

test("the text of base64 is read as UTF-8", () => {
  assert.equal(textOfBase64("w6k/Pg=="), "é?>");
});
